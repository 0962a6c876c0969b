import HTTPTypes
import Metering
import Values

/// Events of usage: in, read, and taken back.
enum EventsRoutes {
    /// Bytes of a body with events.
    private static let bodyLimit = 8 << 20

    static let endpoints: [Endpoint] = [
        Endpoint(
            method: .post,
            path: "/v1/events",
            summary: "Stores one event, an array, NDJSON or CloudEvents; answers for each once it is stored.",
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
            summary: "One event, also one that was taken back.",
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
            path: "/v1/events/{id}/void",
            summary: "Takes an event back: it stays, and counts no more. Doing so again changes nothing.",
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
                let outcomes = try await MeteringOperations.ingest(
                    try EventBody.inputs(of: call, in: authorized.zone),
                    for: try authorized.requiredTenant(),
                    recordedAt: authorized.stamp.recordedAt,
                    in: transaction
                )
                return json(outcomes)
            }
        }
        let authorized = try await call.authenticate()
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

/// The forms in which events come.
enum EventBody {
    /// Reads a body by its type; what is no event is refused by itself, what is no body at all as a whole.
    static func inputs(of call: Call, in zone: Zone) throws(Problem) -> [UsageInput] {
        let type = mediaType(call.header("Content-Type") ?? "application/json")
        switch type {
        case "application/x-ndjson", "application/ndjson", "application/jsonl":
            return try lines(call.body, in: zone)
        case "application/cloudevents+json", "application/cloudevents-batch+json":
            return try cloudEvents(try call.json(), in: zone)
        default:
            return try UsageInput.inputs(try call.json(), in: zone)
        }
    }

    /// In a body of CloudEvents what names no `specversion` is none, also if it has our short form.
    private static func cloudEvents(_ json: JSONValue, in zone: Zone) throws(Problem) -> [UsageInput] {
        let inputs = try UsageInput.inputs(json, in: zone)
        return zip(inputs, json.array ?? [json]).map { input, element in
            guard element.object != nil, element["specversion"] == nil else { return input }
            return .malformed(id: element["id"]?.string, .invalid("specversion", "is required: \"1.0\""))
        }
    }

    private static func mediaType(_ header: String) -> String {
        String(header.prefix { $0 != ";" }).filter { $0 != " " }.lowercased()
    }

    private static func lines(_ body: [UInt8], in zone: Zone) throws(Problem) -> [UsageInput] {
        let lines = body.split(separator: UInt8(ascii: "\n")).filter { line in
            line.contains { $0 != UInt8(ascii: " ") && $0 != UInt8(ascii: "\r") && $0 != UInt8(ascii: "\t") }
        }
        guard (1...UsageLimits.batch).contains(lines.count) else {
            throw .invalid("body", "has \(lines.count) lines with events; 1 to \(UsageLimits.batch) are allowed")
        }
        return lines.map { UsageInput(line: $0, in: zone) }
    }
}
