package import Logging
package import Postgres
import ServiceLifecycle
import Synchronization
package import Values

/// Keeps this process's node row alive, and takes over from nodes whose rows stand still.
///
/// The beat runs on a thread of its own, so that a busy cooperative pool does not cost the lease. Whether another node
/// is alive is judged by its beat counter against this machine's monotonic clock, never by comparing clocks.
package final class NodeKeeper: Service {
    /// After how long without a beat a node is lost.
    package static let patience = Duration.seconds(4)

    /// What else each beat writes in its transaction, for example tokens delivered so far.
    package typealias BeatWrites = @Sendable (NodeLease) -> [SQL]
    /// Called in the transaction that declares a node lost.
    package typealias LossHandler = @Sendable (NodeLease, Instant, borrowing Transaction) async throws -> Void

    private struct State {
        var lease: NodeLease
        var confirmed: ContinuousClock.Instant
        var writes: [BeatWrites] = []
        var losses: [LossHandler] = []
    }

    private let database: Database
    private let time: any TimeSource
    private let logger: Logger
    private let state: Mutex<State>
    private let name: String

    /// Makes a keeper; the node exists once `register` or `run` has been called.
    package init(url: String, name: String, time: any TimeSource, logger: Logger) {
        database = Database(url: url, connections: 1, wait: .seconds(2), deadline: .seconds(3))
        self.name = name
        self.time = time
        self.logger = logger
        let lease = NodeLease(node: NodeID.make(at: time.now()), epoch: 1)
        state = Mutex(State(lease: lease, confirmed: .now))
    }

    /// The lease under which this process works now.
    package var lease: NodeLease { state.withLock { $0.lease } }

    /// Whether the lease was confirmed recently enough to start new work under it.
    package var isHeld: Bool { state.withLock { .now - $0.confirmed < Self.patience - .seconds(1) } }

    /// Adds something to each beat.
    package func onBeat(_ writes: @escaping BeatWrites) { state.withLock { $0.writes.append(writes) } }

    /// Adds something to do when a node is declared lost.
    package func onLoss(_ handler: @escaping LossHandler) { state.withLock { $0.losses.append(handler) } }

    /// Writes the node's row.
    package func register() async throws {
        let lease = lease
        let now = time.now()
        try await database.transaction(as: .system) { transaction in
            try await transaction.execute(
                """
                INSERT INTO app.nodes (node_id, name, epoch, beat, state, started_at, seen_at)
                VALUES (\(lease.node), \(name), \(lease.epoch), 0, 'alive', \(now), \(now))
                ON CONFLICT (node_id) DO UPDATE SET epoch = excluded.epoch, state = 'alive', seen_at = excluded.seen_at
                """
            )
        }
        state.withLock { $0.confirmed = .now }
    }

    /// Beats until the service is told to stop, then leaves.
    package func run() async throws {
        let heart = NodeHeart(keeper: self)
        try await register()
        await cancelWhenGracefulShutdown { await heart.beat() }
        await leave()
        database.close()
    }

    fileprivate func beatOnce(_ seen: inout [NodeID: (beat: Int64, since: ContinuousClock.Instant)]) async {
        do {
            let nodes = try await renew()
            await takeOver(nodes, &seen)
        } catch {
            logger.warning("node beat failed", metadata: ["error": "\(error)"])
        }
    }

    private func renew() async throws -> [(lease: NodeLease, beat: Int64)] {
        let (lease, writes) = state.withLock { ($0.lease, $0.writes) }
        let now = time.now()
        let extra = writes.flatMap { $0(lease) }
        let nodes = try await database.transaction(as: .system) { transaction in
            let results = try await transaction.results(
                [
                    """
                    UPDATE app.nodes SET beat = beat + 1, seen_at = \(now)
                    WHERE node_id = \(lease.node) AND epoch = \(lease.epoch) AND state = 'alive'
                    """,
                    "SELECT node_id, epoch, beat FROM app.nodes WHERE state = 'alive'",
                ] + extra
            )
            guard results[0].affected == 1 else { throw PostgresError(.usage, "the lease is void") }
            return try Transaction.decode(results[1]) { row in
                (lease: NodeLease(node: try row.next(), epoch: try row.next()), beat: try row.next() as Int64)
            }
        }
        state.withLock { $0.confirmed = .now }
        return nodes
    }

    private func takeOver(
        _ nodes: [(lease: NodeLease, beat: Int64)],
        _ seen: inout [NodeID: (beat: Int64, since: ContinuousClock.Instant)]
    ) async {
        let own = lease.node
        let present = Set(nodes.map(\.lease.node))
        seen = seen.filter { present.contains($0.key) }
        for node in nodes where node.lease.node != own {
            guard let last = seen[node.lease.node], last.beat == node.beat else {
                seen[node.lease.node] = (node.beat, .now)
                continue
            }
            guard .now - last.since >= Self.patience else { continue }
            do {
                try await declareLost(node.lease, beat: node.beat)
            } catch {
                logger.error("cannot take over from a lost node", metadata: ["error": "\(error)"])
            }
        }
    }

    private func declareLost(_ lease: NodeLease, beat: Int64) async throws {
        let now = time.now()
        let handlers = state.withLock { $0.losses }
        let isTaken = try await database.transaction(as: .system) { transaction in
            let taken = try await transaction.execute(
                """
                UPDATE app.nodes SET state = 'lost', epoch = epoch + 1
                WHERE node_id = \(lease.node) AND epoch = \(lease.epoch) AND beat = \(beat) AND state = 'alive'
                """
            )
            guard taken == 1 else { return false }
            try await transaction.execute(JobQueries.release(lease, now: now))
            for handler in handlers { try await handler(lease, now, transaction) }
            await transaction.signal(JobOperations.channel)
            return true
        }
        if isTaken { logger.warning("a node was lost; its work was taken over", metadata: ["node": "\(lease.node)"]) }
    }

    /// Gives everything back at once, so that nobody waits for the lease to run out.
    private func leave() async {
        let lease = lease
        let now = time.now()
        let handlers = state.withLock { $0.losses }
        let left: ()? = try? await Task {
            try await database.transaction(as: .system) { transaction in
                try await transaction.execute(
                    """
                    UPDATE app.nodes SET state = 'left', epoch = epoch + 1
                    WHERE node_id = \(lease.node) AND epoch = \(lease.epoch)
                    """
                )
                try await transaction.execute(JobQueries.release(lease, now: now))
                for handler in handlers { try await handler(lease, now, transaction) }
            }
        }.value
        if left == nil { logger.warning("the node could not sign off") }
    }

    /// After the lease was lost: go on as a new node; what ran under the old lease can write nothing any more.
    fileprivate func renewIdentity() async {
        let fresh = NodeLease(node: NodeID.make(at: time.now()), epoch: 1)
        state.withLock { $0.lease = fresh }
        do { try await register() } catch { logger.warning("cannot register", metadata: ["error": "\(error)"]) }
    }

    fileprivate var isLost: Bool { state.withLock { .now - $0.confirmed > Self.patience } }
}

/// The beating itself, on its own thread.
private actor NodeHeart {
    private let executor = ThreadExecutor(name: "node beat")
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }
    private let keeper: NodeKeeper
    private var seen: [NodeID: (beat: Int64, since: ContinuousClock.Instant)] = [:]

    init(keeper: NodeKeeper) {
        self.keeper = keeper
    }

    func beat() async {
        while !Task.isCancelled {
            var seen = seen
            await keeper.beatOnce(&seen)
            self.seen = seen
            if keeper.isLost { await keeper.renewIdentity() }
            try? await Task.sleep(for: .seconds(1))
        }
        executor.stop()
    }
}
