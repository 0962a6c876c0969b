package import Values

/// An event as it stands in the table.
package struct StoredEvent: Hashable, Sendable {
    /// What an event was before it was amended.
    package struct Revision: Hashable, Sendable {
        /// Counts from 0, what was sent first.
        package let number: Int
        /// What it said.
        package let event: UsageEvent
        /// When it was stored.
        package let recordedAt: Instant
        /// When it was taken back, in business time; nil while it counts.
        package let voidedAt: Instant?
        /// Why it is as it is; nil of what was sent first.
        package let reason: String?
        /// Who amended to it; nil of what was sent first.
        package let author: String?
    }

    /// What was sent first, and what it was amended to, in order; never empty.
    package let revisions: [Revision]
    /// The last of them, the one that counts unless it was taken back.
    package let latest: Revision

    /// Takes the revisions of an event in order; nil if there are none.
    init?(_ revisions: [Revision]) {
        guard let latest = revisions.last else { return nil }
        self.revisions = revisions
        self.latest = latest
    }

    /// What it says now.
    package var event: UsageEvent { latest.event }
    /// When it was stored first.
    package var recordedAt: Instant { revisions.first?.recordedAt ?? latest.recordedAt }
    /// When it was taken back, in business time; nil while it counts.
    package var voidedAt: Instant? { latest.voidedAt }

    /// As it leaves over HTTP: as it counts now, with what it was before in `history`, the first first.
    package var json: JSONValue {
        var object = event.json.object ?? JSONObject()
        object["recorded_at"] = .string(recordedAt.text)
        object["voided_at"] = .optional(voidedAt?.text)
        object["revision"] = .int(latest.number)
        object["history"] = .array(
            zip(revisions, revisions.dropFirst()).map { revision, next in
                var old = revision.event.json.object ?? JSONObject()
                old["revision"] = .int(revision.number)
                old["recorded_at"] = .string(revision.recordedAt.text)
                old["amended_at"] = .optional(revision.voidedAt?.text)
                old["reason"] = .optional(next.reason)
                old["author"] = .optional(next.author)
                return .object(old)
            }
        )
        return .object(object)
    }
}
