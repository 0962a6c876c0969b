import Postgres
import Values

/// Reading what partners are owed and were paid.
enum PartnerPayoutQueries {
    /// The payouts of a stretch of time that were known at an instant, of one partner or of all: for `.finance`.
    static func payouts(
        of partner: PartnerID?,
        from: Instant?,
        before limit: Instant,
        asOf: Instant,
        in transaction: borrowing Transaction
    ) async throws -> [PartnerPayout] {
        struct Line {
            let payout: PartnerPayout
            let part: PartnerPayout.Part
        }
        let lines: [Line] = try await transaction.query(
            """
            SELECT p.id, p.partner_id, p.currency, p.month, p.amount_minor, p.reference, p.at, x.tenant_id,
                   x.amount_minor
            FROM app.partner_payouts p JOIN app.partner_payout_parts x ON x.payout_id = p.id
            WHERE (\(partner)::uuid IS NULL OR p.partner_id = \(partner))
              AND (\(from)::timestamptz IS NULL OR p.at >= \(from))
              AND p.at < \(limit) AND p.recorded_at <= \(asOf)
            ORDER BY p.at, p.id, x.tenant_id
            """
        ) { row in
            let id: PartnerPayoutID = try row.next()
            let partner: PartnerID = try row.next()
            let currency: Currency = try row.next()
            let month: CalendarDate = try row.next()
            let minor: Int64 = try row.next()
            let payout = PartnerPayout(
                id: id,
                partner: partner,
                month: Month(of: month),
                amount: Money(minor: minor, currency: currency),
                parts: [],
                reference: try row.next(),
                at: try row.next()
            )
            let tenant: TenantID = try row.next()
            return Line(
                payout: payout,
                part: PartnerPayout.Part(tenant: tenant, amount: Money(minor: try row.next(), currency: currency))
            )
        }
        var payouts: [PartnerPayout] = []
        var rest = lines[...]
        while let first = rest.first?.payout {
            let own = rest.prefix { $0.payout.id == first.id }
            rest = rest.dropFirst(own.count)
            payouts.append(
                PartnerPayout(
                    id: first.id,
                    partner: first.partner,
                    month: first.month,
                    amount: first.amount,
                    parts: own.map(\.part),
                    reference: first.reference,
                    at: first.at
                )
            )
        }
        return payouts
    }

    /// What is owed to a partner for each tenant's receipts before an instant, less all that was paid.
    static func open(
        _ partner: PartnerID,
        before limit: Instant,
        in transaction: borrowing Transaction
    ) async throws -> [PartnerPayout.Part] {
        try await transaction.query(
            """
            SELECT o.tenant_id, o.currency, sum(o.amount)::bigint FROM (
                SELECT a.tenant_id, a.currency, a.share_minor AS amount FROM app.partner_accruals a
                WHERE a.partner_id = \(partner) AND a.at < \(limit)
                UNION ALL
                SELECT x.tenant_id, p.currency, -x.amount_minor FROM app.partner_payout_parts x
                JOIN app.partner_payouts p ON p.id = x.payout_id WHERE p.partner_id = \(partner)
            ) AS o GROUP BY o.tenant_id, o.currency HAVING sum(o.amount) <> 0 ORDER BY o.tenant_id, o.currency
            """
        ) { row in
            let tenant: TenantID = try row.next()
            let currency: Currency = try row.next()
            return PartnerPayout.Part(tenant: tenant, amount: Money(minor: try row.next(), currency: currency))
        }
    }

    static func insert(_ payout: PartnerPayout, by stamp: Stamp) -> SQL {
        """
        INSERT INTO app.partner_payouts (id, partner_id, currency, month, amount_minor, reference, at, recorded_at,
                                         author)
        VALUES (\(payout.id), \(payout.partner), \(payout.amount.currency), \(payout.month.firstDay),
                \(payout.amount.minor), \(payout.reference), \(payout.at), \(stamp.recordedAt), \(stamp.author))
        """
    }

    static func insertParts(of payout: PartnerPayout, by stamp: Stamp) -> SQL {
        """
        INSERT INTO app.partner_payout_parts (tenant_id, payout_id, amount_minor, recorded_at)
        SELECT tenant_id, \(payout.id)::uuid, amount_minor, \(stamp.recordedAt)::timestamptz
        FROM unnest(\(payout.parts.map(\.tenant))::uuid[], \(payout.parts.map(\.amount.minor))::bigint[])
            AS part (tenant_id, amount_minor)
        RETURNING 1
        """
    }
}
