import Billing
import Subscriptions
import Values

extension Components {
    /// The schemas of subscriptions, invoices and credit.
    static let billing: JSONObject = [
        "Period": Schema.object(["start": Schema.instant, "end": Schema.instant]),
        "Subscription": Schema.object([
            "id": Schema.string, "tenant": Schema.string, "plan": Schema.string, "plan_version": Schema.integer,
            "plan_version_id": Schema.string,
            "status": Schema.choice(SubscriptionStatus.allCases.map(\.rawValue)),
            "standing": Schema.choice(SubscriptionStanding.allCases.map(\.rawValue)), "quantities": Schema.free,
            "add_ons": Schema.free, "overrides": Schema.array(Schema.free), "currency": Schema.string,
            "timezone": Schema.string, "usage": Schema.choice(SubscriptionUsage.allCases.map(\.rawValue)),
            "starts_at": Schema.instant, "current_period": Schema.ref("Period"),
            "anchor": Schema.nullable(Schema.instant), "billed_until": Schema.nullable(Schema.instant),
            "paused_at": Schema.nullable(Schema.instant), "cancels_at": Schema.nullable(Schema.instant),
            "scheduled_changes": Schema.array(Schema.string), "last_invoice_at": Schema.nullable(Schema.instant),
            "next_billing_at": Schema.nullable(Schema.instant), "ended_at": Schema.nullable(Schema.instant),
            "metadata": Schema.free, "created_at": Schema.instant,
        ]),
        "SubscriptionChange": Schema.object([
            "id": Schema.string, "at": Schema.instant,
            "kind": Schema.choice(SubscriptionChange.Kind.allCases.map(\.rawValue)),
            "when": Schema.choice(SubscriptionChange.Timing.allCases.map(\.rawValue)),
            "takes_effect_at": Schema.nullable(Schema.instant), "plan": Schema.nullable(Schema.string),
            "plan_version": Schema.string,
            "quantities": Schema.free, "add_ons": Schema.free, "overrides": Schema.array(Schema.free),
            "trial": Schema.boolean, "add_on_versions": Schema.array(Schema.free),
            "invoice": Schema.choice(SubscriptionChange.InvoiceTiming.allCases.map(\.rawValue)),
            "refund": Schema.choice(SubscriptionChange.Refund.allCases.map(\.rawValue)),
            "changes": Schema.array(Schema.string), "author": Schema.string, "recorded_at": Schema.instant,
        ]),
        "SubscriptionPreview": Schema.object([
            "preview": Schema.boolean, "subscription": Schema.ref("Subscription"),
            "invoices": Schema.array(Schema.ref("Invoice")),
        ]),
        "Invoice": Schema.object([
            "id": Schema.string, "tenant": Schema.string, "subscription": Schema.string,
            "legal_entity": Schema.string, "number": Schema.nullable(Schema.string),
            "status": Schema.choice(InvoiceStatus.allCases.map(\.rawValue)),
            "reason": Schema.choice(InvoiceDraft.Reason.allCases.map(\.rawValue)), "issued_at": Schema.instant,
            "due_at": Schema.nullable(Schema.instant), "finalized_at": Schema.nullable(Schema.instant),
            "paid_at": Schema.nullable(Schema.instant), "voided_at": Schema.nullable(Schema.instant),
            "uncollectible_at": Schema.nullable(Schema.instant), "currency": Schema.string,
            "lines": Schema.array(Schema.ref("InvoiceLine")), "subtotal": Schema.ref("Money"),
            "discount": Schema.ref("Money"), "tax": Schema.ref("Money"),
            "tax_status": Schema.choice(TaxStatus.allCases.map(\.rawValue)), "total": Schema.ref("Money"),
            "credited": Schema.ref("Money"), "refund_due": Schema.ref("Money"),
            "credits_applied": Schema.ref("Money"), "amount_due": Schema.ref("Money"),
            "amount_paid": Schema.ref("Money"), "amount_credited": Schema.ref("Money"),
            "amount_remaining": Schema.ref("Money"), "recorded_at": Schema.instant,
        ]),
        "InvoiceLine": Schema.object([
            "id": Schema.string, "plan": Schema.string, "price": Schema.nullable(Schema.string),
            "kind": Schema.choice(InvoiceDraft.Line.Kind.allCases.map(\.rawValue)),
            "meter": Schema.nullable(Schema.string), "period": Schema.ref("Period"), "ratio": Schema.string,
            "quantity": Schema.decimal, "exact": Schema.decimal, "amount": Schema.ref("Money"),
            "discount": Schema.ref("Money"), "tax": Schema.ref("Money"), "discounts": Schema.array(share),
            "taxes": Schema.array(share), "correction": Schema.boolean,
        ]),
        "CreditGrant": Schema.object([
            "id": Schema.string, "tenant": Schema.string,
            "kind": Schema.choice(CreditGrant.Kind.allCases.map(\.rawValue)), "amount": Schema.ref("Money"),
            "used": Schema.ref("Money"), "expired": Schema.ref("Money"),
            "withdrawn": Schema.ref("Money"), "paid_back": Schema.ref("Money"), "left": Schema.ref("Money"),
            "priority": Schema.integer, "granted_at": Schema.instant, "expires_at": Schema.nullable(Schema.instant),
            "voided_at": Schema.nullable(Schema.instant), "memo": Schema.string,
        ]),
    ]

    private static let share = Schema.object(["code": Schema.string, "amount": Schema.ref("Money")])
}
