import Ledger
import Postgres
import Values

/// What reports read of journals themselves.
extension BooksQueries {
    /// The journals of a span that touch cash.
    static func cash(
        _ span: Span,
        in transaction: borrowing Transaction
    ) async throws -> [CashReport.Movement] {
        let gateways = try await gateways(asOf: span.asOf, in: transaction)
        return try await transaction.query(
            """
            SELECT j.tenant_id, j.id, j.reference, j.at, j.posting_key, j.currency,
                   sum(e.amount) FILTER (WHERE e.account = \(Account.cash.rawValue))::bigint,
                   coalesce(sum(e.amount) FILTER (WHERE e.account = \(Account.paymentFees.rawValue)), 0)::bigint
            FROM app.journals j CROSS JOIN LATERAL unnest(j.accounts, j.amounts) AS e (account, amount)
            WHERE \(fragment: span.holds("j")) AND \(Account.cash.rawValue) = ANY (j.accounts)
            GROUP BY j.tenant_id, j.id ORDER BY j.tenant_id, j.id
            """
        ) { row in
            let tenant: TenantID = try row.next()
            let journal: JournalID = try row.next()
            let reference: String = try row.next()
            let at: Instant = try row.next()
            let key: String = try row.next()
            return CashReport.Movement(
                tenant: tenant,
                ids: [reference, journal.text],
                at: at,
                cause: String(key.prefix { $0 != ":" }),
                gateway: gateways[MovedBy(tenant: tenant, id: Self.uuid(of: reference))] ?? "manual",
                currency: try row.next(),
                cash: try row.next(),
                fees: try row.next()
            )
        }
    }

    private struct MovedBy: Hashable {
        let tenant: TenantID
        let id: String
    }

    /// Who moved the money of payments, refunds, disputes and purchases, where it was not people.
    private static func gateways(
        asOf: Instant,
        in transaction: borrowing Transaction
    ) async throws -> [MovedBy: String] {
        let rows: [(moved: MovedBy, gateway: String)] = try await transaction.query(
            """
            SELECT tenant_id, id, gateway FROM app.payments WHERE gateway <> 'manual' AND recorded_at <= \(asOf)
            UNION ALL
            SELECT tenant_id, id, gateway FROM app.refunds WHERE gateway <> 'manual' AND recorded_at <= \(asOf)
            UNION ALL
            SELECT tenant_id, id, gateway FROM app.payment_disputes
            WHERE gateway <> 'manual' AND recorded_at <= \(asOf)
            UNION ALL
            SELECT tenant_id, unnest(ARRAY[id, grant_id]), gateway FROM app.credit_purchases
            WHERE gateway <> 'manual' AND status = 'succeeded' AND recorded_at <= \(asOf)
            """
        ) { row in
            let tenant: TenantID = try row.next()
            let id: String = try row.next()
            return (moved: MovedBy(tenant: tenant, id: id), gateway: try row.next())
        }
        return Dictionary(rows.map { ($0.moved, $0.gateway) }) { first, _ in first }
    }

    /// The UUID in a wire id of any kind; empty if it is none.
    static func uuid(of wire: String) -> String {
        guard let line = wire.lastIndex(of: "_") else { return "" }
        return ID<AnyRow>("any" + wire[line...])?.uuidText ?? ""
    }

    /// What journals put on contra accounts, and what was earned of credit that nobody used, until an instant.
    static func contra(asOf: Instant, in transaction: borrowing Transaction) async throws -> [RecognitionReport.Booked]
    {
        let accounts = RecognitionReport.contraAccounts + [.breakageRevenue]
        return try await transaction.query(
            """
            SELECT j.at, j.tenant_id, j.id, j.reference, e.account, j.currency, e.amount
            FROM app.journals j CROSS JOIN LATERAL unnest(j.accounts, j.amounts) AS e (account, amount)
            WHERE \(fragment: Span(until: asOf).holds("j")) AND e.account = ANY (\(accounts.map(\.rawValue))::text[])
              AND j.accounts && \(accounts.map(\.rawValue))::text[]
            ORDER BY j.at, j.tenant_id, j.id, e.account
            """
        ) { row in
            let at: Instant = try row.next()
            let tenant: TenantID = try row.next()
            let journal: JournalID = try row.next()
            let reference: String = try row.next()
            let name: String = try row.next()
            guard let account = Account(rawValue: name) else { throw LedgerError.unknownAccount(name) }
            let currency: Currency = try row.next()
            let minor: Int64 = try row.next()
            return RecognitionReport.Booked(
                at: at,
                tenant: tenant,
                account: account,
                amount: Money(minor: account.kind == .revenue ? -minor : minor, currency: currency),
                ids: [reference, journal.text]
            )
        }
    }

    /// The journals of a span, the oldest first, at most as many as a limit.
    static func journals(
        _ span: Span,
        account: Account? = nil,
        limit: Int,
        in transaction: borrowing Transaction
    ) async throws -> [PostedJournal] {
        try await transaction.query(
            """
            SELECT \(fragment: LedgerQueries.columns) FROM app.journals j
            WHERE \(fragment: span.holds("j"))
              AND (\(account?.rawValue)::text IS NULL OR \(account?.rawValue) = ANY (j.accounts))
            ORDER BY j.at, j.tenant_id, j.id LIMIT \(limit)
            """,
            LedgerQueries.posted
        )
    }
}

/// A row whose kind does not matter.
private enum AnyRow: Entity { static let prefix = "any" }
