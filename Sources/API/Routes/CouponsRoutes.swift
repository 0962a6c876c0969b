import Billing
import HTTPTypes
import Postgres
import Subscriptions
import Values

/// Coupons: staff make them, tenants redeem their codes.
enum CouponsRoutes {
    static let endpoints: [Endpoint] = [
        create, list, find, archive, addCode, codes, referrals, redeem, redeemed, remove,
    ]

    /// The codes that a new subscription comes with.
    ///
    /// `fields`: of the request that makes the subscription.
    static func codes(_ fields: inout JSONFields) throws(Problem) -> [String] {
        guard let elements = try fields.optionalArray("coupons") else { return [] }
        guard elements.count <= 10 else {
            throw fields.invalid("coupons", "has \(elements.count) codes; at most 10 are allowed")
        }
        var codes: [String] = []
        for element in elements {
            guard let code = element.value.string else {
                throw .invalid(element.path, "must be a code, not \(element.value.seen)")
            }
            codes.append(code)
        }
        return codes
    }

    /// Redeems codes for a new subscription; asked for again under the same id it has them already.
    static func redeem(
        _ codes: [String],
        for subscription: Subscription,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws {
        guard !codes.isEmpty else { return }
        let known = try await CouponQueries.redemptions(
            of: subscription.id,
            tenant: subscription.tenant,
            in: transaction
        )
        let redeemed = Set(known.map { $0.code.uppercased() })
        for code in codes where !redeemed.contains(code.uppercased()) {
            try await CouponOperations.redeem(
                code,
                for: subscription.id,
                of: subscription.tenant,
                by: stamp,
                in: transaction
            )
        }
    }

    private static let create = Endpoint(
        method: .post,
        path: "/v1/coupons",
        summary: "Makes a coupon. It never changes; make another, and archive this one.",
        access: .staff(Staff.money),
        body: Schema.object(
            [
                "code": Schema.string, "name": Schema.string, "percent": Schema.decimal, "amount": Schema.ref("Money"),
                "carry": Schema.boolean, "duration": Schema.choice(["once", "repeating", "forever"]),
                "periods": Schema.integer, "prices": Schema.array(Schema.string),
                "plans": Schema.array(Schema.string), "max_redemptions": Schema.integer,
                "per_tenant": Schema.integer, "starts_at": Schema.instant, "expires_at": Schema.instant,
                "first_subscription_only": Schema.boolean,
            ],
            required: ["code"]
        ),
        isIdempotent: true,
        success: (201, Schema.ref("Coupon"))
    ) { call in
        try await call.write(staffScope: .admin) { authorized, transaction in
            var fields = try call.fields()
            let terms = try CouponTerms(json: &fields, in: .utc)
            return try await CouponOperations.create(terms, by: authorized.stamp, in: transaction).json
        }
    }

    private static let list = Endpoint(
        method: .get,
        path: "/v1/coupons",
        summary: "The coupons that can be redeemed.",
        access: .staff(Staff.all),
        parameters: Paging.parameters + [
            Endpoint.Parameter(name: "archived", about: "Also those that are no longer given.", schema: Schema.boolean)
        ],
        success: (200, Schema.list(Schema.ref("Coupon")))
    ) { call in
        let limit = try call.limit()
        let after = try call.after(as: CouponID.self)
        let archived = try call.queryBool("archived")
        let coupons = try await call.transaction(staffScope: .finance) { _, transaction in
            try await CouponQueries.list(
                includingArchived: archived,
                limit: limit + 1,
                after: after,
                in: transaction
            )
        }
        return .page(coupons, limit: limit, id: \.id.text, json: \.json)
    }

    private static let find = Endpoint(
        method: .get,
        path: "/v1/coupons/{code}",
        summary: "One coupon.",
        access: .staff(Staff.all),
        success: (200, Schema.ref("Coupon"))
    ) { call in
        .ok(
            try await call.transaction(staffScope: .finance) { _, transaction in
                try await coupon(of: call, in: transaction).json
            }
        )
    }

    private static let archive = Endpoint(
        method: .post,
        path: "/v1/coupons/{code}/archive",
        summary: "Takes a coupon, or one of its codes, off the market; who has redeemed it keeps it.",
        access: .staff(Staff.money),
        isIdempotent: true,
        success: (200, Schema.free)
    ) { call in
        try await call.write(staffScope: .admin, status: 200) { authorized, transaction in
            try await CouponOperations.archive(call.path["code"] ?? "", by: authorized.stamp, in: transaction)
        }
    }

    private static let addCode = Endpoint(
        method: .post,
        path: "/v1/coupons/{code}/codes",
        summary: "Makes a text that customers type for a coupon; with a reward, a tenant's referral code.",
        access: .staff(Staff.money),
        body: Schema.object(
            [
                "code": Schema.string, "max_redemptions": Schema.integer, "expires_at": Schema.instant,
                "tenant": Schema.string, "reward_amount": Schema.ref("Money"), "reward_coupon": Schema.string,
            ],
            required: ["code"]
        ),
        isIdempotent: true,
        success: (201, Schema.ref("CouponCode"))
    ) { call in
        try await call.write(staffScope: .admin) { authorized, transaction in
            var fields = try call.fields()
            let draft = try CouponCodeDraft(json: &fields, in: .utc)
            return try await CouponOperations.addCode(
                draft,
                to: call.path["code"] ?? "",
                by: authorized.stamp,
                in: transaction
            ).json
        }
    }

    private static let codes = Endpoint(
        method: .get,
        path: "/v1/coupons/{code}/codes",
        summary: "What customers can type for a coupon.",
        access: .staff(Staff.all),
        parameters: Paging.parameters,
        success: (200, Schema.list(Schema.ref("CouponCode")))
    ) { call in
        let limit = try call.limit()
        let after = try call.after(as: CouponCodeID.self)
        let codes = try await call.transaction(staffScope: .finance) { _, transaction in
            try await CouponQueries.codes(
                of: try await coupon(of: call, in: transaction).id,
                limit: limit + 1,
                after: after,
                in: transaction
            )
        }
        return .page(codes, limit: limit, id: \.id.text, json: \.json)
    }

    private static let referrals = Endpoint(
        method: .get,
        path: "/v1/referrals",
        summary: "Which tenants came by whose referral codes, and what became of the rewards.",
        access: .staff(Staff.all),
        parameters: Paging.parameters,
        success: (200, Schema.list(Schema.ref("Referral")))
    ) { call in
        let limit = try call.limit()
        let after = try call.after(as: TenantID.self)
        let referrals = try await call.transaction(staffScope: .finance) { _, transaction in
            try await ReferralOperations.list(limit: limit + 1, after: after, in: transaction)
        }
        return .page(referrals, limit: limit, id: \.tenant.text, json: \.json)
    }

    private static let redeem = Endpoint(
        method: .post,
        path: "/v1/subscriptions/{id}/coupons",
        summary: "Redeems a code for a subscription: from now on, what was invoiced stays.",
        access: .tenant(.billingWrite, staff: Staff.money),
        body: Schema.object(["code": Schema.string], required: ["code"]),
        isIdempotent: true,
        needsActiveTenant: true,
        success: (201, Schema.ref("CouponRedemption"))
    ) { call in
        try await call.write { authorized, transaction in
            let id = try call.id(as: SubscriptionID.self)
            var fields = try call.fields()
            let code = try fields.string("code")
            try fields.finish()
            return try await CouponOperations.redeem(
                code,
                for: id,
                of: try authorized.requiredTenant(),
                by: authorized.stamp,
                in: transaction
            ).json
        }
    }

    private static let redeemed = Endpoint(
        method: .get,
        path: "/v1/subscriptions/{id}/coupons",
        summary: "The coupons that a subscription has or had.",
        access: .tenant(.billingRead, staff: Staff.all),
        success: (200, Schema.list(Schema.ref("CouponRedemption")))
    ) { call in
        let redemptions = try await call.transaction { authorized, transaction in
            let id = try call.id(as: SubscriptionID.self)
            let tenant = try authorized.requiredTenant()
            guard try await SubscriptionQueries.find(id, of: tenant, in: transaction) != nil else {
                throw SubscriptionError.notFound(id)
            }
            return try await CouponQueries.redemptions(of: id, tenant: tenant, in: transaction)
        }
        return .page(redemptions, limit: redemptions.count, id: \.id.text, json: \.json)
    }

    private static let remove = Endpoint(
        method: .delete,
        path: "/v1/subscriptions/{id}/coupons/{code}",
        summary: "Takes a coupon away from a subscription from now on; what was invoiced stays.",
        access: .tenant(.billingWrite, staff: Staff.money),
        success: (200, Schema.ref("CouponRedemption"))
    ) { call in
        .ok(
            try await call.transaction { authorized, transaction in
                try await CouponOperations.remove(
                    call.path["code"] ?? "",
                    from: try call.id(as: SubscriptionID.self),
                    of: try authorized.requiredTenant(),
                    by: authorized.stamp,
                    in: transaction
                ).json
            }
        )
    }

    private static func coupon(of call: Call, in transaction: borrowing Transaction) async throws -> Coupon {
        let code = call.path["code"] ?? ""
        guard let coupon = try await CouponQueries.find(code, in: transaction) else {
            throw CouponError.notFound(code)
        }
        return coupon
    }
}
