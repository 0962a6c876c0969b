import Billing
import HTTPTypes
import Jobs
import Values

/// What payment gateways tell us.
enum GatewaysRoutes {
    static let endpoints: [Endpoint] = [
        Endpoint(
            method: .post,
            path: "/v1/gateways/stripe",
            summary: "Where Stripe sends its events, signed in `Stripe-Signature`; each has its effect once.",
            access: .open,
            body: Schema.object(
                ["id": Schema.string, "type": Schema.string, "created": Schema.integer, "data": Schema.free],
                required: ["id", "type", "data"]
            ),
            success: (200, Schema.object(["received": Schema.boolean], required: ["received"]))
        ) { call in
            try await call.services.gateways.receive(
                body: call.body,
                signature: call.header("Stripe-Signature"),
                by: Stamp(now: call.services.time.now(), author: .system("stripe"), requestID: call.requestID)
            )
            return .ok(["received": true])
        }
    ]
}
