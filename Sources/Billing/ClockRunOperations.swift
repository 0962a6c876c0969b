package import Jobs
package import Postgres
import Tenants
package import Values

/// Moves test clocks: everything that falls due on the way happens, in order, at its own instant.
package enum ClockRun {
    /// More instants than this in one move are a mistake: a year of hourly ones.
    private static let mostSteps = 10_000

    /// Takes a clock to where `ClockOperations.beginAdvance` said it is to go.
    ///
    /// It passes every instant at which something falls due for a tenant of it (the end of a period or trial, the end
    /// of a draft's grace, a step of dunning, the end of bought credit), does what is due then, and shows it. So it can be
    /// interrupted at any point and run again. What cannot be done stops the clock there, and it says why.
    ///
    /// `time`: the machine's clock, for when things are recorded.
    ///
    /// `gateways`: invoices are collected at their instant on the way; nil leaves that to jobs, at the time shown then.
    ///
    /// - Returns: the clock as it stands.
    @discardableResult
    package static func advance(
        _ id: ClockID,
        database: Database,
        time: any TimeSource,
        gateways: (any GatewaySource)? = nil,
        author: Author = .system("clock")
    ) async throws -> TestClock {
        for _ in 0..<mostSteps {
            let (found, tenants) = try await database.transaction(as: .system) { transaction in
                (
                    try await ClockOperations.find(id, in: transaction),
                    try await TenantQueries.on(id, in: transaction)
                )
            }
            guard let clock = found else { throw ClockError.notFound(id) }
            guard clock.status == .advancing, let target = clock.target else { return clock }
            let due = try await database.transaction(as: .system) { transaction in
                let known = try await ClockRunQueries.next(of: tenants, after: clock.at, in: transaction)
                let step = try await DunningRun.next(of: tenants, after: clock.at, in: transaction)
                return [known, step].compactMap(\.self).min()
            }
            let instant = min(due ?? target, target)
            if let failure = try await run(tenants, until: instant, database, time, gateways, author) {
                return try await stop(id, failure, database, time, author)
            }
            let shown = try await database.transaction(as: .system) { transaction in
                try await ClockOperations.show(
                    instant,
                    on: id,
                    by: Stamp(at: instant, recordedAt: time.now(), author: author),
                    in: transaction
                )
            }
            guard shown.status == .advancing else { return shown }
        }
        return try await stop(id, "more than \(mostSteps) things fell due on the way", database, time, author)
    }

    /// Does all that is due for some tenants; says what could not be done.
    private static func run(
        _ tenants: [TenantID],
        until instant: Instant,
        _ database: Database,
        _ time: any TimeSource,
        _ gateways: (any GatewaySource)?,
        _ author: Author
    ) async throws -> String? {
        for tenant in tenants {
            let summary = try await BillingRun.run(
                until: instant,
                database: database,
                time: time,
                author: author,
                tenant: tenant
            )
            if let failure = summary.failures.first { return "\(failure.object): \(failure.message)" }
            try await CreditJobs.expire(at: instant, tenant: tenant, database: database, time: time)
            let dunning = try await DunningRun.run(
                until: instant,
                tenant: tenant,
                database: database,
                time: time,
                gateways: gateways,
                author: author
            )
            if let failure = dunning.failures.first { return "\(failure.object): \(failure.message)" }
        }
        return nil
    }

    private static func stop(
        _ id: ClockID,
        _ error: String,
        _ database: Database,
        _ time: any TimeSource,
        _ author: Author
    ) async throws -> TestClock {
        try await database.transaction(as: .system) { transaction in
            let stamp = Stamp(now: time.now(), author: author)
            try await ClockOperations.fail(id, error, by: stamp, in: transaction)
            guard let clock = try await ClockOperations.find(id, in: transaction) else {
                throw ClockError.notFound(id)
            }
            return clock
        }
    }
}

/// When something falls due next for tenants in test mode.
enum ClockRunQueries {
    /// The earliest instant after a given one; nil if nothing is known to fall due.
    static func next(
        of tenants: [TenantID],
        after instant: Instant,
        in transaction: borrowing Transaction
    ) async throws -> Instant? {
        let grace = BillingRun.defaultGraceSeconds
        let due: Instant?? = try await transaction.first(
            """
            SELECT min(due) FROM (
                SELECT next_billing_at AS due FROM app.subscriptions
                WHERE tenant_id = ANY (\(tenants)::uuid[]) AND next_billing_at > \(instant)
                UNION ALL
                SELECT current_period_end FROM app.subscriptions
                WHERE tenant_id = ANY (\(tenants)::uuid[]) AND ended_at IS NULL AND current_period_end > \(instant)
                UNION ALL
                SELECT expires_at FROM app.credit_grants
                WHERE tenant_id = ANY (\(tenants)::uuid[]) AND kind = 'prepaid' AND voided_at IS NULL
                  AND expired_at IS NULL AND expires_at > \(instant)
                UNION ALL
                SELECT issued_at + make_interval(secs => \(grace)) FROM app.invoices
                WHERE tenant_id = ANY (\(tenants)::uuid[]) AND status = 'draft'
                  AND issued_at + make_interval(secs => \(grace)) > \(instant)
            ) AS known
            """
        ) { row in try row.next() }
        return due ?? nil
    }
}
