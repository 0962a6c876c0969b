package import Jobs
package import Postgres
package import Values

/// Bills everything that is due: what the schedule, the command line and seeds run.
package enum BillingRun {
    /// How long an invoice stays a draft unless said otherwise: one hour.
    package static let defaultGraceSeconds: Int64 = 3_600
    /// How many subscriptions or drafts are dealt with in a transaction unless said otherwise.
    package static let defaultBatch = 100

    /// Makes the invoices of all subscriptions due up to an instant, and finalizes drafts whose grace has passed.
    ///
    /// Many in a transaction; where one of them fails, each gets its own: what fails does not hold up the rest, and is
    /// in the summary. Running it twice does nothing twice; two at once share the work.
    ///
    /// `until`: invoices whose instant is up to this, that included, are made.
    ///
    /// `time`: the clock. Each transaction asks it anew: a run may take longer than as-of reports wait.
    ///
    /// `graceSeconds`: drafts are finalized so long after their instant; 0 is at once.
    ///
    /// `tenant`: only this tenant's; nil is everyone's who lives by the machine's clock.
    ///
    /// `batch`: how many are dealt with in a transaction, at least 1.
    ///
    /// Throws only what concerns the run as a whole: that the database cannot be reached.
    package static func run(
        until: Instant,
        database: Database,
        time: any TimeSource,
        author: Author = .system("billing"),
        graceSeconds: Int64 = defaultGraceSeconds,
        tenant: TenantID? = nil,
        batch: Int = defaultBatch
    ) async throws -> BillingRunSummary {
        let course = BillingCourse(
            until: until,
            database: database,
            time: time,
            author: author,
            graceSeconds: graceSeconds,
            tenant: tenant,
            batch: max(1, batch),
            startedAt: time.now()
        )
        var summary = BillingRunSummary()
        try await course.bill(&summary)
        try await EndedBilling.sweep(
            at: until,
            tenant: tenant,
            database: database,
            time: time,
            author: author,
            &summary
        )
        try await ProgressiveBilling.sweep(
            at: until,
            tenant: tenant,
            database: database,
            time: time,
            author: author,
            &summary
        )
        try await course.finalize(&summary)
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
}
