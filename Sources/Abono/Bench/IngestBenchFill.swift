import Postgres
import Values

/// Stores many events by SQL alone, as if they had come in over the last month.
struct IngestBenchFill: Sendable {
    let bench: BenchDatabase

    private static let chunk = 1_000_000

    /// Stores so many, spread over customers; returns the seconds it took.
    ///
    /// Half of the ids are like UUIDs of version 7 and half random text.
    func fill(_ events: Int, _ customers: [IngestBenchStream.Customer]) async throws -> Double {
        let began = ContinuousClock.now
        let tenants = customers.map { "'\($0.tenant.uuidText)'" }.joined(separator: ",")
        try await Administration.run(
            """
            SELECT app.ensure_usage_partitions(ARRAY(
                SELECT (date_trunc('month', current_date) - n * interval '1 month')::date FROM generate_series(0, 1) n))
            """,
            url: bench.administrationURL
        )
        var done = 0
        while done < events {
            let count = min(Self.chunk, events - done)
            let statement = Self.statement(count, tenants: tenants, of: customers.count)
            try await Administration.run(statement, url: bench.administrationURL)
            done += count
        }
        try await Administration.run(Self.rollups, url: bench.administrationURL)
        try await bench.analyze()
        try await Administration.run("CHECKPOINT", url: bench.administrationURL)
        return (ContinuousClock.now - began).inSeconds
    }

    private static func statement(_ count: Int, tenants: String, of customers: Int) -> String {
        """
        WITH made AS MATERIALIZED (
            SELECT (ARRAY[\(tenants)]::uuid[])[1 + n % \(customers)] AS tenant_id, s.at,
                   CASE WHEN n % 2 = 0 THEN md5(random()::text || n)
                        ELSE overlay(overlay(gen_random_uuid()::text
                            PLACING left(lpad(to_hex((extract(epoch FROM s.at) * 1000)::bigint), 12, '0'), 8) FROM 1)
                            PLACING right(to_hex((extract(epoch FROM s.at) * 1000)::bigint), 4) FROM 10)
                   END AS event_id,
                   1 + (random() * 3999)::int AS value
            FROM generate_series(1, \(count)) AS n
            CROSS JOIN LATERAL (SELECT now() - (random() + 0 * n) * interval '29 days' AS at) s
        ), keys AS (
            INSERT INTO app.usage_keys (tenant_id, event_id, content_hash, at, recorded_at)
            SELECT tenant_id, event_id, decode(md5(event_id), 'hex'), at, now() FROM made
            ORDER BY tenant_id, event_id COLLATE "C"
            RETURNING 1
        )
        INSERT INTO app.usage_events (tenant_id, event_id, meter, at, value, properties, recorded_at)
        SELECT tenant_id, event_id, 'tokens.output', at, value, '{"model": "small", "feature": "chat"}', now() FROM made
        ORDER BY tenant_id, at
        """
    }

    private static let rollups = """
        INSERT INTO app.usage_rollups AS r (tenant_id, meter, bucket, subscription_id, count, sum, min, max)
        SELECT tenant_id, meter, date_bin('15 minutes', at, '2000-01-01 00:00:00+00'),
               '00000000-0000-0000-0000-000000000000', count(*), sum(value), min(value), max(value)
        FROM app.usage_events e
        WHERE NOT EXISTS (
            SELECT FROM app.usage_voids v
            WHERE v.tenant_id = e.tenant_id AND v.event_id = e.event_id AND v.revision = e.revision)
        GROUP BY 1, 2, 3
        ON CONFLICT (tenant_id, meter, bucket, subscription_id) DO UPDATE SET
            count = excluded.count, sum = excluded.sum, min = excluded.min, max = excluded.max
        """
}
