import CoreMetrics
import Jobs
import Metering
import Postgres
import Subscriptions
import Values

/// Stores events of many requests, of any tenants, in one transaction: a commit costs as much for one as for thousands.
///
/// The first request of a batch leads it: it waits a moment for others to join, stores all of them, and answers each
/// after the commit. Everything is bounded; beyond the bounds a request is refused before anything is done.
actor EventIngester {
    /// What may be at once.
    struct Limits: Sendable {
        /// Events in a transaction.
        var events = UsageLimits.batch
        /// Bytes of the bodies whose events are in a transaction.
        var bytes = 8 << 20
        /// Events that wait or are being stored.
        var waiting = 40_000
        /// Bytes of the bodies whose events wait or are being stored.
        var waitingBytes = 64 << 20
        /// How long a batch is open at least.
        var gather = Duration.milliseconds(2)
        /// Transactions under way.
        var writers = 2
    }

    private typealias Event = (tenant: TenantID, event: UsageEvent)
    private typealias Answer = Result<[IngestOutcome], any Error>

    /// Requests that are stored together.
    private final class Batch {
        var requests: [[Event]] = []
        var others: [CheckedContinuation<[IngestOutcome], any Error>] = []
        var events = 0
        var bytes = 0

        func add(_ request: [Event], bytes: Int) {
            requests.append(request)
            events += request.count
            self.bytes += bytes
        }
    }

    private let database: Database
    private let time: any TimeSource
    private let limits: Limits
    private let stored: Counter
    private let sizes: Recorder
    private var open: Batch?
    private var waiting = 0
    private var waitingBytes = 0
    private var writers = 0
    private var leaders: [CheckedContinuation<Void, Never>] = []

    init(database: Database, time: any TimeSource, limits: Limits = Limits(), factory: any MetricsFactory) {
        self.database = database
        self.time = time
        self.limits = limits
        stored = Counter(label: "ingest_events", factory: factory)
        sizes = Recorder(label: "ingest_batch_events", dimensions: [], aggregate: false, factory: factory)
    }

    /// Stores what one request sent and answers for each input, in order, once it is committed.
    ///
    /// - Throws: a `limited` problem if too much waits already; what the database refuses.
    func ingest(_ inputs: [UsageInput], for tenant: TenantID, bytes: Int) async throws -> [IngestOutcome] {
        let events = inputs.compactMap(\.event).map { (tenant: tenant, event: $0) }
        guard !events.isEmpty else { return UsageInput.merge(inputs, []) }
        guard
            waiting == 0
                || (waiting + events.count <= limits.waiting && waitingBytes + bytes <= limits.waitingBytes)
        else {
            throw Problem(
                .limited,
                code: "rate_limit_exceeded",
                "more events arrive than can be stored; send these again in a moment",
                retryAfterSeconds: 1
            )
        }
        waiting += events.count
        waitingBytes += bytes
        defer {
            waiting -= events.count
            waitingBytes -= bytes
        }
        return UsageInput.merge(inputs, try await outcomes(of: events, bytes: bytes))
    }

    private func outcomes(of events: [Event], bytes: Int) async throws -> [IngestOutcome] {
        if let batch = open, batch.events + events.count <= limits.events, batch.bytes + bytes <= limits.bytes {
            return try await withCheckedThrowingContinuation { continuation in
                batch.add(events, bytes: bytes)
                batch.others.append(continuation)
            }
        }
        let batch = Batch()
        batch.add(events, bytes: bytes)
        open = batch
        return try await lead(batch).get()
    }

    /// Waits for others to join, stores the batch and answers the others; returns the leader's own answer.
    private func lead(_ batch: Batch) async -> Answer {
        try? await Task.sleep(for: limits.gather)
        await acquireWriter()
        // While the leader waited, the batch was open; from here on it is not.
        if open === batch { open = nil }
        let requests = batch.requests
        // A task of its own: the others' events must not depend on whether the leader's client stays.
        let answers = await Task { await self.store(requests) }.value
        releaseWriter()
        for (continuation, answer) in zip(batch.others, answers.dropFirst()) { continuation.resume(with: answer) }
        return answers.first ?? .success([])
    }

    private func acquireWriter() async {
        guard writers >= limits.writers else {
            writers += 1
            return
        }
        await withCheckedContinuation { leaders.append($0) }
    }

    private func releaseWriter() {
        if leaders.isEmpty { writers -= 1 } else { leaders.removeFirst().resume() }
    }

    /// Stores requests together; if they cannot be, each by itself, so that one cannot spoil the others.
    private func store(_ requests: [[Event]]) async -> [Answer] {
        do {
            var rest = try await transaction(requests.flatMap(\.self))[...]
            return requests.map { request in
                let own = Array(rest.prefix(request.count))
                rest = rest.dropFirst(request.count)
                return .success(own)
            }
        } catch {
            let isOfOne = (error as? PostgresError).map { $0.kind == .server || $0.kind == .unstorable } ?? true
            guard requests.count > 1, isOfOne else { return requests.map { _ in .failure(error) } }
            var answers: [Answer] = []
            for request in requests {
                do {
                    answers.append(.success(try await transaction(request)))
                } catch { answers.append(.failure(error)) }
            }
            return answers
        }
    }

    private func transaction(_ events: [Event]) async throws -> [IngestOutcome] {
        let now = time.now()
        let outcomes = try await database.transaction(as: .ingest) { transaction in
            try await SubscriptionUsageOperations.ingest(events, recordedAt: now, in: transaction)
        }
        stored.increment(by: events.count)
        sizes.record(events.count)
        return outcomes
    }
}
