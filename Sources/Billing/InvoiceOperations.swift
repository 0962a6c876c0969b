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

    /// Puts a draft into the books: gives it its number, posts its journal, fixes the tenant's currency.
    ///
    /// It is then open, or paid if nothing is due. One that is finalized already is left as it is.
    ///
    /// - Throws: `InvoiceError.notFound`, or `.notFinalizable` for a draft that was voided.
    @discardableResult
    package static func finalize(
        _ id: InvoiceID,
        of tenant: TenantID,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Invoice {
        try await finalizing(id, of: tenant, by: stamp, in: transaction).invoice
    }

    /// The same, and says whether it was a draft until now.
    static func finalizing(
        _ id: InvoiceID,
        of tenant: TenantID,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> (invoice: Invoice, wasDraft: Bool) {
        let draft = try await InvoiceQueries.lock(id, of: tenant, in: transaction)
        guard draft.status == .draft else {
            guard draft.number != nil else { throw InvoiceError.notFinalizable(id) }
            return (draft, false)
        }
        // Before the number: whoever holds the entity's counter waits for nobody.
        try await TenantOperations.fixCurrency(draft.currency, of: tenant, by: stamp, in: transaction)
        let credits = try await CreditQueries.application(to: id, of: tenant, in: transaction)
        let number = try await nextNumber(of: draft, in: transaction)
        let isPaid = draft.amountDue.isZero
        try await transaction.execute(
            """
            UPDATE app.invoices SET number = \(number), status = \((isPaid ? InvoiceStatus.paid : .open).rawValue),
                finalized_at = \(stamp.at), due_at = \(draft.issuedAt.adding(seconds: paymentSeconds)),
                paid_at = \(isPaid ? stamp.at : nil)
            WHERE tenant_id = \(tenant) AND id = \(id)
            """
        )
        let invoice = try await stored(id, of: tenant, in: transaction)
        let journal = try InvoicePostings.journal(of: invoice, paidBy: credits, id: .make(at: stamp.recordedAt))
        if let journal { try await LedgerOperations.post([journal], by: stamp, in: transaction) }
        try await record("invoice.finalized", invoice, by: stamp, in: transaction)
        if isPaid { try await record("invoice.paid", invoice, by: stamp, in: transaction) }
        return (invoice, true)
    }

    /// Records that an open invoice was paid whole.
    ///
    /// The same reference again is no work.
    ///
    /// `reference`: what names the payment outside; 1 to 200 characters.
    ///
    /// Throws `InvoiceError.notFound`, `.notPayable`, `.paidOtherwise` if it was paid under another reference.
    @discardableResult
    package static func pay(
        _ id: InvoiceID,
        of tenant: TenantID,
        reference: String,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Invoice {
        let length = reference.unicodeScalars.count
        guard (1...200).contains(length), !reference.utf8.contains(0) else {
            throw Problem.invalid("reference", "has \(length) characters; 1 to 200 are allowed, and none is U+0000")
        }
        let open = try await InvoiceQueries.lock(id, of: tenant, in: transaction)
        if open.status == .paid {
            let payments = try await PaymentQueries.list(of: tenant, invoice: id, limit: 1, in: transaction)
            guard let payment = payments.first, payment.reference != reference else { return open }
            throw InvoiceError.paidOtherwise(id, reference: payment.reference)
        }
        guard open.status == .open else { throw InvoiceError.notPayable(id, status: open.status) }
        let payment = Payment(
            id: .make(at: stamp.recordedAt),
            tenant: tenant,
            invoice: id,
            amount: open.amountDue,
            reference: reference,
            at: stamp.at
        )
        try await transaction.execute(PaymentQueries.insert(payment, by: stamp))
        try await transaction.execute(
            """
            UPDATE app.invoices SET status = 'paid', paid_at = \(stamp.at), amount_paid_minor = \(payment.amount.minor)
            WHERE tenant_id = \(tenant) AND id = \(id)
            """
        )
        let journal = try InvoicePostings.journal(of: payment, id: .make(at: stamp.recordedAt))
        try await LedgerOperations.post([journal], by: stamp, in: transaction)
        let invoice = try await stored(id, of: tenant, in: transaction)
        try await record("invoice.paid", invoice, by: stamp, in: transaction)
        return invoice
    }

    /// Takes an unpaid invoice back: its journal is reversed, the credit it took is given back, and what it billed
    /// is not billed again.
    ///
    /// Doing so again is no work.
    ///
    /// - Throws: `InvoiceError.notFound`, `.notVoidable`, `.creditGiven` for a draft that adds to the credit balance.
    @discardableResult
    package static func void(
        _ id: InvoiceID,
        of tenant: TenantID,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Invoice {
        let unpaid = try await InvoiceQueries.lock(id, of: tenant, in: transaction)
        switch unpaid.status {
        case .void: return unpaid
        case .paid, .uncollectible: throw InvoiceError.notVoidable(id, status: unpaid.status)
        case .draft, .open: break
        }
        guard unpaid.credited.isZero else { throw InvoiceError.creditGiven(id) }
        _ = try await InvoiceQueries.lockTenant(tenant, in: transaction)
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

    /// Takes the next number of the entity; its row stays locked until the transaction ends, so numbers have no gaps.
    private static func nextNumber(of invoice: Invoice, in transaction: borrowing Transaction) async throws -> String {
        let next: Int? = try await transaction.first(
            "SELECT app.next_invoice_number(\(invoice.legalEntity)::uuid)"
        ) { row in try row.next() }
        let digits = String(next ?? 0)
        let year = Zone.utc.local(invoice.issuedAt).0.year
        return "INV-\(year)-" + String(repeating: "0", count: max(0, 6 - digits.utf8.count)) + digits
    }
}
