import API
import Foundation
import Synchronization
import Values

/// Requests that arrive by the clock, whatever becomes of those before: what waits in a queue shows in the times.
struct IngestBenchLoad: Sendable {
    /// What a stretch of load brought.
    struct Measured: Sendable {
        /// From when a request was due to when its answer was read.
        var seconds: [Double] = []
        var elapsed = 0.0
        var accepted = 0
        var duplicate = 0
        /// Answers 429 and connections that broke; each was sent again.
        var repeated = 0

        /// Events answered in a second.
        var eventsPerSecond: Double { elapsed > 0 ? Double(accepted + duplicate) / elapsed : 0 }
        /// Requests answered in a second.
        var requestsPerSecond: Double { elapsed > 0 ? Double(seconds.count) / elapsed : 0 }

        mutating func add(_ other: Measured) {
            seconds += other.seconds
            elapsed += other.elapsed
            accepted += other.accepted
            duplicate += other.duplicate
            repeated += other.repeated
        }
    }

    let port: Int
    /// The most requests under way.
    let connections: Int
    /// Whether a connection that breaks is made again, as long as it takes: the server may be killed.
    var survives = false

    /// Sends each request once it is due, and again until it is answered.
    ///
    /// `rate`: requests in a second; nil: all are due at once.
    ///
    /// `progress`: told how many requests were begun.
    ///
    /// - Throws: an answer that is not expected.
    func run(
        _ requests: [[UInt8]],
        rate: Double?,
        progress: @escaping @Sendable (Int) -> Void = { _ in }
    ) async throws -> Measured {
        let next = Next()
        let began = ContinuousClock.now
        return try await withThrowingTaskGroup(of: Measured.self) { group in
            for _ in 0..<min(connections, requests.count) {
                group.addTask {
                    try await onOwnThread {
                        try send(requests, rate: rate, since: began, next: next, progress: progress)
                    }
                }
            }
            var measured = Measured()
            for try await part in group { measured.add(part) }
            measured.elapsed = (ContinuousClock.now - began).inSeconds
            return measured
        }
    }

    /// Hands out places.
    private final class Next: Sendable {
        private let value = Atomic<Int>(0)

        func take() -> Int { value.wrappingAdd(1, ordering: .relaxed).oldValue }
    }

    private func send(
        _ requests: [[UInt8]],
        rate: Double?,
        since began: ContinuousClock.Instant,
        next: Next,
        progress: @Sendable (Int) -> Void
    ) throws -> Measured {
        var measured = Measured()
        var connection = Optional(try IngestBenchConnection(port: port))
        while true {
            let place = next.take()
            guard place < requests.count else { return measured }
            progress(place)
            let due = began + .seconds(rate.map { Double(place) / $0 } ?? 0)
            let wait = (due - ContinuousClock.now).inSeconds
            if wait > 0 { Thread.sleep(forTimeInterval: wait) }
            let sent = rate == nil ? ContinuousClock.now : due
            try answer(requests[place], by: &connection, into: &measured)
            measured.seconds.append((ContinuousClock.now - sent).inSeconds)
        }
    }

    private func answer(
        _ request: [UInt8],
        by connection: inout IngestBenchConnection?,
        into measured: inout Measured
    ) throws {
        while true {
            do {
                if connection == nil { connection = try IngestBenchConnection(port: port) }
                guard let answer = try connection?.exchange(request) else { continue }
                if answer.status == 200, answer.other == 0 {
                    measured.accepted += answer.accepted
                    measured.duplicate += answer.duplicate
                    return
                }
                let isPassing = answer.status == 429 || (survives && answer.status >= 500)
                guard isPassing else {
                    throw Problem(
                        .internal,
                        "the benchmark was answered with status \(answer.status), \(answer.other) events not stored"
                    )
                }
                measured.repeated += 1
                Thread.sleep(forTimeInterval: 0.1)
            } catch let problem as Problem where survives && problem.kind == .unavailable {
                connection = nil
                measured.repeated += 1
                Thread.sleep(forTimeInterval: 0.02)
            }
        }
    }
}
