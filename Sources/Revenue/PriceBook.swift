package import Values

/// Names a price of compute.
package typealias ComputePriceID = ID<Entities.ComputePrice>

extension Entities {
    /// What compute costs from an instant on.
    package enum ComputePrice: Entity { package static let prefix = "prc" }
}

/// What compute is measured in.
package enum ComputeUnit: String, CaseIterable, Sendable {
    /// A second of a processor, measured by the meter cpu_milliseconds.
    case cpuSecond = "cpu_second"
    /// A million tokens that were read, that a kept prefix had, that were written.
    case inputTokens = "input_mtok"
    case cachedTokens = "cached_mtok"
    case outputTokens = "output_mtok"

    /// The meter that measures it.
    package var meter: String {
        switch self {
        case .cpuSecond: "cpu_milliseconds"
        case .inputTokens: "tokens.input"
        case .cachedTokens: "tokens.cached"
        case .outputTokens: "tokens.output"
        }
    }

    /// How much of what the meter counts is one of it.
    package var size: Int { self == .cpuSecond ? 1_000 : 1_000_000 }

    /// The unit that a meter measures.
    package init?(meter: String) {
        guard let unit = Self.allCases.first(where: { $0.meter == meter }) else { return nil }
        self = unit
    }
}

/// What compute costs from an instant on.
package struct ComputePrice: Hashable, Sendable {
    /// Names it.
    package let id: ComputePriceID
    /// Only of this model; nil: of all that have no price of their own.
    package let model: String?
    /// Of what.
    package let unit: ComputeUnit
    /// How much one costs.
    package let price: Decimal12
    /// The currency.
    package let currency: Currency
    /// From when on.
    package let from: Instant
    /// When it was written.
    package let recordedAt: Instant

    /// As it leaves over HTTP.
    package var json: JSONValue {
        [
            "id": .string(id.text), "model": .optional(model), "unit": .string(unit.rawValue),
            "price": .string(price.text), "currency": .string(currency.code), "from": .string(from.text),
            "recorded_at": .string(recordedAt.text),
        ]
    }
}

/// What is asked for when a price of compute is put into the book.
package struct ComputePriceDraft: Hashable, Sendable {
    /// Only of this model.
    package let model: String?
    /// Of what.
    package let unit: ComputeUnit
    /// How much one costs; nothing is allowed, and ends a price.
    package let price: Decimal12
    /// The currency.
    package let currency: Currency
    /// From when on.
    package let from: Instant?

    /// Checks all of it.
    package init(
        model: String? = nil,
        unit: ComputeUnit = .cpuSecond,
        price: Exact,
        currency: Currency,
        from: Instant? = nil
    ) throws(Problem) {
        if let model { try Self.check(model: model) }
        guard !price.isNegative else { throw .invalid("price", "is \(price.decimalText()); at least 0 is expected") }
        guard (price * 1_000_000_000_000).isWhole else { throw .invalid("price", "has more than 12 fraction digits") }
        self.model = model
        self.unit = unit
        self.price = try Decimal12(rounding: price)
        self.currency = currency
        self.from = from?.wholeSeconds
    }

    /// Reads the fields of a request to their end.
    package init(json fields: inout JSONFields) throws(Problem) {
        let model = try fields.optionalString("model")
        let unit = try fields.optionalChoice("unit", as: ComputeUnit.self) ?? .cpuSecond
        let price = try fields.nonNegative("price")
        let currency = try fields.currency("currency")
        let from = try fields.optionalInstant("from", in: .utc)
        try fields.finish()
        try self.init(model: model, unit: unit, price: price, currency: currency, from: from)
    }

    static func check(model: String) throws(Problem) {
        let count = model.unicodeScalars.count
        guard (1...200).contains(count) else {
            throw .invalid("model", "has \(count) characters; 1 to 200 are allowed")
        }
    }
}

/// The prices of compute, as they were known.
///
/// Pure. At an instant a model's own price counts before the one of all models; of several the one that began last, and
/// of one beginning what was written last.
package struct PriceBook: Hashable, Sendable {
    private let prices: [ComputePrice]

    /// Takes the prices in any order.
    package init(_ prices: [ComputePrice]) {
        self.prices = prices.sorted { ($0.from, $0.recordedAt, $0.id) < ($1.from, $1.recordedAt, $1.id) }
    }

    /// The instants at which something may cost otherwise.
    package var instants: [Instant] { Set(prices.map(\.from)).sorted() }

    /// Whether there is any price of what events of a meter measure.
    package func hasPrices(of meter: String) -> Bool { prices.contains { $0.unit.meter == meter } }

    /// The price in force at an instant; nil if there is none.
    package func price(_ unit: ComputeUnit, of model: String?, at instant: Instant) -> ComputePrice? {
        let begun = prices.filter { $0.unit == unit && $0.from <= instant }
        if let model, let own = begun.last(where: { $0.model == model }) { return own }
        return begun.last { $0.model == nil }
    }

    /// What an amount of a meter costs at an instant, unrounded; nil if no price is in force.
    package func cost(
        of value: Exact,
        meter: String,
        model: String?,
        at instant: Instant
    ) -> (amount: Exact, currency: Currency)? {
        guard let unit = ComputeUnit(meter: meter), let price = price(unit, of: model, at: instant) else { return nil }
        return (amount: value / Exact(unit.size) * price.price.exact, currency: price.currency)
    }
}
