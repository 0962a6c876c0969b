package import Postgres
import Tenants
package import Values

/// What became of a line of a bank statement.
package enum BankTransferOutcome: Hashable, Sendable {
    /// Recorded, and taken by invoices; what is over is the tenant's.
    case matched(Payment)
    /// Recorded for the tenant; no invoice takes of it.
    case unapplied(Payment)
    /// It was recorded before.
    case known(Payment)
    /// Not recorded: nobody knows whose it is, or why it cannot be.
    case unmatched(String)

    /// The word that a list shows.
    package var word: String {
        switch self {
        case .matched: "matched"
        case .unapplied: "unapplied"
        case .known: "known"
        case .unmatched: "unmatched"
        }
    }

    /// The payment it is recorded as.
    package var payment: Payment? {
        switch self {
        case .matched(let payment), .unapplied(let payment), .known(let payment): payment
        case .unmatched: nil
        }
    }
}

extension PaymentOperations {
    /// Records money that came by bank, for the invoices whose numbers stand in the reference.
    ///
    /// The same transfer again is no work. A number that two legal entities use is not recorded, unless the entity, the
    /// tenant, or the amount with the customer's name in the reference says which of the invoices is meant.
    ///
    /// `tenant`: who paid, where that is known; then what names no invoice is recorded, too.
    ///
    /// `entity`: whose account it came to, where that is known; invoices of others are not meant.
    ///
    /// For `.system`: it looks for invoices of all tenants.
    package static func take(
        _ transfer: BankTransfer,
        from tenant: TenantID? = nil,
        to entity: EntityID? = nil,
        writesOffRest: Bool = false,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> BankTransferOutcome {
        let known = try await BankTransferQueries.known(transfer.dedupeKey, of: tenant, entity, in: transaction)
        if let known { return .known(known) }
        let candidates = try await BankTransferQueries.named(
            BankTransfer.numbers(in: transfer.reference),
            invoice: nil,
            of: tenant,
            entity,
            in: transaction
        )
        .filter { $0.currency == transfer.amount.currency }
        let named: [BankTransferMatch.Candidate]
        switch BankTransferMatch(of: candidates, amount: transfer.amount, reference: transfer.reference) {
        case .invoices(let invoices): named = invoices
        case .ambiguous(let number):
            return .unmatched("several legal entities have an invoice \(number), and nothing says which is meant")
        }
        guard let owner = tenant ?? named.first?.tenant else {
            return .unmatched("no invoice has a number that stands in the reference")
        }
        guard named.allSatisfy({ $0.tenant == owner }) else {
            return .unmatched("invoices of several customers have numbers that stand in the reference")
        }
        let draft = try PaymentDraft(
            amount: transfer.amount,
            reference: transfer.reference,
            receivedAt: transfer.receivedAt,
            invoices: named.map(\.invoice),
            writesOffRest: writesOffRest,
            dedupeKey: transfer.dedupeKey
        )
        do {
            let payment = try await record(draft, of: owner, by: stamp, in: transaction)
            return payment.allocations.isEmpty ? .unapplied(payment) : .matched(payment)
        } catch let error as PaymentError {
            // What is wrong with the line; nothing has been written by it.
            if case .otherCurrency = error { return .unmatched(error.problem.message) }
            if case .inFuture = error { return .unmatched(error.problem.message) }
            throw error
        }
    }
}

/// Finds what a bank transfer is about.
enum BankTransferQueries {
    /// The payment that a transfer is recorded as, of whichever tenant.
    ///
    /// `entity`: only of its customers: the accounts of two may have transfers that are alike.
    static func known(
        _ key: String,
        of tenant: TenantID?,
        _ entity: EntityID?,
        in transaction: borrowing Transaction
    ) async throws -> Payment? {
        let found: (TenantID, PaymentID)? = try await transaction.first(
            """
            SELECT p.tenant_id, p.id FROM app.payments p
            WHERE p.dedupe_key = \(key) AND (\(tenant)::uuid IS NULL OR p.tenant_id = \(tenant))
              AND (\(entity)::uuid IS NULL OR EXISTS (
                  SELECT FROM app.tenants t WHERE t.tenant_id = p.tenant_id AND t.legal_entity_id = \(entity)))
            LIMIT 1
            """
        ) { row in (try row.next(), try row.next()) }
        guard let (owner, id) = found else { return nil }
        return try await PaymentQueries.find(id, of: owner, in: transaction)
    }

    /// The invoices that are named by an id or by their numbers, the earliest first.
    static func named(
        _ numbers: [String],
        invoice: InvoiceID?,
        of tenant: TenantID?,
        _ entity: EntityID?,
        in transaction: borrowing Transaction
    ) async throws -> [BankTransferMatch.Candidate] {
        let condition: SQL = invoice.map { "i.id = \($0)" } ?? "i.number = ANY (\(numbers)::text[])"
        return try await transaction.query(
            """
            SELECT coalesce(i.number, ''), i.tenant_id, t.name, i.id, i.currency,
                   CASE WHEN i.status IN ('open', 'uncollectible')
                        THEN i.amount_due_minor - i.amount_paid_minor - i.amount_credited_minor ELSE 0 END
            FROM app.invoices i JOIN app.tenants t ON t.tenant_id = i.tenant_id
            WHERE \(fragment: condition)
              AND (\(tenant)::uuid IS NULL OR i.tenant_id = \(tenant))
              AND (\(entity)::uuid IS NULL OR i.legal_entity_id = \(entity))
            ORDER BY i.number, i.issued_at, i.id LIMIT \(mostNamed)
            """
        ) { row in
            BankTransferMatch.Candidate(
                number: try row.next(),
                tenant: try row.next(),
                customer: try row.next(),
                invoice: try row.next(),
                currency: try row.next(),
                due: try row.next()
            )
        }
    }

    /// A reference has at most forty words, of which few are numbers.
    private static let mostNamed = 100
}

/// Whose money it is, and what it is for.
package struct BankTransferPayer: Hashable, Sendable {
    /// Who paid.
    package let tenant: TenantID
    /// The invoices that it names, the first one first.
    package let invoices: [InvoiceID]
    /// What they are billed in; nil if that is not known.
    package let currency: Currency?
}

extension PaymentOperations {
    /// Whose money it is that people record: by the invoice or the tenant named, else by the invoices' numbers in the
    /// reference.
    ///
    /// `entity`: whose account it came to; nil if that is not known.
    ///
    /// For `.system`: it looks for invoices of all tenants.
    ///
    /// - Throws: that nothing names a tenant, or several; `InvoiceError.notFound` if the tenant has no such invoice.
    package static func payers(
        reference: String,
        invoice: InvoiceID?,
        tenant: TenantID?,
        entity: EntityID? = nil,
        in transaction: borrowing Transaction
    ) async throws -> BankTransferPayer {
        let candidates = try await BankTransferQueries.named(
            BankTransfer.numbers(in: reference),
            invoice: invoice,
            of: tenant,
            entity,
            in: transaction
        )
        let named: [BankTransferMatch.Candidate]
        switch BankTransferMatch(of: candidates, amount: nil, reference: reference) {
        case .invoices(let invoices): named = invoices
        case .ambiguous(let number):
            throw Problem.invalid(
                "reference",
                "names \(number), which is an invoice of several legal entities; say --invoice, --entity or --tenant"
            )
        }
        if let invoice, named.isEmpty { throw InvoiceError.notFound(invoice) }
        guard let owner = tenant ?? named.first?.tenant else {
            throw Problem.invalid(
                "reference",
                "names no invoice by its number; say --invoice, or whose money it is with --tenant"
            )
        }
        guard named.allSatisfy({ $0.tenant == owner && $0.currency == named.first?.currency }) else {
            throw Problem.invalid("reference", "names invoices of several customers or currencies; say --invoice")
        }
        guard let found = try await TenantQueries.find(owner, in: transaction) else {
            throw InvoiceError.tenantNotFound(owner)
        }
        return BankTransferPayer(
            tenant: owner,
            invoices: named.map(\.invoice),
            currency: named.first?.currency ?? found.currency
        )
    }
}
