import Jobs
import Postgres
import Tenants
import Values

/// Looks up the keys of requests that are stored together, many in one query.
///
/// Those that come while a query is under way wait for the next. Nothing is kept: every request's key is looked up
/// after the request has come, so that a revoked one is refused at once.
actor CallerLookup {
    /// The most that wait; they are bounded by the connections of clients, too.
    private static let limit = 20_000
    /// The most keys in a query.
    private static let batch = 1_000

    private typealias Waiting = (secret: String, continuation: CheckedContinuation<Caller?, any Error>)

    private let database: Database
    private let time: any TimeSource
    private var waiting: [Waiting] = []
    private var isRunning = false

    init(database: Database, time: any TimeSource) {
        self.database = database
        self.time = time
    }

    /// Who a request comes from; nil: the key is not known, has expired or was revoked.
    ///
    /// - Throws: a `limited` problem if too many wait already; what the database refuses.
    func caller(secret: String) async throws -> Caller? {
        guard waiting.count < Self.limit else {
            throw Problem(
                .limited,
                code: "rate_limit_exceeded",
                "more requests come than can be answered; send this again in a moment",
                retryAfterSeconds: 1
            )
        }
        return try await withCheckedThrowingContinuation { continuation in
            waiting.append((secret, continuation))
            guard !isRunning else { return }
            isRunning = true
            // A task of its own: the others' look-up must not depend on whether the first's client stays.
            Task { await self.run() }
        }
    }

    private func run() async {
        while !waiting.isEmpty {
            let batch = Array(waiting.prefix(Self.batch))
            waiting.removeFirst(batch.count)
            let now = time.now()
            do {
                let callers = try await database.transaction(as: .ingest) { transaction in
                    try await Authentication.callers(secrets: batch.map(\.secret), at: now, in: transaction)
                }
                for (waiter, caller) in zip(batch, callers) { waiter.continuation.resume(returning: caller) }
            } catch {
                for waiter in batch { waiter.continuation.resume(throwing: error) }
            }
        }
        isRunning = false
    }
}

extension Call {
    /// Authenticates together with other requests: for what is stored together with them.
    func authenticateTogether() async throws -> Authorized {
        let now = services.time.now()
        guard let caller = try await services.callers.caller(secret: try secret()) else {
            throw Problem(
                .unauthenticated,
                code: "invalid_api_key",
                "the key is not known, has expired or was revoked"
            )
        }
        guard caller.staff == nil else { return try await authenticate() }
        try authorize(caller)
        try requireActive(caller.tenantStatus)
        services.keyUse.record(caller.key, at: now)
        return Authorized(
            caller: caller,
            tenant: caller.tenant,
            zone: caller.timeZone,
            stamp: stamp(caller, testTime: caller.testTime)
        )
    }
}
