import HTTPTypes
import Postgres
import Subscriptions
import Values

/// Standing still, going on, taking back what waits, and the explanation of all that.
extension SubscriptionsRoutes {
    static let pause = Endpoint(
        method: .post,
        path: "/v1/subscriptions/{id}/pause",
        summary: "Lets a subscription stand still: at once, or from the end of its period on.",
        access: .tenant(.billingWrite, staff: Staff.money),
        parameters: [preview],
        body: Schema.object(["when": Schema.choice(SubscriptionChange.Timing.allCases.map(\.rawValue))]),
        isBodyRequired: false,
        isIdempotent: true,
        success: (200, Schema.ref("Subscription"))
    ) { call in
        try await writeOrPreview(call, status: 200) { authorized, transaction in
            var fields = try call.optionalFields()
            let timing = try fields.optionalChoice("when", as: SubscriptionChange.Timing.self)
            try fields.finish()
            return try await SubscriptionOperations.pause(
                try call.id(as: SubscriptionID.self),
                of: try authorized.requiredTenant(),
                when: timing ?? .immediately,
                by: authorized.stamp,
                in: transaction
            )
        }
    }

    static let resume = act(
        "resume",
        "Lets a paused subscription go on: a period begins. A pause that still waits is withdrawn.",
        SubscriptionOperations.resume
    )

    static let reactivate = act(
        "reactivate",
        "Withdraws a cancellation that waits for the end of the period.",
        SubscriptionOperations.reactivate
    )

    /// What is asked of a subscription without saying more.
    private static func act(
        _ verb: String,
        _ summary: String,
        _ operation:
            @escaping @Sendable (SubscriptionID, TenantID, Stamp, borrowing Transaction) async throws -> Subscription
    ) -> Endpoint {
        Endpoint(
            method: .post,
            path: "/v1/subscriptions/{id}/\(verb)",
            summary: summary,
            access: .tenant(.billingWrite, staff: Staff.money),
            parameters: [preview],
            isIdempotent: true,
            needsActiveTenant: true,
            success: (200, Schema.ref("Subscription"))
        ) { call in
            try await writeOrPreview(call, status: 200) { authorized, transaction in
                let id = try call.id(as: SubscriptionID.self)
                return try await operation(id, try authorized.requiredTenant(), authorized.stamp, transaction)
            }
        }
    }

    static let timeline = Endpoint(
        method: .get,
        path: "/v1/subscriptions/{id}/timeline",
        summary: "What happened and will happen to a subscription, as far as it is known, and why.",
        access: .tenant(.billingRead, staff: Staff.all),
        success: (200, Schema.ref("SubscriptionTimeline"))
    ) { call in
        .ok(
            try await call.transaction { authorized, transaction in
                let story = try await story(of: call, authorized, in: transaction)
                let standings = try await SubscriptionQueries.standings(
                    of: story.subscription.id,
                    tenant: story.subscription.tenant,
                    in: transaction
                )
                return try story.timelineJSON(until: authorized.stamp.at, standings: standings)
            }
        )
    }

    static let scheduled = Endpoint(
        method: .get,
        path: "/v1/subscriptions/{id}/scheduled-changes",
        summary: "The changes that wait for the end of the period.",
        access: .tenant(.billingRead, staff: Staff.all),
        success: (200, Schema.list(Schema.ref("SubscriptionChange")))
    ) { call in
        let changes = try await call.transaction { authorized, transaction in
            try await story(of: call, authorized, in: transaction).scheduledChanges(at: authorized.stamp.at)
        }
        return .page(changes, limit: changes.count, id: \.change.id.text, json: \.json)
    }

    static let withdraw = Endpoint(
        method: .delete,
        path: "/v1/subscriptions/{id}/scheduled-changes",
        summary: "Withdraws the changes that wait for the end of the period: all of them, or one.",
        access: .tenant(.billingWrite, staff: Staff.money),
        parameters: [
            Endpoint.Parameter(name: "change", about: "Only this one, by its id.", schema: Schema.string), preview,
        ],
        needsActiveTenant: true,
        success: (200, Schema.ref("Subscription"))
    ) { call in
        try await writeOrPreview(call, status: 200) { authorized, transaction in
            try await SubscriptionOperations.withdrawScheduled(
                try call.id(as: SubscriptionID.self),
                of: try authorized.requiredTenant(),
                change: try call.queryID("change", as: ChangeID.self),
                by: authorized.stamp,
                in: transaction
            )
        }
    }

    private static func story(
        of call: Call,
        _ authorized: Authorized,
        in transaction: borrowing Transaction
    ) async throws -> SubscriptionStory {
        let id = try call.id(as: SubscriptionID.self)
        let story = try await SubscriptionQueries.story(
            of: id,
            tenant: try authorized.requiredTenant(),
            in: transaction
        )
        guard let story else { throw SubscriptionError.notFound(id) }
        return story
    }
}
