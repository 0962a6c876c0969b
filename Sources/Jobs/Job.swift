package import Values

extension Entities {
    /// A piece of durable background work.
    package enum BackgroundJob: Entity {
        package static let prefix = "bgj"
    }
}

/// Names a piece of background work.
package typealias BackgroundJobID = ID<Entities.BackgroundJob>

/// Work to be done once the transaction that asks for it commits.
package struct JobRequest: Sendable {
    /// Names the handler.
    package var kind: String
    /// What the handler needs; ids rather than copies.
    package var payload: JSONValue
    /// The tenant it is for, if it is for one.
    package var tenant: TenantID?
    /// The machine's time from which it may run.
    package var runAt: Instant
    /// The business time it stands for; with a test clock it waits for that clock.
    package var dueAt: Instant?
    /// The tenant's test clock, if it has one.
    package var clock: ClockID?
    /// Smaller runs first.
    package var priority: Int
    /// Of one kind and key there is at most one unfinished job; another is silently not added.
    package var uniqueKey: String?
    /// After as many failures it is a dead letter.
    package var maxAttempts: Int

    package init(
        kind: String,
        payload: JSONValue,
        tenant: TenantID? = nil,
        runAt: Instant,
        dueAt: Instant? = nil,
        clock: ClockID? = nil,
        priority: Int = 0,
        uniqueKey: String? = nil,
        maxAttempts: Int = 10
    ) {
        self.kind = kind
        self.payload = payload
        self.tenant = tenant
        self.runAt = runAt
        self.dueAt = dueAt
        self.clock = clock
        self.priority = priority
        self.uniqueKey = uniqueKey
        self.maxAttempts = maxAttempts
    }
}

extension Entities {
    /// A test clock.
    package enum Clock: Entity {
        package static let prefix = "clk"
    }
}

/// Names a test clock.
package typealias ClockID = ID<Entities.Clock>

/// A claimed job, held by a node until it is finished or the node's lease is void.
package struct Job: Sendable {
    package let id: BackgroundJobID
    package let kind: String
    package let payload: JSONValue
    package let tenant: TenantID?
    package let dueAt: Instant?
    /// 1 for the first run.
    package let attempt: Int
    package let maxAttempts: Int
    /// Who holds it: the fence of everything written for it.
    package let lease: NodeLease

    package init(
        id: BackgroundJobID,
        kind: String,
        payload: JSONValue,
        tenant: TenantID?,
        dueAt: Instant?,
        attempt: Int,
        maxAttempts: Int,
        lease: NodeLease
    ) {
        self.id = id
        self.kind = kind
        self.payload = payload
        self.tenant = tenant
        self.dueAt = dueAt
        self.attempt = attempt
        self.maxAttempts = maxAttempts
        self.lease = lease
    }
}

/// A node's right to work: void once another node has moved the epoch on.
package struct NodeLease: Hashable, Sendable {
    package let node: NodeID
    package let epoch: Int64

    package init(node: NodeID, epoch: Int64) {
        self.node = node
        self.epoch = epoch
    }
}

/// When a failed job runs again.
package enum Backoff {
    /// Seconds to wait after the n-th failure: 1, 4, 16, … up to an hour, plus up to a quarter that depends on the id.
    ///
    /// `attempt`: the run that failed, from 1.
    package static func seconds(afterAttempt attempt: Int, salt: UInt64) -> Double {
        let base = min(3600.0, Double(sign: .plus, exponent: 2 * min(max(attempt, 1) - 1, 10), significand: 1))
        return base * (1 + Double(salt % 1000) / 4000)
    }
}
