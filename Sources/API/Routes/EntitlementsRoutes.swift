import HTTPTypes
import Metering
import Values

/// What a tenant may use, and what is left of it.
enum EntitlementsRoutes {
    static let endpoints: [Endpoint] = [
        Endpoint(
            method: .get,
            path: "/v1/entitlements",
            summary: "What is allowed now, and what is left of it.",
            access: .tenant(.usageRead, staff: Staff.all),
            success: (200, Schema.list(Schema.ref("Entitlement")))
        ) { call in
            let balances = try await call.transaction { authorized, transaction in
                try await QuotaQueries.balances(
                    of: try authorized.requiredTenant(),
                    at: authorized.stamp.at,
                    in: transaction
                )
            }
            return .page(balances, limit: balances.count, id: \.feature, json: \.json)
        },
        Endpoint(
            method: .get,
            path: "/v1/entitlements/{feature}",
            summary: "What is left of one feature now.",
            access: .tenant(.usageRead, staff: Staff.all),
            success: (200, Schema.ref("Entitlement"))
        ) { call in
            .ok(
                try await call.transaction { authorized, transaction in
                    let feature = call.path["feature"] ?? ""
                    let balance = try await QuotaQueries.balance(
                        of: try authorized.requiredTenant(),
                        feature: feature,
                        at: authorized.stamp.at,
                        in: transaction
                    )
                    guard let balance else { throw Problem.notFound("entitlement to", feature) }
                    return balance.json
                }
            )
        },
        Endpoint(
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
                let quotas = try await QuotaQueries.inForce(
                    of: tenant,
                    feature: feature,
                    at: instant,
                    in: transaction
                )
                guard let meter = quotas.first?.meter else { throw MeteringError.noQuota(feature: feature) }
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
        },
    ]
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
