import HTTPTypes
import Plans
import Postgres
import Tenants
import Values

/// What can be had beside plans, as customers see it.
enum AddOnsRoutes {
    static let endpoints: [Endpoint] = [
        Endpoint(
            method: .get,
            path: "/v1/add-ons",
            summary: "The add-ons that can be had beside plans, by currency and interval; staff see hidden ones, too.",
            access: .anyTenant(staff: Staff.all),
            parameters: Paging.parameters + [PlansRoutes.currency],
            success: (200, Schema.list(Schema.ref("AddOn")))
        ) { call in
            let limit = try call.limit()
            let after = try call.after(as: AddOnVersionID.self)
            let currency = try call.queryCurrency()
            let versions = try await call.transaction(staffScope: .finance) { authorized, transaction in
                try await AddOnQueries.list(
                    currency: currency,
                    onlyVisible: authorized.caller.staff == nil,
                    limit: limit + 1,
                    after: after,
                    in: transaction
                )
            }
            return .page(versions, limit: limit, id: \.id.text, json: \.json)
        }
    ]
}
