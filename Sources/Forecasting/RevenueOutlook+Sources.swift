package import Revenue
package import Values

extension RevenueOutlook {
    /// Forecasts a currency of what was read, and scores the same forecast at the earlier instants.
    ///
    /// `currency`: nil takes the only one there is.
    ///
    /// - Throws: a problem that names `currency` where there are none or several, or the scenario whose name is there
    /// twice.
    package static func run(
        _ now: ForecastSources,
        earlier: [ForecastSources],
        currency: Currency? = nil,
        scenarios: [Scenario] = [],
        options: RevenueForecastOptions
    ) throws(Problem) -> RevenueOutlook {
        try Scenario.check(scenarios)
        let book = try RevenueBook(of: now, currency: currency)
        let backtest = try RevenueBacktest.run(book, earlier: earlier, options: options)
        return try RevenueOutlook(of: book, scenarios: scenarios, options: options, backtest: backtest)
    }
}

extension RevenueBacktest {
    /// The back-test of a currency alone.
    package static func run(
        _ now: ForecastSources,
        earlier: [ForecastSources],
        currency: Currency? = nil,
        options: RevenueForecastOptions
    ) throws(Problem) -> (backtest: RevenueBacktest, currency: Currency) {
        let book = try RevenueBook(of: now, currency: currency)
        return (try run(book, earlier: earlier, options: options), book.currency)
    }

    fileprivate static func run(
        _ book: RevenueBook,
        earlier: [ForecastSources],
        options: RevenueForecastOptions
    ) throws(Problem) -> RevenueBacktest {
        try RevenueBacktest(
            of: book,
            known: earlier.map { RevenueBook(reading: $0, currency: book.currency) },
            options: options
        )
    }

    /// The back-test as a report: every month that was forecast beside what came, and the scores.
    package func page(asOf: Instant, currency: Currency) -> ReportPage {
        let digits = currency.digits
        func text(_ value: Double) -> String { SeriesForecast.fixed(value, digits: digits) }
        var rows: [[String]] = []
        var json: [JSONValue] = []
        for origin in origins {
            for (ahead, actual) in origin.actual.enumerated() {
                let band = origin.bands[ahead]
                let known = Month(index: origin.first - 1).text
                let month = Month(index: origin.first + ahead).text
                let numbers = [band.mean] + Self.levels.indices.flatMap { [band.lower[$0], band.upper[$0]] } + [actual]
                rows.append([known, month] + numbers.map(text) + [text(band.mean - actual)])
                json.append(Self.json(origin, ahead, digits, known: known, month: month))
            }
        }
        let accuracy = accuracy
        let note = "no origin: the book was not known at any month's end long enough before the as-of"
        return ReportPage(
            name: "backtest",
            table: ReportPage.Table(
                columns: ["known_until", "month", "forecast"]
                    + Self.levels.flatMap { ["lower_\($0)", "upper_\($0)"] } + ["actual", "error"],
                rows: rows
            ),
            more: [ReportPage.Table(title: "back-test", columns: ["scores"], rows: [[accuracy?.text ?? note]])],
            json: [
                "method": "contract_aware", "as_of": asOf.json, "currency": .string(currency.code),
                "definition": .object(Self.definition), "backtest": accuracy?.json ?? .null,
                "interval_factor": .double(RevenueOutlook.rounded(factor, 4)), "rows": .array(json),
                "notes": accuracy == nil ? [.string(note)] : [],
            ],
            asOf: asOf,
            definition: .object(Self.definition)
        )
    }

    private static let definition: JSONObject = [
        "known_until": "what was recorded by the end of that month, and nothing later, made the forecast",
        "actual": "as known at the as-of",
        "lower": "and upper: before the factor; coverage is with the factor that earlier origins had by then",
        "skill_vs_snaive": "1 − error ÷ error of the months a year before, over origins with a year",
        "skill_vs_contract_only": """
        1 − error ÷ error of subscriptions in force unchanged, usage as in the last month, and nothing new
        """,
    ]

    private static func json(
        _ origin: Origin,
        _ ahead: Int,
        _ digits: Int,
        known: String,
        month: String
    ) -> JSONValue {
        let band = origin.bands[ahead]
        func number(_ value: Double) -> JSONValue { .double(RevenueOutlook.rounded(value, digits)) }
        var intervals = JSONObject()
        for (place, level) in levels.enumerated() {
            intervals[String(level)] = [number(band.lower[place]), number(band.upper[place])]
        }
        return [
            "known_until": .string(known), "month": .string(month), "mean": number(band.mean),
            "intervals": .object(intervals), "actual": number(origin.actual[ahead]),
            "contract_only": number(origin.contractOnly[ahead]),
            "seasonal_naive": origin.seasonalNaive.map { number($0[ahead]) } ?? .null,
        ]
    }
}
