package import Ledger
import Plans
package import Postgres
import Subscriptions
package import Values

/// Finance's reports: each in one transaction of `.finance` with `isolation: .snapshot`, with a bounded number of
/// queries, and the same to the byte for the same as-of.
///
/// Callers check an as-of from outside with `AsOf.check` before they ask.
package enum RevenueReports {
    /// Monthly recurring revenue with its movements, as it was known at an instant.
    ///
    /// `from`: the first month.
    ///
    /// `to`: the last month, that included; months after the as-of are left out.
    ///
    /// `asOf`: changes recorded later were not known, and what happens later has not happened.
    ///
    /// `currency`: only this one; nil is all.
    package static func mrr(
        from: Month,
        to: Month,
        asOf: Instant,
        currency: Currency? = nil,
        zone: Zone = .utc,
        in transaction: borrowing Transaction
    ) async throws -> MRRReport {
        let months = try ReportMonths(from: from, to: to, asOf: asOf, zone: zone)
        let stories = try await stories(asOf: asOf, in: transaction)
        let versions = try await versions(of: stories, in: transaction)
        let plans = Dictionary(versions.map { ($0.id, $0.plan) }) { first, _ in first }
        let terms = versions.map(\.terms)
        var histories: [RecurringHistory] = []
        histories.reserveCapacity(stories.count)
        for story in stories {
            let timeline = try SubscriptionTimeline(
                start: story.start,
                zone: story.zone,
                changes: story.changes,
                terms: terms,
                until: asOf
            )
            histories.append(
                RecurringHistory(
                    tenant: story.tenant,
                    subscription: story.subscription,
                    levels: try RecurringRevenue.levels(
                        of: timeline,
                        plans: SubscriptionPlans.all(of: story.changes) { plans[$0] }
                    )
                )
            )
        }
        return try MRRReport(of: histories, months: months, currency: currency)
    }

    /// What stands on each account of the books of all tenants that are not in test mode.
    ///
    /// `asOf`: journals that happened, or were recorded, later do not count.
    package static func trialBalance(
        asOf: Instant,
        in transaction: borrowing Transaction
    ) async throws -> [AccountBalance] {
        try await LedgerQueries.trialBalance(
            asOf: LedgerAsOf(at: asOf, recordedAt: asOf),
            withTests: false,
            in: transaction
        )
    }

    /// What usage earned by month, from the books.
    ///
    /// `from`: the first month.
    ///
    /// `to`: the last month, that included; months after the as-of are left out.
    ///
    /// `asOf`: journals that happened, or were recorded, later do not count.
    package static func usage(
        from: Month,
        to: Month,
        asOf: Instant,
        currency: Currency? = nil,
        zone: Zone = .utc,
        in transaction: borrowing Transaction
    ) async throws -> UsageRevenueReport {
        let months = try ReportMonths(from: from, to: to, asOf: asOf, zone: zone)
        let rows = try await RevenueReportQueries.booked(
            on: .usageRevenue,
            months: months,
            currency: currency,
            in: transaction
        )
        return UsageRevenueReport(months: months, rows: rows)
    }

    /// Revenue recognised and deferred by month, from the lines of all invoices in the books.
    ///
    /// `from`: the first month.
    ///
    /// `to`: the last month, that included; months after the as-of are left out.
    ///
    /// `asOf`: what was booked, or happened, later does not count.
    package static func recognition(
        from: Month,
        to: Month,
        asOf: Instant,
        currency: Currency? = nil,
        zone: Zone = .utc,
        in transaction: borrowing Transaction
    ) async throws -> RecognitionReport {
        let months = try ReportMonths(from: from, to: to, asOf: asOf, zone: zone)
        let lines = try await RecognitionQueries.lines(of: nil, recordedUntil: asOf, in: transaction)
        let booked = try await BooksQueries.contra(asOf: asOf, in: transaction)
        return try RecognitionReport(of: lines, booked: booked, months: months, currency: currency)
    }

    /// What was known of one subscription.
    struct Story {
        let tenant: TenantID
        let subscription: SubscriptionID
        let start: Moment
        let zone: Zone
        var changes: [SubscriptionChange]
    }

    static func stories(asOf: Instant, in transaction: borrowing Transaction) async throws -> [Story] {
        var stories: [Story] = []
        var cursor: RevenueReportQueries.Cursor?
        while true {
            let page = try await RevenueReportQueries.changes(recordedUntil: asOf, after: cursor, in: transaction)
            for row in page {
                if let last = stories.last, last.tenant == row.tenant, last.subscription == row.subscription {
                    stories[stories.count - 1].changes.append(row.change)
                } else {
                    stories.append(
                        Story(
                            tenant: row.tenant,
                            subscription: row.subscription,
                            start: row.start,
                            zone: row.zone,
                            changes: [row.change]
                        )
                    )
                }
            }
            guard page.count == RevenueReportQueries.pageSize, let last = page.last else { return stories }
            cursor = .init(tenant: last.tenant, subscription: last.subscription, sequence: last.change.sequence)
        }
    }

    static func versions(
        of stories: [Story],
        in transaction: borrowing Transaction
    ) async throws -> [PlanVersion] {
        let named = Set(stories.flatMap { $0.changes.compactMap(\.version) })
        return named.isEmpty ? [] : try await PlanQueries.versions(named.sorted(), in: transaction)
    }
}
