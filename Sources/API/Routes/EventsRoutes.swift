import HTTPTypes
import Metering
import Subscriptions
import Values

/// Events of usage: in, read, and taken back.
enum EventsRoutes {
    /// Bytes of a body with events.
    private static let bodyLimit = 8 << 20

    static let endpoints: [Endpoint] = [
        Endpoint(
            method: .post,
            path: "/v1/events",
            summary: """
                Stores one event, an array, NDJSON, or CloudEvents (structured, a batch, or binary with ce- headers); \
                answers for each once it is stored. One whose meter is not known is rejected and kept until it is.
                """,
            access: .tenant(.usageWrite, staff: Staff.admin),
            body: ["anyOf": [Schema.ref("Event"), Schema.array(Schema.ref("Event"))]],
            otherBodyTypes: [
                "application/x-ndjson", "application/cloudevents+json", "application/cloudevents-batch+json",
            ],
            isIdempotent: true,
            needsActiveTenant: true,
            success: (200, Schema.ref("EventOutcomes")),
            bodyLimit: bodyLimit
        ) { call in try await ingest(call) },
        Endpoint(
            method: .get,
            path: "/v1/events/{id}",
            summary: "One event as it counts, also one that was taken back, with what it was before it was amended.",
            access: .tenant(.usageRead, staff: Staff.all),
            success: (200, Schema.ref("StoredEvent"))
        ) { call in
            .ok(
                try await call.transaction { authorized, transaction in
                    let id = call.path["id"] ?? ""
                    let event = try await UsageQueries.find(
                        id,
                        of: try authorized.requiredTenant(),
                        in: transaction
                    )
                    guard let event else { throw MeteringError.eventNotFound(id) }
                    return event.json
                }
            )
        },
        Endpoint(
            method: .post,
            path: "/v1/events/{id}/amend",
            summary: """
                Amends an event: what it said stays in its history, what it says now counts, also in periods that were \
                billed, whose difference the next invoice has. Doing so again changes nothing.
                """,
            access: .tenant(.usageWrite, staff: Staff.admin),
            body: Schema.object([
                "value": Schema.decimal, "at": Schema.instant, "properties": Schema.free, "subject": Schema.string,
                "subscription": Schema.string, "reason": Schema.string,
            ]),
            isIdempotent: true,
            success: (200, Schema.ref("StoredEvent"))
        ) { call in
            try await call.write(status: 200) { authorized, transaction in
                try await SubscriptionUsageOperations.amend(
                    call.path["id"] ?? "",
                    of: try authorized.requiredTenant(),
                    with: try UsageAmendment(json: try call.json(), in: authorized.zone),
                    by: authorized.stamp,
                    in: transaction
                ).json
            }
        },
        Endpoint(
            method: .post,
            path: "/v1/events/{id}/void",
            summary: "Takes an event back, for good: it stays, and counts no more. Doing so again changes nothing.",
            access: .tenant(.usageWrite, staff: Staff.admin),
            body: Schema.object(["reason": Schema.string]),
            isBodyRequired: false,
            isIdempotent: true,
            success: (200, Schema.ref("StoredEvent"))
        ) { call in
            try await call.write(status: 200) { authorized, transaction in
                var fields = try call.optionalFields()
                let reason = try fields.optionalString("reason") ?? ""
                try fields.finish()
                return try await MeteringOperations.void(
                    call.path["id"] ?? "",
                    of: try authorized.requiredTenant(),
                    reason: reason,
                    by: authorized.stamp,
                    in: transaction
                ).json
            }
        },
    ]

    /// Without an `Idempotency-Key` requests are stored together; with one the answer is kept in the transaction that
    /// stores the events, which is then the request's own.
    private static func ingest(_ call: Call) async throws -> Reply {
        guard call.header("Idempotency-Key") == nil else {
            return try await call.write(status: 200) { authorized, transaction in
                let outcomes = try await SubscriptionUsageOperations.ingest(
                    try EventBody.inputs(of: call, in: authorized.zone),
                    for: try authorized.requiredTenant(),
                    recordedAt: authorized.stamp.recordedAt,
                    in: transaction
                )
                return json(outcomes)
            }
        }
        let authorized = try await call.authenticateTogether()
        let outcomes = try await call.services.ingester.ingest(
            try EventBody.inputs(of: call, in: authorized.zone),
            for: try authorized.requiredTenant(),
            bytes: call.body.count
        )
        return .ok(json(outcomes))
    }

    private static func json(_ outcomes: [IngestOutcome]) -> JSONValue {
        ["events": .array(outcomes.map(\.json))]
    }
}
