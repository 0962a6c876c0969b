import HTTPTypes
import Jobs
import Postgres
import Values

/// Who did what to which object.
enum AuditRoutes {
    static let endpoints: [Endpoint] = [
        Endpoint(
            method: .get,
            path: "/v1/audit",
            summary: "The audit trail, newest first; staff who name no tenant see all of it.",
            access: .tenant(.keys, staff: Staff.all),
            parameters: Paging.parameters + [
                Endpoint.Parameter(name: "object", about: "Only what was done to this id.", schema: Schema.string)
            ],
            success: (200, Schema.list(Schema.ref("Activity")))
        ) { call in
            let limit = try call.limit()
            let before = try call.after(as: ActivityID.self)
            let object = call.query("object")
            let entries = try await call.transaction(staffScope: .finance) { authorized, transaction in
                try await Activity.list(
                    tenant: authorized.tenant,
                    object: object,
                    limit: limit + 1,
                    before: before,
                    in: transaction
                )
            }
            return .page(entries, limit: limit, id: \.id.text, json: \.json)
        }
    ]
}
