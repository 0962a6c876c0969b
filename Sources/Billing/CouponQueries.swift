package import Postgres
package import Values

/// Reading coupons, their codes and what was redeemed.
package enum CouponQueries {
    /// The coupon of a code, whatever its case; nil if there is none.
    package static func find(_ code: String, in transaction: borrowing Transaction) async throws -> Coupon? {
        try await transaction.first(
            "SELECT \(fragment: columns) FROM app.coupons k WHERE upper(k.code) = upper(\(code))",
            coupon
        )
    }

    /// Coupons in the order in which they were made.
    ///
    /// `archived`: also those that are no longer given.
    ///
    /// `after`: the last id of the page before.
    package static func list(
        includingArchived archived: Bool,
        limit: Int,
        after: CouponID? = nil,
        in transaction: borrowing Transaction
    ) async throws -> [Coupon] {
        try await transaction.query(
            """
            SELECT \(fragment: columns) FROM app.coupons k
            WHERE (\(archived)::boolean OR k.archived_at IS NULL) AND (\(after)::uuid IS NULL OR k.id > \(after))
            ORDER BY k.id LIMIT \(limit)
            """,
            coupon
        )
    }

    /// The codes of a coupon, its own first, then in the order in which they were made.
    package static func codes(
        of coupon: CouponID,
        limit: Int,
        after: CouponCodeID? = nil,
        in transaction: borrowing Transaction
    ) async throws -> [CouponCode] {
        try await transaction.query(
            """
            SELECT \(fragment: codeColumns)
            WHERE c.coupon_id = \(coupon) AND (\(after)::uuid IS NULL OR c.id > \(after)) ORDER BY c.id LIMIT \(limit)
            """,
            code
        )
    }

    /// What a text stands for, whatever its case; nil if it is no code.
    package static func code(_ text: String, in transaction: borrowing Transaction) async throws -> CouponCode? {
        try await transaction.first("SELECT \(fragment: codeColumns) WHERE upper(c.code) = upper(\(text))", code)
    }

    /// What counts or counted for a subscription, in the order in which it was redeemed.
    package static func redemptions(
        of subscription: SubscriptionID,
        tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> [CouponRedemption] {
        try await transaction.query(
            """
            SELECT r.id, r.tenant_id, r.subscription_id, r.coupon_id, k.code, c.code, r.redeemed_at, r.ended_at
            FROM app.coupon_redemptions r
            JOIN app.coupons k ON k.id = r.coupon_id JOIN app.coupon_codes c ON c.id = r.code_id
            WHERE r.tenant_id = \(tenant) AND r.subscription_id = \(subscription) ORDER BY r.redeemed_at, r.seq
            """
        ) { row in
            CouponRedemption(
                id: try row.next(),
                tenant: try row.next(),
                subscription: try row.next(),
                coupon: try row.next(),
                couponCode: try row.next(),
                code: try row.next(),
                redeemedAt: try row.next(),
                endedAt: try row.next()
            )
        }
    }

    /// How often a tenant has redeemed a coupon itself.
    static func count(
        of coupon: CouponID,
        tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> Int {
        let count: Int? = try await transaction.first(
            """
            SELECT count(*) FROM app.coupon_redemptions
            WHERE tenant_id = \(tenant) AND coupon_id = \(coupon) AND referred_id IS NULL
            """
        ) { row in try row.next() }
        return count ?? 0
    }

    /// The instant of a subscription's last invoice; nil if it has none.
    static func lastInvoice(
        of subscription: SubscriptionID,
        tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> Instant? {
        let last: Instant?? = try await transaction.first(
            """
            SELECT max(issued_at) FROM app.invoices
            WHERE tenant_id = \(tenant) AND subscription_id = \(subscription)
            """
        ) { row in try row.next() as Instant? }
        return last ?? nil
    }

    /// The codes of a list that no plan has as a price; prices of add-ons are not looked up.
    static func unknownPrices(_ codes: [String], in transaction: borrowing Transaction) async throws -> [String] {
        try await transaction.query(
            """
            SELECT given.code FROM unnest(\(codes)::text[]) AS given (code)
            WHERE given.code NOT LIKE 'addon:%' AND NOT EXISTS (
                SELECT 1 FROM app.plan_versions v
                WHERE v.document -> 'prices' @> jsonb_build_array(jsonb_build_object('code', given.code)))
            ORDER BY given.code
            """
        ) { row in try row.next() }
    }

    static func insert(_ coupon: Coupon, by stamp: Stamp) -> SQL {
        let terms = coupon.terms
        var (percent, minor, carries): (Exact?, Int64?, Bool) = (nil, nil, false)
        switch terms.value {
        case .percent(let value): percent = value
        case .amount(let value, let isCarried): (minor, carries) = (value, isCarried)
        }
        var periods: Int?
        if case .repeating(let count) = terms.duration { periods = count }
        return """
            INSERT INTO app.coupons (id, code, name, percent, amount_minor, currency, carries, duration, periods,
                                     prices, plans, max_redemptions, per_tenant, starts_at, expires_at,
                                     is_for_first_subscription, redemptions, created_at, recorded_at, author)
            VALUES (\(coupon.id), \(terms.code), \(terms.name), \(percent), \(minor), \(terms.currency), \(carries),
                    \(terms.duration.word), \(periods), \(terms.prices), \(terms.plans), \(terms.maxRedemptions),
                    \(terms.perTenant), \(terms.startsAt), \(terms.expiresAt), \(terms.isForFirstSubscription), 0,
                    \(coupon.createdAt), \(stamp.recordedAt), \(stamp.author))
            ON CONFLICT DO NOTHING
            """
    }

    static func insert(_ code: CouponCode, reward coupon: CouponID?, by stamp: Stamp) -> SQL {
        var money: Money?
        if case .credit(let amount) = code.reward { money = amount }
        return """
            INSERT INTO app.coupon_codes (id, coupon_id, code, kind, max_redemptions, expires_at, owner_id,
                                          reward_minor, reward_currency, reward_coupon_id, redemptions, created_at,
                                          recorded_at, author)
            VALUES (\(code.id), \(code.coupon), \(code.code), \(code.kind.rawValue), \(code.maxRedemptions),
                    \(code.expiresAt), \(code.owner), \(money?.minor), \(money?.currency), \(coupon), 0,
                    \(code.createdAt), \(stamp.recordedAt), \(stamp.author))
            ON CONFLICT DO NOTHING
            """
    }

    /// Writes a redemption as the last of its subscription, whose lock the caller holds.
    static func insert(
        _ redemption: CouponRedemption,
        by code: CouponCodeID,
        referred: TenantID? = nil,
        stamp: Stamp
    ) -> SQL {
        """
        INSERT INTO app.coupon_redemptions (tenant_id, id, subscription_id, seq, coupon_id, code_id, redeemed_at,
                                            referred_id, recorded_at, author)
        SELECT \(redemption.tenant)::uuid, \(redemption.id)::uuid, \(redemption.subscription)::uuid,
               1 + coalesce(max(seq), 0), \(redemption.coupon)::uuid, \(code)::uuid,
               \(redemption.redeemedAt)::timestamptz, \(referred)::uuid, \(stamp.recordedAt)::timestamptz,
               \(stamp.author)::text
        FROM app.coupon_redemptions
        WHERE tenant_id = \(redemption.tenant) AND subscription_id = \(redemption.subscription)
        RETURNING 1
        """
    }

    /// Reads percent, amount and whether it carries.
    static func value(_ row: inout RowReader) throws -> InvoiceCoupon.Value {
        let percent: Decimal12? = try row.next()
        let minor: Int64? = try row.next()
        let carries: Bool = try row.next()
        // The table holds exactly one of the two.
        return percent.map { .percent($0.exact) } ?? .amount(minor ?? 0, carries: carries)
    }

    /// Reads a duration's word and its periods.
    static func duration(_ row: inout RowReader) throws -> InvoiceCoupon.Duration {
        let word: String = try row.next()
        let periods: Int? = try row.next()
        return switch word {
        case "repeating": .repeating(periods: periods ?? 1)
        case "forever": .forever
        default: .once
        }
    }

    private static let columns: SQL =
        """
        k.id, k.code, k.name, k.percent, k.amount_minor, k.carries, k.currency, k.duration, k.periods, k.prices,
        k.plans, k.max_redemptions, k.per_tenant, k.starts_at, k.expires_at, k.is_for_first_subscription,
        k.redemptions, k.created_at, k.archived_at
        """

    private static func coupon(_ row: inout RowReader) throws -> Coupon {
        let id: CouponID = try row.next()
        let code: String = try row.next()
        let name: String = try row.next()
        let value = try value(&row)
        let currency: Currency? = try row.next()
        let terms = CouponTerms(
            code: code,
            name: name,
            value: value,
            currency: currency,
            duration: try duration(&row),
            prices: try row.next(),
            plans: try row.next(),
            maxRedemptions: try row.next(),
            perTenant: try row.next(),
            startsAt: try row.next(),
            expiresAt: try row.next(),
            isForFirstSubscription: try row.next()
        )
        return Coupon(
            id: id,
            terms: terms,
            redemptions: try row.next(),
            createdAt: try row.next(),
            archivedAt: try row.next()
        )
    }

    private static let codeColumns: SQL =
        """
        c.id, c.coupon_id, k.code, c.code, c.kind, c.max_redemptions, c.expires_at, c.owner_id, c.reward_minor,
        c.reward_currency, b.code, c.redemptions, c.created_at, c.archived_at
        FROM app.coupon_codes c JOIN app.coupons k ON k.id = c.coupon_id
        LEFT JOIN app.coupons b ON b.id = c.reward_coupon_id
        """

    private static func code(_ row: inout RowReader) throws -> CouponCode {
        let id: CouponCodeID = try row.next()
        let coupon: CouponID = try row.next()
        let couponCode: String = try row.next()
        let text: String = try row.next()
        let kind: String = try row.next()
        let limit: Int? = try row.next()
        let expiresAt: Instant? = try row.next()
        let owner: TenantID? = try row.next()
        let minor: Int64? = try row.next()
        let currency: Currency? = try row.next()
        let other: String? = try row.next()
        let money = minor.flatMap { minor in
            currency.map { CouponCode.Reward.credit(Money(minor: minor, currency: $0)) }
        }
        return CouponCode(
            id: id,
            coupon: coupon,
            couponCode: couponCode,
            code: text,
            kind: CouponCode.Kind(rawValue: kind) ?? .coupon,
            maxRedemptions: limit,
            expiresAt: expiresAt,
            owner: owner,
            reward: money ?? other.map { .coupon($0) },
            redemptions: try row.next(),
            createdAt: try row.next(),
            archivedAt: try row.next()
        )
    }
}
