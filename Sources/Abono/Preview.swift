import Billing
import Postgres
import Subscriptions
import Values

/// Carries out of a transaction what it would have made, and so undoes it.
private struct PreviewEnded: Error {
    let invoices: [Invoice]
}

extension Session {
    /// Does something to a subscription, bills it, and undoes both; returns the invoices it would have made.
    func preview(
        for id: TenantID,
        by stamp: Stamp,
        _ body: (borrowing Transaction) async throws -> Subscription
    ) async throws -> [Invoice] {
        do {
            try await act(for: id) { _, transaction in
                let subscription = try await body(transaction)
                let invoices = try await InvoiceOperations.billLastChange(
                    of: subscription,
                    by: stamp,
                    in: transaction
                )
                throw PreviewEnded(invoices: invoices)
            }
            return []
        } catch let ended as PreviewEnded {
            return ended.invoices
        }
    }
}
