package import Postgres
package import Values

extension SubscriptionOperations {
    /// The story of a subscription as it would be after a change; checked as `change` does, and nothing is written.
    package static func proposal(
        _ draft: SubscriptionChangeDraft,
        of story: SubscriptionStory,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> SubscriptionStory {
        try await SubscriptionProposals.change(of: story, draft, by: stamp, in: transaction)
    }
}
