import Jobs
import Ledger
import Plans
package import Postgres
import Subscriptions
import Tenants
package import Values

extension InvoiceOperations {
    /// A draft that is to go to the books, and when in business time.
    struct Finalization {
        let tenant: TenantID
        let id: InvoiceID
        let at: Instant
    }

    /// Puts a draft into the books: makes it anew of all that is known by now, gives it its number, posts its journal,
    /// fixes the tenant's currency.
    ///
    /// It is then open, or paid if nothing is due, or void if nothing is left of it. One that is finalized already is
    /// left as it is.
    ///
    /// - Throws: `InvoiceError.notFound`, or `.notFinalizable` for a draft that was voided.
    @discardableResult
    package static func finalize(
        _ id: InvoiceID,
        of tenant: TenantID,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Invoice {
        let isDropped = try await reissue(id, of: tenant, by: stamp, in: transaction)
        let asked = Finalization(tenant: tenant, id: id, at: stamp.at)
        let (taken, _) = try await finalize([asked], by: stamp, in: transaction)
        guard let invoice = taken.first else { throw InvoiceError.notFound(id) }
        guard invoice.number != nil || isDropped else { throw InvoiceError.notFinalizable(id) }
        return invoice
    }

    /// Puts drafts of many tenants into the books at once: each legal entity's counter is locked once, at the very end,
    /// and takes as many numbers as it has drafts, in the order of their instants.
    ///
    /// What is no draft any more is left as it is.
    ///
    /// `skippingHeld`: leaves out what another transaction holds; otherwise waits for it.
    ///
    /// Returns those that were there and free, as they are now, in the order of tenants and ids; and how many of them
    /// were drafts.
    static func finalize(
        _ asked: [Finalization],
        skippingHeld: Bool = false,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> (taken: [Invoice], drafts: Int) {
        let taken = try await InvoiceQueries.lock(
            asked.map { ($0.tenant, $0.id) },
            skippingHeld: skippingHeld,
            in: transaction
        )
        let drafts = taken.filter { $0.status == .draft }
        guard !drafts.isEmpty else { return (taken, 0) }
        try await TenantOperations.fixCurrencies(
            drafts.map { ($0.tenant, $0.currency) },
            by: stamp,
            in: transaction
        )
        let keys = drafts.map { (tenant: $0.tenant, id: $0.id) }
        let credits = try await CreditQueries.applications(to: keys, in: transaction)
        let instants = Dictionary(asked.map { ($0.id, $0.at) }) { first, _ in first }
        let finalized = try await numbered(drafts, in: transaction).map { draft, number in
            draft.finalized(number, at: instants[draft.id] ?? stamp.at)
        }
        try await transaction.execute(InvoiceWriteQueries.finalize(finalized))
        let journals = try finalized.compactMap { invoice in
            try InvoicePostings.journal(
                of: invoice,
                paidBy: credits[invoice.id] ?? CreditPool.Application(),
                id: .make(at: stamp.recordedAt)
            )
        }
        try await LedgerOperations.post(journals, by: stamp, in: transaction)
        try await record(finalized, by: stamp, in: transaction)
        try await PaymentCollection.enqueue(finalized.filter { $0.status == .open }, by: stamp, in: transaction)
        let byID = Dictionary(finalized.map { ($0.id, $0) }) { first, _ in first }
        return (taken.map { byID[$0.id] ?? $0 }, drafts.count)
    }

    /// Brings a draft up to date, unless it was written only now.
    ///
    /// - Returns: whether nothing is left of it, so that it is void.
    private static func reissue(
        _ id: InvoiceID,
        of tenant: TenantID,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Bool {
        guard let draft = try await InvoiceQueries.find(id, of: tenant, in: transaction) else {
            throw InvoiceError.notFound(id)
        }
        guard draft.status == .draft, draft.recordedAt < stamp.recordedAt else { return false }
        let key = InvoiceQueries.DraftKey(
            issuedAt: draft.issuedAt,
            tenant: tenant,
            id: id,
            subscription: draft.subscription,
            recordedAt: draft.recordedAt
        )
        let anew = try await DraftReissue.run(
            [key],
            skippingHeld: false,
            PlanVersionCache(),
            by: stamp,
            in: transaction
        )
        if let failure = anew.failures[draft.subscription] { throw failure }
        return try await InvoiceQueries.find(id, of: tenant, in: transaction)?.status == .void
    }

    private static func record(
        _ finalized: [Invoice],
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws {
        let acts = finalized.flatMap { invoice in
            let instant = invoice.finalizedAt ?? stamp.at
            let isPaid = invoice.status == .paid
            return [act("invoice.finalized", invoice, at: instant)]
                + (isPaid ? [act("invoice.paid", invoice, at: instant)] : [])
        }
        try await Activity.record(acts, by: stamp, in: transaction)
    }

    /// Takes the next numbers of each entity; the counters stay locked until the transaction ends, so numbers have
    /// no gaps.
    ///
    /// Whoever holds a counter waits for nobody but for the counters of entities that come after it.
    private static func numbered(
        _ drafts: [Invoice],
        in transaction: borrowing Transaction
    ) async throws -> [(draft: Invoice, number: String)] {
        var numbered: [(draft: Invoice, number: String)] = []
        for (entity, own) in Dictionary(grouping: drafts, by: \.legalEntity).sorted(by: { $0.key < $1.key }) {
            let last: Int? = try await transaction.first(
                "SELECT app.next_invoice_numbers(\(entity)::uuid, \(own.count)::int)"
            ) { row in try row.next() }
            guard let last else { throw Problem(.internal, "\(own.count) numbers at once are too many") }
            let ordered = own.sorted { ($0.issuedAt, $0.tenant, $0.id) < ($1.issuedAt, $1.tenant, $1.id) }
            for (place, draft) in ordered.enumerated() {
                numbered.append((draft, number(last - own.count + 1 + place, of: draft)))
            }
        }
        return numbered
    }

    private static func number(_ count: Int, of invoice: Invoice) -> String {
        let digits = String(count)
        let year = Zone.utc.local(invoice.issuedAt).0.year
        return "INV-\(year)-" + String(repeating: "0", count: max(0, 6 - digits.utf8.count)) + digits
    }
}

extension Invoice {
    /// With its number and the time at which it is to be paid; paid if nothing is due.
    fileprivate func finalized(_ number: String, at instant: Instant) -> Invoice {
        var invoice = self
        let isPaid = amountDue.isZero
        invoice.number = number
        invoice.status = isPaid ? .paid : .open
        invoice.finalizedAt = instant
        invoice.dueAt = issuedAt.adding(seconds: InvoiceOperations.paymentSeconds)
        invoice.paidAt = isPaid ? instant : nil
        return invoice
    }
}
