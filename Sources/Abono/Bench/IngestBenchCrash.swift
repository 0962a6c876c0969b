import API
import Foundation
import Postgres
import Synchronization
import Values

/// The stream with events taken back, while first the server is killed and then the database.
struct IngestBenchCrash: Sendable {
    let bench: BenchDatabase
    let database: Database
    let events: Int
    let batch: Int
    let connections: Int

    /// One of so many events is taken back.
    private static let voidEvery = 200
    /// Few requests are spread over as many seconds, so that there is a middle to be killed in.
    private static let seconds = 4.0

    /// Sends the events, voids some, and says how long both took to come back.
    func run(
        _ stream: IngestBenchStream,
        into result: BenchResult
    ) async throws -> (IngestBenchStream, BenchResult) {
        var stream = stream
        var result = result
        let count = max(2, events / batch)
        let first = stream.requests(count / 2, events: batch)
        let second = stream.requests(count - count / 2, events: batch)
        let port = try IngestBenchServer.freePort()
        result.figure("server_recovery_seconds", try await killServer(first, port))
        let (measured, recovery) = try await IngestBenchServer.run(database: bench.url, port: port) { server in
            try await killDatabase(second, server)
        }
        result.figure("database_recovery_seconds", recovery)
        result.figure("requests_repeated", Double(measured.repeated))
        let voids = stream.takeBack(max(1, stream.sent / Self.voidEvery))
        try await IngestBenchServer.run(database: bench.url, port: port) { server in
            try await onOwnThread {
                for (secret, ids) in voids {
                    let client = LoopbackClient(port: server.port, key: secret)
                    for id in ids {
                        let status = try client.call("POST", "/v1/events/\(id)/void").status
                        guard status == 200 else { throw Problem(.internal, "a void was answered with \(status)") }
                    }
                }
            }
        }
        result.figure("events_voided", Double(voids.reduce(0) { $0 + $1.ids.count }))
        return (stream, result)
    }

    /// Half way a server is killed and another started on its port; the load goes on all the while.
    private func killServer(_ requests: [[UInt8]], _ port: Int) async throws -> Double {
        let half = Signal()
        let load = IngestBenchLoad(port: port, connections: connections, survives: true)
        return try await withThrowingTaskGroup(of: Double?.self) { group in
            let (started, ready) = AsyncStream<Void>.makeStream()
            group.addTask {
                let killed = try await IngestBenchServer.run(database: bench.url, port: port) { server in
                    ready.yield()
                    await half.wait()
                    server.crash()
                    return ContinuousClock.now
                }
                return try await IngestBenchServer.run(database: bench.url, port: port) { _ in
                    let seconds = (ContinuousClock.now - killed).inSeconds
                    await half.waitForEnd()
                    return seconds
                }
            }
            group.addTask {
                for await _ in started { break }
                let middle = requests.count / 2
                _ = try await load.run(requests, rate: Double(requests.count) / Self.seconds) { place in
                    if place >= middle { half.raise() }
                }
                half.end()
                return nil
            }
            var seconds = 0.0
            for try await value in group { seconds = value ?? seconds }
            return seconds
        }
    }

    /// Half way the database is killed and started again; the server goes on.
    private func killDatabase(
        _ requests: [[UInt8]],
        _ server: IngestBenchServer
    ) async throws -> (IngestBenchLoad.Measured, Double) {
        let half = Signal()
        let load = IngestBenchLoad(port: server.port, connections: connections, survives: true)
        async let recovery: Double = {
            await half.wait()
            return try await bench.crash()
        }()
        let middle = requests.count / 2
        let measured = try await load.run(requests, rate: Double(requests.count) / Self.seconds) { place in
            if place >= middle { half.raise() }
        }
        return (measured, try await recovery)
    }
}

/// Says twice that something has come about: for one who waits.
private final class Signal: Sendable {
    private let stages = Mutex(0)

    func raise() { stages.withLock { $0 = max($0, 1) } }
    func end() { stages.withLock { $0 = 2 } }
    func wait() async { await wait(for: 1) }
    func waitForEnd() async { await wait(for: 2) }

    private func wait(for stage: Int) async {
        while stages.withLock({ $0 }) < stage, !Task.isCancelled { try? await Task.sleep(for: .milliseconds(2)) }
    }
}
