import HTTPTypes
import Plans
import Postgres
import Tenants
import Values

/// The catalogue as customers see it.
enum PlansRoutes {
    /// What lists of the catalogue can be asked for.
    static let currency = Endpoint.Parameter(
        name: "currency",
        about: "Only what is sold in this currency.",
        schema: Schema.string
    )

    static let endpoints: [Endpoint] = [
        Endpoint(
            method: .get,
            path: "/v1/plans",
            summary: "The plans that can be subscribed to, in all their currencies; staff see hidden ones, too.",
            access: .anyTenant(staff: Staff.all),
            parameters: Paging.parameters + [currency],
            success: (200, Schema.list(Schema.ref("Plan")))
        ) { call in
            let limit = try call.limit()
            let after = try call.after(as: PlanID.self)
            let currency = try call.queryCurrency()
            let plans = try await call.transaction(staffScope: .finance) { authorized, transaction in
                try await PlanQueries.list(
                    currency: currency,
                    onlyVisible: authorized.caller.staff == nil,
                    includingArchived: false,
                    limit: limit + 1,
                    after: after,
                    in: transaction
                )
            }
            return .page(plans, limit: limit, id: \.planID.text, json: \.json)
        },
        Endpoint(
            method: .get,
            path: "/v1/plans/{code}",
            summary: "The newest version of a plan in each of its currencies.",
            access: .anyTenant(staff: Staff.all),
            parameters: [currency],
            success: (200, Schema.ref("Plan"))
        ) { call in
            let currency = try call.queryCurrency()
            return .ok(
                try await call.transaction(staffScope: .finance) { authorized, transaction in
                    let code = call.path["code"] ?? ""
                    let offer = try await PlanQueries.offer(code, in: transaction)
                    let onlyVisible = authorized.caller.staff == nil
                    guard let offer = offer?.shown(onlyVisible: onlyVisible) else { throw PlanError.notFound(code) }
                    guard let shown = offer.shown(in: currency, onlyVisible: onlyVisible) else {
                        throw Problem.notFound("version in \(currency?.code ?? "any currency") of the plan", code)
                    }
                    return shown.json
                }
            )
        },
    ]
}

extension Call {
    /// The currency that a parameter names, like that which a list is limited to.
    func queryCurrency(_ name: String = "currency") throws(Problem) -> Currency? {
        guard let text = query(name) else { return nil }
        guard let currency = Currency(code: text) else {
            throw .invalid(
                name,
                "is \(JSONValue.string(text).seen); an ISO 4217 currency code like \"USD\" is expected"
            )
        }
        return currency
    }
}
