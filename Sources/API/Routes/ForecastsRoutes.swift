import Forecasting
import HTTPTypes
import Jobs
import Postgres
import Revenue
import Values

/// Forecasts: of the whole book of subscriptions, or of a monthly series that is sent along.
enum ForecastsRoutes {
    static let endpoints: [Endpoint] = [
        Endpoint(
            method: .post,
            path: "/v1/forecasts",
            summary: """
                Forecasts the revenue of all subscriptions, with scenarios; or, with series, one monthly series. Both \
                with intervals and their back-test.
                """,
            access: .staff([.admin, .finance]),
            body: Schema.object([
                "series": Schema.array(Schema.object(["month": Schema.string, "value": Schema.number])),
                "method": Schema.choice(ForecastMethod.allCases.map(\.rawValue)), "horizon": Schema.integer,
                "levels": Schema.array(Schema.integer), "seed": Schema.integer, "currency": Schema.string,
                "as_of": Schema.instant, "paths": Schema.integer, "scenarios": Schema.array(Schema.free),
            ]),
            success: (200, Schema.free)
        ) { call in
            _ = try await call.transaction(staffScope: .finance) { _, _ in true }
            let fields = try call.fields()
            guard !fields.has("series") else {
                let (series, options) = try read(fields)
                return .ok(try SeriesForecast.run(series, options: options).json)
            }
            let asked = try BookRequest(fields, now: call.services.time.now())
            let sources = try await call.transaction(staffScope: .finance, isolation: .snapshot) { _, transaction in
                try await RevenueReports.forecastSources(
                    asOf: asked.asOf,
                    earlier: RevenueBook.origins(before: asked.asOf),
                    in: transaction
                )
            }
            // The transaction is over: thousands of paths are computed beside the database, not in it.
            let outlook = try RevenueOutlook.run(
                sources.now,
                earlier: sources.earlier,
                currency: asked.currency,
                scenarios: asked.scenarios,
                options: asked.options
            )
            return .ok(outlook.json(asOf: asked.asOf))
        }
    ]

    /// What a forecast of the book is asked for.
    private struct BookRequest {
        let asOf: Instant
        let currency: Currency?
        let scenarios: [Scenario]
        let options: RevenueForecastOptions

        init(_ fields: JSONFields, now: Instant) throws(Problem) {
            var fields = fields
            asOf = try fields.optionalInstant("as_of", in: .utc) ?? AsOf.latest(at: now)
            try AsOf.check(asOf, now: now)
            var only: Currency?
            if let code = try fields.optionalString("currency") {
                guard let known = Currency(code: code) else {
                    throw fields.invalid("currency", "is \(JSONValue.string(code).seen); a code like USD is expected")
                }
                only = known
            }
            currency = only
            var scenarios: [Scenario] = []
            for (value, path) in try fields.optionalArray("scenarios") ?? [] {
                scenarios.append(try Scenario(json: value, path: path))
            }
            try Scenario.check(scenarios)
            self.scenarios = scenarios
            options = try RevenueForecastOptions(
                horizon: try fields.optionalInt("horizon") ?? 12,
                levels: try ForecastsRoutes.levels(&fields),
                paths: try fields.optionalInt("paths") ?? 5_000,
                seed: try ForecastsRoutes.seed(&fields)
            )
            try fields.finish()
        }
    }

    private static func levels(_ fields: inout JSONFields) throws(Problem) -> [Int] {
        guard let elements = try fields.optionalArray("levels") else { return [80, 95] }
        var levels: [Int] = []
        for (value, path) in elements {
            guard let level = value.int else { throw .invalid(path, "must be an integer, not \(value.seen)") }
            levels.append(level)
        }
        return levels
    }

    private static func seed(_ fields: inout JSONFields) throws(Problem) -> UInt64 {
        let seed = try fields.optionalInt("seed") ?? 1
        guard seed >= 0 else { throw .invalid("seed", "must not be negative, not \(seed)") }
        return UInt64(seed)
    }

    private static func read(_ fields: JSONFields) throws(Problem) -> (MonthlySeries, ForecastOptions) {
        var fields = fields
        let series = try series(&fields)
        let horizon = try fields.optionalInt("horizon") ?? 12
        let levels = try levels(&fields)
        let method = try fields.optionalChoice("method", as: ForecastMethod.self) ?? .auto
        let seed = try seed(&fields)
        try fields.finish()
        return (series, try ForecastOptions(horizon: horizon, levels: levels, method: method, seed: seed))
    }

    /// The rows must be months in order without gaps.
    private static func series(_ fields: inout JSONFields) throws(Problem) -> MonthlySeries {
        var months: [Month] = []
        var values: [Double] = []
        for (element, path) in try fields.array("series") {
            var row = try JSONFields(element, path: path)
            let text = try row.string("month")
            guard let month = Month(text) else {
                throw row.invalid("month", "must be a month like \"2024-01\", not \(JSONValue.string(text).seen)")
            }
            if let last = months.last, month != last.adding(1) {
                throw row.invalid("month", "is \(month) after \(last); months come in order and without gaps")
            }
            months.append(month)
            values.append(try row.double("value"))
            try row.finish()
        }
        guard let start = months.first else { throw fields.invalid("series", "is empty") }
        return try MonthlySeries(start: start, values: values)
    }
}
