package import Values

/// What the quotas of a source shall be from an instant on.
package struct QuotaReplacement: Sendable {
    /// Whose they are.
    package let tenant: TenantID
    /// The wire id of what grants them, like a subscription's.
    package let source: String
    /// From when on, in business time.
    package let at: Instant
    /// What shall hold; none at all takes everything back.
    package let rows: [QuotaDraft]

    /// Takes the four.
    package init(tenant: TenantID, source: String, at: Instant, rows: [QuotaDraft]) {
        self.tenant = tenant
        self.source = source
        self.at = at
        self.rows = rows
    }

    /// Quotas that end later are compared with what shall hold.
    var comparedAfter: Instant { min(at, rows.map(\.window.start).min() ?? at) }

    /// What is to be written: those that hold already stay.
    ///
    /// `old`: what the source grants, as far as it ends after `comparedAfter`.
    func difference(from old: [Quota]) -> Difference {
        let new = rows.filter { row in !old.contains { $0.isSame(as: row) } }
        // What ended before is only read to be compared: it is taken back where something new takes its place.
        let ended = old.filter { quota in
            !rows.contains { quota.isSame(as: $0) }
                && (quota.window.end > at
                    || new.contains { $0.feature == quota.feature && $0.window.intersection(quota.window) != nil })
        }
        return Difference(replacement: self, ended: ended, new: new)
    }

    /// What a replacement changes.
    struct Difference {
        let replacement: QuotaReplacement
        let ended: [Quota]
        let new: [QuotaDraft]

        var isEmpty: Bool { ended.isEmpty && new.isEmpty }

        /// What the trail says of it.
        var json: JSONValue {
            ["ended": .array(ended.map { .string($0.id.text) }), "quotas": .array(new.map(\.json))]
        }
    }
}

extension QuotaDraft {
    fileprivate var json: JSONValue {
        [
            "feature": .string(feature), "meter": .string(meter), "limit": .string(allowance.text),
            "window": window.json, "hard": .bool(isHard), "rollover": .string(rollover.text),
        ]
    }
}
