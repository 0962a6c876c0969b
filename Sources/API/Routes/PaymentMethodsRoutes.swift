import Billing
import HTTPTypes
import Postgres
import Tenants
import Values

/// What a tenant pays with: saved, chosen and removed.
enum PaymentMethodsRoutes {
    static let endpoints: [Endpoint] = [add, list, makeDefault, remove, prepare]

    private static let add = Endpoint(
        method: .post,
        path: "/v1/payment-methods",
        summary: "Saves a payment method: for stripe one that Stripe.js made, for manual what bank transfers name.",
        access: .tenant(.billingWrite, staff: Staff.money),
        body: Schema.object(
            [
                "gateway": Schema.choice(GatewayName.allCases.map(\.rawValue)), "payment_method": Schema.string,
                "reference": Schema.string, "default": Schema.boolean,
            ],
            required: ["gateway"]
        ),
        isIdempotent: true,
        success: (201, Schema.ref("PaymentMethod"))
    ) { call in
        let (authorized, known) = try await call.begin()
        if let known { return known }
        var fields = try call.fields()
        let draft = try PaymentMethodDraft(json: &fields)
        // The gateway is asked outside the transaction, which then only stores what it said.
        let details = try await call.services.gateways.save(
            draft,
            of: try authorized.requiredTenant(),
            by: authorized.stamp
        )
        return try await call.write { authorized, transaction in
            try await PaymentMethodOperations.add(
                draft,
                details,
                for: try authorized.requiredTenant(),
                by: authorized.stamp,
                in: transaction
            ).json
        }
    }

    private static let list = Endpoint(
        method: .get,
        path: "/v1/payment-methods",
        summary: "The tenant's payment methods; staff who name no tenant see everybody's.",
        access: .tenant(.billingRead, staff: Staff.all),
        parameters: Paging.parameters,
        success: (200, Schema.list(Schema.ref("PaymentMethod")))
    ) { call in
        let limit = try call.limit()
        let after = try call.after(as: PaymentMethodID.self)
        let methods = try await call.transaction(staffScope: .finance) { authorized, transaction in
            try await PaymentMethodQueries.list(
                of: authorized.tenant,
                limit: limit + 1,
                after: after,
                in: transaction
            )
        }
        return .page(methods, limit: limit, id: \.id.text, json: \.json)
    }

    private static let remove = Endpoint(
        method: .delete,
        path: "/v1/payment-methods/{id}",
        summary: "Removes a payment method; without a default nothing is collected.",
        access: .tenant(.billingWrite, staff: Staff.money),
        success: (200, Schema.ref("PaymentMethod"))
    ) { call in
        .ok(
            try await call.transaction { authorized, transaction in
                try await PaymentMethodOperations.remove(
                    try call.methodID(),
                    of: try authorized.requiredTenant(),
                    by: authorized.stamp,
                    in: transaction
                ).json
            }
        )
    }

    private static let makeDefault = Endpoint(
        method: .post,
        path: "/v1/payment-methods/{id}/default",
        summary: "Has invoices collected with this payment method from now on.",
        access: .tenant(.billingWrite, staff: Staff.money),
        success: (200, Schema.ref("PaymentMethod"))
    ) { call in
        .ok(
            try await call.transaction { authorized, transaction in
                try await PaymentMethodOperations.makeDefault(
                    try call.methodID(),
                    of: try authorized.requiredTenant(),
                    by: authorized.stamp,
                    in: transaction
                ).json
            }
        )
    }

    private static let prepare = Endpoint(
        method: .post,
        path: "/v1/payment-methods/setup",
        summary:
            "Begins to save a card with Stripe.js: a SetupIntent that the browser confirms with its client secret.",
        access: .tenant(.billingWrite, staff: Staff.money),
        success: (
            200,
            Schema.object(
                ["gateway": Schema.string, "setup_intent": Schema.string, "client_secret": Schema.string],
                required: ["gateway", "setup_intent", "client_secret"]
            )
        )
    ) { call in
        let authorized = try await call.authenticate()
        // The same key is the same SetupIntent at Stripe; its secret is kept nowhere here.
        let setup = try await call.services.gateways.prepare(
            try authorized.requiredTenant(),
            key: call.header("Idempotency-Key") ?? call.requestID,
            by: authorized.stamp
        )
        return .ok([
            "gateway": .string(GatewayName.stripe.rawValue), "setup_intent": .string(setup.id),
            "client_secret": .string(setup.clientSecret),
        ])
    }
}

extension Call {
    /// The payment method that the path names.
    fileprivate func methodID() throws(Problem) -> PaymentMethodID {
        let text = path["id"] ?? ""
        guard let id = PaymentMethodID(text) else { throw .notFound("payment method", text) }
        return id
    }
}
