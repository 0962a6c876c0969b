package import Postgres
package import Values

/// Compares receipts, partners' shares, payouts and the books over all tenants.
package enum PartnerReconciliationQueries {
    /// The most differences of a kind that one statement reports.
    static let limit = 1_000

    /// Every difference between what came in, what was accrued, what was paid and what is booked; none is what is
    /// expected.
    ///
    /// What came in since the last run is not missed: the next one accrues it.
    ///
    /// Reads everything there is: for `.finance`, in a snapshot.
    ///
    /// `tenant`: only of this one's receipts; nil is all.
    package static func differences(
        of tenant: TenantID? = nil,
        in transaction: borrowing Transaction
    ) async throws -> [PartnerDifference] {
        let partners = try await PartnerQueries.all(in: transaction)
        guard !partners.isEmpty else { return [] }
        var differences = try await receipts(of: tenant, in: transaction)
        differences += try await missing(of: tenant, partners, in: transaction)
        if tenant == nil {
            differences += try PartnerReconciliation.differences(await stretches(in: transaction), partners)
            differences += try await payouts(in: transaction)
        }
        return differences + (try await PartnerReconciliationJournalQueries.differences(of: tenant, in: transaction))
    }

    static func isOwn(_ table: SQL, _ tenant: TenantID?) -> SQL {
        tenant.map { "\(fragment: table).tenant_id = \($0)" } ?? "true"
    }

    static func money(_ row: inout RowReader, _ currency: Currency) throws -> JSONValue {
        let minor: Int64? = try row.next()
        return minor.map { Money(minor: $0, currency: currency).json } ?? .null
    }

    /// Accruals against the receipts that they name: what came in is accrued whole, of what goes back as much as there
    /// was; a refund that failed undoes what was taken back.
    private static func receipts(
        of tenant: TenantID?,
        in transaction: borrowing Transaction
    ) async throws -> [PartnerDifference] {
        try await transaction.query(
            """
            WITH facts AS MATERIALIZED (\(fragment: PartnerAccrualQueries.facts(of: tenant))),
            accrued AS MATERIALIZED (
                SELECT a.tenant_id, split_part(a.source, '#', 1) AS source, a.currency,
                       sum(a.receipt_minor)::bigint AS amount
                FROM app.partner_accruals a WHERE \(fragment: isOwn("a", tenant)) GROUP BY 1, 2, 3
            )
            SELECT x.tenant_id, x.source, x.currency, x.amount, f.amount
            FROM accrued x
            LEFT JOIN facts f ON f.tenant_id = x.tenant_id AND f.source = x.source AND f.currency = x.currency
            LEFT JOIN accrued u ON u.tenant_id = x.tenant_id AND u.source = f.kind
            WHERE CASE
                WHEN f.source IS NULL THEN x.source NOT LIKE 'refund:%' OR NOT EXISTS (
                    SELECT FROM facts g
                    WHERE g.tenant_id = x.tenant_id AND g.source = 'refund_failed:' || substr(x.source, 8))
                WHEN f.kind = 'own' THEN x.amount <> f.amount
                WHEN f.kind = 'back' THEN x.amount > 0 OR x.amount < f.amount
                ELSE x.amount <> -coalesce(u.amount, 0)
            END
            ORDER BY x.tenant_id, x.source LIMIT \(limit)
            """
        ) { row in
            let tenant: TenantID = try row.next()
            let source: String = try row.next()
            let currency: Currency = try row.next()
            return PartnerDifference(
                kind: .receipt,
                tenant: tenant,
                details: [
                    "source": .string(source), "accrued": try money(&row, currency),
                    "received": try money(&row, currency),
                ]
            )
        }
    }

    /// Receipts that the last run should have accrued.
    private static func missing(
        of tenant: TenantID?,
        _ partners: [PartnerID: Partner],
        in transaction: borrowing Transaction
    ) async throws -> [PartnerDifference] {
        let last: Instant?? = try await transaction.first(
            "SELECT max(recorded_at) FROM app.partner_accruals"
        ) { row in try row.next() as Instant? }
        // What was being written as it ran is the next one's.
        guard let run = last ?? nil else { return [] }
        let limit = run.adding(seconds: -AsOf.settlingSeconds)
        let pending = try await PartnerAccrualQueries.pending(of: tenant, until: limit, in: transaction)
        guard !pending.isEmpty else { return [] }
        let attributions = try await PartnerQueries.attributions(asOf: limit, in: transaction)
        let periods = try await PartnerAccrualQueries.periods(in: transaction)
        var differences: [PartnerDifference] = []
        for (tenant, receipts) in pending.sorted(by: { $0.key < $1.key }) where differences.count < Self.limit {
            let rule = PartnerAccrualRule(
                partners: partners,
                tenant: tenant,
                attributions: attributions[tenant] ?? [],
                periods: periods,
                accruals: try await PartnerAccrualQueries.accruals(of: tenant, in: transaction)
            ) { .make(at: run) }
            differences += try PartnerReconciliation.missing(receipts, of: tenant, rule)
        }
        return differences
    }

    private static func stretches(
        in transaction: borrowing Transaction
    ) async throws -> [PartnerReconciliation.Stretch] {
        try await transaction.query(
            """
            SELECT partner_id, currency, period, coalesce(k.base, 0), coalesce(k.share, 0), coalesce(a.base, 0),
                   coalesce(a.share, 0)
            FROM (
                SELECT partner_id, currency, period, base_minor AS base, share_minor AS share FROM app.partner_periods
            ) k
            FULL JOIN (
                SELECT partner_id, currency, period, sum(base_minor)::bigint AS base, sum(share_minor)::bigint AS share
                FROM app.partner_accruals GROUP BY 1, 2, 3
            ) a USING (partner_id, currency, period)
            ORDER BY partner_id, currency, period
            """
        ) { row in
            let partner: PartnerID = try row.next()
            let currency: Currency = try row.next()
            return PartnerReconciliation.Stretch(
                period: PartnerPeriod(partner: partner, currency: currency, start: try row.next()),
                kept: (base: try row.next(), share: try row.next()),
                accrued: (base: try row.next(), share: try row.next())
            )
        }
    }

    private static func payouts(in transaction: borrowing Transaction) async throws -> [PartnerDifference] {
        try await transaction.query(
            """
            SELECT p.id, p.partner_id, p.currency, p.amount_minor, coalesce(sum(x.amount_minor), 0)::bigint
            FROM app.partner_payouts p LEFT JOIN app.partner_payout_parts x ON x.payout_id = p.id
            GROUP BY p.id HAVING p.amount_minor <> coalesce(sum(x.amount_minor), 0) ORDER BY p.id LIMIT \(limit)
            """
        ) { row in
            let id: PartnerPayoutID = try row.next()
            let partner: PartnerID = try row.next()
            let currency: Currency = try row.next()
            return PartnerDifference(
                kind: .payout,
                tenant: nil,
                details: [
                    "payout": .string(id.text), "partner": .string(partner.text), "paid": try money(&row, currency),
                    "parts": try money(&row, currency),
                ]
            )
        }
    }
}
