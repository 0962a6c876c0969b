import HTTPTypes
import Metering
import Subscriptions
import Values

/// What a tenant may use, and what is left of it.
enum EntitlementsRoutes {
    static let endpoints: [Endpoint] = reads + [consume] + grants

    private static let reads: [Endpoint] = [
        Endpoint(
            method: .get,
            path: "/v1/entitlements",
            summary: "What may be used now: switches, fixed values, and allowances with what is left of them.",
            access: .tenant(.usageRead, staff: Staff.all),
            success: (200, Schema.list(Schema.ref("Entitlement")))
        ) { call in
            let entitlements = try await call.transaction { authorized, transaction in
                try await EntitlementQueries.all(
                    of: try authorized.requiredTenant(),
                    at: authorized.stamp.at,
                    in: transaction
                )
            }
            return .page(entitlements, limit: entitlements.count, id: \.feature, json: \.json)
        },
        Endpoint(
            method: .get,
            path: "/v1/entitlements/{feature}",
            summary: "What may be used of one feature now.",
            access: .tenant(.usageRead, staff: Staff.all),
            success: (200, Schema.ref("Entitlement"))
        ) { call in
            .ok(
                try await call.transaction { authorized, transaction in
                    let feature = call.path["feature"] ?? ""
                    let entitlement = try await EntitlementQueries.find(
                        feature,
                        of: try authorized.requiredTenant(),
                        at: authorized.stamp.at,
                        in: transaction
                    )
                    guard let entitlement else { throw Problem.notFound("entitlement to", feature) }
                    return entitlement.json
                }
            )
        },
    ]

    private static let consume = Endpoint(
        method: .post,
        path: "/v1/entitlements/{feature}/consume",
        summary: "Stores an event that uses a feature, unless nothing is left of it: exact among all callers.",
        access: .tenant(.usageWrite, staff: Staff.admin),
        body: Schema.object([
            "id": Schema.string, "at": Schema.instant, "value": Schema.decimal, "properties": Schema.free,
            "subject": Schema.string, "subscription": Schema.string,
        ]),
        isBodyRequired: false,
        isIdempotent: true,
        needsActiveTenant: true,
        success: (
            200,
            Schema.object([
                "outcome": Schema.string, "id": Schema.string, "balance": Schema.ref("Entitlement"),
            ])
        )
    ) { call in
        try await call.write(status: 200) { authorized, transaction in
            let feature = call.path["feature"] ?? ""
            let tenant = try authorized.requiredTenant()
            let draft = try ConsumeDraft(try call.optionalFields(), in: authorized.zone)
            let instant = draft.at ?? authorized.stamp.at
            let counted = try await QuotaQueries.meter(of: tenant, feature: feature, at: instant, in: transaction)
            guard let meter = counted else {
                let had = try await EntitlementQueries.find(feature, of: tenant, at: instant, in: transaction)
                guard had == nil else { throw notMetered(feature) }
                throw MeteringError.noQuota(feature: feature)
            }
            let event = try draft.event(
                meter: meter,
                at: instant,
                id: EventRowID.make(at: authorized.stamp.recordedAt).text
            )
            let used = try await QuotaOperations.consume(
                feature: feature,
                event: event,
                of: tenant,
                recordedAt: authorized.stamp.recordedAt,
                in: transaction
            )
            return [
                "id": .string(event.id), "outcome": .string(used.outcome.kind.rawValue),
                "balance": used.balance.json,
            ]
        }
    }

    private static let grants: [Endpoint] = [
        Endpoint(
            method: .get,
            path: "/v1/entitlements/{feature}/grants",
            summary: "The extra units that were granted of a feature, also those that have expired.",
            access: .tenant(.usageRead, staff: Staff.all),
            parameters: Paging.parameters,
            success: (200, Schema.list(Schema.ref("EntitlementGrant")))
        ) { call in
            let limit = try call.limit()
            let after = try call.after(as: QuotaGrantID.self)
            let grants = try await call.transaction { authorized, transaction in
                try await QuotaGrantQueries.list(
                    of: try authorized.requiredTenant(),
                    feature: call.path["feature"] ?? "",
                    limit: limit + 1,
                    after: after,
                    in: transaction
                )
            }
            return .page(grants, limit: limit, id: \.id.text, json: \.json)
        },
        Endpoint(
            method: .post,
            path: "/v1/entitlements/{feature}/grants",
            summary: "Grants extra units of a feature: they are used by priority (what plans allow has 100), then what "
                + "expires first, then what is older.",
            access: .staff(Staff.money),
            body: Schema.object(
                [
                    "units": Schema.decimal, "meter": Schema.string, "priority": Schema.integer,
                    "expires_at": Schema.instant, "memo": Schema.string, "id": Schema.string,
                ],
                required: ["units"]
            ),
            isIdempotent: true,
            success: (201, Schema.ref("EntitlementGrant"))
        ) { call in
            try await call.write { authorized, transaction in
                var fields = try call.fields()
                let draft = try QuotaGrantDraft(json: &fields, in: authorized.zone)
                return try await QuotaGrantOperations.grant(
                    draft,
                    feature: call.path["feature"] ?? "",
                    to: try authorized.requiredTenant(),
                    by: authorized.stamp,
                    in: transaction
                ).json
            }
        },
    ]

    private static func notMetered(_ feature: String) -> Problem {
        .invalid("feature", "\(JSONValue.string(feature).seen) is not metered: there is nothing of it to use up")
    }
}

/// What is asked for when a feature is used: an event whose meter the feature says.
private struct ConsumeDraft {
    let at: Instant?
    private let id: String?
    private let value: Decimal12
    private let properties: JSONValue
    private let subject: String?
    private let subscription: SubscriptionID?

    init(_ fields: JSONFields, in zone: Zone) throws(Problem) {
        var fields = fields
        id = try fields.optionalString("id")
        at = try fields.optionalInstant("at", in: zone)
        if let amount = try fields.optionalNonNegative("value") {
            do throws(Problem) { value = try Decimal12(rounding: amount) } catch {
                throw fields.invalid("value", error.message)
            }
        } else {
            value = 1
        }
        properties = fields.value("properties") ?? [:]
        subject = try fields.optionalString("subject")
        subscription = try fields.optionalID("subscription", of: Entities.Subscription.self)
        try fields.finish()
    }

    func event(meter: String, at instant: Instant, id made: String) throws(Problem) -> UsageEvent {
        try UsageEvent(
            id: id ?? made,
            meter: meter,
            at: instant,
            value: value,
            properties: properties,
            subject: subject,
            subscription: subscription
        )
    }
}
