import Jobs
import Metering
import Postgres
import Values

/// How many usage events a second are stored, checked for repetitions and added up, beside COPY of the same rows into a
/// table without keys, rollups or indexes: same batches, same number of writers.
struct IngestBench: Sendable {
    /// How many events.
    let events: Int
    /// Events in a transaction.
    let batch: Int
    /// Transactions at once.
    let writers: Int

    /// Events spread over so many customers, as a server's batches are.
    private static let tenants = 50

    func run(on bench: BenchDatabase) async throws -> BenchResult {
        let database = Database(url: bench.url, connections: writers + 2)
        defer { database.close() }
        try await Administration.run(
            """
            CREATE TABLE app.bench_events (
                tenant_id uuid NOT NULL, event_id text NOT NULL, meter text NOT NULL, at timestamptz NOT NULL,
                value numeric(38, 12) NOT NULL, properties jsonb NOT NULL, recorded_at timestamptz NOT NULL
            );
            GRANT INSERT ON app.bench_events TO abono_system
            """,
            url: bench.administrationURL
        )
        let now = SystemTime().now()
        let batches = try makeBatches(now)
        let stored = try await seconds(batches) { batch in
            let outcomes = try await database.transaction(as: .ingest) { transaction in
                try await MeteringOperations.ingest(batch, recordedAt: now, in: transaction)
            }
            guard outcomes.allSatisfy({ $0.kind == .accepted }) else {
                throw Problem(.internal, "an event of the benchmark was not accepted")
            }
        }
        let copied = try await seconds(batches) { batch in
            let rows = batch.map { item -> [(any SQLEncodable)?] in
                [
                    item.tenant, item.event.id, item.event.meter, item.event.at, item.event.value,
                    item.event.properties, now,
                ]
            }
            _ = try await database.transaction(as: .system) { transaction in
                try await transaction.copyIn(
                    "COPY app.bench_events (tenant_id, event_id, meter, at, value, properties, recorded_at) FROM STDIN",
                    rows: rows
                )
            }
        }
        var result = BenchResult(bench: "ingest")
        result.figure("events", Double(events))
        result.figure("batch_events", Double(batch))
        result.figure("writers", Double(writers))
        result.figure("events_per_second", Double(events) / stored)
        result.figure("copy_rows_per_second", Double(events) / copied)
        result.ratio("ingest_vs_copy", copied / stored)
        return result
    }

    private typealias Batch = [(tenant: TenantID, event: UsageEvent)]

    private func makeBatches(_ now: Instant) throws -> [Batch] {
        var random = Sampler(seed: 1)
        let tenants = (0..<Self.tenants).map { _ in TenantID.make(at: now) }
        return try stride(from: 0, to: events, by: batch).map { start in
            try (start..<min(events, start + batch)).map { number in
                let event = try UsageEvent(
                    id: "event-\(number)",
                    meter: "tokens.output",
                    at: now.adding(seconds: -Int64.random(in: 0..<3_600, using: &random)),
                    value: Decimal12(Int.random(in: 1...4_000, using: &random)),
                    properties: ["model": "bench"]
                )
                return (tenants[Int.random(in: 0..<tenants.count, using: &random)], event)
            }
        }
    }

    /// How long it takes to work off all batches with so many writers.
    private func seconds(
        _ batches: [Batch],
        _ work: @escaping @Sendable (Batch) async throws -> Void
    ) async throws -> Double {
        let started = ContinuousClock.now
        try await withThrowingTaskGroup(of: Void.self) { group in
            var rest = batches[...]
            for batch in rest.prefix(writers) { group.addTask { try await work(batch) } }
            rest = rest.dropFirst(writers)
            while try await group.next() != nil {
                if let next = rest.popFirst() { group.addTask { try await work(next) } }
            }
        }
        return (ContinuousClock.now - started).inSeconds
    }
}
