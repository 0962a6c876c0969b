import Forecasting
import HTTPTypes
import Postgres
import Values

/// Forecasts of a monthly series that is sent along.
enum ForecastsRoutes {
    static let endpoints: [Endpoint] = [
        Endpoint(
            method: .post,
            path: "/v1/forecasts",
            summary: "Forecasts one monthly series, with intervals and their back-test.",
            access: .staff([.admin, .finance]),
            body: Schema.object(
                [
                    "series": Schema.array(Schema.object(["month": Schema.string, "value": Schema.number])),
                    "horizon": Schema.integer, "levels": Schema.array(Schema.integer),
                    "method": Schema.choice(ForecastMethod.allCases.map(\.rawValue)), "seed": Schema.integer,
                ],
                required: ["series"]
            ),
            success: (200, Schema.free)
        ) { call in
            _ = try await call.transaction(staffScope: .finance) { _, _ in true }
            let (series, options) = try read(try call.fields())
            return .ok(try SeriesForecast.run(series, options: options).json)
        }
    ]

    private static func read(_ fields: JSONFields) throws(Problem) -> (MonthlySeries, ForecastOptions) {
        var fields = fields
        let series = try series(&fields)
        let horizon = try fields.optionalInt("horizon") ?? 12
        var levels = [80, 95]
        if let elements = try fields.optionalArray("levels") {
            levels = []
            for (value, path) in elements {
                guard let level = value.int else { throw .invalid(path, "must be an integer, not \(value.seen)") }
                levels.append(level)
            }
        }
        let method = try fields.optionalChoice("method", as: ForecastMethod.self) ?? .auto
        let seed = try fields.optionalInt("seed") ?? 1
        try fields.finish()
        guard seed >= 0 else { throw .invalid("seed", "must not be negative, not \(seed)") }
        return (series, try ForecastOptions(horizon: horizon, levels: levels, method: method, seed: UInt64(seed)))
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
