import Billing
import Metering
import Plans
package import Postgres
import Subscriptions
package import Values

/// Reading what a tenant may do, and what its usage costs.
package enum InferenceTermsQueries {
    /// So many subscriptions of a tenant are looked at.
    private static let limit = 200

    /// What the tenant's subscriptions say of inference at an instant.
    package static func terms(
        of tenant: TenantID,
        at instant: Instant,
        in transaction: borrowing Transaction
    ) async throws -> InferenceTerms {
        let subscriptions = try await SubscriptionQueries.list(of: tenant, limit: limit, in: transaction)
            .filter { !$0.status.isOver }
        let ids = Set(subscriptions.map(\.planVersion)).sorted()
        let versions = try await PlanQueries.versions(ids, in: transaction)
        return InferenceTerms(subscriptions, versions: versions, at: instant)
    }

    /// What usage in a period costs by the prices of the terms.
    ///
    /// `isIncluded`: which prices count, by how they are added up.
    static func cost(
        _ terms: InferenceTerms,
        of tenant: TenantID,
        during period: Period,
        in transaction: borrowing Transaction,
        where isIncluded: (PriceSum) -> Bool = { _ in true }
    ) async throws -> Exact {
        var quantities: [UsageKey: Exact] = [:]
        var cost = Exact.zero
        for (subscription, plan) in terms.priced {
            let start = max(period.start, subscription.anchor ?? subscription.startsAt)
            guard let part = Period(start: start, end: period.end) else { continue }
            let scope = subscription.usageScope
            for price in plan.prices {
                guard let code = price.meter, isIncluded(PriceSum(price)) else { continue }
                let usage: RatingUsage
                if price.model.needsEvents {
                    let meter = try await meter(code, in: transaction)
                    usage = .events(
                        try await UsageQueries.usage(
                            of: tenant,
                            meter: meter,
                            scope: scope,
                            during: part,
                            wholeSeconds: part.seconds,
                            ratio: .one,
                            in: transaction
                        )
                    )
                } else if let known = quantities[UsageKey(meter: code, scope: scope)] {
                    usage = .quantity(known)
                } else {
                    let meter = try await meter(code, in: transaction)
                    let quantity = try await UsageQueries.quantity(
                        of: tenant,
                        meter: meter,
                        scope: scope,
                        during: part,
                        in: transaction
                    )
                    quantities[UsageKey(meter: code, scope: scope)] = quantity
                    usage = .quantity(quantity)
                }
                cost += try Rating.rate(price, usage).exact
            }
        }
        return cost
    }

    /// What some events cost where each adds an amount of its own.
    static func cost(_ terms: InferenceTerms, ofEach events: [UsageEvent]) throws -> Exact {
        var cost = Exact.zero
        // What inference uses names no subscription.
        for price in terms.priced.filter({ $0.subscription.usage == .any }).flatMap(\.plan.prices) {
            guard let code = price.meter, case .eachEvent = PriceSum(price),
                let rule = InferenceMeter(rawValue: code)?.rule
            else { continue }
            for event in events where event.meter == code {
                guard let part = Period(start: event.at, end: event.at.adding(seconds: 1)) else { continue }
                let rated = RatingEvent(
                    id: event.id,
                    at: event.at,
                    value: event.value.exact,
                    properties: event.properties.object ?? JSONObject()
                )
                let usage = PartUsage(events: [rated], rule: rule, part: part, wholeSeconds: 1, ratio: .one)
                cost += try Rating.rate(price, .events(usage)).exact
            }
        }
        return cost
    }

    /// Credit that a tenant can still use: what invoices could take, less what usage costs that no invoice has yet.
    static func credit(
        _ terms: InferenceTerms,
        of tenant: TenantID,
        at instant: Instant,
        in transaction: borrowing Transaction
    ) async throws -> Exact {
        let currencies = Set(terms.plans.map(\.currency))
        guard let currency = currencies.first, currencies.count == 1 else { return .zero }
        var left = try await CreditQueries.available(
            of: tenant,
            currency: currency,
            at: instant,
            in: transaction
        ).exact
        for (subscription, plan) in terms.priced {
            let since = subscription.lastInvoiceAt ?? subscription.startsAt
            // The end of a period is not part of it, and what happens now is.
            guard let unbilled = Period(start: since, end: instant.adding(seconds: 1)) else { continue }
            let own = InferenceTerms(subscription, plan)
            left -= try await cost(own, of: tenant, during: unbilled, in: transaction)
        }
        return left
    }

    /// What a quantity is of.
    private struct UsageKey: Hashable {
        let meter: String
        let scope: UsageScope
    }

    private static func meter(_ code: String, in transaction: borrowing Transaction) async throws -> Meter {
        guard let built = InferenceMeter(rawValue: code) else {
            return try await MeterQueries.require(code, in: transaction)
        }
        return Meter(code: code, rule: built.rule)
    }
}

extension InferenceTerms {
    /// The prices of one subscription alone.
    fileprivate init(_ subscription: Subscription, _ plan: Plan) {
        inference = nil
        withheld = nil
        priced = [(subscription, plan)]
    }
}

extension InferenceMeter {
    /// As the migration defines the meter, for good.
    fileprivate var rule: AggregationRule {
        switch self {
        case .requests: AggregationRule(.count)
        case .input, .cached, .output, .processor: AggregationRule(.sum)
        }
    }
}
