import Values

/// The schemas that the description names; what answers hold beyond them is said by the objects themselves.
enum Components {
    static let all: JSONObject = [
        "Money": Schema.money,
        "Tenant": Schema.object([
            "id": Schema.string, "name": Schema.string, "email": Schema.nullable(Schema.string),
            "timezone": Schema.string, "currency": Schema.nullable(Schema.string),
            "status": Schema.choice(["active", "suspended", "closed"]), "legal_entity": Schema.string,
            "spend_limit": Schema.nullable(Schema.ref("Money")), "metadata": Schema.free,
            "created_at": Schema.instant,
        ]),
        "Key": Schema.object([
            "id": Schema.string, "tenant": Schema.nullable(Schema.string),
            "staff_role": Schema.nullable(Schema.string), "name": Schema.string, "prefix": Schema.string,
            "scopes": Schema.array(Schema.string), "expires_at": Schema.nullable(Schema.instant),
            "last_used_at": Schema.nullable(Schema.instant), "revoked_at": Schema.nullable(Schema.instant),
            "created_at": Schema.instant,
        ]),
        "Plan": Schema.object([
            "id": Schema.string, "version_id": Schema.string, "version": Schema.integer, "code": Schema.string,
            "name": Schema.string, "currency": Schema.string, "features": Schema.free, "visible": Schema.boolean,
            "published_at": Schema.instant, "archived_at": Schema.nullable(Schema.instant),
        ]),
        "Subscription": Schema.object([
            "id": Schema.string, "tenant": Schema.string, "plan": Schema.string, "status": Schema.string,
        ]),
        "SubscriptionChange": Schema.object([
            "id": Schema.string, "at": Schema.instant, "kind": Schema.string, "when": Schema.string,
            "author": Schema.string, "recorded_at": Schema.instant,
        ]),
        "Invoice": Schema.object([
            "id": Schema.string, "number": Schema.nullable(Schema.string), "status": Schema.string,
        ]),
        "CreditGrant": Schema.object(["id": Schema.string, "expires_at": Schema.nullable(Schema.instant)]),
        "Event": event,
        "EventOutcomes": Schema.object(
            [
                "events": Schema.array(
                    Schema.object([
                        "id": Schema.nullable(Schema.string),
                        "outcome": Schema.choice(["accepted", "duplicate", "conflict", "rejected"]),
                        "errors": Schema.array(fieldError),
                    ])
                )
            ],
            required: ["events"]
        ),
        "StoredEvent": Schema.object([
            "id": Schema.string, "meter": Schema.string, "at": Schema.instant, "value": Schema.decimal,
            "properties": Schema.free, "subject": Schema.nullable(Schema.string),
            "subscription": Schema.nullable(Schema.string), "recorded_at": Schema.instant,
            "voided_at": Schema.nullable(Schema.instant),
        ]),
        "UsageRow": Schema.object([
            "meter": Schema.string, "start": Schema.instant, "end": Schema.instant, "quantity": Schema.decimal,
            "group": Schema.nullable(Schema.free), "cost": Schema.nullable(Schema.ref("Money")),
            "price": Schema.nullable(Schema.string),
        ]),
        "Entitlement": Schema.object([
            "feature": Schema.string, "meter": Schema.string, "limit": Schema.decimal, "used": Schema.decimal,
            "remaining": Schema.decimal, "window": Schema.object(["start": Schema.instant, "end": Schema.instant]),
            "hard": Schema.boolean, "sources": Schema.array(Schema.string),
        ]),
        "Activity": Schema.object([
            "id": Schema.string, "at": Schema.instant, "recorded_at": Schema.instant, "author": Schema.string,
            "verb": Schema.string, "object": Schema.string, "details": Schema.anything,
            "request_id": Schema.nullable(Schema.string),
        ]),
        "Model": Schema.object([
            "id": Schema.string, "object": Schema.string, "created": Schema.integer, "owned_by": Schema.string,
        ]),
        "Job": Schema.object([
            "id": Schema.string, "object": Schema.string, "task": Schema.string, "status": Schema.string,
            "model": Schema.string, "version": Schema.string, "created_at": Schema.instant,
            "started_at": Schema.nullable(Schema.instant), "finished_at": Schema.nullable(Schema.instant),
            "attempts": Schema.integer, "output": Schema.anything, "error": Schema.anything, "usage": Schema.anything,
            "metadata": Schema.free,
        ]),
        "Usage": Schema.object([
            "prompt_tokens": Schema.integer, "completion_tokens": Schema.integer, "total_tokens": Schema.integer,
            "prompt_tokens_details": Schema.object(["cached_tokens": Schema.integer]),
        ]),
    ]

    /// What a route that sends events takes: the short form or a CloudEvent 1.0.
    static let event: JSONValue = Schema.object([
        "id": Schema.string, "meter": Schema.string, "at": Schema.instant, "value": Schema.decimal,
        "properties": Schema.free, "subject": Schema.string, "subscription": Schema.string,
    ])

    private static let fieldError = Schema.object(["field": Schema.string, "message": Schema.string])
}
