import Postgres
import Values

/// The limit: COPY of the distinct events into a table of the same columns with the same key, by one connection, ten
/// thousand rows in a transaction, from text that is there already.
enum IngestBenchCopy {
    static let batch = 10_000

    static func prepare(_ bench: BenchDatabase) async throws {
        try await Administration.run(
            """
            CREATE TABLE app.bench_events (
                tenant_id uuid NOT NULL, event_id text COLLATE "C" NOT NULL, meter text NOT NULL,
                at timestamptz NOT NULL, value numeric(38, 12) NOT NULL, properties jsonb NOT NULL, subject text,
                subscription_id uuid, recorded_at timestamptz NOT NULL, PRIMARY KEY (tenant_id, event_id)
            );
            GRANT INSERT ON app.bench_events TO abono_system
            """,
            url: bench.administrationURL
        )
    }
}

/// Measures the limit.
struct IngestBenchLimits: Sendable {
    let database: Database
    let bench: BenchDatabase

    /// How many rows it took in how long.
    func copy(_ rows: [UInt8]) async throws -> (rows: Int, seconds: Double) {
        var chunks: [[UInt8]] = []
        var start = rows.startIndex
        var lines = 0
        for index in rows.indices where rows[index] == UInt8(ascii: "\n") {
            lines += 1
            guard lines % IngestBenchCopy.batch == 0 || index == rows.endIndex - 1 else { continue }
            chunks.append(Array(rows[start...index]))
            start = index + 1
        }
        let began = ContinuousClock.now
        var stored = 0
        for chunk in chunks {
            stored += try await database.transaction(as: .system) { transaction in
                try await transaction.copyIn("COPY app.bench_events FROM STDIN", text: chunk)
            }
        }
        return (stored, (ContinuousClock.now - began).inSeconds)
    }
}
