import Jobs
import Ledger
package import Postgres
import Tenants
package import Values

/// What is done with invoices.
///
/// How they are made is in `InvoiceOperations.bill`.
package enum InvoiceOperations {
    /// How long after it fell due an invoice is to be paid.
    static let paymentSeconds: Int64 = 14 * 86_400

    /// Takes an unpaid invoice back: its journal is reversed, the credit it took is given back, and what it billed
    /// is not billed again.
    ///
    /// Doing so again is no work.
    ///
    /// - Throws: `InvoiceError.notFound`, `.notVoidable`, `.creditGiven` for a draft that adds to the credit balance,
    ///   `.isCredited` for one that a credit note reduces, `.isGivenBack` for one of which a later invoice gave back a part.
    @discardableResult
    package static func void(
        _ id: InvoiceID,
        of tenant: TenantID,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Invoice {
        try await InvoiceQueries.lockSubscription(of: id, tenant: tenant, in: transaction)
        let unpaid = try await InvoiceQueries.lock(id, of: tenant, in: transaction)
        switch unpaid.status {
        case .void: return unpaid
        case .paid, .uncollectible: throw InvoiceError.notVoidable(id, status: unpaid.status)
        case .draft, .open: break
        }
        guard unpaid.credited.isZero else { throw InvoiceError.creditGiven(id) }
        guard unpaid.amountCredited.isZero else { throw InvoiceError.isCredited(id) }
        if let given = try await CreditNoteQueries.givenBack(of: unpaid, isFinal: true, in: transaction).first {
            throw InvoiceError.isGivenBack(id, by: given.number ?? given.by.text)
        }
        _ = try await InvoiceQueries.lockTenant(tenant, in: transaction)
        // What came in part stays the tenant's money, for other invoices.
        _ = try await PaymentOperations.release(unpaid, by: stamp, in: transaction)
        try await transaction.batch(
            CreditQueries.giveBack(unpaid, by: stamp) + [
                """
                UPDATE app.invoices SET status = 'void', voided_at = \(stamp.at)
                WHERE tenant_id = \(tenant) AND id = \(id)
                """
            ]
        )
        let posted = try await LedgerQueries.find(keys: [unpaid.postingKey], tenant: tenant, in: transaction)
        for journal in posted {
            try await LedgerOperations.reverse(
                journal.journal.id,
                tenant: tenant,
                key: "invoice:\(id):voided",
                memo: "invoice \(unpaid.number ?? "") voided",
                by: stamp,
                in: transaction
            )
        }
        try await CreditOperations.refundReturned(by: unpaid, by: stamp, in: transaction)
        let invoice = try await stored(id, of: tenant, in: transaction)
        try await record("invoice.voided", invoice, by: stamp, in: transaction)
        return invoice
    }

    static func record(
        _ verb: String,
        _ invoice: Invoice,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws {
        try await Activity.record(
            verb,
            object: invoice.id.text,
            tenant: invoice.tenant,
            details: invoice.summary,
            by: stamp,
            in: transaction
        )
    }

    private static func stored(
        _ id: InvoiceID,
        of tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> Invoice {
        guard let invoice = try await InvoiceQueries.find(id, of: tenant, in: transaction) else {
            throw InvoiceError.notFound(id)
        }
        return invoice
    }
}
