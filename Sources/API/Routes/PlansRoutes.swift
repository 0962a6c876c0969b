import HTTPTypes
import Plans
import Postgres
import Tenants
import Values

/// The catalogue as customers see it.
enum PlansRoutes {
    static let endpoints: [Endpoint] = [
        Endpoint(
            method: .get,
            path: "/v1/plans",
            summary: "The plans that can be subscribed to; staff see hidden ones, too.",
            access: .anyTenant(staff: Staff.all),
            parameters: Paging.parameters,
            success: (200, Schema.list(Schema.ref("Plan")))
        ) { call in
            let limit = try call.limit()
            let after = try call.after(as: PlanID.self)
            let plans = try await call.transaction(staffScope: .finance) { authorized, transaction in
                try await PlanQueries.list(
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
            summary: "The newest version of a plan.",
            access: .anyTenant(staff: Staff.all),
            success: (200, Schema.ref("Plan"))
        ) { call in
            .ok(
                try await call.transaction(staffScope: .finance) { authorized, transaction in
                    let code = call.path["code"] ?? ""
                    let plan = try await PlanQueries.latest(code, in: transaction)
                    guard let plan, plan.isVisible || authorized.caller.staff != nil else {
                        throw PlanError.notFound(code)
                    }
                    return plan.json
                }
            )
        },
    ]
}
