import Billing
import HTTPTypes
import Plans
import Postgres
import Subscriptions
import Tenants
import Values

/// What a tenant is subscribed to.
enum SubscriptionsRoutes {
    static let endpoints: [Endpoint] = [
        create, list, find, change, pause, resume, cancel, reactivate, timeline, scheduled, withdraw,
    ]

    static let preview = Endpoint.Parameter(
        name: "preview",
        about: "Changes nothing; shows the subscription as it would be and what it would be invoiced.",
        schema: Schema.boolean
    )

    private static let create = Endpoint(
        method: .post,
        path: "/v1/subscriptions",
        summary: "Subscribes the tenant to a plan.",
        access: .tenant(.billingWrite, staff: Staff.money),
        parameters: [preview],
        body: Schema.object(
            [
                "id": Schema.string, "plan": Schema.string, "currency": Schema.string, "starts_at": Schema.instant,
                "quantities": Schema.free, "add_ons": Schema.free, "overrides": Schema.array(Schema.free),
                "trial": Schema.boolean, "billed_until": Schema.instant,
                "usage": Schema.choice(SubscriptionUsage.allCases.map(\.rawValue)),
                "metadata": Schema.free, "coupons": Schema.array(Schema.string),
            ],
            required: ["plan"]
        ),
        isIdempotent: true,
        needsActiveTenant: true,
        success: (201, Schema.ref("Subscription"))
    ) { call in
        try await writeOrPreview(call, status: 201) { authorized, transaction in
            var fields = try call.fields()
            let coupons = try CouponsRoutes.codes(&fields)
            var draft = try SubscriptionDraft(json: &fields, in: authorized.zone)
            draft.isCustomers = authorized.caller.staff == nil
            if !draft.overrides.isEmpty { try authorized.requireStaff(for: "overrides") }
            if draft.billedUntil != nil { try authorized.requireStaff(for: "billed_until") }
            try await authorized.requireOffered(draft.plan, in: transaction)
            let made = try await SubscriptionOperations.create(
                draft,
                for: try authorized.requiredTenant(),
                by: authorized.stamp,
                in: transaction
            )
            try await CouponsRoutes.redeem(coupons, for: made, by: authorized.stamp, in: transaction)
            return made
        }
    }

    private static let list = Endpoint(
        method: .get,
        path: "/v1/subscriptions",
        summary: "The tenant's subscriptions; staff who name no tenant see everybody's.",
        access: .tenant(.billingRead, staff: Staff.all),
        parameters: Paging.parameters + [
            Endpoint.Parameter(
                name: "status",
                about: "Only those of a status.",
                schema: Schema.choice(SubscriptionStatus.allCases.map(\.rawValue))
            )
        ],
        success: (200, Schema.list(Schema.ref("Subscription")))
    ) { call in
        let limit = try call.limit()
        let after = try call.after(as: SubscriptionID.self)
        let status = try call.queryChoice("status", as: SubscriptionStatus.self)
        let subscriptions = try await call.transaction(staffScope: .finance) { authorized, transaction in
            try await SubscriptionQueries.list(
                of: authorized.tenant,
                status: status,
                limit: limit + 1,
                after: after,
                in: transaction
            )
        }
        return .page(subscriptions, limit: limit, id: \.id.text, json: \.json)
    }

    private static let find = Endpoint(
        method: .get,
        path: "/v1/subscriptions/{id}",
        summary: "One subscription as it stands.",
        access: .tenant(.billingRead, staff: Staff.all),
        success: (200, Schema.ref("Subscription"))
    ) { call in
        .ok(
            try await call.transaction { authorized, transaction in
                let id = try call.id(as: SubscriptionID.self)
                let found = try await SubscriptionQueries.find(
                    id,
                    of: try authorized.requiredTenant(),
                    in: transaction
                )
                guard let found else { throw SubscriptionError.notFound(id) }
                return found.json
            }
        )
    }

    private static let change = Endpoint(
        method: .post,
        path: "/v1/subscriptions/{id}/changes",
        summary: "Changes plan, quantities, add-ons, or prices of its own.",
        access: .tenant(.billingWrite, staff: Staff.money),
        parameters: [preview],
        body: Schema.object([
            "plan": Schema.string, "quantities": Schema.free, "add_ons": Schema.free,
            "overrides": Schema.array(Schema.free),
            "when": Schema.choice(SubscriptionChange.Timing.allCases.map(\.rawValue)),
            "invoice": Schema.choice(SubscriptionChange.InvoiceTiming.allCases.map(\.rawValue)),
        ]),
        isIdempotent: true,
        needsActiveTenant: true,
        success: (200, Schema.ref("Subscription"))
    ) { call in
        try await writeOrPreview(call, status: 200) { authorized, transaction in
            let id = try call.id(as: SubscriptionID.self)
            var fields = try call.fields()
            var draft = try SubscriptionChangeDraft(json: &fields)
            draft.isCustomers = authorized.caller.staff == nil
            if draft.overrides != nil { try authorized.requireStaff(for: "overrides") }
            if let plan = draft.plan { try await authorized.requireOffered(plan, in: transaction) }
            return try await SubscriptionOperations.change(
                id,
                of: try authorized.requiredTenant(),
                draft,
                by: authorized.stamp,
                in: transaction
            )
        }
    }

    private static let cancel = Endpoint(
        method: .post,
        path: "/v1/subscriptions/{id}/cancel",
        summary: "Ends a subscription: at the end of its period, or at once.",
        access: .tenant(.billingWrite, staff: Staff.money),
        parameters: [preview],
        body: Schema.object([
            "when": Schema.choice(SubscriptionChange.Timing.allCases.map(\.rawValue)),
            "refund": Schema.choice(SubscriptionChange.Refund.allCases.map(\.rawValue)),
        ]),
        isBodyRequired: false,
        isIdempotent: true,
        success: (200, Schema.ref("Subscription"))
    ) { call in
        try await writeOrPreview(call, status: 200) { authorized, transaction in
            let id = try call.id(as: SubscriptionID.self)
            var fields = try call.optionalFields()
            let draft = try SubscriptionCancelDraft(json: &fields)
            return try await SubscriptionOperations.cancel(
                id,
                of: try authorized.requiredTenant(),
                when: draft.timing,
                refund: draft.refund,
                by: authorized.stamp,
                in: transaction
            )
        }
    }

    /// What a preview found out; thrown, so that the transaction in which it was tried is undone.
    private struct Previewed: Error {
        let value: JSONValue
    }

    /// Does what is asked; or, with `?preview=true`, does it, bills it, tells both, and undoes all of it.
    static func writeOrPreview(
        _ call: Call,
        status: Int,
        _ body: (Authorized, borrowing Transaction) async throws -> Subscription
    ) async throws -> Reply {
        guard try call.queryBool("preview") else {
            return try await call.write(status: status) { authorized, transaction in
                try await body(authorized, transaction).json
            }
        }
        do {
            try await call.transaction { authorized, transaction in
                let subscription = try await body(authorized, transaction)
                throw Previewed(
                    value: try await preview(of: subscription, authorized, in: transaction)
                )
            }
            throw Problem(.internal, "a preview told nothing")
        } catch let previewed as Previewed { return .ok(previewed.value) }
    }

    private static func preview(
        of subscription: Subscription,
        _ authorized: Authorized,
        in transaction: borrowing Transaction
    ) async throws -> JSONValue {
        let invoices = try await InvoiceOperations.billLastChange(
            of: subscription,
            by: authorized.stamp,
            in: transaction
        )
        return [
            "preview": true, "subscription": subscription.json, "invoices": .array(invoices.map(\.json)),
        ]
    }
}

extension Authorized {
    /// Refuses to a tenant's key a field that only staff may give, like a price of its own.
    fileprivate func requireStaff(for field: String) throws(Problem) {
        guard caller.staff == nil else { return }
        throw Problem(.forbidden, code: "staff_only", "`\(field)` is for staff keys; the key is a tenant's")
    }

    /// Refuses to a tenant's key a plan that customers do not see.
    fileprivate func requireOffered(_ plan: String, in transaction: borrowing Transaction) async throws {
        guard caller.staff == nil, let offer = try await PlanQueries.offer(plan, in: transaction) else { return }
        guard offer.shown(onlyVisible: true) == nil else { return }
        throw SubscriptionError.unknownPlan(plan)
    }
}
