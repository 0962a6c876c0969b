package import Jobs
package import Logging
package import Postgres
import Synchronization
package import Tenants
import Values

/// Turns the trail into deliveries and sends them, beside whatever other nodes do the same.
///
/// A delivery is claimed in one transaction, sent outside any, and recorded in another. A node that dies in between
/// leaves it claimed; the node that declares it lost gives it back, and it is sent again with the same `webhook-id`.
package final class WebhookService: Sendable {
    /// Hears of every attempt's end, for counting: `delivered`, `retried` or `failed`.
    package typealias Count = @Sendable (_ outcome: String) -> Void
    /// Hears from time to time how much is undelivered, and for how many seconds the oldest of it has been.
    package typealias Measure = @Sendable (_ count: Int, _ oldestSeconds: Double) -> Void

    private let database: Database
    private let keeper: NodeKeeper
    private let time: any TimeSource
    private let box: SecretBox?
    private let configuration: WebhookConfiguration
    private let sender: WebhookSender
    private let logger: Logger
    private let count: Count
    private let measure: Measure
    private let isStopping = Mutex(false)
    private let wakes: AsyncStream<Void>
    private let wake: AsyncStream<Void>.Continuation
    private let flying = Mutex(0)

    /// Makes a service; nothing runs yet.
    ///
    /// `keeper`: under whose lease deliveries are sent.
    ///
    /// `box`: opens the secrets; without it nothing is sent.
    package init(
        database: Database,
        keeper: NodeKeeper,
        time: any TimeSource,
        box: SecretBox?,
        configuration: WebhookConfiguration,
        resolve: @escaping WebhookSender.Resolve = HostResolver.addresses,
        connecting: @escaping WebhookSender.Connecting = { _ in },
        logger: Logger,
        count: @escaping Count = { _ in },
        measure: @escaping Measure = { _, _ in }
    ) {
        self.database = database
        self.keeper = keeper
        self.time = time
        self.box = box
        self.configuration = configuration
        self.logger = logger
        self.count = count
        self.measure = measure
        sender = WebhookSender(
            reach: configuration.reach,
            timeout: configuration.timeout,
            resolve: resolve,
            connecting: connecting
        )
        (wakes, wake) = AsyncStream<Void>.makeStream(bufferingPolicy: .bufferingNewest(1))
        keeper.onLoss { lease, now, transaction in
            try await WebhookSendingOperations.release(lease, now: now, in: transaction)
        }
    }

    /// Ends `run` once what is being sent has been answered, or its time is over.
    package func stop() {
        isStopping.withLock { $0 = true }
        wake.yield()
    }

    /// Works until it is stopped.
    ///
    /// Cancelled, it leaves what is being sent; that is sent again.
    package func run() async {
        await rebase()
        await withTaskGroup(of: Void.self) { group in
            group.addTask { await self.dispatchForEver() }
            group.addTask { await self.sendForEver() }
            group.addTask { await self.measureForEver() }
        }
        await sender.close()
    }

    private var isWorking: Bool { !Task.isCancelled && !isStopping.withLock { $0 } }

    private func rebase() async {
        do {
            let isMoved = try await database.transaction(as: .system) { transaction in
                try await WebhookOutboxOperations.rebase(in: transaction)
            }
            if isMoved { logger.notice("webhooks: this database was restored into another cluster; events go on") }
        } catch {
            logger.error("webhooks: cannot prepare the outbox", metadata: ["error": "\(error)"])
        }
    }

    // MARK: - The outbox

    private func dispatchForEver() async {
        while isWorking {
            do {
                while isWorking, try await dispatchOnce() { wake.yield() }
            } catch {
                logger.warning("webhooks: cannot read the outbox", metadata: ["error": "\(error)"])
            }
            wake.yield()
            try? await Task.sleep(for: configuration.pause)
        }
        wake.yield()
    }

    /// Reads on in the trail; returns whether there may be more.
    @discardableResult
    package func dispatchOnce() async throws -> Bool {
        let now = time.now()
        return try await database.transaction(as: .system) { transaction in
            try await WebhookOutboxOperations.dispatch(limit: configuration.batch, now: now, in: transaction)
        }
    }

    private func measureForEver() async {
        while isWorking {
            do {
                let backlog = try await database.transaction(as: .system) { transaction in
                    try await WebhookSendingOperations.backlog(in: transaction)
                }
                let age = backlog.oldest.map { Double(time.now() - $0) / 1_000_000 } ?? 0
                measure(backlog.count, max(age, 0))
            } catch {
                logger.debug("webhooks: cannot measure the backlog", metadata: ["error": "\(error)"])
            }
            // In short waits: stopping waits for it.
            for _ in 0..<15 where isWorking { try? await Task.sleep(for: .seconds(1)) }
        }
    }

    // MARK: - Sending

    private func sendForEver() async {
        guard let box else {
            return logger.warning("webhooks: no ABONO_SECRET_KEY is set; nothing is sent until there is one")
        }
        await withDiscardingTaskGroup { group in
            for await _ in wakes {
                guard isWorking else { break }
                for claim in await claims() {
                    flying.withLock { $0 += 1 }
                    group.addTask {
                        await self.deliver(claim, with: box)
                        self.flying.withLock { $0 -= 1 }
                        self.wake.yield()
                    }
                }
            }
        }
    }

    private func claims() async -> [WebhookClaim] {
        let free = configuration.concurrency - flying.withLock { $0 }
        guard free > 0, keeper.isHeld else { return [] }
        let lease = keeper.lease
        let now = time.now()
        do {
            return try await database.transaction(as: .system) { transaction in
                try await WebhookSendingOperations.claim(
                    limit: free,
                    perEndpoint: configuration.concurrencyOfEndpoint,
                    lease: lease,
                    now: now,
                    in: transaction
                )
            }
        } catch {
            logger.warning("webhooks: cannot claim deliveries", metadata: ["error": "\(error)"])
            return []
        }
    }

    private func deliver(_ claim: WebhookClaim, with box: SecretBox) async {
        let begun = time.now()
        let outcome: WebhookOutcome
        do throws(Problem) {
            let secrets = try claim.opened(with: box)
            guard let sent = await send(claim, secrets: secrets, at: begun) else { return }
            outcome = sent
        } catch {
            outcome = WebhookOutcome(durationMilliseconds: 0, error: error.message)
        }
        await record(claim, outcome, begun: begun)
    }

    /// Nil if this node was told to end at once: the delivery is given back as it leaves.
    private func send(_ claim: WebhookClaim, secrets: [WebhookSecret], at begun: Instant) async -> WebhookOutcome? {
        try? await sender.send(
            claim.event,
            to: claim.url,
            secrets: secrets,
            timestamp: begun,
            attempt: claim.attempt
        )
    }

    private func record(_ claim: WebhookClaim, _ outcome: WebhookOutcome, begun: Instant) async {
        let now = time.now()
        let jitter = Double.random(in: 0..<1)
        do {
            let verdict = try await database.transaction(as: .system) { transaction in
                try await WebhookSendingOperations.record(
                    claim,
                    outcome,
                    begun: begun,
                    jitter: jitter,
                    now: now,
                    in: transaction
                )
            }
            switch verdict {
            case .delivered: count("delivered")
            case .retry: count("retried")
            case .failed: count("failed")
            case nil: break
            }
        } catch is WebhookSendingOperations.StaleClaim {
            logger.notice("webhooks: a delivery was taken over by another node", metadata: ["delivery": "\(claim.id)"])
        } catch {
            // The claim stays with this node's lease and is given back when that ends.
            logger.error(
                "webhooks: cannot record a delivery",
                metadata: ["delivery": "\(claim.id)", "error": "\(error)"]
            )
        }
    }
}
