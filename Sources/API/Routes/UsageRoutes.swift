import HTTPTypes
import Metering
import Postgres
import Tenants
import Values

/// What was used.
enum UsageRoutes {
    static let endpoints: [Endpoint] = [
        Endpoint(
            method: .get,
            path: "/v1/usage",
            summary: """
                What the events of a meter add up to, in windows of local hours, days or months, with what prices of \
                subscriptions make of it, before coupons, taxes and commitments, and, for finance staff, what it costs \
                by the price book: both exact, or null with the reason in `undefined`.
                """,
            access: .tenant(.usageRead, staff: Staff.all),
            parameters: [
                Endpoint.Parameter(name: "meter", about: "Its code.", schema: Schema.string, isRequired: true),
                Endpoint.Parameter(
                    name: "from",
                    about: "The first instant; by default the beginning of the month.",
                    schema: Schema.instant
                ),
                Endpoint.Parameter(
                    name: "to",
                    about: "The first instant after; by default now.",
                    schema: Schema.instant
                ),
                Endpoint.Parameter(
                    name: "window",
                    about: "Into what the range is cut; by default it is one.",
                    schema: Schema.choice(UsageWindow.allCases.map(\.rawValue))
                ),
                Endpoint.Parameter(
                    name: "group_by",
                    about: "Up to four properties, separated by commas; of meters that add up.",
                    schema: Schema.string
                ),
                Endpoint.Parameter(
                    name: "subscription",
                    about: "Only events that name it.",
                    schema: Schema.string
                ),
            ],
            success: (
                200, Schema.list(Schema.ref("UsageRow"), with: ["complete_until": Schema.nullable(Schema.instant)])
            )
        ) { call in
            let found = try await call.transaction { authorized, transaction in
                try await read(call, authorized, in: transaction)
            }
            var figures = found.figures
            if let staff = found.staff, Staff.money.contains(staff) {
                // Costs are the seller's: no tenant's transaction can read them.
                figures = try await call.services.database.transaction(as: .finance) { transaction in
                    var figures = found.figures
                    try await figures.readCosts(
                        of: found.tenant,
                        meter: found.meter,
                        subscription: found.subscription,
                        windows: found.windows,
                        in: transaction
                    )
                    return figures
                }
            }
            return .ok([
                "data": .array(found.rows.map { json($0, meter: found.meter.code, figures) }), "has_more": false,
                "next": nil, "complete_until": .optional(found.completeUntil?.text),
            ])
        }
    ]

    /// What was read for an answer.
    private struct Read: Sendable {
        let tenant: TenantID
        let staff: StaffRole?
        let meter: Meter
        let subscription: SubscriptionID?
        let windows: [Period]
        let rows: [UsageRow]
        let completeUntil: Instant?
        let figures: UsageFigures
    }

    private static func read(
        _ call: Call,
        _ authorized: Authorized,
        in transaction: borrowing Transaction
    ) async throws -> Read {
        guard let code = call.query("meter") else {
            throw Problem.invalid("meter", "is required: the code of a meter, like tokens.output")
        }
        let meter = try await MeterQueries.require(code, in: transaction)
        let range = try range(call, authorized)
        let window = try call.queryChoice("window", as: UsageWindow.self)
        let windows = try window?.windows(of: range, in: authorized.zone) ?? [range]
        let tenant = try authorized.requiredTenant()
        let subscription = try call.queryID("subscription", as: SubscriptionID.self)
        let properties = try properties(call)
        let rows = try await UsageQueries.rows(
            of: tenant,
            meter: meter,
            scope: subscription.map(UsageScope.named) ?? .all,
            windows: windows,
            by: properties,
            in: transaction
        )
        return Read(
            tenant: tenant,
            staff: authorized.caller.staff,
            meter: meter,
            subscription: subscription,
            windows: windows,
            rows: rows,
            completeUntil: try await UsageQueries.completeUntil(of: tenant, meter: meter, in: transaction),
            figures: try await UsageFigures.read(
                of: tenant,
                meter: meter,
                subscription: subscription,
                windows: windows,
                rows: rows,
                by: properties,
                in: transaction
            )
        )
    }

    private static func range(_ call: Call, _ authorized: Authorized) throws(Problem) -> Period {
        let now = authorized.stamp.at
        let today = authorized.zone.date(of: now)
        let start =
            try call.queryInstant("from", in: authorized.zone)
            ?? authorized.zone.instant(today.adding(days: 1 - today.day))
        let end = try call.queryInstant("to", in: authorized.zone) ?? now
        guard let range = Period(start: start, end: end) else {
            throw .invalid("to", "is \(end), not after `from`, which is \(start)")
        }
        guard UsageLimits.instants.contains(start), UsageLimits.instants.contains(end) else {
            throw .invalid("from", "and `to` must lie in the years 2000 to 2100 of UTC")
        }
        return range
    }

    private static func properties(_ call: Call) throws(Problem) -> [String] {
        guard let text = call.query("group_by") else { return [] }
        let names = text.split(separator: ",", omittingEmptySubsequences: false).map(String.init)
        guard names.count <= 4, names.allSatisfy({ (1...100).contains($0.utf8.count) }) else {
            throw .invalid("group_by", "must be one to four names of properties, separated by commas")
        }
        return names
    }

    private static func json(_ row: UsageRow, meter: String, _ figures: UsageFigures) -> JSONValue {
        var object: JSONObject = [
            "meter": .string(meter), "start": row.window.start.json, "end": row.window.end.json,
            "quantity": .string(row.quantity.decimalText()), "group": row.group.map { .object($0) } ?? .null,
        ]
        figures.add(row, to: &object)
        return .object(object)
    }
}
