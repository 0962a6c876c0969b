package import Values

/// What measured usage costs the seller, or why that cannot be said.
package enum UsageCost: Hashable, Sendable {
    /// By currency, in its units, not rounded.
    case amounts([Currency: Exact])
    /// The reason.
    case undefined(String)

    /// The exact amount, as it leaves over HTTP; null where there is none.
    package var json: JSONValue {
        guard case .amounts(let amounts) = self, amounts.count == 1, let (currency, exact) = amounts.first else {
            return .null
        }
        return ["amount": .string(exact.decimalText()), "currency": .string(currency.code)]
    }

    /// Why there is none.
    package var reason: String? {
        switch self {
        case .amounts(let amounts):
            amounts.count > 1
                ? "it is in several currencies: "
                    + amounts.keys.map(\.code).sorted().joined(separator: ", ") : nil
        case .undefined(let reason): reason
        }
    }
}

/// The costs of usage by the price book of compute, window by window and group by group.
///
/// Pure. An event costs the price in force at its instant: its model's own, else that of all models.
package struct UsageCosts: Hashable, Sendable {
    /// What some events of one model add up to between two changes of the book.
    package struct Sum: Hashable, Sendable {
        /// The place of the window.
        package let window: Int
        /// The values of the properties by which usage is grouped.
        package let group: [JSONValue]
        /// As the events say it; nil where they do not.
        package let model: String?
        /// The last instant of the book that is not after the events; nil if they are before all.
        package let since: Instant?
        /// The sum.
        package let value: Exact

        /// Takes the parts.
        package init(window: Int, group: [JSONValue], model: String?, since: Instant?, value: Exact) {
            self.window = window
            self.group = group
            self.model = model
            self.since = since
            self.value = value
        }
    }

    private struct Key: Hashable {
        let window: Int
        let group: [JSONValue]
    }

    private let costs: [Key: UsageCost]
    private let other: UsageCost

    /// Whether the book can have a price of what a meter's events measure.
    package static func isPriced(_ meter: String) -> Bool { ComputeUnit(meter: meter) != nil }

    /// Nothing can be said of any window.
    package init(undefined reason: String) {
        costs = [:]
        other = .undefined(reason)
    }

    /// Prices sums of events.
    ///
    /// `meter`: the one that the events name.
    package init(_ sums: [Sum], meter: String, book: PriceBook) {
        guard Self.isPriced(meter) else {
            let meters = ComputeUnit.allCases.map(\.meter).joined(separator: ", ")
            costs = [:]
            other = .undefined("the price book has prices of \(meters) alone")
            return
        }
        var found: [Key: UsageCost] = [:]
        for sum in sums {
            let key = Key(window: sum.window, group: sum.group)
            let cost = sum.since.flatMap { at in book.cost(of: sum.value, meter: meter, model: sum.model, at: at) }
            switch (found[key] ?? .amounts([:]), cost) {
            case (.amounts(var amounts), .some(let cost)):
                amounts[cost.currency, default: .zero] += cost.amount
                found[key] = .amounts(amounts)
            case (.amounts, nil):
                let of = sum.model.map { " of \($0)" } ?? ""
                found[key] = .undefined("the price book has no price of \(meter)\(of) then")
            case (.undefined, _): break
            }
        }
        costs = found
        other = .undefined("nothing was measured")
    }

    /// What a window costs, or one of its groups.
    package func cost(_ window: Int, group: [JSONValue] = []) -> UsageCost {
        costs[Key(window: window, group: group)] ?? other
    }
}
