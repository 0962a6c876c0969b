package import Postgres
import Values

/// Compares the rollups of archived months with what their files hold.
package enum MeteringArchiveReconciliation {
    /// Stands for all tenants together.
    private static let everybody = "00000000-0000-0000-0000-000000000000"

    /// Whether an instant lies in a month whose events are in a file; sessions are in UTC.
    ///
    /// `column`: the instant in the statement.
    package static func isArchived(_ column: SQL) -> SQL {
        """
        EXISTS (
            SELECT FROM app.usage_archives z
            WHERE z.state = 'archived' AND \(fragment: column) >= z.month::timestamptz
              AND \(fragment: column) < (z.month + interval '1 month')::timestamptz)
        """
    }

    /// Every meter of an archived month whose rollups are not what the manifest says.
    static func differences(in transaction: borrowing Transaction) async throws -> [MeteringDifference] {
        guard let everybody = TenantID(uuidText: everybody) else { return [] }
        return try await transaction.query(statement) { row in
            let month: CalendarDate = try row.next()
            let meter: String = try row.next()
            let said: [String?] = [try row.next(), try row.next()]
            let kept: [String?] = [try row.next(), try row.next()]
            return MeteringDifference(
                kind: .archive,
                tenant: everybody,
                details: [
                    "month": .string(String(month.text.prefix(7))), "meter": .string(meter), "file": side(said),
                    "rollups": side(kept),
                ]
            )
        }
    }

    private static func side(_ side: [String?]) -> JSONValue {
        ["count": .optional(side[0]), "sum": .optional(side[1].flatMap { Exact(decimal: $0)?.decimalText() })]
    }

    private static let statement: SQL =
        """
        WITH said AS (
            SELECT z.month, s.key AS meter, (s.value ->> 'count')::bigint AS count, (s.value ->> 'sum')::numeric AS sum
            FROM app.usage_archives z CROSS JOIN LATERAL jsonb_each(z.sums) AS s (key, value)
            WHERE z.state = 'archived'
        ), kept AS (
            SELECT z.month, r.meter, sum(r.count)::bigint AS count, sum(r.sum) AS sum
            FROM app.usage_archives z
            JOIN app.usage_rollups r ON r.bucket >= z.month::timestamptz
                AND r.bucket < (z.month + interval '1 month')::timestamptz
            WHERE z.state = 'archived' AND r.meter IN (SELECT code FROM app.meters WHERE source = code)
            GROUP BY 1, 2
        )
        SELECT month, meter, said.count::text, said.sum::text, kept.count::text, kept.sum::text
        FROM said FULL JOIN kept USING (month, meter)
        WHERE (coalesce(said.count, 0), coalesce(said.sum, 0)) <> (coalesce(kept.count, 0), coalesce(kept.sum, 0))
        ORDER BY 1, 2 LIMIT \(MeteringReconciliation.limit)
        """
}
