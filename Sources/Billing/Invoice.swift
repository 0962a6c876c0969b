package import Values

/// Where an invoice stands.
package enum InvoiceStatus: String, CaseIterable, Sendable {
    /// Made, and not yet in the books; it has no number.
    case draft
    /// In the books, and waiting for money.
    case open
    /// Nothing is due any more.
    case paid
    /// Taken back; nobody has to pay it.
    case void
    /// Nobody expects it to be paid.
    case uncollectible
}

/// An invoice as it is stored.
///
/// What it says never changes; its status, number and payment do.
package struct Invoice: Hashable, Sendable {
    /// Names it.
    package let id: InvoiceID
    /// Who is to pay.
    package let tenant: TenantID
    /// What it is for.
    package let subscription: SubscriptionID
    /// Who sells, and numbers it.
    package let legalEntity: EntityID
    /// The gapless number of its legal entity; nil for a draft.
    package internal(set) var number: String?
    /// Where it stands.
    package internal(set) var status: InvoiceStatus
    /// Why it was made.
    package let reason: InvoiceDraft.Reason
    /// The instant at which everything on it fell due.
    package let issuedAt: Instant
    /// By when it is to be paid; nil for a draft.
    package internal(set) var dueAt: Instant?
    /// When it went to the books, in business time.
    package internal(set) var finalizedAt: Instant?
    /// When it was paid, in business time.
    package internal(set) var paidAt: Instant?
    /// When it was taken back, in business time.
    package let voidedAt: Instant?
    /// Since when nobody expects it to be paid, in business time; it stays with one that is paid after all.
    package let uncollectibleAt: Instant?
    /// How the tenant was taxed when it was made.
    package let taxStatus: TaxStatus
    /// The currency of all its amounts.
    package let currency: Currency
    /// What is billed, in the order of the invoice function.
    package let lines: [InvoiceLine]
    /// The sum of the lines' amounts.
    package let subtotal: Money
    /// The sum of the lines' discounts.
    package let discount: Money
    /// The sum of the lines' taxes.
    package let tax: Money
    /// Subtotal less discount plus tax, but not below 0.
    package let total: Money
    /// What is below 0 and went to the credit balance.
    package let credited: Money
    /// What is below 0 and is to be paid out.
    package let refundDue: Money
    /// What grants and the credit balance paid.
    package let creditsApplied: Money
    /// Total less credits.
    package let amountDue: Money
    /// What has been paid.
    package let amountPaid: Money
    /// What credit notes took off what is due.
    package let amountCredited: Money
    /// When it was written.
    package let recordedAt: Instant

    /// What is left of what is due, less what was paid and what credit notes took off; the table holds that it is not
    /// below 0.
    package var amountRemaining: Money {
        Money(minor: amountDue.minor - amountPaid.minor - amountCredited.minor, currency: currency)
    }

    /// As it leaves over HTTP.
    package var json: JSONValue {
        var object: JSONObject = [
            "id": .string(id.text), "tenant": .string(tenant.text), "subscription": .string(subscription.text),
            "legal_entity": .string(legalEntity.text), "number": .optional(number),
            "status": .string(status.rawValue), "reason": .string(reason.rawValue),
            "issued_at": .string(issuedAt.text), "due_at": .optional(dueAt?.text),
            "finalized_at": .optional(finalizedAt?.text), "paid_at": .optional(paidAt?.text),
            "voided_at": .optional(voidedAt?.text), "uncollectible_at": .optional(uncollectibleAt?.text),
            "currency": .string(currency.code),
        ]
        for (key, value) in amounts { object[key] = value }
        object["amount_paid"] = amountPaid.json
        object["amount_credited"] = amountCredited.json
        object["amount_remaining"] = amountRemaining.json
        object["recorded_at"] = .string(recordedAt.text)
        return .object(object)
    }

    /// One that is not stored, as it leaves over HTTP: what it would say.
    package var previewJSON: JSONValue {
        var object: JSONObject = [
            "tenant": .string(tenant.text), "subscription": .string(subscription.text),
            "reason": .string(reason.rawValue), "issued_at": .string(issuedAt.text),
            "currency": .string(currency.code),
        ]
        for (key, value) in amounts { object[key] = value }
        return .object(object)
    }

    private var amounts: JSONObject {
        [
            "lines": .array(lines.map { $0.json(currency) }), "subtotal": subtotal.json, "discount": discount.json,
            "tax": tax.json, "tax_status": .string(taxStatus.rawValue), "total": total.json, "credited": credited.json,
            "refund_due": refundDue.json,
            "credits_applied": creditsApplied.json, "amount_due": amountDue.json,
        ]
    }

    /// What the trail of activity keeps of it.
    var summary: JSONValue {
        [
            "subscription": .string(subscription.text), "number": .optional(number),
            "status": .string(status.rawValue), "issued_at": .string(issuedAt.text), "total": total.json,
            "amount_due": amountDue.json,
        ]
    }

    /// The key that its journal is posted under.
    package var postingKey: String { "invoice:\(id):finalized" }
}
