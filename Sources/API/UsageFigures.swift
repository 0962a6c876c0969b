package import Billing
package import Metering
package import Postgres
package import Revenue
package import Values

/// What usage comes to and what it costs, side by side.
package struct UsageFigures: Sendable {
    /// What subscriptions' prices make of each window.
    private let prices: [UsagePrice]
    /// Whether groups share the price of their window by their quantities.
    private let isShareable: Bool
    /// The quantity of all groups of a window.
    private let quantities: [Period: Exact]
    private let places: [Period: Int]
    private let properties: [String]
    /// Nil: not for this caller.
    private var costs: UsageCosts?

    /// Reads the prices of rows of usage, in the tenant's scope or in that of finance.
    ///
    /// `properties`: by which the rows are grouped.
    package static func read(
        of tenant: TenantID,
        meter: Meter,
        subscription: SubscriptionID?,
        windows: [Period],
        rows: [UsageRow],
        by properties: [String],
        in transaction: borrowing Transaction
    ) async throws -> UsageFigures {
        let found = try await UsagePriceQueries.prices(
            of: tenant,
            meter: meter,
            subscription: subscription,
            windows: windows,
            in: transaction
        )
        var quantities: [Period: Exact] = [:]
        for row in rows { quantities[row.window, default: .zero] += row.quantity }
        return UsageFigures(
            prices: found.prices,
            isShareable: found.isShareable,
            quantities: quantities,
            places: Dictionary(windows.enumerated().map { ($1, $0) }) { first, _ in first },
            properties: properties
        )
    }

    /// Reads the costs, too, in the scope of finance: they are the seller's.
    package mutating func readCosts(
        of tenant: TenantID,
        meter: Meter,
        subscription: SubscriptionID?,
        windows: [Period],
        in transaction: borrowing Transaction
    ) async throws {
        let book = try await PriceBookQueries.book(in: transaction)
        guard UsageCosts.isPriced(meter.eventMeter), book.hasPrices(of: meter.eventMeter) else {
            costs =
                UsageCosts.isPriced(meter.eventMeter)
                ? UsageCosts(undefined: "the price book has no price of \(meter.eventMeter)")
                : UsageCosts([], meter: meter.eventMeter, book: book)
            return
        }
        // Models are told by single events.
        let archived = try await UsageArchiveQueries.archived(in: transaction)
        guard !windows.contains(where: { window in archived.contains { $0.intersection(window) != nil } }) else {
            costs = UsageCosts(undefined: "events of these windows are archived, and models are told by them")
            return
        }
        let cuts = book.instants
        let sums = try await UsageQueries.sums(
            of: tenant,
            meter: meter,
            scope: subscription.map(UsageScope.named) ?? .all,
            windows: windows,
            cuts: cuts,
            by: properties,
            in: transaction
        )
        costs = UsageCosts(
            sums.map { sum in
                UsageCosts.Sum(
                    window: sum.window,
                    group: sum.group,
                    model: sum.model,
                    since: cuts.indices.contains(sum.cut) ? cuts[sum.cut] : nil,
                    value: sum.value
                )
            },
            meter: meter.eventMeter,
            book: book
        )
    }

    /// What a row comes to.
    package func price(_ row: UsageRow) -> UsagePrice {
        guard let place = places[row.window] else { return .undefined("the window is not known") }
        guard row.group != nil else { return prices[place] }
        guard isShareable || prices[place].reason != nil else {
            return .undefined("the price of its window is not shared out: it does not go by the quantity alone")
        }
        return prices[place].share(row.quantity, of: quantities[row.window] ?? .zero)
    }

    /// What a row costs.
    package func cost(_ row: UsageRow) -> UsageCost {
        guard let costs else { return .undefined("the seller's: shown to finance staff") }
        guard let place = places[row.window] else { return .undefined("the window is not known") }
        return costs.cost(place, group: row.group.map { group in properties.map { group[$0] ?? .null } } ?? [])
    }

    /// Both, with the reasons where there is none, as they leave over HTTP.
    package func add(_ row: UsageRow, to object: inout JSONObject) {
        let cost = cost(row)
        let price = price(row)
        object["cost"] = cost.json
        object["price"] = price.json
        var reasons = JSONObject()
        if let reason = cost.reason { reasons["cost"] = .string(reason) }
        if let reason = price.reason { reasons["price"] = .string(reason) }
        if !reasons.isEmpty { object["undefined"] = .object(reasons) }
    }
}
