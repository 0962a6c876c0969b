import HTTPTypes
import Postgres
import Tenants
import Values
import Webhooks

/// Who is told of what happens: a tenant's endpoints, and the installation's own for staff who name no tenant.
enum WebhooksRoutes {
    static let endpoints: [Endpoint] =
        [
            Endpoint(
                method: .post,
                path: "/v1/webhook-endpoints",
                summary: """
                    Makes an endpoint; shows its secret once. Staff who name no tenant make one of the installation, which is \
                    told of what happens to all tenants.
                    """,
                access: .tenant(.keys, staff: Staff.admin),
                body: Schema.object(
                    fields.merging(["id": Schema.string]),
                    required: ["url"]
                ),
                isIdempotent: true,
                success: (201, withSecret)
            ) { call in
                try await call.write(staffScope: try call.ownerScope(.admin), kept: KeysRoutes.withoutSecret) {
                    authorized,
                    transaction in
                    var fields = try call.fields()
                    let made = try await WebhookEndpointOperations.create(
                        try WebhookEndpointDraft(json: &fields, reach: call.services.webhookReach),
                        for: authorized.tenant,
                        sealing: call.services.secretBox,
                        by: authorized.stamp,
                        in: transaction
                    )
                    guard let secret = made.secret else { return KeysRoutes.withoutSecret(made.endpoint.json) }
                    return made.endpoint.json(secret: secret)
                }
            },
            Endpoint(
                method: .get,
                path: "/v1/webhook-endpoints",
                summary: "The tenant's endpoints; staff who name no tenant see the installation's.",
                access: .tenant(.keys, staff: Staff.all),
                parameters: Paging.parameters,
                success: (200, Schema.list(Schema.ref("WebhookEndpoint")))
            ) { call in
                let limit = try call.limit()
                let after = try call.after(as: WebhookEndpointID.self)
                let found = try await call.transaction(staffScope: .finance) { authorized, transaction in
                    try await WebhookEndpointQueries.list(
                        of: authorized.tenant,
                        limit: limit + 1,
                        after: after,
                        in: transaction
                    )
                }
                return .page(found, limit: limit, id: \.id.text, json: \.json)
            },
            Endpoint(
                method: .get,
                path: "/v1/webhook-endpoints/{id}",
                summary: "One endpoint.",
                access: .tenant(.keys, staff: Staff.all),
                success: (200, Schema.ref("WebhookEndpoint"))
            ) { call in
                .ok(
                    try await call.transaction(staffScope: .finance) { authorized, transaction in
                        let id = try call.endpointID()
                        let found = try await WebhookEndpointQueries.find(id, of: authorized.tenant, in: transaction)
                        guard let found else { throw WebhookError.endpointNotFound(id) }
                        return found.json
                    }
                )
            },
            Endpoint(
                method: .patch,
                path: "/v1/webhook-endpoints/{id}",
                summary:
                    "Changes what is named. A disabled endpoint is told nothing, an enabled one of what happens from then on.",
                access: .tenant(.keys, staff: Staff.admin),
                body: Schema.object(fields),
                success: (200, Schema.ref("WebhookEndpoint"))
            ) { call in
                .ok(
                    try await call.transaction(staffScope: try call.ownerScope(.admin)) { authorized, transaction in
                        var fields = try call.fields()
                        let changes = try WebhookEndpointChanges(json: &fields, reach: call.services.webhookReach)
                        return try await WebhookEndpointOperations.update(
                            try call.endpointID(),
                            of: authorized.tenant,
                            changes,
                            by: authorized.stamp,
                            in: transaction
                        ).json
                    }
                )
            },
        ] + actions + deliveries + [removal]

    private static let actions: [Endpoint] = [
        Endpoint(
            method: .post,
            path: "/v1/webhook-endpoints/{id}/rotate",
            summary: """
                Gives an endpoint a new secret and shows it once. The one before stays valid, and both sign, for a day or \
                `overlap_seconds`.
                """,
            access: .tenant(.keys, staff: Staff.admin),
            body: Schema.object(["overlap_seconds": Schema.integer]),
            isBodyRequired: false,
            isIdempotent: true,
            success: (200, withSecret)
        ) { call in
            try await call.write(
                staffScope: try call.ownerScope(.admin),
                status: 200,
                kept: KeysRoutes.withoutSecret
            ) { authorized, transaction in
                var fields = try call.optionalFields()
                let overlap = try fields.optionalInt("overlap_seconds")
                try fields.finish()
                let rotated = try await WebhookEndpointOperations.rotate(
                    try call.endpointID(),
                    of: authorized.tenant,
                    overlap: overlap.map { Int64($0) } ?? WebhookEndpointOperations.overlap,
                    sealing: call.services.secretBox,
                    by: authorized.stamp,
                    in: transaction
                )
                return rotated.endpoint.json(secret: rotated.secret)
            }
        },
        Endpoint(
            method: .post,
            path: "/v1/webhook-endpoints/{id}/test",
            summary: "Sends the endpoint the event `webhook_endpoint.tested`, whatever it is told of.",
            access: .tenant(.keys, staff: Staff.admin),
            isIdempotent: true,
            success: (201, Schema.ref("WebhookDelivery"))
        ) { call in
            try await call.write(staffScope: try call.ownerScope(.admin)) { authorized, transaction in
                try await WebhookDeliveryOperations.test(
                    try call.endpointID(),
                    of: authorized.tenant,
                    by: authorized.stamp,
                    in: transaction
                ).json
            }
        },
    ]

    private static let removal = Endpoint(
        method: .delete,
        path: "/v1/webhook-endpoints/{id}",
        summary: "Removes an endpoint for good; its deliveries stay readable.",
        access: .tenant(.keys, staff: Staff.admin),
        success: (200, Schema.ref("WebhookEndpoint"))
    ) { call in
        .ok(
            try await call.transaction(staffScope: try call.ownerScope(.admin)) { authorized, transaction in
                try await WebhookEndpointOperations.remove(
                    try call.endpointID(),
                    of: authorized.tenant,
                    by: authorized.stamp,
                    in: transaction
                ).json
            }
        )
    }

    private static let fields: JSONObject = [
        "url": Schema.string, "events": Schema.array(Schema.string), "description": Schema.string,
        "enabled": Schema.boolean,
    ]

    private static let withSecret: JSONValue = [
        "allOf": [Schema.ref("WebhookEndpoint"), Schema.object(["secret": Schema.nullable(Schema.string)])]
    ]
}

/// What endpoints were told, and how it went.
extension WebhooksRoutes {
    private static let deliveries: [Endpoint] = [
        Endpoint(
            method: .get,
            path: "/v1/webhook-deliveries",
            summary: "What the tenant's endpoints were told or are to be told, the newest events first.",
            access: .tenant(.keys, staff: Staff.all),
            parameters: Paging.parameters + selection,
            success: (200, Schema.list(Schema.ref("WebhookDelivery")))
        ) { call in
            let limit = try call.limit()
            let before = try call.after(as: WebhookDeliveryID.self)
            let selection = WebhookDeliveryQueries.Selection(
                endpoint: try call.queryID("endpoint", as: WebhookEndpointID.self),
                status: try call.queryChoice("status", as: WebhookDeliveryStatus.self),
                type: call.query("type"),
                object: call.query("object")
            )
            let found = try await call.transaction(staffScope: .finance) { authorized, transaction in
                try await WebhookDeliveryQueries.list(
                    of: authorized.tenant,
                    selection,
                    limit: limit + 1,
                    before: before,
                    in: transaction
                )
            }
            return .page(found, limit: limit, id: \.id.text, json: \.json)
        },
        Endpoint(
            method: .get,
            path: "/v1/webhook-deliveries/{id}",
            summary: "One delivery with its log: every attempt, what was answered, how long it took.",
            access: .tenant(.keys, staff: Staff.all),
            success: (
                200,
                [
                    "allOf": [
                        Schema.ref("WebhookDelivery"),
                        Schema.object(["log": Schema.array(Schema.ref("WebhookAttempt"))]),
                    ]
                ]
            )
        ) { call in
            .ok(
                try await call.transaction(staffScope: .finance) { authorized, transaction in
                    let id = try call.deliveryID()
                    let found = try await WebhookDeliveryQueries.find(id, of: authorized.tenant, in: transaction)
                    guard let found else { throw WebhookError.deliveryNotFound(id) }
                    let log = try await WebhookDeliveryQueries.attempts(of: found, in: transaction)
                    var object = found.json.object ?? JSONObject()
                    object["log"] = .array(log.map(\.json))
                    return .object(object)
                }
            )
        },
        Endpoint(
            method: .post,
            path: "/v1/webhook-deliveries/{id}/redeliver",
            summary: "Sends what was delivered or has failed again, with the same `webhook-id` and body.",
            access: .tenant(.keys, staff: Staff.admin),
            isIdempotent: true,
            success: (200, Schema.ref("WebhookDelivery"))
        ) { call in
            try await call.write(staffScope: try call.ownerScope(.admin), status: 200) {
                authorized,
                transaction in
                try await WebhookDeliveryOperations.redeliver(
                    try call.deliveryID(),
                    of: authorized.tenant,
                    by: authorized.stamp,
                    in: transaction
                ).json
            }
        },
    ]

    private static let selection: [Endpoint.Parameter] = [
        Endpoint.Parameter(name: "endpoint", about: "Only those of this endpoint.", schema: Schema.string),
        Endpoint.Parameter(
            name: "status",
            about: "Only those that are so far.",
            schema: Schema.choice(WebhookDeliveryStatus.allCases.map(\.rawValue))
        ),
        Endpoint.Parameter(
            name: "type",
            about: "Only those of this event, like `invoice.paid`.",
            schema: Schema.string
        ),
        Endpoint.Parameter(name: "object", about: "Only those about this id.", schema: Schema.string),
    ]

    /// The schemas of what these routes answer.
    static let components: JSONObject = [
        "WebhookEndpoint": Schema.object([
            "id": Schema.string, "tenant": Schema.nullable(Schema.string), "url": Schema.string,
            "description": Schema.string, "events": Schema.array(Schema.string), "enabled": Schema.boolean,
            "status": Schema.choice(WebhookEndpointStatus.allCases.map(\.rawValue)),
            "disabled_reason": Schema.nullable(Schema.choice(WebhookDisabledReason.allCases.map(\.rawValue))),
            "previous_secret_until": Schema.nullable(Schema.instant), "failing_since": Schema.nullable(Schema.instant),
            "created_at": Schema.instant,
        ]),
        "WebhookDelivery": Schema.object([
            "id": Schema.string, "endpoint": Schema.string, "event": Schema.string, "type": Schema.string,
            "object": Schema.string, "status": Schema.choice(WebhookDeliveryStatus.allCases.map(\.rawValue)),
            "attempts": Schema.integer, "next_attempt_at": Schema.nullable(Schema.instant),
            "response_status": Schema.nullable(Schema.integer), "duration_ms": Schema.nullable(Schema.integer),
            "error": Schema.nullable(Schema.string), "created_at": Schema.instant,
            "finished_at": Schema.nullable(Schema.instant),
        ]),
        "WebhookAttempt": Schema.object([
            "attempt": Schema.integer, "at": Schema.instant, "duration_ms": Schema.integer,
            "address": Schema.nullable(Schema.string), "response_status": Schema.nullable(Schema.integer),
            "response_body": Schema.nullable(Schema.string), "error": Schema.nullable(Schema.string),
        ]),
    ]
}

extension Call {
    /// Where staff act: on the tenant they name, or on the installation's own.
    fileprivate func ownerScope(_ scope: Scope) throws(Problem) -> Scope? {
        try namedTenant() == nil ? scope : nil
    }

    fileprivate func endpointID() throws(Problem) -> WebhookEndpointID {
        guard let id = WebhookEndpointID(path["id"] ?? "") else {
            throw .notFound("webhook endpoint", path["id"] ?? "")
        }
        return id
    }

    fileprivate func deliveryID() throws(Problem) -> WebhookDeliveryID {
        guard let id = WebhookDeliveryID(path["id"] ?? "") else {
            throw .notFound("webhook delivery", path["id"] ?? "")
        }
        return id
    }
}
