package import Plans
package import Values

/// The usage that one metered price of one part asks for.
package struct UsageRequest: Hashable, Sendable {
    /// The meter.
    package let meter: String
    /// The key of the plan in force.
    package let planKey: String
    /// The price; its model tells whether sums are enough or single events are needed.
    package let price: Price
    /// The part: events belong to it by their instant.
    package let part: Period
    /// The whole period that holds the part's start; weighted sums are divided by its seconds.
    package let whole: Period
    /// The part's ratio; levels are multiplied with it.
    package let ratio: Exact
    /// The subscription's start: weighted sums that carry over begin there.
    package let since: Instant

    /// By what tells requests apart; hashing whole prices would cost more than billing them.
    package func hash(into hasher: inout Hasher) {
        hasher.combine(planKey)
        hasher.combine(price.code)
        hasher.combine(part.start)
    }
}

/// A subscription's invoices as a pure function of its story: the one that simulation, previews and billing run use.
///
/// A later `until` adds invoices and leaves the earlier ones as they are.
package enum InvoiceFunction {
    /// Gives the usage of a part: single events, or a quantity that was aggregated before (levels with the ratio).
    package typealias Usage = (UsageRequest) throws(Problem) -> RatingUsage

    /// The invoices up to the story's `until`.
    ///
    /// - Throws: a problem that names the field at fault: a plan or a quantity that is not there, a change before the
    ///   start or after the end, what rating refuses, a boundary beyond the year 9999.
    package static func run(_ story: InvoiceStory, usage: @escaping Usage) throws(Problem) -> InvoiceResult {
        var run = try InvoiceRun(story, usage: usage)
        return try run.finish()
    }

    /// The usage that `run` will ask for, in that order: production reads it and runs with the answers.
    package static func usageNeeded(_ story: InvoiceStory) throws(Problem) -> [UsageRequest] {
        var requests: [UsageRequest] = []
        _ = try run(story) { request in
            requests.append(request)
            return .quantity(.zero)
        }
        return requests
    }
}
