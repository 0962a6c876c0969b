import Ledger
package import Postgres
package import Values

extension PaymentOperations {
    /// Writes off what remains of an invoice, if it is small; the invoice is paid then.
    ///
    /// - Returns: nil if nothing remained.
    /// - Throws: `PaymentError.restTooLarge`, `.nothingToPay`; `InvoiceError.notFound`.
    @discardableResult
    package static func writeOffRest(
        of id: InvoiceID,
        tenant: TenantID,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> PaymentAllocation? {
        let invoice = try await InvoiceQueries.lock(id, of: tenant, in: transaction)
        if invoice.status == .paid { return nil }
        let rest = PaymentRules.part(of: .max, for: invoice)
        guard rest > 0 else { throw PaymentError.nothingToPay(id, status: invoice.status) }
        let limit = PaymentRules.writeOffLimit(of: invoice)
        guard rest <= limit.minor else {
            throw PaymentError.restTooLarge(id, rest: invoice.amountRemaining, limit: limit)
        }
        let part = part(
            rest,
            of: nil,
            for: invoice,
            isAtReceipt: false,
            at: stamp.at,
            recordedAt: stamp.recordedAt
        )
        try await transaction.execute(PaymentQueries.insert(part, of: tenant, by: stamp))
        // A debt that was given up has left the receivables already.
        if part.debt == .receivable {
            let journal = try PaymentPostings.writtenOff(part, tenant: tenant, id: .make(at: stamp.recordedAt))
            try await LedgerOperations.post([journal], by: stamp, in: transaction)
        }
        try await settle(invoice, with: part, by: stamp, in: transaction)
        return part
    }

    /// Takes back what an invoice took of payments, which becomes the tenant's again: before the invoice is voided.
    ///
    /// The caller holds the lock on the invoice.
    ///
    /// - Returns: the invoice as it is then.
    /// - Throws: `PaymentError.givenBack` if money of it was refunded or is disputed.
    static func release(
        _ invoice: Invoice,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Invoice {
        guard invoice.amountPaid.minor > 0 else { return invoice }
        let parts = try await PaymentQueries.allocations(to: invoice.id, of: invoice.tenant, in: transaction)
        let byPayment = Dictionary(grouping: parts.filter { $0.kind == .payment }, by: \.payment)
        for (id, taken) in byPayment.sorted(by: { ($0.key?.text ?? "") < ($1.key?.text ?? "") }) {
            guard let id else { continue }
            let payment = try await PaymentQueries.lock(id, of: invoice.tenant, in: transaction)
            let minor = taken.reduce(0) { $0 + $1.amount.minor }
            guard minor > 0 else { continue }
            guard payment.refundableApplied >= minor else { throw PaymentError.givenBack(invoice.id, payment: id) }
            let back = part(
                -minor,
                of: id,
                for: invoice,
                isAtReceipt: false,
                at: stamp.at,
                recordedAt: stamp.recordedAt
            )
            try await transaction.execute(PaymentQueries.insert(back, of: invoice.tenant, by: stamp))
            let journal = try PaymentPostings.applied(back, of: payment, id: .make(at: stamp.recordedAt))
            try await LedgerOperations.post([journal], by: stamp, in: transaction)
            try await transaction.execute(
                PaymentQueries.settle(invoice, with: -minor, status: invoice.status, paidAt: invoice.paidAt)
            )
            let released = payment.with(payment.allocations + [back])
            try await record("payment.released", released, by: stamp, in: transaction)
        }
        return try await InvoiceQueries.find(invoice.id, of: invoice.tenant, in: transaction) ?? invoice
    }
}
