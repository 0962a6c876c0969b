import Billing
import HTTPTypes
import Postgres
import Values

/// Credit that was given or bought.
enum CreditsRoutes {
    static let endpoints: [Endpoint] = [
        Endpoint(
            method: .get,
            path: "/v1/credits",
            summary: "The tenant's grants, also those used up; staff who name no tenant see everybody's.",
            access: .tenant(.billingRead, staff: Staff.all),
            parameters: Paging.parameters,
            success: (200, Schema.list(Schema.ref("CreditGrant")))
        ) { call in
            let limit = try call.limit()
            let after = try call.after(as: GrantID.self)
            let grants = try await call.transaction(staffScope: .finance) { authorized, transaction in
                try await CreditQueries.list(
                    of: authorized.tenant,
                    limit: limit + 1,
                    after: after,
                    in: transaction
                )
            }
            return .page(grants, limit: limit, id: \.id.text, json: \.json)
        },
        Endpoint(
            method: .post,
            path: "/v1/credits",
            summary: "Grants credit to the tenant that `Abono-Tenant` names.",
            access: .staff(Staff.money),
            body: Schema.object(
                [
                    "id": Schema.string, "amount": Schema.ref("Money"),
                    "kind": Schema.choice(CreditGrant.Kind.allCases.map(\.rawValue)), "priority": Schema.integer,
                    "granted_at": Schema.instant, "expires_at": Schema.instant, "memo": Schema.string,
                ],
                required: ["amount"]
            ),
            isIdempotent: true,
            success: (201, Schema.ref("CreditGrant"))
        ) { call in
            try await call.write { authorized, transaction in
                var fields = try call.fields()
                let draft = try CreditGrantDraft(json: &fields, in: authorized.zone)
                return try await CreditOperations.grant(
                    draft,
                    to: try authorized.requiredTenant(),
                    by: authorized.stamp,
                    in: transaction
                ).json
            }
        },
    ]
}
