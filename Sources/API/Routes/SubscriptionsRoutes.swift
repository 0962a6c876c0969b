import Billing
import HTTPTypes
import Postgres
import Subscriptions
import Values

/// What a tenant is subscribed to.
enum SubscriptionsRoutes {
    static let endpoints: [Endpoint] = [create, list, find, change, cancel, timeline, scheduled]

    private static let preview = Endpoint.Parameter(
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
                "id": Schema.string, "plan": Schema.string, "starts_at": Schema.instant, "quantities": Schema.free,
                "billed_until": Schema.instant, "metadata": Schema.free,
            ],
            required: ["plan"]
        ),
        isIdempotent: true,
        needsActiveTenant: true,
        success: (201, Schema.ref("Subscription"))
    ) { call in
        try await writeOrPreview(call, status: 201) { authorized, transaction in
            var fields = try call.fields()
            let draft = try SubscriptionDraft(json: &fields, in: authorized.zone)
            return try await SubscriptionOperations.create(
                draft,
                for: try authorized.requiredTenant(),
                by: authorized.stamp,
                in: transaction
            )
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
        summary: "Changes plan, quantities, or both.",
        access: .tenant(.billingWrite, staff: Staff.money),
        parameters: [preview],
        body: Schema.object([
            "plan": Schema.string, "quantities": Schema.free,
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
            let draft = try SubscriptionChangeDraft(json: &fields)
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

    private static let timeline = Endpoint(
        method: .get,
        path: "/v1/subscriptions/{id}/timeline",
        summary: "What happened and will happen to a subscription, as far as it is known.",
        access: .tenant(.billingRead, staff: Staff.all),
        success: (200, Schema.free)
    ) { call in .ok(try await story(of: call)) }

    private static let scheduled = Endpoint(
        method: .get,
        path: "/v1/subscriptions/{id}/scheduled-changes",
        summary: "The changes that wait for the end of the period.",
        access: .tenant(.billingRead, staff: Staff.all),
        success: (200, Schema.list(Schema.ref("SubscriptionChange")))
    ) { call in
        let changes = try await story(of: call)["scheduled_changes"]?.array ?? []
        return .page(changes, limit: changes.count, id: { $0["id"]?.string ?? "" }, json: { $0 })
    }

    private static func story(of call: Call) async throws -> JSONValue {
        try await call.transaction { authorized, transaction in
            let id = try call.id(as: SubscriptionID.self)
            let story = try await SubscriptionQueries.story(
                of: id,
                tenant: try authorized.requiredTenant(),
                in: transaction
            )
            guard let story else { throw SubscriptionError.notFound(id) }
            return try story.timelineJSON(until: authorized.stamp.at)
        }
    }

    /// What a preview found out; thrown, so that the transaction in which it was tried is undone.
    private struct Previewed: Error {
        let value: JSONValue
    }

    /// Does what is asked; or, with `?preview=true`, does it, bills it, tells both, and undoes all of it.
    private static func writeOrPreview(
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
        let invoices = try await InvoiceOperations.bill(
            subscription.id,
            of: subscription.tenant,
            until: max(authorized.stamp.at, subscription.startsAt),
            by: authorized.stamp,
            in: transaction
        )
        return [
            "preview": true, "subscription": subscription.json, "invoices": .array(invoices.map(\.json)),
        ]
    }
}
