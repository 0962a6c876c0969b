package import Postgres
package import Subscriptions
package import Values

extension InvoiceOperations {
    /// Bills what the last change of a subscription makes due: what a preview shows of a transaction that it then undoes.
    ///
    /// Of a change that waits, or that takes another from waiting, that is the invoice at the end of the period.
    package static func billLastChange(
        of subscription: Subscription,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> [Invoice] {
        let story = try await SubscriptionQueries.story(
            of: subscription.id,
            tenant: subscription.tenant,
            in: transaction
        )
        guard let story else { throw InvoiceError.subscriptionNotFound(subscription.id) }
        return try await bill(
            subscription.id,
            of: subscription.tenant,
            until: max(stamp.at, story.instantOfLastChange),
            by: stamp,
            in: transaction
        )
    }
}
