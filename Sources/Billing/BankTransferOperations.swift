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
    /// The same transfer again is no work.
    ///
    /// `tenant`: who paid, where that is known; then what names no invoice is recorded, too.
    ///
    /// For `.system`: it looks for invoices of all tenants.
    package static func take(
        _ transfer: BankTransfer,
        from tenant: TenantID? = nil,
        writesOffRest: Bool = false,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> BankTransferOutcome {
        if let known = try await BankTransferQueries.known(transfer.dedupeKey, of: tenant, in: transaction) {
            return .known(known)
        }
        let named = try await BankTransferQueries.named(
            BankTransfer.numbers(in: transfer.reference),
            invoice: nil,
            of: tenant,
            in: transaction
        )
        .filter { $0.currency == transfer.amount.currency }
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
    static func known(
        _ key: String,
        of tenant: TenantID?,
        in transaction: borrowing Transaction
    ) async throws -> Payment? {
        let found: (TenantID, PaymentID)? = try await transaction.first(
            """
            SELECT tenant_id, id FROM app.payments
            WHERE dedupe_key = \(key) AND (\(tenant)::uuid IS NULL OR tenant_id = \(tenant)) LIMIT 1
            """
        ) { row in (try row.next(), try row.next()) }
        guard let (owner, id) = found else { return nil }
        return try await PaymentQueries.find(id, of: owner, in: transaction)
    }

    /// The invoices that are named by an id or by their numbers, the earliest first.
    ///
    /// Those that take money come alone, if there are any: entities may use the same numbers.
    static func named(
        _ numbers: [String],
        invoice: InvoiceID?,
        of tenant: TenantID?,
        in transaction: borrowing Transaction
    ) async throws -> [(tenant: TenantID, invoice: InvoiceID, currency: Currency)] {
        let condition: SQL = invoice.map { "id = \($0)" } ?? "number = ANY (\(numbers)::text[])"
        let rows: [(tenant: TenantID, invoice: InvoiceID, currency: Currency, isOpen: Bool)] =
            try await transaction.query(
                """
                SELECT tenant_id, id, currency, status IN ('open', 'uncollectible') FROM app.invoices
                WHERE \(fragment: condition)
                  AND (\(tenant)::uuid IS NULL OR tenant_id = \(tenant))
                ORDER BY number, issued_at, id LIMIT 20
                """
            ) { row in
                (
                    tenant: try row.next(), invoice: try row.next(), currency: try row.next(),
                    isOpen: try row.next()
                )
            }
        let open = rows.filter(\.isOpen)
        return (open.isEmpty ? rows : open).map { (tenant: $0.tenant, invoice: $0.invoice, currency: $0.currency) }
    }
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
    /// For `.system`: it looks for invoices of all tenants.
    ///
    /// - Throws: that nothing names a tenant, or several; `InvoiceError.notFound` if the tenant has no such invoice.
    package static func payers(
        reference: String,
        invoice: InvoiceID?,
        tenant: TenantID?,
        in transaction: borrowing Transaction
    ) async throws -> BankTransferPayer {
        let named = try await BankTransferQueries.named(
            BankTransfer.numbers(in: reference),
            invoice: invoice,
            of: tenant,
            in: transaction
        )
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
