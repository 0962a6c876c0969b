package import Jobs
package import Postgres
import Subscriptions
package import Values

/// Bills everything that is due: what the schedule, the command line and seeds run.
package enum BillingRun {
    /// How long an invoice stays a draft unless said otherwise: one hour.
    package static let defaultGraceSeconds: Int64 = 3_600

    /// How many subscriptions or drafts are read at a time.
    private static let pageSize = 200
    /// How many are dealt with at once.
    private static let width = 4
    /// How many drafts are finalized in a transaction.
    private static let batchSize = 25

    /// Makes the invoices of all subscriptions due up to an instant, and finalizes drafts whose grace has passed.
    ///
    /// One transaction a subscription: what fails does not hold up the rest, and is in the summary.
    /// Running it twice, also at once, does nothing twice.
    ///
    /// `until`: invoices whose instant is up to this, that included, are made.
    ///
    /// `time`: the clock. Each transaction asks it anew: a run may take longer than as-of reports wait.
    ///
    /// `graceSeconds`: drafts are finalized so long after their instant; 0 is at once.
    ///
    /// `tenant`: only this tenant's; nil is all.
    ///
    /// Throws only what concerns the run as a whole: that the database cannot be reached.
    package static func run(
        until: Instant,
        database: Database,
        time: any TimeSource,
        author: Author = .system("billing"),
        graceSeconds: Int64 = defaultGraceSeconds,
        tenant: TenantID? = nil
    ) async throws -> BillingRunSummary {
        var summary = BillingRunSummary()
        let course = Course(until: until, time: time, author: author)
        try await bill(tenant, course, database, &summary)
        try await finalize(tenant, course, graceSeconds, database, &summary)
        return summary
    }

    /// The same with a clock that stands: what seeded books are written at.
    package static func run(
        until: Instant,
        database: Database,
        recordedAt: Instant,
        author: Author = .system("billing"),
        graceSeconds: Int64 = defaultGraceSeconds,
        tenant: TenantID? = nil
    ) async throws -> BillingRunSummary {
        try await run(
            until: until,
            database: database,
            time: ManualTime(recordedAt),
            author: author,
            graceSeconds: graceSeconds,
            tenant: tenant
        )
    }

    /// What all transactions of a run share.
    private struct Course: Sendable {
        let until: Instant
        let time: any TimeSource
        let author: Author

        /// For the transaction that begins.
        var stamp: Stamp { Stamp(at: until, recordedAt: time.now(), author: author) }
    }

    private enum Outcome: Sendable {
        case billed([Invoice])
        case failed(TenantID, String, any Error)
    }

    private static func bill(
        _ tenant: TenantID?,
        _ course: Course,
        _ database: Database,
        _ summary: inout BillingRunSummary
    ) async throws {
        var last: (tenant: TenantID, subscription: SubscriptionID)?
        while true {
            let page = try await database.transaction(as: .system) { transaction in
                try await SubscriptionQueries.due(
                    before: course.until,
                    of: tenant,
                    limit: pageSize,
                    after: last,
                    in: transaction
                )
            }
            try await each(page, &summary) { tenant, subscription in
                do {
                    return .billed(
                        try await database.transaction(as: .system) { transaction in
                            try await InvoiceOperations.bill(
                                subscription,
                                of: tenant,
                                until: course.until,
                                by: course.stamp,
                                in: transaction
                            )
                        }
                    )
                } catch { return .failed(tenant, subscription.text, error) }
            }
            guard page.count == pageSize, let end = page.last else { return }
            last = end
        }
    }

    private static func finalize(
        _ tenant: TenantID?,
        _ course: Course,
        _ graceSeconds: Int64,
        _ database: Database,
        _ summary: inout BillingRunSummary
    ) async throws {
        var last: InvoiceQueries.DraftKey?
        while true {
            let page = try await database.transaction(as: .system) { transaction in
                try await InvoiceQueries.drafts(
                    issuedUpTo: course.until.adding(seconds: -graceSeconds),
                    tenant: tenant,
                    after: last,
                    limit: pageSize,
                    in: transaction
                )
            }
            // One after the other: numbers go by the instant, and all of an entity wait for its counter anyway.
            var rest = page[...]
            while !rest.isEmpty {
                try await finalize(Array(rest.prefix(batchSize)), course, graceSeconds, database, &summary)
                rest = rest.dropFirst(batchSize)
            }
            guard page.count == pageSize, let end = page.last else { return }
            last = end
        }
    }

    /// Finalizes some drafts in one transaction; if one of them cannot be, each in its own.
    private static func finalize(
        _ drafts: [InvoiceQueries.DraftKey],
        _ course: Course,
        _ graceSeconds: Int64,
        _ database: Database,
        _ summary: inout BillingRunSummary
    ) async throws {
        do {
            summary.finalized += try await database.transaction(as: .system) { transaction in
                var finalized = 0
                var own = course.stamp
                for draft in drafts {
                    own.at = draft.issuedAt.adding(seconds: graceSeconds)
                    let outcome = try await InvoiceOperations.finalizing(
                        draft.id,
                        of: draft.tenant,
                        by: own,
                        in: transaction
                    )
                    finalized += outcome.wasDraft ? 1 : 0
                }
                return finalized
            }
        } catch {
            guard let draft = drafts.first else { return }
            guard drafts.count == 1 else {
                for draft in drafts { try await finalize([draft], course, graceSeconds, database, &summary) }
                return
            }
            try take(.failed(draft.tenant, draft.id.text, error), &summary)
        }
    }

    /// Deals with all of a page, `width` at once.
    private static func each(
        _ due: [(tenant: TenantID, subscription: SubscriptionID)],
        _ summary: inout BillingRunSummary,
        _ body: @escaping @Sendable (TenantID, SubscriptionID) async -> Outcome
    ) async throws {
        var outcomes: [Outcome] = []
        await withTaskGroup(of: Outcome.self) { group in
            var rest = due[...]
            for next in rest.prefix(width) { group.addTask { await body(next.tenant, next.subscription) } }
            rest = rest.dropFirst(width)
            while let outcome = await group.next() {
                outcomes.append(outcome)
                if let next = rest.popFirst() { group.addTask { await body(next.tenant, next.subscription) } }
            }
        }
        summary.subscriptions += due.count
        for outcome in outcomes { try take(outcome, &summary) }
    }

    private static func take(_ outcome: Outcome, _ summary: inout BillingRunSummary) throws {
        switch outcome {
        case .billed(let invoices): for invoice in invoices { try summary.add(invoice) }
        case .failed(let tenant, let object, let error):
            // Without the database every other would fail likewise.
            if Problem.of(error).kind == .unavailable { throw error }
            summary.fail(tenant, object, error)
        }
    }
}
