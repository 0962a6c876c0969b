import Postgres
import Values

extension SubscriptionProposals {
    /// The story with a pause.
    static func pause(
        of story: SubscriptionStory,
        when timing: SubscriptionChange.Timing,
        by stamp: Stamp
    ) throws -> SubscriptionStory {
        let id = story.subscription.id
        let at = try instant(of: story, stamp)
        if let end = story.subscription.cancelsAt { throw SubscriptionError.cancellationWaits(id, until: end) }
        if let since = try story.timeline(until: at).pausedAt {
            throw SubscriptionError.alreadyPaused(id, since: since)
        }
        return try adding(.pause, when: timing, to: story, at: at, by: stamp)
    }

    /// The story that goes on: a pause is over, or one that waits is withdrawn.
    static func resumption(
        of story: SubscriptionStory,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> SubscriptionStory {
        _ = try await activeTenant(story.subscription.tenant, in: transaction)
        let at = try instant(of: story, stamp)
        let now = try story.timeline(until: at)
        if now.isPaused { return try adding(.resume, to: story, at: at, by: stamp) }
        let waiting = now.waiting.filter { $0.kind == .pause }.map(\.id)
        guard !waiting.isEmpty else { throw SubscriptionError.notPaused(story.subscription.id) }
        return try adding(.withdraw, withdrawing: waiting, to: story, at: at, by: stamp)
    }

    /// The story in which changes wait no longer.
    static func withdrawal(
        of story: SubscriptionStory,
        _ changes: [ChangeID],
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> SubscriptionStory {
        _ = try await activeTenant(story.subscription.tenant, in: transaction)
        let at = try instant(of: story, stamp)
        let next = try adding(.withdraw, withdrawing: changes, to: story, at: at, by: stamp)
        // What stays must not lack a quantity that only a withdrawn change would have brought.
        if let last = next.changes.last { try next.checkQuantities(after: last) }
        return next
    }

    private static func adding(
        _ kind: SubscriptionChange.Kind,
        when timing: SubscriptionChange.Timing = .immediately,
        withdrawing withdrawn: [ChangeID] = [],
        to story: SubscriptionStory,
        at instant: Instant,
        by stamp: Stamp
    ) throws(Problem) -> SubscriptionStory {
        let change = SubscriptionChange(
            id: .make(at: stamp.recordedAt),
            sequence: story.changes.count + 1,
            at: instant,
            recordedAt: stamp.recordedAt,
            kind: kind,
            timing: timing,
            withdrawn: withdrawn,
            author: stamp.author.text
        )
        return try settled(story.adding(change, nil), change, stamp)
    }
}
