import Ledger
import Postgres
import Values

/// Compares partners' shares and payouts with the books.
enum PartnerReconciliationJournalQueries {
    /// Every difference between shares, payouts and their journals, and between what is owed and the account.
    static func differences(
        of tenant: TenantID?,
        in transaction: borrowing Transaction
    ) async throws -> [PartnerDifference] {
        try await shares(of: tenant, in: transaction) + payouts(of: tenant, in: transaction)
            + unexplained(of: tenant, in: transaction) + payable(of: tenant, in: transaction)
    }

    private static func shares(
        of tenant: TenantID?,
        in transaction: borrowing Transaction
    ) async throws -> [PartnerDifference] {
        try await transaction.query(
            """
            SELECT a.tenant_id, a.id, a.partner_id, a.currency, a.share_minor, j.id, -b.owed
            FROM app.partner_accruals a
            JOIN app.partners p ON p.id = a.partner_id
            LEFT JOIN app.journals j ON j.tenant_id = a.tenant_id AND j.posting_key = 'partner_share:' || a.source
            CROSS JOIN LATERAL (
                SELECT app.amount_on(j.accounts, j.amounts, 'partner_payable') AS owed,
                       app.amount_on(j.accounts, j.amounts, CASE p.role
                           WHEN 'agent' THEN 'agent_share' ELSE 'partner_share' END) AS share
            ) b
            WHERE \(fragment: PartnerReconciliationQueries.isOwn("a", tenant)) AND CASE
                WHEN a.share_minor = 0 THEN j.id IS NOT NULL
                ELSE j.id IS NULL OR j.currency <> a.currency OR j.at <> a.at OR cardinality(j.accounts) <> 2
                    OR b.owed IS DISTINCT FROM -a.share_minor OR b.share IS DISTINCT FROM a.share_minor
            END
            ORDER BY a.tenant_id, a.id LIMIT \(PartnerReconciliationQueries.limit)
            """
        ) { row in
            let tenant: TenantID = try row.next()
            let id: PartnerAccrualID = try row.next()
            let partner: PartnerID = try row.next()
            let currency: Currency = try row.next()
            let share = try PartnerReconciliationQueries.money(&row, currency)
            let journal: JournalID? = try row.next()
            return PartnerDifference(
                kind: .journal,
                tenant: tenant,
                details: [
                    "accrual": .string(id.text), "partner": .string(partner.text), "expected": share,
                    "journal": .optional(journal?.text),
                    "posted": try PartnerReconciliationQueries.money(&row, currency),
                ]
            )
        }
    }

    /// Keys of payouts have wire ids, which are not made in SQL: both sides are read.
    private static func payouts(
        of tenant: TenantID?,
        in transaction: borrowing Transaction
    ) async throws -> [PartnerDifference] {
        struct Key: Hashable {
            let tenant: TenantID
            let key: String
        }
        let posted: [(Key, (id: JournalID, amount: Money))] = try await transaction.query(
            """
            SELECT j.tenant_id, j.posting_key, j.id, j.currency, CASE WHEN b.cash = -b.owed THEN b.owed ELSE 0 END
            FROM app.journals j
            CROSS JOIN LATERAL (
                SELECT app.amount_on(j.accounts, j.amounts, 'partner_payable') AS owed,
                       app.amount_on(j.accounts, j.amounts, 'cash') AS cash
            ) b
            WHERE \(fragment: PartnerReconciliationQueries.isOwn("j", tenant)) AND j.posting_key LIKE 'partner_payout:%'
            """
        ) { row in
            let key = Key(tenant: try row.next(), key: try row.next())
            let id: JournalID = try row.next()
            let currency: Currency = try row.next()
            return (key, (id: id, amount: Money(minor: try row.next(), currency: currency)))
        }
        var books = Dictionary(posted) { first, _ in first }
        let parts: [(id: PartnerPayoutID, tenant: TenantID, amount: Money)] = try await transaction.query(
            """
            SELECT p.id, x.tenant_id, p.currency, x.amount_minor
            FROM app.partner_payout_parts x JOIN app.partner_payouts p ON p.id = x.payout_id
            WHERE \(fragment: PartnerReconciliationQueries.isOwn("x", tenant)) ORDER BY p.id, x.tenant_id
            """
        ) { row in
            let id: PartnerPayoutID = try row.next()
            let tenant: TenantID = try row.next()
            let currency: Currency = try row.next()
            return (id: id, tenant: tenant, amount: Money(minor: try row.next(), currency: currency))
        }
        func difference(
            _ tenant: TenantID,
            _ what: String,
            _ amount: Money?,
            _ posted: (id: JournalID, amount: Money)?
        )
            -> PartnerDifference
        {
            PartnerDifference(
                kind: .journal,
                tenant: tenant,
                details: [
                    "payout": .string(what), "expected": amount?.json ?? .null,
                    "journal": .optional(posted?.id.text), "posted": posted?.amount.json ?? .null,
                ]
            )
        }
        var differences: [PartnerDifference] = []
        for part in parts {
            let found = books.removeValue(forKey: Key(tenant: part.tenant, key: "partner_payout:\(part.id)"))
            guard found?.amount != part.amount else { continue }
            differences.append(difference(part.tenant, part.id.text, part.amount, found))
        }
        for (key, found) in books.sorted(by: { ($0.key.tenant, $0.key.key) < ($1.key.tenant, $1.key.key) }) {
            differences.append(difference(key.tenant, key.key, nil, found))
        }
        return differences
    }

    /// Journals of shares without one.
    private static func unexplained(
        of tenant: TenantID?,
        in transaction: borrowing Transaction
    ) async throws -> [PartnerDifference] {
        try await transaction.query(
            """
            SELECT j.tenant_id, j.id, j.posting_key FROM app.journals j
            WHERE \(fragment: PartnerReconciliationQueries.isOwn("j", tenant))
              AND j.posting_key LIKE 'partner_share:%' AND NOT EXISTS (
                SELECT FROM app.partner_accruals a
                WHERE a.tenant_id = j.tenant_id AND j.posting_key = 'partner_share:' || a.source)
            ORDER BY j.tenant_id, j.id LIMIT \(PartnerReconciliationQueries.limit)
            """
        ) { row in
            let tenant: TenantID = try row.next()
            let id: JournalID = try row.next()
            let key: String = try row.next()
            return PartnerDifference(
                kind: .journal,
                tenant: tenant,
                details: ["journal": .string(id.text), "key": .string(key), "expected": .null]
            )
        }
    }

    /// What the books owe against shares less payouts.
    private static func payable(
        of tenant: TenantID?,
        in transaction: borrowing Transaction
    ) async throws -> [PartnerDifference] {
        try await transaction.query(
            """
            SELECT s.tenant_id, s.currency, sum(s.owed)::bigint, sum(s.booked)::bigint
            FROM (
                SELECT a.tenant_id, a.currency, a.share_minor AS owed, 0 AS booked
                FROM app.partner_accruals a WHERE \(fragment: PartnerReconciliationQueries.isOwn("a", tenant))
                UNION ALL
                SELECT x.tenant_id, p.currency, -x.amount_minor, 0
                FROM app.partner_payout_parts x JOIN app.partner_payouts p ON p.id = x.payout_id
                WHERE \(fragment: PartnerReconciliationQueries.isOwn("x", tenant))
                UNION ALL
                SELECT j.tenant_id, j.currency, 0, -app.amount_on(j.accounts, j.amounts, 'partner_payable')
                FROM app.journals j
                WHERE \(fragment: PartnerReconciliationQueries.isOwn("j", tenant))
                  AND j.accounts @> ARRAY['partner_payable']
            ) s
            GROUP BY 1, 2 HAVING sum(s.owed) <> sum(s.booked) ORDER BY 1, 2 LIMIT \(PartnerReconciliationQueries.limit)
            """
        ) { row in
            let tenant: TenantID = try row.next()
            let currency: Currency = try row.next()
            return PartnerDifference(
                kind: .payable,
                tenant: tenant,
                details: [
                    "owed": try PartnerReconciliationQueries.money(&row, currency),
                    "booked": try PartnerReconciliationQueries.money(&row, currency),
                ]
            )
        }
    }
}
