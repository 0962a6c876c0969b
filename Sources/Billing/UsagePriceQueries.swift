package import Metering
import Plans
package import Postgres
import Subscriptions
package import Values

/// What a tenant's usage comes to, as its subscriptions price it.
package enum UsagePriceQueries {
    /// So many subscriptions are looked at.
    private static let subscriptionLimit = 100
    /// So many pieces of usage, and so many single events, are rated.
    private static let pieceLimit = 20_000
    private static let eventLimit = 20_000

    /// The exact price of a meter's usage in each of some windows that follow on one another: before coupons, taxes and
    /// commitments, and not rounded.
    ///
    /// `subscription`: only what this one bills; nil: all of the tenant's.
    ///
    /// - Returns: what each window comes to, and whether groups of it can share it by their quantities.
    package static func prices(
        of tenant: TenantID,
        meter: Meter,
        subscription: SubscriptionID? = nil,
        windows: [Period],
        in transaction: borrowing Transaction
    ) async throws -> (prices: [UsagePrice], isShareable: Bool) {
        var pricing = UsagePricing(windows)
        guard let first = windows.first, let last = windows.last,
            let range = Period(start: first.start, end: last.end)
        else { return ([], false) }
        let stories = try await SubscriptionQueries.stories(of: tenant, limit: subscriptionLimit + 1, in: transaction)
        guard stories.count <= subscriptionLimit else {
            pricing.add("there are more than \(subscriptionLimit) subscriptions", to: range)
            return (pricing.prices, false)
        }
        var asked: [Asked] = []
        for story in stories where subscription == nil || story.subscription.id == subscription {
            do { asked += try self.asked(of: story, meter.code, during: range, windows) } catch {
                // What was used is told all the same.
                pricing.add("\(story.subscription.id) cannot be billed: \(Problem.of(error).message)", to: range)
            }
        }
        let archived = try await UsageArchiveQueries.archived(in: transaction)
        func isLost(_ asked: Asked) -> Bool {
            asked.needsEvents(meter.rule) && archived.contains { $0.intersection(asked.request.part) != nil }
        }
        for asked in asked where isLost(asked) {
            pricing.add("events of the billing period are archived", to: asked.request.part)
        }
        asked.removeAll(where: isLost)
        guard asked.reduce(0, { $0 + $1.pieces.count }) <= pieceLimit else {
            pricing.add("it has more than \(pieceLimit) pieces; ask for fewer windows", to: range)
            return (pricing.prices, false)
        }
        try await add(asked, meter, to: &pricing, in: transaction)
        let isAdditive = meter.aggregation == .sum || meter.aggregation == .count
        return (pricing.prices, pricing.isShareable && isAdditive)
    }

    /// A part that a price is for.
    private struct Asked {
        let subscription: Subscription
        let request: UsageRequest
        let pieces: [Period]

        /// Whether rollups are not enough: single events are priced, or a piece begins or ends inside a quarter of an
        /// hour.
        func needsEvents(_ rule: AggregationRule) -> Bool {
            guard case .totals = BillingUsage.source(of: request.price, rule) else { return true }
            let edges = [request.part.start] + pieces.flatMap { [$0.start, $0.end] }
            return edges.contains { UsageBucket.start(of: $0) != $0 }
        }

        func stretch(_ part: Period) -> UsageStretch { UsageStretch(of: subscription, request.meter, part) }
    }

    private static func asked(
        of story: SubscriptionStory,
        _ meter: String,
        during range: Period,
        _ windows: [Period]
    ) throws -> [Asked] {
        let subscription = story.subscription
        guard subscription.startsAt < range.end, subscription.endedAt.map({ $0 > range.start }) ?? true,
            story.plans.values.contains(where: { $0.prices.contains { $0.meter == meter } })
        else { return [] }
        // Usage is asked for as a part ends: up to the end of the period that holds the range's.
        let end = try story.timeline(until: range.end).nextBoundary ?? range.end
        return try InvoiceFunction.usageNeeded(InvoiceStory(story, until: end)).compactMap { request in
            guard request.meter == meter, request.part.intersection(range) != nil else { return nil }
            return Asked(
                subscription: subscription,
                request: request,
                pieces: UsagePricing.pieces(of: request.part, windows)
            )
        }
    }

    private static func add(
        _ asked: [Asked],
        _ meter: Meter,
        to pricing: inout UsagePricing,
        in transaction: borrowing Transaction
    ) async throws {
        let sources = asked.map { BillingUsage.source(of: $0.request.price, meter.rule) }
        let stretches = zip(asked, sources).flatMap { asked, source -> [UsageStretch] in
            if case .totals = source { return asked.pieces.map(asked.stretch) }
            // How many events there are to read.
            return Period(start: asked.request.part.start, end: asked.pieces.last?.end ?? asked.request.part.end)
                .map { [asked.stretch($0)] } ?? []
        }
        var totals = try await BillingUsageQueries.totals(stretches, in: transaction)[...]
        for (asked, source) in zip(asked, sources) {
            switch source {
            case .totals(let aggregation):
                var sum = UsageTotals.empty
                let usages = totals.prefix(asked.pieces.count).map { piece -> RatingUsage in
                    sum = sum.adding(piece)
                    return .quantity(sum.quantity(aggregation, ratio: asked.request.ratio) ?? .zero)
                }
                totals = totals.dropFirst(asked.pieces.count)
                pricing.add(asked.request, asked.subscription.currency, asked.pieces, usages)
            case .events(let rule):
                guard let events = totals.popFirst()?.count, events <= eventLimit else {
                    let reason = "single events are priced, and there are more than \(eventLimit)"
                    pricing.add(reason, to: asked.request.part)
                    continue
                }
                pricing.add(
                    asked.request,
                    asked.subscription.currency,
                    asked.pieces,
                    try await usages(of: asked, rule, in: transaction)
                )
            }
        }
    }

    /// The events of a part up to the end of each of its pieces.
    private static func usages(
        of asked: Asked,
        _ rule: AggregationRule,
        in transaction: borrowing Transaction
    ) async throws -> [RatingUsage] {
        let request = asked.request
        let start = rule.carryOver ? request.since : request.part.start
        guard let end = asked.pieces.last?.end, let read = Period(start: start, end: end),
            let log = try await BillingUsageQueries.events([asked.stretch(read)], in: transaction).first
        else { return [] }
        return asked.pieces.compactMap { piece in
            Period(start: request.part.start, end: piece.end).map { part in
                .events(
                    log.usage(
                        rule,
                        during: part,
                        wholeSeconds: request.whole.seconds,
                        ratio: request.ratio,
                        since: request.since
                    )
                )
            }
        }
    }
}
