package import Postgres
package import Values

/// Reading and writing payments.
package enum PaymentQueries {
    /// A tenant's payments in the order of their ids.
    ///
    /// `tenant`: only this tenant's; nil is all, for staff.
    ///
    /// `invoice`: only those of which this invoice took.
    ///
    /// `hasUnapplied`: only those of which something is left.
    ///
    /// `after`: the last id of the page before.
    package static func list(
        of tenant: TenantID?,
        invoice: InvoiceID? = nil,
        hasUnapplied: Bool = false,
        limit: Int,
        after: PaymentID? = nil,
        in transaction: borrowing Transaction
    ) async throws -> [Payment] {
        try await payments(
            """
            SELECT \(fragment: columns)
            WHERE (\(tenant)::uuid IS NULL OR p.tenant_id = \(tenant)) AND (\(after)::uuid IS NULL OR p.id > \(after))
              AND (\(invoice)::uuid IS NULL OR EXISTS (
                  SELECT FROM app.payment_allocations a
                  WHERE a.tenant_id = p.tenant_id AND a.payment_id = p.id AND a.invoice_id = \(invoice)))
              AND (NOT \(hasUnapplied)::boolean
                   OR p.amount_minor - r.unapplied - d.unapplied > coalesce((
                       SELECT sum(a.amount_minor) FROM app.payment_allocations a
                       WHERE a.tenant_id = p.tenant_id AND a.payment_id = p.id), 0))
            ORDER BY p.id LIMIT \(limit)
            """,
            in: transaction
        )
    }

    /// One payment of a tenant; nil if the tenant has none with the id.
    package static func find(
        _ id: PaymentID,
        of tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> Payment? {
        try await payments(
            "SELECT \(fragment: columns) WHERE p.tenant_id = \(tenant) AND p.id = \(id)",
            in: transaction
        ).first
    }

    /// The payment that a gateway calls so, of whichever tenant: for `.system`.
    package static func find(
        gateway: String,
        reference: String,
        in transaction: borrowing Transaction
    ) async throws -> Payment? {
        try await payments(
            "SELECT \(fragment: columns) WHERE p.gateway = \(gateway) AND p.reference = \(reference) LIMIT 1",
            in: transaction
        ).first
    }

    /// The payment that was recorded with a key.
    static func find(
        dedupeKey: String,
        of tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> Payment? {
        try await payments(
            "SELECT \(fragment: columns) WHERE p.tenant_id = \(tenant) AND p.dedupe_key = \(dedupeKey)",
            in: transaction
        ).first
    }

    /// The payment, held until the transaction ends; whoever needs invoices of it has locked them before.
    static func lock(
        _ id: PaymentID,
        of tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> Payment {
        // Nobody may change a payment's row, and so nobody can lock it. In a statement of its own: the sums beside a
        // lock would be those of before it.
        _ = try await transaction.first(
            "SELECT pg_advisory_xact_lock(hashtextextended(\("payment/" + id.uuidText), 0)) IS NULL"
        ) { row in try row.next() as Bool }
        guard let found = try await find(id, of: tenant, in: transaction) else { throw PaymentError.notFound(id) }
        return found
    }

    /// What an invoice took of payments, or was written off of it, in the order in which it was.
    package static func allocations(
        to invoice: InvoiceID,
        of tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> [PaymentAllocation] {
        try await transaction.query(
            """
            SELECT \(fragment: allocationColumns) FROM app.payment_allocations
            WHERE tenant_id = \(tenant) AND invoice_id = \(invoice) ORDER BY recorded_at, id
            """,
            allocation
        )
    }

    /// Nothing is written if the tenant has a payment with the key.
    static func insert(_ payment: Payment, by stamp: Stamp) -> SQL {
        let atReceipt = payment.allocations.filter(\.isAtReceipt).reduce(0) { $0 + $1.amount.minor }
        return """
            INSERT INTO app.payments (tenant_id, id, gateway, currency, amount_minor, fee_minor,
                                      applied_at_receipt_minor, reference, dedupe_key, at, recorded_at, author)
            VALUES (\(payment.tenant), \(payment.id), \(payment.gateway), \(payment.amount.currency),
                    \(payment.amount.minor), \(payment.fee.minor), \(atReceipt), \(payment.reference),
                    \(payment.dedupeKey), \(payment.at), \(stamp.recordedAt), \(stamp.author))
            ON CONFLICT (tenant_id, dedupe_key) DO NOTHING
            """
    }

    static func insert(_ part: PaymentAllocation, of tenant: TenantID, by stamp: Stamp) -> SQL {
        """
        INSERT INTO app.payment_allocations (tenant_id, id, kind, payment_id, invoice_id, currency, amount_minor,
                                             at_receipt, account, at, recorded_at, author)
        VALUES (\(tenant), \(part.id), \(part.kind.rawValue), \(part.payment), \(part.invoice),
                \(part.amount.currency), \(part.amount.minor), \(part.isAtReceipt), \(part.debt.rawValue), \(part.at),
                \(stamp.recordedAt), \(stamp.author))
        """
    }

    /// Adds to what has been paid of an invoice; nothing remains of one that is paid.
    static func settle(_ invoice: Invoice, with minor: Int64, status: InvoiceStatus, paidAt: Instant?) -> SQL {
        """
        UPDATE app.invoices SET amount_paid_minor = amount_paid_minor + \(minor), status = \(status.rawValue),
            paid_at = \(paidAt)
        WHERE tenant_id = \(invoice.tenant) AND id = \(invoice.id)
        """
    }

    private static let columns: SQL =
        """
        p.id, p.tenant_id, p.gateway, p.currency, p.amount_minor, p.fee_minor, p.reference, p.at, p.dedupe_key,
        r.unapplied, r.applied, r.payable, d.unapplied, d.applied
        FROM app.payments p
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(unapplied_minor), 0)::bigint AS unapplied,
                   coalesce(sum(applied_minor), 0)::bigint AS applied,
                   coalesce(sum(payable_minor), 0)::bigint AS payable
            FROM app.refunds
            WHERE tenant_id = p.tenant_id AND payment_id = p.id AND state <> 'failed'
        ) r
        CROSS JOIN LATERAL (
            SELECT coalesce(sum(unapplied_minor), 0)::bigint AS unapplied,
                   coalesce(sum(applied_minor), 0)::bigint AS applied
            FROM app.payment_disputes
            WHERE tenant_id = p.tenant_id AND payment_id = p.id AND state <> 'won'
        ) d
        """

    private static let allocationColumns: SQL =
        "id, kind, payment_id, invoice_id, currency, amount_minor, at_receipt, account, at"

    private static func payments(_ sql: SQL, in transaction: borrowing Transaction) async throws -> [Payment] {
        let found = try await transaction.query(sql, payment)
        guard !found.isEmpty else { return [] }
        let parts: [PaymentAllocation] = try await transaction.query(
            """
            SELECT a.id, a.kind, a.payment_id, a.invoice_id, a.currency, a.amount_minor, a.at_receipt, a.account, a.at
            FROM unnest(\(found.map(\.tenant))::uuid[], \(found.map(\.id))::uuid[]) AS given (tenant_id, payment_id)
            JOIN app.payment_allocations a ON a.tenant_id = given.tenant_id AND a.payment_id = given.payment_id
            ORDER BY a.recorded_at, a.id
            """,
            allocation
        )
        let byPayment = Dictionary(grouping: parts, by: \.payment)
        return found.map { payment in payment.with(byPayment[payment.id] ?? []) }
    }

    private static func payment(_ row: inout RowReader) throws -> Payment {
        let id: PaymentID = try row.next()
        let tenant: TenantID = try row.next()
        let gateway: String = try row.next()
        let currency: Currency = try row.next()
        return Payment(
            id: id,
            tenant: tenant,
            gateway: gateway,
            amount: Money(minor: try row.next(), currency: currency),
            fee: Money(minor: try row.next(), currency: currency),
            reference: try row.next(),
            at: try row.next(),
            dedupeKey: try row.next(),
            allocations: [],
            refunded: PaymentShares(unapplied: try row.next(), applied: try row.next(), payable: try row.next()),
            disputed: PaymentShares(unapplied: try row.next(), applied: try row.next())
        )
    }

    private static func allocation(_ row: inout RowReader) throws -> PaymentAllocation {
        let id: PaymentAllocationID = try row.next()
        let kind: String = try row.next()
        let payment: PaymentID? = try row.next()
        let invoice: InvoiceID = try row.next()
        let currency: Currency = try row.next()
        let minor: Int64 = try row.next()
        let isAtReceipt: Bool = try row.next()
        let debt: String = try row.next()
        return PaymentAllocation(
            id: id,
            // The table's CHECKs have no other words.
            kind: PaymentAllocation.Kind(rawValue: kind) ?? .payment,
            payment: payment,
            invoice: invoice,
            amount: Money(minor: minor, currency: currency),
            isAtReceipt: isAtReceipt,
            debt: PaymentAllocation.Debt(rawValue: debt) ?? .receivable,
            at: try row.next()
        )
    }
}

extension Payment {
    /// The same with what invoices took of it.
    func with(_ allocations: [PaymentAllocation]) -> Payment {
        Payment(
            id: id,
            tenant: tenant,
            gateway: gateway,
            amount: amount,
            fee: fee,
            reference: reference,
            at: at,
            dedupeKey: dedupeKey,
            allocations: allocations,
            refunded: refunded,
            disputed: disputed
        )
    }
}
