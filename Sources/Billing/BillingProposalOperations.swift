import Metering
import Plans
import Postgres
import Subscriptions
import Values

/// What would be billed: reads all that the invoice function needs, and runs it.
///
/// Nothing is written.
enum BillingProposals {
    /// All drafts of a subscription up to an instant, and what it takes to make invoices of them.
    struct Proposal {
        let drafts: [InvoiceDraft]
        let usage: BillingUsage
        let rules: [String: AggregationRule]
        let stored: [Invoice]

        func assembly(_ story: SubscriptionStory, _ entity: EntityID, recordedAt: Instant) -> InvoiceAssembly {
            InvoiceAssembly(
                story: story,
                stored: stored,
                rules: rules,
                legalEntity: entity,
                recordedAt: recordedAt,
                lineID: { InvoiceLineID.make(at: recordedAt) }
            )
        }
    }

    /// What was recorded so long before an invoice may have been committed after it.
    private static let overlapSeconds: Int64 = 60

    static func make(
        of story: SubscriptionStory,
        until: Instant,
        in transaction: borrowing Transaction
    ) async throws -> Proposal {
        let subscription = story.subscription
        let history = try InvoiceStory(story, until: until)
        let stored = try await InvoiceQueries.all(
            of: subscription.id,
            tenant: subscription.tenant,
            in: transaction
        )
        let requests = try InvoiceFunction.usageNeeded(history)
        let rules = try await MeterQueries.require(Set(requests.map(\.meter)), in: transaction).mapValues(\.rule)
        let usage = try await usage(requests, rules, of: story, stored, in: transaction)
        let result = try InvoiceFunction.run(history) { request in usage.answer(request) }
        return Proposal(drafts: result.invoices, usage: usage, rules: rules, stored: stored)
    }

    private static func usage(
        _ requests: [UsageRequest],
        _ rules: [String: AggregationRule],
        of story: SubscriptionStory,
        _ stored: [Invoice],
        in transaction: borrowing Transaction
    ) async throws -> BillingUsage {
        let tenant = story.subscription.tenant
        var usage = BillingUsage()
        var totals: [(request: UsageRequest, aggregation: Aggregation)] = []
        var events: [(request: UsageRequest, rule: AggregationRule)] = []
        for request in requests {
            guard let rule = rules[request.meter] else { continue }
            // What ended before was billed elsewhere, so nothing is compared with it.
            if let before = story.subscription.billedUntil, request.part.end < before {
                usage.skip(request)
                continue
            }
            switch BillingUsage.source(of: request.price, rule) {
            case .totals(let aggregation): totals.append((request, aggregation))
            case .events(let rule): events.append((request, rule))
            }
        }
        let sums = try await BillingUsageQueries.totals(
            of: tenant,
            totals.map { ($0.request.meter, $0.request.part) },
            in: transaction
        )
        for (asked, sum) in zip(totals, sums) { usage.answer(asked.request, asked.aggregation, sum) }
        events = try await withoutUnchanged(events, of: story, stored, &usage, in: transaction)
        for (meter, asked) in Dictionary(grouping: events, by: \.request.meter).sorted(by: { $0.key < $1.key }) {
            let starts = asked.map { $0.rule.carryOver ? $0.request.since : $0.request.part.start }
            guard let start = starts.min(), let end = asked.map(\.request.part.end).max() else { continue }
            let log = try await BillingUsageQueries.events(
                of: tenant,
                meter: meter,
                from: start,
                to: end,
                in: transaction
            )
            for (request, rule) in asked { usage.answer(request, rule, log) }
        }
        return usage
    }

    /// Leaves out parts that are billed and in which nothing has changed since the last invoice was written: their
    /// events need not be read again.
    ///
    /// Not under a commitment, which is what all usage of a part leaves of it.
    private static func withoutUnchanged(
        _ events: [(request: UsageRequest, rule: AggregationRule)],
        of story: SubscriptionStory,
        _ stored: [Invoice],
        _ usage: inout BillingUsage,
        in transaction: borrowing Transaction
    ) async throws -> [(request: UsageRequest, rule: AggregationRule)] {
        guard let last = stored.map(\.issuedAt).max(), let writtenAt = stored.map(\.recordedAt).max() else {
            return events
        }
        let committed = Set(story.versions.filter { $0.plan.minimumCommitment != nil }.map(\.id.text))
        let since = writtenAt.adding(seconds: -overlapSeconds)
        let candidates = events.indices.filter { index in
            let (request, rule) = events[index]
            return request.part.end <= last && !committed.contains(request.planKey) && !rule.carryOver
        }
        let changed = try await BillingUsageQueries.changed(
            of: story.subscription.tenant,
            candidates.map { (events[$0].request.meter, events[$0].request.part, since) },
            in: transaction
        )
        let unchanged = Set(candidates.enumerated().filter { !changed.contains($0.offset) }.map(\.element))
        for index in unchanged { usage.skip(events[index].request) }
        return events.indices.filter { !unchanged.contains($0) }.map { events[$0] }
    }
}
