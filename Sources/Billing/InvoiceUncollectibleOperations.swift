import Ledger
package import Postgres
package import Values

extension InvoiceOperations {
    /// Gives an open invoice up: what remains of it is booked as bad debt.
    ///
    /// Doing so again is no work. A payment that comes after all is taken, and books the bad debt back.
    ///
    /// - Throws: `InvoiceError.notFound`, or `.notGivenUp` for one that is not open.
    @discardableResult
    package static func markUncollectible(
        _ id: InvoiceID,
        of tenant: TenantID,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Invoice {
        let open = try await InvoiceQueries.lock(id, of: tenant, in: transaction)
        if open.status == .uncollectible { return open }
        guard open.status == .open else { throw InvoiceError.notGivenUp(id, status: open.status) }
        try await transaction.execute(
            """
            UPDATE app.invoices SET status = 'uncollectible', uncollectible_at = \(stamp.at),
                uncollectible_minor = \(open.amountRemaining.minor)
            WHERE tenant_id = \(tenant) AND id = \(id)
            """
        )
        let journal = try CreditNotePostings.journal(
            ofGivingUp: open,
            at: stamp.at,
            id: .make(at: stamp.recordedAt)
        )
        try await LedgerOperations.post([journal], by: stamp, in: transaction)
        guard let invoice = try await InvoiceQueries.find(id, of: tenant, in: transaction) else {
            throw InvoiceError.notFound(id)
        }
        try await record("invoice.uncollectible", invoice, by: stamp, in: transaction)
        return invoice
    }
}
