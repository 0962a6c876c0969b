import Forecasting
import HTTPTypes
import Jobs
import Postgres
import Revenue
import Values

/// Finance's reports.
enum ReportsRoutes {
    static let endpoints: [Endpoint] = [
        Endpoint(
            method: .get,
            path: "/v1/reports/{name}",
            summary: "A report of finance (mrr, movements, arr, trial-balance): the same bytes for the same as-of.",
            access: .staff(Staff.money),
            parameters: [
                Endpoint.Parameter(name: "from", about: "The first month, 2025-01.", schema: Schema.string),
                Endpoint.Parameter(name: "to", about: "The last month, that included.", schema: Schema.string),
                Endpoint.Parameter(
                    name: "as_of",
                    about: "What was known then; by default a minute ago.",
                    schema: Schema.instant
                ),
                Endpoint.Parameter(name: "currency", about: "Only this currency.", schema: Schema.string),
            ],
            success: (200, Schema.free)
        ) { call in
            .ok(
                try await call.transaction(staffScope: .finance, isolation: .snapshot) { authorized, transaction in
                    let now = call.services.time.now()
                    let asOf = try call.queryInstant("as_of") ?? AsOf.latest(at: now)
                    try AsOf.check(asOf, now: now)
                    switch call.path["name"] {
                    case "trial-balance":
                        let balances = try await RevenueReports.trialBalance(asOf: asOf, in: transaction)
                        return RevenueReports.json(ofTrialBalance: balances, asOf: asOf)
                    case "mrr", "movements", "arr":
                        let (from, to) = try months(call, asOf: asOf)
                        let report = try await RevenueReports.mrr(
                            from: from,
                            to: to,
                            asOf: asOf,
                            currency: try currency(call),
                            in: transaction
                        )
                        return try json(report, name: call.path["name"])
                    default: throw Problem.notFound("report", call.path["name"] ?? "")
                    }
                }
            )
        }
    ]

    private static func json(_ report: MRRReport, name: String?) throws(Problem) -> JSONValue {
        switch name {
        case "movements": report.movementsJSON
        case "arr": try report.arrJSON()
        default: report.json
        }
    }

    /// The months asked for; by default the twelve that end with the as-of's.
    private static func months(_ call: Call, asOf: Instant) throws(Problem) -> (from: Month, to: Month) {
        let last = Month(of: Zone.utc.date(of: asOf))
        let to = try call.query("to").map { text throws(Problem) in try Month(parsing: text, field: "to") } ?? last
        let from = try call.query("from").map { text throws(Problem) in try Month(parsing: text, field: "from") }
        return (from ?? to.adding(-11), to)
    }

    private static func currency(_ call: Call) throws(Problem) -> Currency? {
        guard let code = call.query("currency") else { return nil }
        guard let currency = Currency(code: code) else {
            throw .invalid("currency", "is \(JSONValue.string(code).seen); an ISO 4217 code like USD is expected")
        }
        return currency
    }
}
