package import Jobs
package import Postgres
package import Values

/// Does what is due about all unpaid invoices: what the schedule, the command line and test clocks run.
package enum DunningRun {
    private static let pageSize = 500
    /// No policy has more steps.
    private static let mostSteps = 64

    /// Does every step that is due up to an instant, each once, at the instant at which it was due.
    ///
    /// One transaction a step: what fails does not hold up the rest, and is in the summary. Running it twice, also at
    /// once, does nothing twice.
    ///
    /// `tenant`: only this tenant's; nil is all that live by the machine's clock.
    ///
    /// `time`: the clock, for when things are recorded.
    ///
    /// `gateways`: charges are sent at once, the first one of an invoice, too: for test clocks, whose time waits. Nil
    /// leaves them to jobs.
    ///
    /// Throws only what concerns the run as a whole: that the database cannot be reached.
    @discardableResult
    package static func run(
        until: Instant,
        tenant: TenantID? = nil,
        database: Database,
        time: any TimeSource,
        gateways: (any GatewaySource)? = nil,
        author: Author = .system("dunning")
    ) async throws -> DunningRunSummary {
        var summary = DunningRunSummary()
        let course = Course(until: until, database: database, time: time, gateways: gateways, author: author)
        var last: DunningQueries.Open?
        while true {
            let page = try await database.transaction(as: .system) { transaction in
                try await DunningQueries.open(of: tenant, after: last, limit: pageSize, in: transaction)
            }
            try await run(page, course, &summary)
            guard page.count == pageSize, let end = page.last else { break }
            last = end
        }
        try await relieve(tenant, course, &summary)
        return summary
    }

    /// When something is to be done next about unpaid invoices of some tenants, after an instant; nil if nothing is.
    package static func next(
        of tenants: [TenantID],
        after instant: Instant,
        in transaction: borrowing Transaction
    ) async throws -> Instant? {
        var earliest: Instant?
        var policies: [EntityID: DunningPolicy] = [:]
        for tenant in tenants {
            let page = try await DunningQueries.open(of: tenant, after: nil, limit: pageSize, in: transaction)
            let facts = try await DunningQueries.facts(of: page, in: transaction)
            for open in page {
                guard let known = facts[open.invoice] else { continue }
                if policies[open.entity] == nil {
                    policies[open.entity] = try await DunningQueries.policy(of: open.entity, in: transaction)
                }
                guard let policy = policies[open.entity], let at = Dunning.next(policy, known)?.at, at > instant else {
                    continue
                }
                earliest = min(earliest ?? at, at)
            }
        }
        return earliest
    }

    /// What all transactions of a run share.
    private struct Course: Sendable {
        let until: Instant
        let database: Database
        let time: any TimeSource
        let gateways: (any GatewaySource)?
        let author: Author
    }

    private static func run(
        _ page: [DunningQueries.Open],
        _ course: Course,
        _ summary: inout DunningRunSummary
    ) async throws {
        summary.invoices += page.count
        let (facts, policies) = try await course.database.transaction(as: .system) { transaction in
            var policies: [EntityID: DunningPolicy] = [:]
            for entity in Set(page.map(\.entity)) {
                policies[entity] = try await DunningQueries.policy(of: entity, in: transaction)
            }
            return (try await DunningQueries.facts(of: page, in: transaction), policies)
        }
        for open in page {
            guard let known = facts[open.invoice], let policy = policies[open.entity] else { continue }
            let isFirst = known.attempts.isEmpty || known.attempts.contains { $0.state == .sent }
            do {
                if course.gateways != nil, known.method != nil, isFirst {
                    try await collect(open, at: course.until, course)
                } else if Dunning.due(policy, known, at: course.until) == nil {
                    continue
                }
                try await steps(about: open, policy, course, &summary)
            } catch {
                // Without the database every other would fail likewise.
                if Problem.of(error).kind == .unavailable { throw error }
                summary.fail(open.tenant, open.invoice.text, error)
            }
        }
    }

    private static func steps(
        about open: DunningQueries.Open,
        _ policy: DunningPolicy,
        _ course: Course,
        _ summary: inout DunningRunSummary
    ) async throws {
        for _ in 0..<mostSteps {
            let done = try await course.database.transaction(as: .system) { transaction in
                try await DunningOperations.doNext(
                    about: open,
                    policy,
                    until: course.until,
                    recordedAt: course.time.now(),
                    author: course.author,
                    enqueues: course.gateways == nil,
                    in: transaction
                )
            }
            guard let done else { return }
            summary.steps[done.next.step.kind, default: 0] += 1
            if done.charges { try await collect(open, at: done.next.at, course) }
        }
    }

    /// Sends what is to be sent, where that is not left to jobs.
    private static func collect(_ open: DunningQueries.Open, at instant: Instant, _ course: Course) async throws {
        guard let gateways = course.gateways else { return }
        try await PaymentCollection.collect(
            open.invoice,
            of: open.tenant,
            at: instant,
            database: course.database,
            gateways: gateways,
            time: course.time,
            author: course.author
        )
    }

    /// Gives subscriptions back what invoices took that are not open any more for another reason than a payment.
    private static func relieve(
        _ tenant: TenantID?,
        _ course: Course,
        _ summary: inout DunningRunSummary
    ) async throws {
        var last: (tenant: TenantID, subscription: SubscriptionID)?
        while true {
            let page = try await course.database.transaction(as: .system) { transaction in
                try await DunningQueries.restricted(of: tenant, after: last, limit: pageSize, in: transaction)
            }
            for (tenant, subscription) in page {
                do {
                    try await course.database.transaction(as: .system) { transaction in
                        try await DunningOperations.relieve(
                            subscription,
                            of: tenant,
                            by: Stamp(at: course.until, recordedAt: course.time.now(), author: course.author),
                            in: transaction
                        )
                    }
                } catch {
                    if Problem.of(error).kind == .unavailable { throw error }
                    summary.fail(tenant, subscription.text, error)
                }
            }
            guard page.count == pageSize, let end = page.last else { return }
            last = end
        }
    }
}
