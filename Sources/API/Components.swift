import Billing
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
            "created_at": Schema.instant, "test_clock": Schema.nullable(Schema.string),
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
            "name": Schema.string, "currency": Schema.string, "interval": Schema.free,
            "alignment": Schema.choice(["anniversary", "calendar"]),
            "proration": Schema.choice(["day", "second", "none"]), "trial_days": Schema.integer,
            "minimum_commitment": Schema.decimal, "prices": Schema.array(Schema.free), "features": Schema.free,
            "visible": Schema.boolean,
            "published_at": Schema.instant, "archived_at": Schema.nullable(Schema.instant),
            "currencies": Schema.array(Schema.string), "versions": Schema.array(Schema.free),
        ]),
        "AddOn": Schema.object([
            "id": Schema.string, "version_id": Schema.string, "version": Schema.integer, "code": Schema.string,
            "name": Schema.string, "currency": Schema.string,
            "interval": Schema.object(["unit": Schema.string, "count": Schema.integer]),
            "prices": Schema.array(Schema.free), "visible": Schema.boolean, "published_at": Schema.instant,
            "archived_at": Schema.nullable(Schema.instant),
        ]),
        "SubscriptionTimeline": Schema.object([
            "subscription": Schema.string, "at": Schema.instant,
            "state": Schema.object([
                "status": Schema.string, "standing": Schema.string, "since": Schema.instant,
                "reason": Schema.string, "change": Schema.nullable(Schema.string),
            ]),
            "steps": Schema.array(Schema.free), "phases": Schema.array(Schema.free),
            "changes": Schema.array(Schema.ref("SubscriptionChange")),
            "scheduled_changes": Schema.array(Schema.ref("SubscriptionChange")),
        ]),
        "Payment": Schema.object([
            "id": Schema.string, "tenant": Schema.string, "gateway": Schema.string, "amount": Schema.ref("Money"),
            "fee": Schema.ref("Money"), "reference": Schema.string, "at": Schema.instant,
            "applied": Schema.ref("Money"), "unapplied": Schema.ref("Money"), "refunded": Schema.ref("Money"),
            "disputed": Schema.ref("Money"), "allocations": Schema.array(Schema.free),
        ]),
        "Refund": Schema.object([
            "id": Schema.string, "tenant": Schema.string, "payment": Schema.nullable(Schema.string),
            "purchase": Schema.nullable(Schema.string), "amount": Schema.ref("Money"), "gateway": Schema.string,
            "state": Schema.choice(PaymentRefund.State.allCases.map(\.rawValue)), "reason": Schema.string,
            "reference": Schema.nullable(Schema.string), "error": Schema.nullable(Schema.string),
            "at": Schema.instant, "settled_at": Schema.nullable(Schema.instant),
        ]),
        "Dispute": Schema.object([
            "id": Schema.string, "tenant": Schema.string, "payment": Schema.nullable(Schema.string),
            "purchase": Schema.nullable(Schema.string), "invoices": Schema.array(Schema.string),
            "gateway": Schema.string, "reference": Schema.string, "amount": Schema.ref("Money"),
            "fee": Schema.ref("Money"), "reason": Schema.string,
            "state": Schema.choice(PaymentDispute.State.allCases.map(\.rawValue)),
            "evidence_due_at": Schema.nullable(Schema.instant), "at": Schema.instant,
            "closed_at": Schema.nullable(Schema.instant),
        ]),
        "PaymentMethod": Schema.object([
            "id": Schema.string, "tenant": Schema.string,
            "gateway": Schema.choice(GatewayName.allCases.map(\.rawValue)), "reference": Schema.string,
            "kind": Schema.string, "brand": Schema.nullable(Schema.string), "last4": Schema.nullable(Schema.string),
            "expires": Schema.nullable(Schema.string), "default": Schema.boolean, "created_at": Schema.instant,
            "removed_at": Schema.nullable(Schema.instant),
        ]),
        "CreditNote": Schema.object([
            "id": Schema.string, "tenant": Schema.string, "invoice": Schema.string, "legal_entity": Schema.string,
            "number": Schema.string, "reason": Schema.string, "currency": Schema.string,
            "lines": Schema.array(Schema.free), "net": Schema.ref("Money"),
            "tax": Schema.ref("Money"), "total": Schema.ref("Money"), "receivable": Schema.ref("Money"),
            "bad_debt": Schema.ref("Money"), "balance": Schema.ref("Money"), "refund": Schema.ref("Money"),
            "issued_at": Schema.instant, "recorded_at": Schema.instant,
        ]),
        "CreditPackage": Schema.object([
            "code": Schema.string, "name": Schema.string, "price": Schema.ref("Money"), "credit": Schema.ref("Money"),
            "expires_after_days": Schema.nullable(Schema.integer), "priority": Schema.integer,
            "archived_at": Schema.nullable(Schema.instant), "created_at": Schema.instant,
        ]),
        "CreditPurchase": Schema.object([
            "id": Schema.string, "tenant": Schema.string, "package": Schema.string,
            "source": Schema.choice(CreditPurchase.Source.allCases.map(\.rawValue)),
            "status": Schema.choice(CreditPurchase.Status.allCases.map(\.rawValue)), "price": Schema.ref("Money"),
            "credit": Schema.ref("Money"), "action_url": Schema.nullable(Schema.string),
            "failure": Schema.nullable(Schema.string), "grant": Schema.nullable(Schema.string),
            "bonus_grant": Schema.nullable(Schema.string), "requested_at": Schema.instant,
            "settled_at": Schema.nullable(Schema.instant),
        ]),
        "TopUpRule": Schema.object([
            "threshold": Schema.ref("Money"), "package": Schema.string, "monthly_limit": Schema.ref("Money"),
        ]),
        "Event": event,
        "EventOutcomes": Schema.object(
            [
                "events": Schema.array(
                    Schema.object([
                        "id": Schema.nullable(Schema.string),
                        "outcome": Schema.choice(["accepted", "duplicate", "conflict", "rejected"]),
                        "errors": Schema.array(fieldError), "code": Schema.choice(["unknown_meter"]),
                        "kept": Schema.boolean,
                    ])
                )
            ],
            required: ["events"]
        ),
        "StoredEvent": Schema.object([
            "id": Schema.string, "meter": Schema.string, "at": Schema.instant, "value": Schema.decimal,
            "properties": Schema.free, "subject": Schema.nullable(Schema.string),
            "subscription": Schema.nullable(Schema.string), "recorded_at": Schema.instant,
            "voided_at": Schema.nullable(Schema.instant), "revision": Schema.integer,
            "history": Schema.array(Schema.free),
        ]),
        "UsageRow": Schema.object([
            "meter": Schema.string, "start": Schema.instant, "end": Schema.instant, "quantity": Schema.decimal,
            "group": Schema.nullable(Schema.free), "cost": Schema.nullable(Schema.ref("Money")),
            "price": Schema.nullable(Schema.ref("Money")), "undefined": Schema.free,
        ]),
        "Entitlement": Schema.object([
            "feature": Schema.string, "kind": Schema.choice(["boolean", "static", "metered"]),
            "value": Schema.anything, "meter": Schema.string, "limit": Schema.decimal, "used": Schema.decimal,
            "remaining": Schema.decimal, "window": Schema.object(["start": Schema.instant, "end": Schema.instant]),
            "hard": Schema.boolean, "sources": Schema.array(Schema.string),
            "parts": Schema.array(
                Schema.object([
                    "kind": Schema.choice(["allowance", "rollover", "grant"]), "source": Schema.string,
                    "units": Schema.decimal, "left": Schema.decimal, "priority": Schema.integer,
                    "expires_at": Schema.nullable(Schema.instant),
                ])
            ),
        ]),
        "EntitlementGrant": Schema.object([
            "id": Schema.string, "feature": Schema.string, "meter": Schema.string, "units": Schema.decimal,
            "priority": Schema.integer, "starts_at": Schema.instant, "expires_at": Schema.nullable(Schema.instant),
            "voided_at": Schema.nullable(Schema.instant), "memo": Schema.string,
        ]),
        "Alert": Schema.object([
            "id": Schema.string, "kind": Schema.choice(Alert.Kind.allCases.map(\.rawValue)),
            "meter": Schema.nullable(Schema.string), "feature": Schema.nullable(Schema.string),
            "thresholds": Schema.array(Schema.string), "name": Schema.string, "created_at": Schema.instant,
            "removed_at": Schema.nullable(Schema.instant),
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
        "File": Schema.object([
            "id": Schema.string, "object": Schema.string, "bytes": Schema.integer, "created_at": Schema.integer,
            "expires_at": Schema.integer, "filename": Schema.string, "purpose": Schema.string,
            "status": Schema.string,
        ]),
        "Batch": Schema.object([
            "id": Schema.string, "object": Schema.string, "endpoint": Schema.string, "status": Schema.string,
            "input_file_id": Schema.string, "output_file_id": Schema.nullable(Schema.string),
            "error_file_id": Schema.nullable(Schema.string), "errors": Schema.nullable(Schema.free),
            "completion_window": Schema.string, "created_at": Schema.integer, "expires_at": Schema.integer,
            "request_counts": Schema.object([
                "total": Schema.integer, "completed": Schema.integer, "failed": Schema.integer,
            ]), "metadata": Schema.free,
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
