package import Postgres
package import Values

extension InvoiceOperations {
    /// Records that money came in for an open invoice.
    ///
    /// The same reference again is no work.
    ///
    /// `amount`: how much; nil is all that remains. What is less leaves the invoice open, what is more is kept for the
    /// tenant's other invoices.
    ///
    /// `reference`: what names the payment outside; 1 to 200 characters.
    ///
    /// Throws `InvoiceError.notFound`, `.notPayable`, `.paidOtherwise` if it was paid under another reference,
    /// `PaymentError.referenceTaken` if the reference names a payment of another amount.
    @discardableResult
    package static func pay(
        _ id: InvoiceID,
        of tenant: TenantID,
        amount: Money? = nil,
        reference: String,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Invoice {
        let reference = try PaymentDraft.checked(reference)
        let key = "invoice:\(id.uuidText):\(reference)"
        let invoice = try await InvoiceQueries.lock(id, of: tenant, in: transaction)
        if let known = try await PaymentQueries.find(dedupeKey: key, of: tenant, in: transaction) {
            guard amount == nil || amount == known.amount else {
                throw PaymentError.referenceTaken(known.id, reference: reference)
            }
            return invoice
        }
        if invoice.status == .paid {
            let payments = try await PaymentQueries.list(of: tenant, invoice: id, limit: 1, in: transaction)
            guard let payment = payments.first, payment.reference != reference else { return invoice }
            throw InvoiceError.paidOtherwise(id, reference: payment.reference)
        }
        guard invoice.status == .open || invoice.status == .uncollectible else {
            throw InvoiceError.notPayable(id, status: invoice.status)
        }
        if let amount, amount.currency != invoice.currency {
            throw Problem.invalid("amount.currency", "is \(amount.currency); the invoice is in \(invoice.currency)")
        }
        let draft = try PaymentDraft(
            amount: amount ?? invoice.amountRemaining,
            reference: reference,
            receivedAt: stamp.at,
            invoices: [id],
            dedupeKey: key
        )
        try await PaymentOperations.record(draft, of: tenant, by: stamp, in: transaction)
        guard let after = try await InvoiceQueries.find(id, of: tenant, in: transaction) else {
            throw InvoiceError.notFound(id)
        }
        return after
    }
}
