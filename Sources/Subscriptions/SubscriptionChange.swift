package import Plans
package import Values

/// How many of what a subscription has, like `seats: 3`.
package typealias Quantities = [String: Decimal12]

extension Quantities {
    /// Reads `{"seats": "3"}`.
    package init(json: JSONValue, path: String) throws(Problem) {
        self = [:]
        var fields = try JSONFields(json, path: path)
        let keys = json.object?.keys ?? []
        guard keys.count <= 50 else { throw .invalid(path, "has \(keys.count) quantities; at most 50 are allowed") }
        for key in keys {
            guard (1...100).contains(key.utf8.count) else {
                throw .invalid(path, "the name of a quantity has 1 to 100 bytes, not \(key.utf8.count)")
            }
            do {
                self[key] = try Decimal12(rounding: fields.nonNegative(key))
            } catch {
                throw error.errors.isEmpty ? .invalid(fields.path(key), error.message) : error
            }
        }
    }

    /// Decimal strings by name, sorted so that equal quantities have equal texts.
    package var json: JSONValue {
        var object = JSONObject()
        for (name, quantity) in sorted(by: { $0.key < $1.key }) { object[name] = .string(quantity.text) }
        return .object(object)
    }
}

/// One thing that was asked of a subscription: appended, never changed.
///
/// All states follow from these.
package struct SubscriptionChange: Hashable, Sendable {
    /// What was asked.
    package enum Kind: String, Sendable, CaseIterable {
        /// It began.
        case created
        /// Another plan, perhaps with new quantities.
        case plan
        /// New quantities.
        case quantities
        /// Its end.
        case cancel
        /// To stand still.
        case pause
        /// To go on.
        case resume
        /// That changes which wait for the end of the period do so no longer.
        case withdraw
    }

    /// When it takes effect.
    package enum Timing: String, Sendable, CaseIterable {
        /// At the instant it is asked for.
        case immediately
        /// At the next end of a period; in a trial at the trial's end.
        case periodEnd = "period_end"
    }

    /// When the lines that it causes are invoiced.
    package enum InvoiceTiming: String, Sendable, CaseIterable {
        /// By an invoice of their own.
        case now
        /// On the next invoice of any reason.
        case next
    }

    /// What a cancellation does with what was paid and is not used.
    package enum Refund: String, Sendable, CaseIterable {
        /// It goes to the credit balance.
        case credit
        /// Nothing.
        case none
        /// It is to be paid out.
        case payout
    }

    /// Names it.
    package let id: ChangeID
    /// Its place among the subscription's changes, from 1.
    package let sequence: Int
    /// When it was asked for, in business time.
    package let at: Instant
    /// When it was written.
    package let recordedAt: Instant
    /// What was asked.
    package let kind: Kind
    /// When it takes effect.
    package let timing: Timing
    /// The plan version it brings.
    package let version: PlanVersionID?
    /// The quantities it brings; those not named stay.
    package let quantities: Quantities
    /// The prices that its plan has on this subscription alone.
    package let overrides: PriceOverrides
    /// Of the creation: whether it begins with the plan's trial, where the plan has one.
    package let hasTrial: Bool
    /// The add-ons that the subscription has from now on at these prices, and did not have by this interval before.
    package let addOns: [SubscribedAddOn]
    /// When its lines are invoiced.
    package let invoice: InvoiceTiming
    /// Of a cancellation.
    package let refund: Refund
    /// The changes that it withdraws.
    package let withdrawn: [ChangeID]
    /// Who asked.
    package let author: String

    /// Makes a change of all its parts.
    package init(
        id: ChangeID,
        sequence: Int,
        at: Instant,
        recordedAt: Instant,
        kind: Kind,
        timing: Timing = .immediately,
        version: PlanVersionID? = nil,
        quantities: Quantities = [:],
        overrides: PriceOverrides = .none,
        hasTrial: Bool = true,
        addOns: [SubscribedAddOn] = [],
        invoice: InvoiceTiming = .now,
        refund: Refund = .credit,
        withdrawn: [ChangeID] = [],
        author: String
    ) {
        self.id = id
        self.sequence = sequence
        self.at = at
        self.recordedAt = recordedAt
        self.kind = kind
        self.timing = timing
        self.version = version
        self.quantities = quantities
        self.overrides = overrides
        self.hasTrial = hasTrial
        self.addOns = addOns
        self.invoice = invoice
        self.refund = refund
        self.withdrawn = withdrawn
        self.author = author
    }

    /// The same with another timing, or the prices of add-ons.
    func with(timing: Timing? = nil, addOns: [SubscribedAddOn]? = nil) -> SubscriptionChange {
        SubscriptionChange(
            id: id,
            sequence: sequence,
            at: at,
            recordedAt: recordedAt,
            kind: kind,
            timing: timing ?? self.timing,
            version: version,
            quantities: quantities,
            overrides: overrides,
            hasTrial: hasTrial,
            addOns: addOns ?? self.addOns,
            invoice: invoice,
            refund: refund,
            withdrawn: withdrawn,
            author: author
        )
    }

    /// The key of the plan that it brings; nil if it brings none.
    ///
    /// It is the version's id, and the change's beside it where the change has prices of its own.
    package var planKey: String? {
        version.map { overrides.isEmpty ? $0.text : "\($0):\(id)" }
    }

    /// What the table keeps beside kind and times.
    package var payload: JSONValue {
        var object = JSONObject()
        if let version { object["plan_version"] = .string(version.text) }
        if !quantities.isEmpty { object["quantities"] = quantities.json }
        if !overrides.isEmpty { object["overrides"] = overrides.json }
        if !hasTrial { object["trial"] = false }
        if !addOns.isEmpty { object["add_on_versions"] = .array(addOns.map(\.json)) }
        switch kind {
        case .plan, .quantities: object["invoice"] = .string(invoice.rawValue)
        case .cancel: object["refund"] = .string(refund.rawValue)
        case .withdraw: object["changes"] = .array(withdrawn.map { .string($0.text) })
        case .created, .pause, .resume: break
        }
        return .object(object)
    }

    /// Reads what the table keeps.
    package init(
        id: ChangeID,
        sequence: Int,
        at: Instant,
        recordedAt: Instant,
        kind: Kind,
        timing: Timing,
        payload: JSONValue,
        author: String
    ) throws(Problem) {
        var fields = try JSONFields(payload, path: "payload")
        let version = try fields.optionalID("plan_version", of: Entities.PlanVersion.self)
        let quantities = try fields.value("quantities").map { json throws(Problem) in
            try Quantities(json: json, path: "payload.quantities")
        }
        let overrides = try fields.value("overrides").map { json throws(Problem) in
            try PriceOverrides(json: json, path: "payload.overrides")
        }
        let hasTrial = try fields.optionalBool("trial")
        let addOns = try (fields.optionalArray("add_on_versions") ?? []).map { element throws(Problem) in
            try SubscribedAddOn(json: element.value, path: element.path)
        }
        let invoice = try fields.optionalChoice("invoice", as: InvoiceTiming.self)
        let refund = try fields.optionalChoice("refund", as: Refund.self)
        let withdrawn = try (fields.value("changes")?.array ?? []).map { json throws(Problem) in
            guard let text = json.string, let id = ChangeID(text) else {
                throw .invalid("payload.changes", "names no change: \(json.seen)")
            }
            return id
        }
        self.init(
            id: id,
            sequence: sequence,
            at: at,
            recordedAt: recordedAt,
            kind: kind,
            timing: timing,
            version: version,
            quantities: quantities ?? [:],
            overrides: overrides ?? .none,
            hasTrial: hasTrial ?? true,
            addOns: addOns,
            invoice: invoice ?? .now,
            refund: refund ?? .credit,
            withdrawn: withdrawn,
            author: author
        )
    }

    /// As it leaves over HTTP.
    package var json: JSONValue {
        var object: JSONObject = [
            "id": .string(id.text), "at": .string(at.text), "kind": .string(kind.rawValue),
            "when": .string(timing.rawValue),
        ]
        for (key, value) in payload.object ?? JSONObject() { object[key] = value }
        if !quantities.isEmpty { object["quantities"] = quantities.ofPlan.json }
        if !quantities.addOns.isEmpty { object["add_ons"] = quantities.addOns.json }
        object["author"] = .string(author)
        object["recorded_at"] = .string(recordedAt.text)
        return .object(object)
    }
}
