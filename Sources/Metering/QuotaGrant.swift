package import Values

extension Entities {
    /// Extra units of a feature.
    package enum QuotaGrant: Entity {
        package static let prefix = "qgr"
    }
}

/// Names extra units of a feature.
package typealias QuotaGrantID = ID<Entities.QuotaGrant>

/// Extra units of a feature, which are used before or after what plans allow, until they expire.
package struct QuotaGrant: Hashable, Sendable {
    /// What plans allow is used as if granted with this priority.
    package static let allowancePriority = 100
    /// Unless another is asked for, grants are used after what plans allow.
    package static let standardPriority = 200
    /// The priorities there are.
    package static let priorities = 0...1_000

    /// Names it.
    package let id: QuotaGrantID
    /// What it allows, like `tokens`.
    package let feature: String
    /// The meter that counts the use.
    package let meter: String
    /// How much it came with.
    package let units: Decimal12
    /// The lowest is used first; what plans allow has `allowancePriority`.
    package let priority: Int
    /// From when on it can be used: the beginning of the quarter of an hour in which it was given.
    package let startsAt: Instant
    /// From when on it can no longer be used; nil is never.
    package let expiresAt: Instant?
    /// When what was left was taken back.
    package let voidedAt: Instant?
    /// A few words for people.
    package let memo: String

    /// From when on nothing of it can be used.
    var end: Instant? { [expiresAt, voidedAt].compactMap(\.self).min() }

    /// As it leaves over HTTP.
    package var json: JSONValue {
        [
            "id": .string(id.text), "feature": .string(feature), "meter": .string(meter), "units": .string(units.text),
            "priority": .int(priority), "starts_at": startsAt.json, "expires_at": .optional(expiresAt?.text),
            "voided_at": .optional(voidedAt?.text), "memo": .string(memo),
        ]
    }
}

/// What is asked for when units of a feature are granted.
package struct QuotaGrantDraft: Hashable, Sendable {
    /// How much.
    package let units: Decimal12
    /// The meter that counts the use; nil is the one by which the feature is counted already.
    package let meter: String?
    /// The lowest is used first.
    package let priority: Int
    /// From when on it can no longer be used; nil is never.
    package let expiresAt: Instant?
    /// A few words for people.
    package let memo: String
    /// An id of the caller's own, which makes asking twice harmless.
    package let id: QuotaGrantID?

    /// Makes a draft; what it says is checked.
    package init(
        units: Decimal12,
        meter: String? = nil,
        priority: Int = QuotaGrant.standardPriority,
        expiresAt: Instant? = nil,
        memo: String = "",
        id: QuotaGrantID? = nil
    ) throws(Problem) {
        guard units > .zero else { throw .invalid("units", "must be above 0, not \"\(units)\"") }
        guard QuotaGrant.priorities.contains(priority) else {
            throw .invalid("priority", "must be from 0 to 1000, not \(priority)")
        }
        guard memo.unicodeScalars.count <= 500, !memo.utf8.contains(0) else {
            throw .invalid("memo", "has \(memo.unicodeScalars.count) characters; at most 500, and none is U+0000")
        }
        self.units = units
        self.meter = meter
        self.priority = priority
        self.expiresAt = expiresAt
        self.memo = memo
        self.id = id
    }

    /// Reads `{"units", "meter", "priority", "expires_at", "memo", "id"}` strictly.
    package init(json fields: inout JSONFields, in zone: Zone) throws(Problem) {
        let amount = try fields.nonNegative("units")
        let units: Decimal12
        do throws(Problem) { units = try Decimal12(rounding: amount) } catch {
            throw fields.invalid("units", error.message)
        }
        let meter = try fields.optionalString("meter")
        let priority = try fields.optionalInt("priority") ?? QuotaGrant.standardPriority
        let expiresAt = try fields.optionalInstant("expires_at", in: zone)
        let memo = try fields.optionalString("memo") ?? ""
        let id = try fields.optionalID("id", of: Entities.QuotaGrant.self)
        try fields.finish()
        try self.init(units: units, meter: meter, priority: priority, expiresAt: expiresAt, memo: memo, id: id)
    }

    /// Whether a grant that is there is the one that is asked for.
    func isSatisfied(by grant: QuotaGrant, feature: String) -> Bool {
        grant.feature == feature && grant.units == units && grant.priority == priority && grant.expiresAt == expiresAt
            && grant.memo == memo && (meter == nil || meter == grant.meter)
    }
}
