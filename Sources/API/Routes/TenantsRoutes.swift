import HTTPTypes
import Postgres
import Tenants
import Values

/// Tenants: staff make and change them; a tenant's key sees its own.
enum TenantsRoutes {
    static let endpoints: [Endpoint] = [
        Endpoint(
            method: .post,
            path: "/v1/tenants",
            summary: "Makes a tenant.",
            access: .staff(Staff.admin),
            body: Schema.object(
                fields.merging([
                    "id": Schema.string, "legal_entity": Schema.string, "test_clock": Schema.string,
                ]),
                required: ["name"]
            ),
            isIdempotent: true,
            success: (201, Schema.ref("Tenant"))
        ) { call in
            try await call.write(staffScope: .admin) { authorized, transaction in
                var fields = try call.fields()
                let draft = try TenantDraft(json: &fields)
                return try await TenantOperations.create(draft, by: authorized.stamp, in: transaction).json
            }
        },
        Endpoint(
            method: .get,
            path: "/v1/tenants",
            summary: "All tenants.",
            access: .staff(Staff.all),
            parameters: Paging.parameters + [
                Endpoint.Parameter(
                    name: "status",
                    about: "Only those of a status.",
                    schema: Schema.choice(TenantStatus.allCases.map(\.rawValue))
                )
            ],
            success: (200, Schema.list(Schema.ref("Tenant")))
        ) { call in
            let limit = try call.limit()
            let after = try call.after(as: TenantID.self)
            let status = try call.queryChoice("status", as: TenantStatus.self)
            let tenants = try await call.transaction(staffScope: .finance) { _, transaction in
                try await TenantQueries.list(status: status, limit: limit + 1, after: after, in: transaction)
            }
            return .page(tenants, limit: limit, id: \.id.text, json: \.json)
        },
        Endpoint(
            method: .get,
            path: "/v1/tenants/{id}",
            summary: "One tenant.",
            access: .staff(Staff.all),
            success: (200, Schema.ref("Tenant"))
        ) { call in
            .ok(
                try await call.transaction(staffScope: .finance) { _, transaction in
                    let id = try call.id(as: TenantID.self)
                    guard let tenant = try await TenantQueries.find(id, in: transaction) else {
                        throw TenantError.notFound(id)
                    }
                    return tenant.json
                }
            )
        },
        Endpoint(
            method: .patch,
            path: "/v1/tenants/{id}",
            summary: "Changes the fields that are named; `null` empties one that may be empty.",
            access: .staff(Staff.admin),
            body: Schema.object(fields.merging(["status": Schema.choice(TenantStatus.allCases.map(\.rawValue))])),
            success: (200, Schema.ref("Tenant"))
        ) { call in
            .ok(
                try await call.transaction(staffScope: .admin) { authorized, transaction in
                    let id = try call.id(as: TenantID.self)
                    var fields = try call.fields()
                    let changes = try TenantChanges(json: &fields)
                    return try await TenantOperations.update(id, changes, by: authorized.stamp, in: transaction).json
                }
            )
        },
        Endpoint(
            method: .post,
            path: "/v1/tenants/{id}/keys",
            summary: "Makes a key for a tenant; shows its secret once.",
            access: .staff(Staff.admin),
            body: KeysRoutes.draft,
            isBodyRequired: false,
            isIdempotent: true,
            success: (201, KeysRoutes.created)
        ) { call in
            try await call.write(staffScope: .admin, kept: KeysRoutes.withoutSecret) { authorized, transaction in
                let id = try call.id(as: TenantID.self)
                var fields = try call.optionalFields()
                let draft = try KeyDraft(json: &fields)
                let made = try await KeyOperations.create(draft, for: id, by: authorized.stamp, in: transaction)
                return KeysRoutes.json(made.key, secret: made.secret)
            }
        },
        Endpoint(
            method: .get,
            path: "/v1/tenant",
            summary: "The caller's tenant.",
            access: .anyTenant(staff: Staff.all),
            success: (200, Schema.ref("Tenant"))
        ) { call in
            .ok(
                try await call.transaction { authorized, transaction in
                    let id = try authorized.requiredTenant()
                    guard let tenant = try await TenantQueries.find(id, in: transaction) else {
                        throw TenantError.notFound(id)
                    }
                    return tenant.json
                }
            )
        },
    ]

    private static let fields: JSONObject = [
        "name": Schema.string, "email": Schema.nullable(Schema.string), "timezone": Schema.string,
        "currency": Schema.string, "spend_limit": Schema.nullable(Schema.ref("Money")), "metadata": Schema.free,
    ]
}
