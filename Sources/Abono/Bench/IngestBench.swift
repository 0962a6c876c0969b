import Foundation
import Jobs
import Metering
import Postgres
import Tenants
import Values

/// How many usage events a second come in over HTTP, are checked for repetitions, added up and durable, beside COPY of
/// the same rows into a bare table of the same columns and key; with the server, its database and the load on this
/// machine together.
struct IngestBench: Sendable {
    /// Events sent in batches at full load.
    let events: Int
    /// Events in a request.
    let batch: Int
    /// Requests under way at most.
    let connections: Int
    /// Requests of a single event at full load.
    let singles: Int
    /// Events stored before the load is repeated over them; 0: it is not.
    let stored: Int
    /// Events over which reads are measured; 0: they are not.
    let reads: Int
    /// Whether events are taken back and processes killed while they come.
    let isFull: Bool

    private static let customers = 20
    private static let turns = 3

    func run(on bench: BenchDatabase) async throws -> BenchResult {
        let database = Database(url: bench.url, connections: 4, deadline: .seconds(1800))
        defer { database.close() }
        let now = SystemTime().now()
        var stream = IngestBenchStream(customers: try await Self.makeCustomers(in: database, now), now: now)
        var result = BenchResult(bench: "ingest")
        result.figure("batch_events", Double(batch))
        result.figure("connections", Double(connections))
        try await IngestBenchCopy.prepare(bench)
        let limits = IngestBenchLimits(database: database, bench: bench)
        var peak = 0.0
        let (made, begun) = (stream, result)
        (stream, result, peak) = try await IngestBenchServer.run(database: bench.url) { server in
            var (stream, result) = (made, begun)
            let peak = try await saturate(server, &stream, limits, into: &result)
            try await acknowledge(server, &stream, peak: peak, into: &result)
            return (stream, result, peak)
        }
        if isFull {
            (stream, result) = try await IngestBenchCrash(
                bench: bench,
                database: database,
                events: events,
                batch: batch,
                connections: connections
            ).run(stream, into: result)
        }
        try await IngestBenchCheck(database: database).check(stream, into: &result)
        if stored > 0 { result = try await repeatOver(stored, bench, database, stream, peak: peak, into: result) }
        if reads > 0 {
            let measure = IngestBenchReads(events: reads)
            result = try await measure.run(on: bench, database, stream.customers, into: result)
        }
        return result
    }

    /// Batches at full load in turns with COPY; then single events; returns the events a second.
    private func saturate(
        _ server: IngestBenchServer,
        _ stream: inout IngestBenchStream,
        _ limits: IngestBenchLimits,
        into result: inout BenchResult
    ) async throws -> Double {
        let load = IngestBenchLoad(port: server.port, connections: connections)
        _ = try await load.run(stream.requests(100, events: batch), rate: nil)
        let before = server.memory
        var measured = IngestBenchLoad.Measured()
        var copied = (rows: 0, seconds: 0.0)
        for _ in 0..<Self.turns {
            let count = max(1, events / batch / Self.turns)
            let (requests, rows) = stream.requestsWithRows(count, events: batch)
            measured.add(try await load.run(requests, rate: nil))
            let copy = try await limits.copy(rows)
            copied.rows += copy.rows
            copied.seconds += copy.seconds
        }
        result.figure("events_per_second", measured.eventsPerSecond)
        result.figure("copy_rows_per_second", Double(copied.rows) / copied.seconds)
        result.ratio("ingest_vs_copy", measured.eventsPerSecond * copied.seconds / Double(copied.rows))
        let single = try await load.run(stream.requests(singles, events: 1), rate: nil)
        result.figure("single_requests_per_second", single.requestsPerSecond)
        let after = server.memory
        result.figure("memory_start_mib", before)
        result.figure("memory_end_mib", after)
        if before > 0 { result.ratio("memory_end_vs_start", after / before) }
        let singleHalf = try await load.run(
            stream.requests(max(1, singles / 2), events: 1),
            rate: max(1, single.requestsPerSecond / 2)
        )
        Self.latencies(singleHalf, "single_half_peak", into: &result)
        return measured.eventsPerSecond
    }

    /// How long an answer takes at half of the full load.
    private func acknowledge(
        _ server: IngestBenchServer,
        _ stream: inout IngestBenchStream,
        peak: Double,
        into result: inout BenchResult
    ) async throws {
        let load = IngestBenchLoad(port: server.port, connections: connections)
        let count = max(1, events / batch / 2)
        let measured = try await load.run(
            stream.requests(count, events: batch),
            rate: max(1, peak / 2 / Double(batch))
        )
        Self.latencies(measured, "half_peak", into: &result)
    }

    private static func latencies(
        _ measured: IngestBenchLoad.Measured,
        _ name: String,
        into result: inout BenchResult
    ) {
        let times = Latencies(measured.seconds)
        for (percentile, text) in [(50.0, "p50"), (99, "p99"), (100, "max")] {
            result.figure("\(name)_\(text)_ms", times.milliseconds(percentile: percentile))
        }
    }

    /// The full load once more, over many events that are stored already.
    private func repeatOver(
        _ stored: Int,
        _ bench: BenchDatabase,
        _ database: Database,
        _ stream: IngestBenchStream,
        peak: Double,
        into result: BenchResult
    ) async throws -> BenchResult {
        var result = result
        result.figure("stored_events", Double(stored))
        result.figure("fill_seconds", try await IngestBenchFill(bench: bench).fill(stored, stream.customers))
        let made = stream
        let perSecond = try await IngestBenchServer.run(database: bench.url) { server in
            var stream = made
            let load = IngestBenchLoad(port: server.port, connections: connections)
            _ = try await load.run(stream.requests(200, events: batch), rate: nil)
            return try await load.run(stream.requests(max(1, events / batch), events: batch), rate: nil).eventsPerSecond
        }
        result.figure("stored_events_per_second", perSecond)
        if peak > 0 { result.ratio("stored_vs_fresh", perSecond / peak) }
        return result
    }

    private static func makeCustomers(
        in database: Database,
        _ now: Instant
    ) async throws -> [IngestBenchStream.Customer] {
        let stamp = Stamp(now: now, author: .command)
        var made: [IngestBenchStream.Customer] = []
        for number in 1...customers {
            let tenant = try await database.transaction(as: .admin) { transaction in
                try await TenantOperations.create(
                    try TenantDraft(name: "Bench \(number)", currency: .usd),
                    by: stamp,
                    in: transaction
                )
            }
            let key = try await database.transaction(as: .tenant(tenant.id)) { transaction in
                try await KeyOperations.create(try KeyDraft(name: "bench"), for: tenant.id, by: stamp, in: transaction)
            }
            made.append(IngestBenchStream.Customer(tenant: tenant.id, secret: key.secret))
        }
        return made
    }
}
