import Billing
import HTTPTypes
import Postgres
import Values

/// Who is told when a figure reaches a threshold.
enum AlertsRoutes {
    static let endpoints: [Endpoint] = [
        Endpoint(
            method: .get,
            path: "/v1/alerts",
            summary: "The tenant's alerts; staff who name no tenant see everybody's.",
            access: .tenant(.billingRead, staff: Staff.all),
            parameters: Paging.parameters,
            success: (200, Schema.list(Schema.ref("Alert")))
        ) { call in
            let limit = try call.limit()
            let after = try call.after(as: AlertID.self)
            let alerts = try await call.transaction(staffScope: .finance) { authorized, transaction in
                try await AlertQueries.list(of: authorized.tenant, limit: limit + 1, after: after, in: transaction)
            }
            return .page(alerts, limit: limit, id: \.id.text, json: \.json)
        },
        Endpoint(
            method: .post,
            path: "/v1/alerts",
            summary:
                "Has `alert.fired` told, once a period, when usage, the use of a feature, spend or credit reaches a "
                + "threshold; one of entitlement or spend may be a percentage of what is allowed.",
            access: .tenant(.billingWrite, staff: Staff.money),
            body: Schema.object(
                [
                    "kind": Schema.choice(Alert.Kind.allCases.map(\.rawValue)), "meter": Schema.string,
                    "feature": Schema.string, "thresholds": Schema.array(Schema.string), "name": Schema.string,
                ],
                required: ["kind", "thresholds"]
            ),
            isIdempotent: true,
            success: (201, Schema.ref("Alert"))
        ) { call in
            try await call.write { authorized, transaction in
                var fields = try call.fields()
                let draft = try AlertDraft(json: &fields)
                return try await AlertOperations.create(
                    draft,
                    for: try authorized.requiredTenant(),
                    by: authorized.stamp,
                    in: transaction
                ).json
            }
        },
        Endpoint(
            method: .delete,
            path: "/v1/alerts/{id}",
            summary: "Removes an alert.",
            access: .tenant(.billingWrite, staff: Staff.money),
            success: (200, Schema.ref("Alert"))
        ) { call in
            try await call.write(status: 200) { authorized, transaction in
                try await AlertOperations.remove(
                    try call.id(as: AlertID.self),
                    of: try authorized.requiredTenant(),
                    by: authorized.stamp,
                    in: transaction
                ).json
            }
        },
    ]
}
