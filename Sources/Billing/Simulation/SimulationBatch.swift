package import Values

/// `abono simulate`: inputs in, results out, one a line and in order.
package enum SimulationBatch {
    /// What is simulated.
    package enum Kind: String, CaseIterable, Sendable {
        /// One price and some usage.
        case rate
        /// An anchor and an interval.
        case periods
        /// A subscription's whole story.
        case invoices
    }

    /// Runs an input that is one JSON value, or a batch of one input a line.
    ///
    /// Bad inputs become `{"error": {"field", "message"}}` in their place.
    ///
    /// - Returns: one line of JSON for each input, and whether any of them was bad.
    package static func run(_ kind: Kind, _ input: [UInt8]) -> (output: [UInt8], hasFailed: Bool) {
        if let value = try? JSONValue(parsing: input) {
            let result = run(kind, value)
            return (result.json.utf8 + [newline], result.hasFailed)
        }
        var output: [UInt8] = []
        output.reserveCapacity(2 * input.count)
        var hasFailed = false
        for line in input.split(separator: newline) where !line.allSatisfy(isSpace) {
            let result = run(kind, line: line)
            output += result.json.utf8
            output.append(newline)
            hasFailed = hasFailed || result.hasFailed
        }
        return (output, hasFailed)
    }

    /// Runs one input; its `id` comes back first.
    package static func run(_ kind: Kind, _ input: JSONValue) -> (json: JSONValue, hasFailed: Bool) {
        guard case .object(var fields) = input else {
            return (error(.invalid("input", "must be an object, not \(input.seen)"), id: nil), true)
        }
        var id = fields["id"]
        if id == .some(.null) { id = .none }
        fields["id"] = nil
        do throws(Problem) {
            let result =
                switch kind {
                case .rate: try SimulatedRate.run(.object(fields))
                case .periods: try SimulatedPeriods.run(.object(fields))
                case .invoices: try SimulatedInvoices.run(.object(fields))
                }
            return (result.identified(id), false)
        } catch {
            return (SimulationBatch.error(error, id: id), true)
        }
    }

    private static func run(_ kind: Kind, line: ArraySlice<UInt8>) -> (json: JSONValue, hasFailed: Bool) {
        do throws(Problem) {
            return run(kind, try JSONValue(parsing: line))
        } catch {
            return (SimulationBatch.error(.invalid("input", error.message), id: nil), true)
        }
    }

    private static func error(_ problem: Problem, id: JSONValue?) -> JSONValue {
        let first = problem.errors.first ?? Problem.FieldError(field: "input", message: problem.message)
        let error: JSONValue = ["field": .string(first.field), "message": .string(first.message)]
        return (["error": error] as JSONValue).identified(id)
    }

    private static let newline = UInt8(ascii: "\n")

    private static func isSpace(_ byte: UInt8) -> Bool { byte == 0x20 || byte == 0x09 || byte == 0x0D }

    /// The years in which dates and instants of an input lie.
    static let years = 1900...2199
}

extension JSONValue {
    /// The same object with an `id` in front, if there is one.
    fileprivate func identified(_ id: JSONValue?) -> JSONValue {
        guard let id, case .object(let members) = self else { return self }
        var object: JSONObject = ["id": id]
        for (key, value) in members { object[key] = value }
        return .object(object)
    }
}
