import Billing
import HTTPTypes
import Postgres
import Tenants
import Values

/// Credit that was given or bought.
enum CreditsRoutes {
    static let endpoints: [Endpoint] = [list, make] + CreditPackagesRoutes.endpoints + TopUpRoutes.endpoints

    /// How many purchases are shown beside the grants.
    private static let shownPurchases = 20

    private static let list = Endpoint(
        method: .get,
        path: "/v1/credits",
        summary: "The tenant's grants, also those used up, with its credit balance, what its next invoice could take, "
            + "and its latest purchases; staff who name no tenant see everybody's grants.",
        access: .tenant(.billingRead, staff: Staff.all),
        parameters: Paging.parameters,
        success: (200, accountSchema)
    ) { call in try await show(call) }

    private static let accountSchema = Schema.object(
        [
            "data": Schema.array(Schema.ref("CreditGrant")), "has_more": Schema.boolean,
            "next": Schema.nullable(Schema.string), "balance": Schema.nullable(Schema.ref("Money")),
            "available": Schema.nullable(Schema.ref("Money")), "purchases": Schema.array(Schema.ref("CreditPurchase")),
        ],
        required: ["data", "has_more", "next"]
    )

    private static func show(_ call: Call) async throws -> Reply {
        let limit = try call.limit()
        let after = try call.after(as: GrantID.self)
        let found = try await call.transaction(staffScope: .finance) { authorized, transaction in
            let grants = try await CreditQueries.list(
                of: authorized.tenant,
                limit: limit + 1,
                after: after,
                now: authorized.stamp.recordedAt,
                in: transaction
            )
            var members = JSONObject()
            if let tenant = authorized.tenant {
                members = try await account(of: tenant, grants.first?.grant, authorized.stamp.at, in: transaction)
            }
            return (grants: grants, account: members)
        }
        let shown = found.grants.prefix(limit)
        let hasMore = found.grants.count > limit
        let page: JSONObject = [
            "data": .array(shown.map { $0.grant.json(at: $0.at) }), "has_more": .bool(hasMore),
            "next": .optional(hasMore ? shown.last?.grant.id.text : nil),
        ]
        return .ok(.object(page.merging(found.account)))
    }

    /// What a tenant has beside its grants; null where no currency is known.
    private static func account(
        of tenant: TenantID,
        _ first: CreditGrant?,
        _ instant: Instant,
        in transaction: borrowing Transaction
    ) async throws -> JSONObject {
        let purchases = try await CreditPurchaseQueries.list(of: tenant, limit: shownPurchases, in: transaction)
        let own = try await TenantQueries.find(tenant, in: transaction)?.currency
        guard let currency = own ?? first?.amount.currency else {
            return ["balance": .null, "available": .null, "purchases": .array(purchases.map(\.json))]
        }
        let balance = try await CreditQueries.balance(of: tenant, currency: currency, in: transaction)
        let available = try await CreditQueries.available(of: tenant, currency: currency, at: instant, in: transaction)
        return [
            "balance": balance.json, "available": available.json, "purchases": .array(purchases.map(\.json)),
        ]
    }

    private static let make = Endpoint(
        method: .post,
        path: "/v1/credits",
        summary: "Buys a package with the default payment method; or, for staff, grants credit.",
        access: .tenant(.billingWrite, staff: Staff.money),
        body: Schema.object([
            "package": Schema.string, "id": Schema.string, "amount": Schema.ref("Money"),
            "kind": Schema.choice(CreditGrant.Kind.allCases.map(\.rawValue)), "priority": Schema.integer,
            "granted_at": Schema.instant, "expires_at": Schema.instant, "memo": Schema.string,
        ]),
        isIdempotent: true,
        success: (201, ["anyOf": [Schema.ref("CreditPurchase"), Schema.ref("CreditGrant")]])
    ) { call in
        try await call.write { authorized, transaction in
            var fields = try call.fields()
            if fields.has("package") {
                let code = try fields.string("package")
                try fields.finish()
                return try await CreditPurchaseOperations.buy(
                    code,
                    source: authorized.caller.staff == nil ? .customer : .staff,
                    for: try authorized.requiredTenant(),
                    by: authorized.stamp,
                    in: transaction
                ).json
            }
            let draft = try CreditGrantDraft(json: &fields, in: authorized.zone)
            guard authorized.caller.staff != nil else {
                throw Problem(
                    .forbidden,
                    code: "staff_only",
                    "granting credit is for staff keys; name a package to buy"
                )
            }
            return try await CreditOperations.grant(
                draft,
                to: try authorized.requiredTenant(),
                by: authorized.stamp,
                in: transaction
            ).json(at: authorized.stamp.at)
        }
    }
}

/// The catalogue of credit packages.
enum CreditPackagesRoutes {
    static let endpoints: [Endpoint] = [
        Endpoint(
            method: .get,
            path: "/v1/credit-packages",
            summary: "The credit packages that are sold.",
            access: .anyTenant(staff: Staff.all),
            parameters: Paging.parameters,
            success: (200, Schema.list(Schema.ref("CreditPackage")))
        ) { call in
            let limit = try call.limit()
            let packages = try await call.transaction(staffScope: .finance) { _, transaction in
                try await CreditPackageQueries.list(limit: limit + 1, after: call.query("after"), in: transaction)
            }
            return .page(packages, limit: limit, id: \.code, json: \.json)
        },
        Endpoint(
            method: .post,
            path: "/v1/credit-packages",
            summary: "Puts a credit package into the catalogue, or changes the one with its code.",
            access: .staff(Staff.admin),
            body: Schema.object(
                [
                    "code": Schema.string, "name": Schema.string, "price": Schema.ref("Money"),
                    "credit": Schema.ref("Money"), "expires_after_days": Schema.integer, "priority": Schema.integer,
                ],
                required: ["code", "price"]
            ),
            isIdempotent: true,
            success: (201, Schema.ref("CreditPackage"))
        ) { call in
            try await call.write(staffScope: .admin) { authorized, transaction in
                var fields = try call.fields()
                let draft = try CreditPackageDraft(json: &fields)
                return try await CreditPackageOperations.put(draft, by: authorized.stamp, in: transaction).json
            }
        },
    ]
}

/// The rule by which a tenant's credit is bought by itself.
enum TopUpRoutes {
    private static let path = "/v1/credits/top-up"

    static let endpoints: [Endpoint] = [
        Endpoint(
            method: .get,
            path: path,
            summary: "The rule by which credit is bought by itself; null if there is none.",
            access: .tenant(.billingRead, staff: Staff.all),
            success: (200, Schema.object(["rule": Schema.nullable(Schema.ref("TopUpRule"))], required: ["rule"]))
        ) { call in
            try await call.transaction { authorized, transaction in
                let rule = try await TopUpQueries.find(of: try authorized.requiredTenant(), in: transaction)
                return .ok(["rule": rule?.json ?? .null])
            }
        },
        Endpoint(
            method: .put,
            path: path,
            summary:
                "Has a package bought when less than a threshold is left of what was bought, within a limit a month.",
            access: .tenant(.billingWrite, staff: Staff.money),
            body: Schema.object(
                [
                    "threshold": Schema.ref("Money"), "package": Schema.string, "monthly_limit": Schema.ref("Money"),
                ],
                required: ["threshold", "package", "monthly_limit"]
            ),
            success: (200, Schema.object(["rule": Schema.ref("TopUpRule")], required: ["rule"]))
        ) { call in
            try await call.write(status: 200) { authorized, transaction in
                var fields = try call.fields()
                let draft = try TopUpRuleDraft(json: &fields)
                let rule = try await TopUpOperations.set(
                    draft,
                    of: try authorized.requiredTenant(),
                    by: authorized.stamp,
                    in: transaction
                )
                return ["rule": rule.json]
            }
        },
        Endpoint(
            method: .delete,
            path: path,
            summary: "Ends the rule.",
            access: .tenant(.billingWrite, staff: Staff.money),
            success: (200, Schema.object(["rule": Schema.nullable(Schema.ref("TopUpRule"))], required: ["rule"]))
        ) { call in
            try await call.write(status: 200) { authorized, transaction in
                try await TopUpOperations.end(
                    of: try authorized.requiredTenant(),
                    by: authorized.stamp,
                    in: transaction
                )
                return ["rule": .null]
            }
        },
    ]
}
