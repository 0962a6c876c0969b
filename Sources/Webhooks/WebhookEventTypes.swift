import Values

/// Every type of event there is: what the trail's lines say happened.
package enum WebhookEventTypes {
    /// All types in the order of the alphabet, like `invoice.paid`.
    package static let all = verbs.flatMap { noun, verbs in verbs.map { "\(noun).\($0)" } }.sorted()

    /// The nouns with what happens to each.
    private static let verbs: [String: [String]] = [
        "add_on": ["archived", "published"],
        "alert": ["created", "fired", "removed"],
        "batch": ["cancel_requested", "cancelled", "completed", "created", "expired", "failed"],
        "clock": ["advancing", "created", "failed", "ready"],
        "compute_price": ["put"],
        "cost": ["added", "voided"],
        "cost_rule": ["put"],
        "coupon": ["archived", "code_added", "code_archived", "created", "redeemed", "removed"],
        "credit": ["expired", "granted", "restored", "voided", "withdrawn"],
        "credit_note": ["issued"],
        "credit_package": ["archived", "put"],
        "credit_purchase": ["failed", "requested", "succeeded"],
        "dispute": ["lost", "opened", "won"],
        "dunning": ["message"],
        "dunning_policy": ["changed"],
        "entitlement": ["granted", "voided"],
        "exchange_rate": ["put"],
        "file": ["created", "removed"],
        "gateway": ["removed", "set"],
        "inference": ["cancel_requested"],
        "invoice": [
            "created", "credited", "finalized", "paid", "partially_paid", "uncollectible", "updated", "voided",
        ],
        "job": ["cancelled", "expired", "failed", "retried", "succeeded"],
        "key": ["created", "revoked"],
        "legal_entity": ["created", "updated"],
        "member": ["added", "removed", "role_changed"],
        "meter": ["created", "replaced"],
        "model": ["added", "aliased", "retired"],
        "partner": ["attributed", "created", "detached", "paid"],
        "payment": ["matched", "received", "released"],
        "payment_attempt": ["action_needed", "created", "declined", "failed", "pending", "succeeded"],
        "payment_method": ["added", "default_set", "removed"],
        "plan": ["archived", "draft_dropped", "drafted", "published"],
        "quota": ["replaced"],
        "referral": ["refused", "rewarded"],
        "refund": ["created", "failed", "succeeded"],
        "subscription": [
            "cancelled", "changed", "changes_withdrawn", "created", "ended", "past_due", "pause_scheduled",
            "paused", "reactivated", "renewed", "restored", "resumed", "suspended", "threshold_set",
            "trial_ended",
        ],
        "tax": ["archived", "put"],
        "tenant": [
            "closed", "created", "currency_fixed", "resumed", "suspended", "tax_assigned",
            "tax_details_changed", "tax_withdrawn", "updated",
        ],
        "top_up": ["ended", "set"],
        "usage": ["amended", "archived", "restored", "retention_set", "voided"],
        "webhook_endpoint": [
            "created", "disabled", "redelivery_requested", "removed", "replay_requested", "secret_rotated",
            "tested", "updated",
        ],
    ]

    /// Says what there is near a filter that nothing passes.
    static func problem(of text: String, at field: String) -> Problem {
        let noun = String(text.prefix { $0 != "." })
        let near = verbs[noun].map { $0.map { "\(noun).\($0)" }.joined(separator: ", ") }
        let alike = verbs.keys.filter { $0.hasPrefix(noun.prefix(3)) }.sorted()
        let nouns = (alike.isEmpty ? verbs.keys.sorted() : alike).map { "\($0).*" }.joined(separator: ", ")
        return .invalid(field, "is \(JSONValue.string(text).seen), which never happens; there are \(near ?? nouns)")
    }
}
