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
            summary: """
                A report of finance (\(ReportName.allCases.map(\.rawValue).joined(separator: ", "))), or the ids behind \
                one of its figures: the same bytes for the same as-of.
                """,
            access: .staff(Staff.money),
            parameters: parameters,
            success: (200, page)
        ) { call in
            .ok(
                try await call.transaction(staffScope: .finance, isolation: .snapshot) { authorized, transaction in
                    let now = call.services.time.now()
                    let asOf = try call.queryInstant("as_of") ?? AsOf.latest(at: now)
                    try AsOf.check(asOf, now: now)
                    let request = try request(call, asOf: asOf)
                    return try await RevenueReports.page(request, in: transaction).json
                }
            )
        }
    ]

    /// What every report has around its rows.
    private static let page = Schema.object(
        [
            "report": Schema.choice(ReportName.allCases.map(\.rawValue)), "as_of": Schema.instant,
            "definition": Schema.free, "from": Schema.string, "to": Schema.string, "time_zone": Schema.string,
            "currency": Schema.nullable(Schema.string), "explain": Schema.string, "rows": Schema.array(Schema.free),
            "by": Schema.string, "in": Schema.string, "rates": Schema.array(Schema.free),
            "totals": Schema.array(Schema.free), "releases": Schema.array(Schema.free),
        ],
        required: ["report", "as_of", "definition", "rows"]
    )

    /// The words of `by`, each once.
    private static let dimensions =
        MRRDimension.allCases.map(\.rawValue)
        + MarginReport.Dimension.allCases.map(\.rawValue).filter { MRRDimension(rawValue: $0) == nil }

    private static let parameters: [Endpoint.Parameter] = [
        Endpoint.Parameter(
            name: "from",
            about: "The first month, 2025-01; by default eleven before the last. Not of aging and trial-balance.",
            schema: Schema.string
        ),
        Endpoint.Parameter(
            name: "to",
            about: "The last month, that included; by default the one that holds the as-of.",
            schema: Schema.string
        ),
        Endpoint.Parameter(
            name: "as_of",
            about: "What was known then; by default a minute ago, and never later.",
            schema: Schema.instant
        ),
        Endpoint.Parameter(name: "currency", about: "Only this currency.", schema: Schema.string),
        Endpoint.Parameter(
            name: "explain",
            about: """
                A figure, to get the ids behind it instead: what names its row, then a colon and its column, like \
                2025-06:churn or 2025-06/stripe:fees. Rows carry it as a link, `explain`.
                """,
            schema: Schema.string
        ),
        Endpoint.Parameter(
            name: "reactivation",
            about: "Of churn: whether who comes back counts as retained.",
            schema: Schema.choice(RetentionReport.Reactivation.allCases.map(\.rawValue))
        ),
        Endpoint.Parameter(
            name: "by",
            about: """
                Of mrr, movements and arr: by what rows are told apart; by default currency. Of margin: what it is of; \
                by default tenant.
                """,
            schema: Schema.choice(dimensions)
        ),
        Endpoint.Parameter(
            name: "in",
            about: """
                Of mrr, movements and arr: the currency that all amounts are brought to, at the rates of \
                /v1/exchange-rates; what those change is exchange.
                """,
            schema: Schema.string
        ),
        Endpoint.Parameter(name: "gross_margin", about: "Of ltv: 0 to 1.", schema: Schema.string),
        Endpoint.Parameter(name: "discount", about: "Of ltv: of a year, 0 to 1.", schema: Schema.string),
        Endpoint.Parameter(name: "horizon", about: "Of ltv: the oldest age, in months.", schema: Schema.integer),
    ]

    private static func request(_ call: Call, asOf: Instant) throws(Problem) -> ReportRequest {
        guard let name = ReportName(rawValue: call.path["name"] ?? "") else {
            throw .notFound("report", call.path["name"] ?? "")
        }
        let (from, to) = try months(call, asOf: asOf)
        var terms: LifetimeValueReport.Terms?
        if name == .ltv {
            var margin = Exact.one
            if let own = try share("gross_margin", call) { margin = own }
            var discount = Exact(1, 10)
            if let own = try share("discount", call) { discount = own }
            var oldest = 60
            if let own = try horizon(call) { oldest = own }
            terms = try LifetimeValueReport.Terms(grossMargin: margin, discount: discount, horizon: oldest)
        }
        let target = try call.queryCurrency("in")
        guard target == nil || name.isOfMovements else {
            throw .invalid("in", "is of mrr, movements and arr; \(name.rawValue) has each currency on its own")
        }
        var by = MarginReport.Dimension.tenant
        var group = MRRDimension.currency
        if name.isOfMovements {
            if let named = try call.queryChoice("by", as: MRRDimension.self) { group = named }
        } else if let named = try call.queryChoice("by", as: MarginReport.Dimension.self) {
            by = named
        }
        return ReportRequest(
            name,
            from: from,
            to: to,
            asOf: asOf,
            currency: try call.queryCurrency("currency"),
            reactivation: try call.queryChoice("reactivation", as: RetentionReport.Reactivation.self) ?? .exclude,
            terms: terms,
            by: by,
            group: group,
            target: target,
            explain: call.query("explain")
        )
    }

    private static func share(_ name: String, _ call: Call) throws(Problem) -> Exact? {
        guard let text = call.query(name) else { return nil }
        guard let share = Decimal12(text)?.exact else {
            throw .invalid(name, "is \(JSONValue.string(text).seen); a decimal from 0 to 1 is expected")
        }
        return share
    }

    private static func horizon(_ call: Call) throws(Problem) -> Int? {
        guard let text = call.query("horizon") else { return nil }
        guard let horizon = Int(text) else {
            throw .invalid("horizon", "is \(JSONValue.string(text).seen); a whole number of months is expected")
        }
        return horizon
    }

    /// The months asked for; by default the twelve that end with the as-of's.
    private static func months(_ call: Call, asOf: Instant) throws(Problem) -> (from: Month, to: Month) {
        let last = Month(of: Zone.utc.date(of: asOf))
        let to = try call.query("to").map { text throws(Problem) in try Month(parsing: text, field: "to") } ?? last
        let from = try call.query("from").map { text throws(Problem) in try Month(parsing: text, field: "from") }
        return (from ?? to.adding(-11), to)
    }
}
