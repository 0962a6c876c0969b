import Plans
package import Values

extension CouponTerms {
    private static let most = 1_000_000_000

    /// The words of a duration.
    private enum DurationWord: String, CaseIterable {
        case once, repeating, forever
    }

    /// Reads the fields of a request to their end.
    ///
    /// `zone`: of bare dates.
    package init(json fields: inout JSONFields, in zone: Zone) throws(Problem) {
        code = try fields.string("code")
        guard CatalogueCode.isValid(code) else { throw fields.invalid("code", CatalogueCode.form) }
        name = try fields.optionalString("name") ?? code
        guard (1...200).contains(name.unicodeScalars.count) else {
            throw fields.invalid("name", "has \(name.unicodeScalars.count) characters; 1 to 200 are allowed")
        }
        (value, currency) = try CouponTerms.value(&fields)
        duration = try CouponTerms.duration(&fields)
        prices = try CouponTerms.codes("prices", &fields)
        plans = try CouponTerms.codes("plans", &fields)
        maxRedemptions = try CouponTerms.limit("max_redemptions", &fields)
        perTenant = try CouponTerms.limit("per_tenant", &fields)
        startsAt = try fields.optionalInstant("starts_at", in: zone)
        expiresAt = try fields.optionalInstant("expires_at", in: zone)
        isForFirstSubscription = try fields.optionalBool("first_subscription_only") ?? false
        try fields.finish()
        if let startsAt, let expiresAt, expiresAt <= startsAt {
            throw fields.invalid("expires_at", "is \(expiresAt), not after starts_at, which is \(startsAt)")
        }
    }

    private static func value(
        _ fields: inout JSONFields
    ) throws(Problem) -> (value: InvoiceCoupon.Value, currency: Currency?) {
        let percent = try fields.optionalNonNegative("percent")
        let amount = try fields.optionalMoney("amount")
        let carries = try fields.optionalBool("carry")
        switch (percent, amount) {
        case (let percent?, nil):
            guard percent <= 100 else {
                throw fields.invalid("percent", "must be from 0 to 100, not \(percent.decimalText())")
            }
            guard (percent * 1_000_000_000_000).isWhole else {
                throw fields.invalid("percent", "has more than 12 fraction digits")
            }
            guard carries == nil else { throw fields.invalid("carry", "belongs to an amount, not to a percentage") }
            return (.percent(percent), nil)
        case (nil, let amount?):
            guard amount.minor > 0 else { throw fields.invalid("amount", "must be above 0, not \(amount.text)") }
            return (.amount(amount.minor, carries: carries ?? false), amount.currency)
        case (.some, .some), (nil, nil):
            throw fields.invalid("percent", "a coupon has either percent or amount")
        }
    }

    private static func duration(_ fields: inout JSONFields) throws(Problem) -> InvoiceCoupon.Duration {
        let word = try fields.optionalChoice("duration", as: DurationWord.self) ?? .once
        let periods = try fields.optionalInt("periods")
        guard word == .repeating else {
            guard periods == nil else {
                throw fields.invalid("periods", "belongs to the duration \"repeating\" only")
            }
            return word == .forever ? .forever : .once
        }
        guard let periods, (1...1_200).contains(periods) else {
            let seen = periods.map { "not \($0)" } ?? "with the duration \"repeating\""
            throw fields.invalid("periods", "must be from 1 to 1200, \(seen)")
        }
        return .repeating(periods: periods)
    }

    private static func codes(_ key: String, _ fields: inout JSONFields) throws(Problem) -> [String]? {
        guard let elements = try fields.optionalArray(key) else { return nil }
        guard (1...100).contains(elements.count) else {
            throw fields.invalid(key, "has \(elements.count) codes; 1 to 100 are allowed, or leave it out for all")
        }
        var codes: Set<String> = []
        for element in elements {
            guard let code = element.value.string, CatalogueCode.isValid(code) else {
                throw .invalid(element.path, "must be a code, not \(element.value.seen)")
            }
            codes.insert(code)
        }
        return codes.sorted()
    }

    static func limit(_ key: String, _ fields: inout JSONFields) throws(Problem) -> Int? {
        guard let limit = try fields.optionalInt(key) else { return nil }
        guard (1...most).contains(limit) else { throw fields.invalid(key, "must be from 1 to \(most), not \(limit)") }
        return limit
    }
}

/// A text that customers type for a coupon.
package struct CouponCode: Hashable, Sendable {
    /// What it is.
    package enum Kind: String, CaseIterable, Sendable {
        /// The coupon's own code.
        case coupon
        /// A promotion's, with limits of its own.
        case promotion
        /// A tenant's, which brings other tenants.
        case referral
    }

    /// What the tenant gets whose code brought another, once that one has paid its first invoice.
    package enum Reward: Hashable, Sendable {
        /// Promotional credit.
        case credit(Money)
        /// Another coupon, by its code.
        case coupon(String)
    }

    /// Names it.
    package let id: CouponCodeID
    /// The coupon that it stands for.
    package let coupon: CouponID
    /// That coupon's code.
    package let couponCode: String
    /// What is typed; upper and lower case are the same.
    package let code: String
    /// What it is.
    package let kind: Kind
    /// How often it may be redeemed.
    package let maxRedemptions: Int?
    /// From when on it may not be redeemed.
    package let expiresAt: Instant?
    /// Of a promotion: the only tenant that may redeem it.
    ///
    /// Of a referral: the one that refers.
    package let owner: TenantID?
    /// Of a referral.
    package let reward: Reward?
    /// How often it was redeemed.
    package let redemptions: Int
    /// Since when it is there.
    package let createdAt: Instant
    /// From then on it may not be redeemed.
    package let archivedAt: Instant?

    /// As it leaves over HTTP.
    package var json: JSONValue {
        var object: JSONObject = [
            "id": .string(id.text), "code": .string(code), "coupon": .string(couponCode),
            "kind": .string(kind.rawValue), "tenant": .optional(owner?.text),
            "max_redemptions": maxRedemptions.map { .int($0) } ?? .null, "expires_at": .optional(expiresAt?.text),
            "redemptions": .int(redemptions), "created_at": .string(createdAt.text),
            "archived_at": .optional(archivedAt?.text),
        ]
        switch reward {
        case nil: break
        case .credit(let money): object["reward_amount"] = money.json
        case .coupon(let code): object["reward_coupon"] = .string(code)
        }
        return .object(object)
    }
}

/// What is asked for when a promotion or referral code is made.
package struct CouponCodeDraft: Hashable, Sendable {
    /// What is typed.
    package let code: String
    /// How often it may be redeemed.
    package let maxRedemptions: Int?
    /// From when on it may not be redeemed.
    package let expiresAt: Instant?
    /// The only tenant that may redeem it; with a reward the one that refers.
    package let owner: TenantID?
    /// Makes it a referral.
    package let reward: CouponCode.Reward?

    /// Reads the fields of a request to their end.
    ///
    /// `zone`: of bare dates.
    package init(json fields: inout JSONFields, in zone: Zone) throws(Problem) {
        code = try fields.string("code")
        guard CatalogueCode.isValid(code) else { throw fields.invalid("code", CatalogueCode.form) }
        maxRedemptions = try CouponTerms.limit("max_redemptions", &fields)
        expiresAt = try fields.optionalInstant("expires_at", in: zone)
        owner = try fields.optionalID("tenant", of: Entities.Tenant.self)
        let amount = try fields.optionalMoney("reward_amount")
        let coupon = try fields.optionalString("reward_coupon")
        try fields.finish()
        switch (amount, coupon) {
        case (nil, nil): reward = nil
        case (let amount?, nil):
            guard amount.minor > 0 else {
                throw fields.invalid("reward_amount", "must be above 0, not \(amount.text)")
            }
            reward = .credit(amount)
        case (nil, let coupon?): reward = .coupon(coupon)
        case (.some, .some):
            throw fields.invalid("reward_coupon", "a referral has either reward_amount or reward_coupon")
        }
        guard reward == nil || owner != nil else {
            throw fields.invalid("tenant", "is required: a referral belongs to the tenant that gets the reward")
        }
    }
}
