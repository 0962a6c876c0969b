package import Values

/// Names a rate of exchange.
package typealias ExchangeRateID = ID<Entities.ExchangeRate>

extension Entities {
    /// What one of a currency is worth in another.
    package enum ExchangeRate: Entity { package static let prefix = "fxr" }
}

/// What one of a currency is worth in another, from a day on.
package struct ExchangeRate: Hashable, Sendable {
    /// Names it.
    package let id: ExchangeRateID
    /// Of which one is worth so much of the other.
    package let from: Currency
    /// In which that is told.
    package let to: Currency
    /// How much.
    package let rate: Decimal12
    /// The day from which on it counts, until the day of the next.
    package let day: CalendarDate
    /// Who says so, like a bank.
    package let source: String
    /// When it was written.
    package let recordedAt: Instant

    /// As it leaves over HTTP.
    package var json: JSONValue {
        [
            "id": .string(id.text), "from": .string(from.code), "to": .string(to.code), "rate": .string(rate.text),
            "day": .string(day.text), "source": .string(source), "recorded_at": recordedAt.json,
        ]
    }
}

/// What is asked for when a rate is entered.
package struct ExchangeRateDraft: Hashable, Sendable {
    /// Of which one is worth so much of the other.
    package let from: Currency
    /// In which that is told.
    package let to: Currency
    /// How much.
    package let rate: Decimal12
    /// The day from which on it counts; nil: the stamp's, in UTC.
    package let day: CalendarDate?
    /// Who says so.
    package let source: String

    /// Checks all of it.
    package init(
        from: Currency,
        to: Currency,
        rate: Exact,
        day: CalendarDate? = nil,
        source: String = ""
    ) throws(Problem) {
        guard from != to else { throw .invalid("to", "is \(to), as `from` is; two currencies are expected") }
        guard rate > .zero else { throw .invalid("rate", "is \(rate.decimalText()); it must be above 0") }
        guard (rate * 1_000_000_000_000).isWhole else { throw .invalid("rate", "has more than 12 fraction digits") }
        guard source.unicodeScalars.count <= 200 else {
            throw .invalid("source", "has \(source.unicodeScalars.count) characters; at most 200 are allowed")
        }
        self.from = from
        self.to = to
        self.rate = try Decimal12(rounding: rate)
        self.day = day
        self.source = source
    }

    /// Reads the fields of a request to their end.
    package init(json fields: inout JSONFields) throws(Problem) {
        let from = try fields.currency("from")
        let to = try fields.currency("to")
        let rate = try fields.decimal("rate")
        let day = try fields.optionalDate("day")
        let source = try fields.optionalString("source") ?? ""
        try fields.finish()
        try self.init(from: from, to: to, rate: rate, day: day, source: source)
    }
}

/// The currency that a report is brought to, and the rates as they were known.
///
/// Pure. On a day counts the rate of the latest day up to it; of several of one day the one that was written last. In
/// the other direction it is the inverse, exact.
package struct ExchangeTerms: Hashable, Sendable {
    /// What a rate was found to be.
    package struct Found: Hashable, Sendable {
        /// How much one is worth in the report's currency, exact.
        package let rate: Exact
        /// The rate behind it; nil of the currency itself.
        package let entry: ExchangeRate?
    }

    /// What all amounts are brought to.
    package let currency: Currency
    private let rates: [Currency: [ExchangeRate]]

    /// Takes the rates in any order; those between other currencies do not matter.
    package init(to currency: Currency, _ all: [ExchangeRate]) {
        self.currency = currency
        let own = all.filter { $0.from == currency || $0.to == currency }
            .sorted { ($0.day, $0.recordedAt, $0.id) < ($1.day, $1.recordedAt, $1.id) }
        rates = Dictionary(grouping: own) { $0.from == currency ? $0.to : $0.from }
    }

    /// What one of a currency is worth on a day.
    package func rate(from other: Currency, on day: CalendarDate) throws(Problem) -> Found {
        guard other != currency else { return Found(rate: .one, entry: nil) }
        guard let entry = rates[other]?.last(where: { $0.day <= day }) else {
            throw Problem(
                .precondition,
                code: "rate_missing",
                "there is no rate of exchange from \(other) to \(currency) of \(day) or before; "
                    + "enter one with abono rates put, or POST /v1/exchange-rates"
            )
        }
        return Found(rate: entry.to == currency ? entry.rate.exact : .one / entry.rate.exact, entry: entry)
    }
}
