import Billing
import HTTPTypes
import Postgres
import Values

/// From how much usage on a subscription is invoiced before its period ends.
enum ThresholdRoutes {
    static let endpoints: [Endpoint] = [
        Endpoint(
            method: .post,
            path: "/v1/subscriptions/{id}/threshold",
            summary: "Sets from how much usage on a subscription is invoiced at once; without an amount not any more.",
            access: .staff(Staff.money),
            body: Schema.object(["amount": Schema.nullable(Schema.ref("Money"))]),
            isBodyRequired: false,
            isIdempotent: true,
            success: (200, Schema.object(["threshold": Schema.nullable(Schema.ref("Money"))], required: ["threshold"]))
        ) { call in
            try await call.write(status: 200) { authorized, transaction in
                var fields = try call.optionalFields()
                let amount = try fields.optionalMoney("amount")
                try fields.finish()
                try await ProgressiveBilling.setThreshold(
                    amount,
                    of: try call.id(as: SubscriptionID.self),
                    tenant: try authorized.requiredTenant(),
                    by: authorized.stamp,
                    in: transaction
                )
                return ["threshold": amount?.json ?? .null]
            }
        }
    ]
}
