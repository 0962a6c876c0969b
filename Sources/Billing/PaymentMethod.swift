package import Values

extension Entities {
    /// What a tenant pays with.
    package enum PaymentMethod: Entity {
        package static let prefix = "pmd"
    }
}

/// Names a payment method.
package typealias PaymentMethodID = ID<Entities.PaymentMethod>

/// What a tenant pays with: a card that a gateway keeps, or bank transfers.
package struct PaymentMethod: Hashable, Sendable {
    /// Names it.
    package let id: PaymentMethodID
    /// Whose it is.
    package let tenant: TenantID
    /// The gateway that takes money with it: `manual`, `stripe`.
    package let gateway: String
    /// What the gateway calls it, and shows of it.
    package let details: PaymentMethodDetails
    /// Whether invoices are collected with it; at most one of a tenant's is the default.
    package let isDefault: Bool
    /// Since when it can be used.
    package let createdAt: Instant
    /// When it was removed; nil while it can be used.
    package let removedAt: Instant?

    /// What the gateway calls the customer; nil where it has none.
    package var customer: String? { details.customer }

    /// What the gateway calls the method.
    package var reference: String { details.reference }

    /// As it leaves over HTTP; no secrets, no card number.
    package var json: JSONValue {
        [
            "id": .string(id.text), "tenant": .string(tenant.text), "gateway": .string(gateway),
            "reference": .string(reference), "kind": .string(details.kind), "brand": .optional(details.brand),
            "last4": .optional(details.last4), "expires": .optional(details.expiry?.text),
            "default": .bool(isDefault), "created_at": .string(createdAt.text),
            "removed_at": .optional(removedAt?.text),
        ]
    }
}

/// What a gateway says of a payment method.
package struct PaymentMethodDetails: Hashable, Sendable {
    /// The last month in which a card can be used.
    package struct Expiry: Hashable, Sendable {
        package let year: Int
        package let month: Int

        /// Like `2030-06`.
        package var text: String { "\(year)-" + (month < 10 ? "0\(month)" : "\(month)") }
    }

    /// What the gateway calls the customer; nil where it has none.
    package let customer: String?
    /// What the gateway calls the method.
    package let reference: String
    /// The gateway's word for its kind: `card`, `sepa_debit`, `bank_transfer`.
    package let kind: String
    /// A card's brand.
    package let brand: String?
    /// The last characters of the card's or account's number.
    package let last4: String?
    /// Until when a card can be used.
    package let expiry: Expiry?

    /// Bank transfers that name this.
    package init(transfer reference: String) {
        self.init(customer: nil, reference: reference, kind: "bank_transfer", brand: nil, last4: nil, expiry: nil)
    }

    init(customer: String?, reference: String, kind: String, brand: String?, last4: String?, expiry: Expiry?) {
        self.customer = customer
        self.reference = reference
        self.kind = kind
        self.brand = brand
        self.last4 = last4
        self.expiry = expiry
    }

    /// What Stripe's PaymentMethod object says; what it does not say, or not in the form we keep, is left out.
    init(stripe object: JSONValue, reference: String, customer: String) {
        let kind = object["type"]?.string ?? "card"
        let shown = object[kind]
        var expiry: Expiry?
        if let year = shown?["exp_year"]?.int, let month = shown?["exp_month"]?.int, (2000...2199).contains(year),
            (1...12).contains(month)
        {
            expiry = Expiry(year: year, month: month)
        }
        let last4 = shown?["last4"]?.string.map { String($0.suffix(4)) }
        let brand = shown?["brand"]?.string.map { String($0.prefix(40)) }
        self.init(
            customer: customer,
            reference: reference,
            kind: PaymentMethodDetails.isKind(kind) ? kind : "other",
            brand: brand?.isEmpty == false ? brand : nil,
            last4: last4?.isEmpty == false ? last4 : nil,
            expiry: expiry
        )
    }

    private static func isKind(_ text: String) -> Bool {
        (1...40).contains(text.utf8.count) && text.utf8.first.map(isLetter) == true
            && text.utf8.allSatisfy { isLetter($0) || ($0 >= 48 && $0 <= 57) || $0 == UInt8(ascii: "_") }
    }

    private static func isLetter(_ byte: UInt8) -> Bool { (UInt8(ascii: "a")...UInt8(ascii: "z")).contains(byte) }
}

/// What is asked for when a payment method is saved.
package struct PaymentMethodDraft: Hashable, Sendable {
    /// The gateway it is for.
    package var gateway: GatewayName
    /// For Stripe the id of the method that the customer's browser made, `pm_…`; for bank transfers what they name.
    package var reference: String
    /// Whether invoices are collected with it from now on; a tenant's first method is so in any case.
    package var isDefault: Bool

    /// Makes a draft; the reference is checked.
    package init(gateway: GatewayName, reference: String, isDefault: Bool = false) throws(Problem) {
        let trimmed = reference.drop { $0 == " " }
        guard (1...200).contains(trimmed.unicodeScalars.count),
            !trimmed.unicodeScalars.contains(where: { $0.value < 32 })
        else {
            throw .invalid(
                Self.field(of: gateway),
                "has \(trimmed.unicodeScalars.count) characters; 1 to 200 on one line are expected"
            )
        }
        self.gateway = gateway
        self.reference = String(trimmed)
        self.isDefault = isDefault
    }

    /// Reads the fields of a request to their end: `payment_method` for Stripe, `reference` for bank transfers.
    package init(json fields: inout JSONFields) throws(Problem) {
        let gateway = try fields.choice("gateway", as: GatewayName.self)
        let reference = try fields.string(Self.field(of: gateway))
        let isDefault = try fields.optionalBool("default") ?? false
        try fields.finish()
        try self.init(gateway: gateway, reference: reference, isDefault: isDefault)
    }

    /// The field that the reference comes in.
    package static func field(of gateway: GatewayName) -> String { gateway == .stripe ? "payment_method" : "reference" }

    /// The field that this one's reference came in.
    var field: String { Self.field(of: gateway) }
}
