import Jobs
import Ledger
package import Postgres
import Tenants
package import Values

/// Recording money that was received, and having invoices take of it.
///
/// Invoices are locked before the payment they take of, so that two never wait for each other.
package enum PaymentOperations {
    /// Records money that was received; the invoices that the draft names take of it, what is over stays the tenant's.
    ///
    /// The same again, by the draft's key, yields the payment that is there. Money that came in is recorded whether or
    /// not an invoice can take of it.
    ///
    /// `inAnyCurrency`: whether it is money that a gateway took, and so is recorded whatever the tenant is billed in.
    ///
    /// - Throws: `PaymentError.referenceTaken`, `.otherCurrency`, `.inFuture`, `.restTooLarge`;
    ///   `InvoiceError.notFound`.
    @discardableResult
    package static func record(
        _ draft: PaymentDraft,
        of tenant: TenantID,
        inAnyCurrency: Bool = false,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Payment {
        let at = draft.receivedAt ?? stamp.at
        guard at <= max(stamp.at, stamp.recordedAt) else { throw PaymentError.inFuture(at) }
        let key = draft.key(receivedAt: at)
        if let known = try await PaymentQueries.find(dedupeKey: key, of: tenant, in: transaction) {
            return try same(known, draft)
        }
        if !inAnyCurrency { try await checkCurrency(draft.amount.currency, of: tenant, in: transaction) }
        let invoices = try await locked(draft.invoices, of: tenant, in: transaction)
        let payment = planned(draft, key: key, of: tenant, at: at, for: invoices, recordedAt: stamp.recordedAt)
        guard try await transaction.execute(PaymentQueries.insert(payment, by: stamp)) == 1 else {
            // Another transaction recorded it since, and has committed.
            let known = try await PaymentQueries.find(dedupeKey: key, of: tenant, in: transaction)
            guard let known else { throw PaymentError.notFound(payment.id) }
            return try same(known, draft)
        }
        try await transaction.batch(payment.allocations.map { PaymentQueries.insert($0, of: tenant, by: stamp) })
        let journal = try PaymentPostings.received(payment, id: .make(at: stamp.recordedAt))
        try await LedgerOperations.post([journal], by: stamp, in: transaction)
        try await record("payment.received", payment, by: stamp, in: transaction)
        for part in payment.allocations {
            guard let invoice = invoices.first(where: { $0.id == part.invoice }) else { continue }
            try await settle(invoice, with: part, by: stamp, in: transaction)
        }
        if draft.writesOffRest, let last = payment.allocations.last {
            try await writeOffRest(of: last.invoice, tenant: tenant, by: stamp, in: transaction)
        }
        return payment
    }

    /// Has an invoice take of a payment.
    ///
    /// `amount`: how much; nil is as much as both have left. Nil again, where the invoice has taken of it and one of
    /// them has nothing left, is no work.
    ///
    /// - Throws: `PaymentError.notFound`, `.nothingLeft`, `.nothingToPay`, `.tooMuch`, `.currencies`;
    ///   `InvoiceError.notFound`.
    @discardableResult
    package static func match(
        _ id: PaymentID,
        to invoice: InvoiceID,
        amount: Money? = nil,
        of tenant: TenantID,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Payment {
        let invoice = try await InvoiceQueries.lock(invoice, of: tenant, in: transaction)
        let payment = try await PaymentQueries.lock(id, of: tenant, in: transaction)
        guard payment.amount.currency == invoice.currency else { throw PaymentError.currencies(id, invoice.id) }
        let left = max(0, payment.unapplied.minor)
        let most = PaymentRules.part(of: left, for: invoice)
        guard most > 0 else {
            if amount == nil, payment.allocations.contains(where: { $0.invoice == invoice.id }) { return payment }
            throw left == 0
                ? PaymentError.nothingLeft(id) : PaymentError.nothingToPay(invoice.id, status: invoice.status)
        }
        if let amount, amount.minor > most || amount.minor <= 0 || amount.currency != invoice.currency {
            throw PaymentError.tooMuch(asked: amount, left: Money(minor: most, currency: invoice.currency))
        }
        let part = part(
            amount?.minor ?? most,
            of: id,
            for: invoice,
            isAtReceipt: false,
            at: stamp.at,
            recordedAt: stamp.recordedAt
        )
        try await transaction.execute(PaymentQueries.insert(part, of: tenant, by: stamp))
        let journal = try PaymentPostings.applied(part, of: payment, id: .make(at: stamp.recordedAt))
        try await LedgerOperations.post([journal], by: stamp, in: transaction)
        let matched = payment.with(payment.allocations + [part])
        try await record("payment.matched", matched, by: stamp, in: transaction)
        try await settle(invoice, with: part, by: stamp, in: transaction)
        return matched
    }

    static func record(
        _ verb: String,
        _ payment: Payment,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws {
        try await Activity.record(
            verb,
            object: payment.id.text,
            tenant: payment.tenant,
            details: payment.json,
            by: stamp,
            in: transaction
        )
    }

    /// Counts a part towards an invoice, which the caller has locked; it is paid once nothing remains.
    static func settle(
        _ invoice: Invoice,
        with part: PaymentAllocation,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws {
        let isPaid = part.amount == invoice.amountRemaining
        try await transaction.execute(
            PaymentQueries.settle(
                invoice,
                with: part.amount.minor,
                status: isPaid ? .paid : invoice.status,
                paidAt: isPaid ? part.at : nil
            )
        )
        guard let after = try await InvoiceQueries.find(invoice.id, of: invoice.tenant, in: transaction) else {
            throw InvoiceError.notFound(invoice.id)
        }
        try await InvoiceOperations.record(
            isPaid ? "invoice.paid" : "invoice.partially_paid",
            after,
            by: stamp,
            in: transaction
        )
        if isPaid { try await DunningOperations.relieve(after, by: stamp, in: transaction) }
    }

    private static func same(_ known: Payment, _ draft: PaymentDraft) throws(PaymentError) -> Payment {
        guard known.amount == draft.amount, known.gateway == draft.gateway, known.reference == draft.reference else {
            throw .referenceTaken(known.id, reference: draft.reference)
        }
        return known
    }

    /// The invoices in the order in which they take; each is locked, in the order of their ids.
    private static func locked(
        _ ids: [InvoiceID],
        of tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> [Invoice] {
        var found: [InvoiceID: Invoice] = [:]
        for id in Set(ids).sorted() {
            found[id] = try await InvoiceQueries.lock(id, of: tenant, in: transaction)
        }
        return ids.compactMap { found.removeValue(forKey: $0) }
    }

    private static func checkCurrency(
        _ currency: Currency,
        of tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws {
        guard let owner = try await TenantQueries.find(tenant, in: transaction) else {
            throw InvoiceError.tenantNotFound(tenant)
        }
        guard owner.currency == nil || owner.currency == currency else {
            throw PaymentError.otherCurrency(tenant, is: owner.currency ?? currency, asked: currency)
        }
    }

    private static func planned(
        _ draft: PaymentDraft,
        key: String,
        of tenant: TenantID,
        at instant: Instant,
        for invoices: [Invoice],
        recordedAt: Instant
    ) -> Payment {
        let id = PaymentID.make(at: recordedAt)
        var left = draft.amount.minor
        var parts: [PaymentAllocation] = []
        for invoice in invoices where invoice.currency == draft.amount.currency {
            let taken = PaymentRules.part(of: left, for: invoice)
            guard taken > 0 else { continue }
            left -= taken
            parts.append(
                part(taken, of: id, for: invoice, isAtReceipt: true, at: instant, recordedAt: recordedAt)
            )
        }
        return Payment(
            id: id,
            tenant: tenant,
            gateway: draft.gateway,
            amount: draft.amount,
            fee: draft.fee ?? .zero(draft.amount.currency),
            reference: draft.reference,
            at: instant,
            dedupeKey: key,
            allocations: parts,
            refunded: PaymentShares(),
            disputed: PaymentShares()
        )
    }

    static func part(
        _ minor: Int64,
        of payment: PaymentID?,
        for invoice: Invoice,
        isAtReceipt: Bool,
        at instant: Instant,
        recordedAt: Instant
    ) -> PaymentAllocation {
        PaymentAllocation(
            id: .make(at: recordedAt),
            kind: payment == nil ? .writeOff : .payment,
            payment: payment,
            invoice: invoice.id,
            amount: Money(minor: minor, currency: invoice.currency),
            isAtReceipt: isAtReceipt,
            debt: invoice.status == .uncollectible ? .badDebt : .receivable,
            at: instant
        )
    }
}
