import Plans
import Postgres
import Subscriptions
import Values

/// What subscriptions bring over their lives, as it was known.
extension RevenueReports {
    /// How many subscriptions are derived at once.
    private static let derivedAtOnce = 1_000

    /// The histories of all subscriptions of which something was known: those that are kept of just those changes as
    /// they are kept, the others derived; the result is the same.
    static func histories(asOf: Instant, in transaction: borrowing Transaction) async throws -> [RecurringHistory] {
        var histories: [RecurringHistory] = []
        var words = RecurringLevelText.Words()
        var last: RevenueReportQueries.KeptRow?
        while true {
            let page = try await RevenueReportQueries.kept(asOf: asOf, after: last, in: transaction)
            var missing: [(tenant: TenantID, subscription: SubscriptionID)] = []
            histories.reserveCapacity(histories.count + page.count)
            for row in page {
                guard let levels = row.levels.flatMap({ RecurringLevelText.levels($0, until: asOf, &words) }) else {
                    missing.append((row.tenant, row.subscription))
                    continue
                }
                histories.append(
                    RecurringHistory(tenant: row.tenant, subscription: row.subscription, levels: levels)
                )
            }
            for start in stride(from: 0, to: missing.count, by: derivedAtOnce) {
                let keys = Array(missing[start..<min(start + derivedAtOnce, missing.count)])
                histories += try await derived(keys, asOf: asOf, in: transaction)
            }
            guard page.count == RevenueReportQueries.keptPageSize else { return histories }
            last = page.last
        }
    }

    private static func derived(
        _ keys: [(tenant: TenantID, subscription: SubscriptionID)],
        asOf: Instant,
        in transaction: borrowing Transaction
    ) async throws -> [RecurringHistory] {
        let rows = try await RevenueReportQueries.changes(of: keys, recordedUntil: asOf, in: transaction)
        return try await levels(of: rows, asOf: asOf, in: transaction).map { story, levels in
            RecurringHistory(tenant: story.tenant, subscription: story.subscription, levels: levels)
        }
    }

    /// The levels of subscriptions by their changes.
    ///
    /// `asOf`: those up to then; nil: all, with those that are known to come.
    static func levels(
        of rows: [RevenueReportQueries.ChangeRow],
        asOf: Instant?,
        in transaction: borrowing Transaction
    ) async throws -> [(story: Story, levels: [RecurringLevel])] {
        var stories: [Story] = []
        for row in rows { add(row, to: &stories) }
        let versions = try await versions(of: stories, in: transaction)
        let plans = Dictionary(versions.map { ($0.id, $0.plan) }) { first, _ in first }
        let terms = versions.map(\.terms)
        return try stories.map { story in
            (
                story: story,
                levels: try RecurringRevenue.levels(
                    of: try timeline(of: story, terms, until: asOf),
                    plans: SubscriptionPlans.all(of: story.changes) { plans[$0] }
                )
            )
        }
    }

    private static func timeline(
        of story: Story,
        _ terms: [PlanTerms],
        until asOf: Instant?
    ) throws(Problem) -> SubscriptionTimeline {
        func timeline(_ until: Instant) throws(Problem) -> SubscriptionTimeline {
            try SubscriptionTimeline(
                start: story.start,
                zone: story.zone,
                changes: story.changes,
                terms: terms,
                until: until
            )
        }
        if let asOf { return try timeline(asOf) }
        let begun = try timeline(story.changes.map(\.at).max() ?? story.start.instant)
        let ends = try begun.knownPhases().flatMap { [$0.start, $0.end].compactMap(\.self) }
        return try timeline(max(begun.reached, ends.max() ?? begun.reached))
    }
}
