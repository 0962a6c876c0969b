import API
import Foundation
import Jobs
import Postgres
import Tenants
import Values

/// How long it takes to read a month of usage by day over many stored events.
struct IngestBenchReads: Sendable {
    let events: Int

    private static let requests = 1_000

    /// Fills up to so many events, and asks for the month before now.
    func run(
        on bench: BenchDatabase,
        _ database: Database,
        _ customers: [IngestBenchStream.Customer],
        into result: BenchResult
    ) async throws -> BenchResult {
        var result = result
        let stored: Int? = try await database.transaction(as: .finance) { transaction in
            try await transaction.first("SELECT count(*) FROM app.usage_keys") { row in try row.next() }
        }
        if let stored, stored < events {
            _ = try await IngestBenchFill(bench: bench).fill(events - stored, customers)
        }
        let now = SystemTime().now()
        let from = now.adding(seconds: -30 * 86_400)
        let path = "/v1/usage?meter=tokens.output&from=\(from)&to=\(now)&window=day"
        let seconds = try await IngestBenchServer.run(database: bench.url) { server in
            try await onOwnThread {
                var seconds: [Double] = []
                let clients = customers.map { LoopbackClient(port: server.port, key: $0.secret) }
                for number in 0..<(Self.requests + clients.count) {
                    let began = ContinuousClock.now
                    let answer = try clients[number % clients.count].call("GET", path)
                    guard answer.status == 200 else {
                        throw Problem(.internal, "a read was answered with status \(answer.status)")
                    }
                    // The first of each customer finds nothing prepared.
                    if number >= clients.count { seconds.append((ContinuousClock.now - began).inSeconds) }
                }
                return seconds
            }
        }
        let times = Latencies(seconds)
        result.figure("read_events", Double(max(events, stored ?? 0)))
        result.figure("read_month_by_day_p50_ms", times.milliseconds(percentile: 50))
        result.figure("read_month_by_day_p99_ms", times.milliseconds(percentile: 99))
        return result
    }
}
