import Metering
import Plans
import Values

/// The usage that the invoice function asks for, answered.
///
/// Pure; the reading is beside it.
struct BillingUsage: Sendable {
    /// How an answer is found.
    enum Source: Sendable {
        /// Sums are enough, and rollups have them.
        case totals(Aggregation)
        /// Single events are looked at.
        case events(AggregationRule)
    }

    private var answers: [UsageRequest: RatingUsage] = [:]
    /// What was not read again, because nothing has come since it was billed; its answers mean nothing.
    private(set) var unchanged: Set<StretchKey> = []

    /// The answer that the invoice function gets.
    func answer(_ request: UsageRequest) -> RatingUsage { answers[request] ?? .quantity(.zero) }

    /// Says that a request need not be answered.
    mutating func skip(_ request: UsageRequest) { unchanged.insert(StretchKey(request)) }

    /// Answers with what the events of the part add up to.
    mutating func answer(_ request: UsageRequest, _ aggregation: Aggregation, _ totals: UsageTotals) {
        answers[request] = .quantity(totals.quantity(aggregation, ratio: request.ratio) ?? .zero)
    }

    /// Answers with the events of the part.
    mutating func answer(_ request: UsageRequest, _ rule: AggregationRule, _ log: UsageLog) {
        answers[request] = .events(
            log.usage(
                rule,
                during: request.part,
                wholeSeconds: request.whole.seconds,
                ratio: request.ratio,
                since: request.since
            )
        )
    }

    /// How a price's usage is found.
    static func source(of price: Price, _ rule: AggregationRule) -> Source {
        switch price.model {
        case .percentage, .matrix, .dynamic: return .events(rule)
        // Whatever the meter's aggregation, it is the sum of the values that is priced.
        case .graduatedPercentage: return .totals(.sum)
        case .flat, .perUnit, .graduated, .volume, .package: break
        }
        switch rule.aggregation {
        case .count, .sum, .max, .min, .average: return .totals(rule.aggregation)
        case .latest, .unique, .weightedSum: return .events(rule)
        }
    }

    /// How the quantity of a price's line can be added up again from its events; nil if it cannot from them alone.
    static func measure(of price: Price, _ rule: AggregationRule) -> AggregationRule? {
        switch price.model {
        case .percentage, .dynamic, .graduatedPercentage: AggregationRule(.sum)
        case .matrix:
            // Levels of groups are added up: the events as one group come to another quantity.
            rule.aggregation == .count || rule.aggregation == .sum ? rule : nil
        case .flat, .perUnit, .graduated, .volume, .package: rule.aggregation == .weightedSum ? nil : rule
        }
    }
}

/// A stretch for which a price, or a plan's commitment, was billed.
struct StretchKey: Hashable, Sendable {
    /// The key of the plan.
    let plan: String
    /// The price; nil for the commitment.
    let price: String?
    let start: Instant
    let end: Instant

    init(_ request: UsageRequest) {
        plan = request.planKey
        price = request.price.code
        start = request.part.start
        end = request.part.end
    }

    init(_ line: InvoiceDraft.Line) {
        plan = line.planKey
        price = line.price
        start = line.period.start
        end = line.period.end
    }

    init(_ line: InvoiceLine) {
        plan = line.planKey
        price = line.price
        start = line.start
        end = line.end
    }
}
