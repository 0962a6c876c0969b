package import Values

/// What became of one event that was sent.
package struct IngestOutcome: Hashable, Sendable {
    /// The closed set of what can become of it.
    package enum Kind: String, CaseIterable, Sendable {
        /// It is new and stored.
        case accepted
        /// The same event, with the same content, is stored already.
        case duplicate
        /// An event with the same id and other content is stored; this one is not.
        case conflict
        /// It is not an event that can be stored; `errors` says why.
        case rejected
    }

    /// The id it came with, if it had one.
    package let id: String?
    /// What became of it.
    package let kind: Kind
    /// What is wrong with it.
    package let errors: [Problem.FieldError]
    /// Of an event that is rejected because there is no such meter: whether it is kept until there is.
    package let isKept: Bool?

    /// Says what became of an event.
    package init(id: String?, _ kind: Kind, errors: [Problem.FieldError] = []) {
        self.init(id: id, kind, errors: errors, isKept: nil)
    }

    private init(id: String?, _ kind: Kind, errors: [Problem.FieldError], isKept: Bool?) {
        self.id = id
        self.kind = kind
        self.errors = errors
        self.isKept = isKept
    }

    /// Refuses an event of a meter that is not there.
    ///
    /// `isKept`: whether it is kept until the meter is there.
    static func unknownMeter(_ id: String, _ problem: Problem, isKept: Bool) -> IngestOutcome {
        IngestOutcome(id: id, .rejected, errors: problem.errors, isKept: isKept)
    }

    /// Refuses something that could not be read as an event.
    package init(id: String?, rejected problem: Problem) {
        let unnamed = [Problem.FieldError(field: "input", message: problem.message)]
        self.init(id: id, .rejected, errors: problem.errors.isEmpty ? unnamed : problem.errors)
    }

    static func conflict(_ id: String) -> IngestOutcome {
        IngestOutcome(
            id: id,
            .conflict,
            errors: [
                Problem.FieldError(field: "id", message: "an event with this id and other content is already stored")
            ]
        )
    }

    /// As it leaves over HTTP.
    package var json: JSONValue {
        let errors = errors.map { error -> JSONValue in
            ["field": .string(error.field), "message": .string(error.message)]
        }
        var object: JSONObject = [
            "id": .optional(id), "outcome": .string(kind.rawValue), "errors": .array(errors),
        ]
        if let isKept {
            object["code"] = "unknown_meter"
            object["kept"] = .bool(isKept)
        }
        return .object(object)
    }
}

/// One element of what a caller sent: an event, or the reason why it is none.
package enum UsageInput: Hashable, Sendable {
    case event(UsageEvent)
    case malformed(id: String?, Problem)

    /// Reads one element; a bad one refuses itself.
    ///
    /// `zone`: where a bare date is midnight.
    package init(json: JSONValue, in zone: Zone = .utc) {
        do throws(Problem) {
            self = .event(try UsageEvent(json: json, in: zone))
        } catch {
            self = .malformed(id: json["id"]?.string, error)
        }
    }

    /// Reads one line of NDJSON.
    package init(line: some Collection<UInt8>, in zone: Zone = .utc) {
        let json: JSONValue
        do throws(Problem) {
            json = try JSONValue(parsing: Array(line))
        } catch {
            self = .malformed(id: nil, .invalid("input", error.message))
            return
        }
        self.init(json: json, in: zone)
    }

    /// Reads a body: one object or an array of them.
    ///
    /// - Throws: a body that is neither, is empty, or holds more than a batch may.
    package static func inputs(_ json: JSONValue, in zone: Zone = .utc) throws(Problem) -> [UsageInput] {
        guard let elements = json.array else {
            guard json.object != nil else {
                throw .invalid("input", "must be an event or an array of events, not \(json.seen)")
            }
            return [UsageInput(json: json, in: zone)]
        }
        guard (1...UsageLimits.batch).contains(elements.count) else {
            throw .invalid("input", "has \(elements.count) events; 1 to \(UsageLimits.batch) are allowed")
        }
        return elements.map { UsageInput(json: $0, in: zone) }
    }

    /// The event, if it is one.
    package var event: UsageEvent? {
        guard case .event(let event) = self else { return nil }
        return event
    }

    /// The outcomes of all inputs in their order, given those of the events among them.
    package static func merge(_ inputs: [UsageInput], _ outcomes: [IngestOutcome]) -> [IngestOutcome] {
        var rest = outcomes.makeIterator()
        return inputs.compactMap { input -> IngestOutcome? in
            switch input {
            case .event: return rest.next()
            case .malformed(let id, let problem): return IngestOutcome(id: id, rejected: problem)
            }
        }
    }
}
