import HTTPTypes
import Jobs
import Postgres
import Revenue
import Values

/// Partners: who brings tenants, what for, and what they are paid.
enum PartnersRoutes {
    static let endpoints: [Endpoint] = [create, list, find, attribute, detach, accrue, statement, pay]

    private static let create = Endpoint(
        method: .post,
        path: "/v1/partners",
        summary: "Makes a partner, with a `rate` or `tiers`. Terms never change: other terms are another partner.",
        access: .staff(Staff.money),
        body: Schema.object(
            [
                "code": Schema.string, "name": Schema.string,
                "role": Schema.choice(Partner.Role.allCases.map(\.rawValue)), "rate": Schema.decimal,
                "tiers": Schema.array(Schema.object(["up_to": Schema.decimal, "rate": Schema.decimal])),
                "tiers_per": Schema.choice(Partner.TierStretch.allCases.map(\.rawValue)),
                "term_months": Schema.integer,
            ],
            required: ["code"]
        ),
        isIdempotent: true,
        success: (201, Schema.ref("Partner"))
    ) { call in
        try await call.write(staffScope: .admin) { authorized, transaction in
            var fields = try call.fields()
            let draft = try PartnerDraft(json: &fields)
            return try await PartnerOperations.create(draft, by: authorized.stamp, in: transaction).json
        }
    }

    private static let list = Endpoint(
        method: .get,
        path: "/v1/partners",
        summary: "The partners in the order of their codes.",
        access: .staff(Staff.money),
        parameters: Paging.parameters,
        success: (200, Schema.list(Schema.ref("Partner")))
    ) { call in
        let limit = try call.limit()
        let after = call.query("after")
        let partners = try await call.transaction(staffScope: .finance) { _, transaction in
            try await PartnerQueries.list(limit: limit + 1, after: after, in: transaction)
        }
        return .page(partners, limit: limit, id: \.code, json: \.json)
    }

    private static let find = Endpoint(
        method: .get,
        path: "/v1/partners/{code}",
        summary: "A partner, and the tenants that are its now.",
        access: .staff(Staff.money),
        success: (200, Schema.ref("Partner"))
    ) { call in
        .ok(
            try await call.transaction(staffScope: .finance) { authorized, transaction in
                let partner = try await PartnerOperations.find(call.path["code"] ?? "", in: transaction)
                let tenants = try await PartnerQueries.tenants(
                    of: partner.id,
                    at: authorized.stamp.at,
                    in: transaction
                )
                return partner.json(tenants: tenants)
            }
        )
    }

    private static let attribute = Endpoint(
        method: .post,
        path: "/v1/partners/{code}/attributions",
        summary: "Says that a partner brought a tenant, from an instant on; at one instant a tenant has one partner.",
        access: .staff(Staff.money),
        body: Schema.object(["tenant": Schema.string, "from": Schema.instant], required: ["tenant"]),
        isIdempotent: true,
        success: (201, Schema.free)
    ) { call in
        try await call.write(staffScope: .admin) { authorized, transaction in
            var fields = try call.fields()
            let tenant: TenantID = try fields.id("tenant")
            let from = try fields.optionalInstant("from", in: .utc)
            try fields.finish()
            let code = call.path["code"] ?? ""
            let attribution = try await PartnerOperations.attribute(
                tenant,
                to: code,
                from: from,
                by: authorized.stamp,
                in: transaction
            )
            return ["tenant": tenant.json, "partner": .string(code), "from": attribution.from.json]
        }
    }

    private static let detach = Endpoint(
        method: .post,
        path: "/v1/partners/{code}/detachments",
        summary: "Says that a tenant is a partner's no more, from an instant on; what was accrued stays.",
        access: .staff(Staff.money),
        body: Schema.object(["tenant": Schema.string, "from": Schema.instant], required: ["tenant"]),
        isIdempotent: true,
        success: (201, Schema.free)
    ) { call in
        try await call.write(staffScope: .admin) { authorized, transaction in
            var fields = try call.fields()
            let tenant: TenantID = try fields.id("tenant")
            let from = try fields.optionalInstant("from", in: .utc)
            try fields.finish()
            let attribution = try await PartnerOperations.detach(
                tenant,
                from: call.path["code"] ?? "",
                at: from,
                by: authorized.stamp,
                in: transaction
            )
            return ["tenant": tenant.json, "partner": .null, "from": attribution.from.json]
        }
    }

    private static let accrue = Endpoint(
        method: .post,
        path: "/v1/partner-accruals",
        summary:
            "Accrues the shares in all that came in and went back; safe to run twice. It is done every night, too.",
        access: .staff(Staff.money),
        success: (200, Schema.object(["accruals": Schema.integer], required: ["accruals"]))
    ) { call in
        let authorized = try await call.transaction(staffScope: .finance) { authorized, _ in authorized }
        // A transaction a tenant: what is done stays done if the client goes away.
        let count = try await PartnerAccrualRun.run(database: call.services.database, by: authorized.stamp)
        return .ok(["accruals": .int(count)])
    }

    private static let statement = Endpoint(
        method: .get,
        path: "/v1/partners/{code}/statement",
        summary: "What a partner is told of a month: owed before, receipts, shares, taken back, paid, owed after.",
        access: .staff(Staff.money),
        parameters: [
            Endpoint.Parameter(name: "month", about: "2025-06; by default that of the as-of.", schema: Schema.string),
            Endpoint.Parameter(
                name: "as_of",
                about: "What was known then; by default a minute ago, and never later.",
                schema: Schema.instant
            ),
        ],
        success: (200, Schema.free)
    ) { call in
        .ok(
            try await call.transaction(staffScope: .finance, isolation: .snapshot) { _, transaction in
                let now = call.services.time.now()
                let asOf = try call.queryInstant("as_of") ?? AsOf.latest(at: now)
                try AsOf.check(asOf, now: now)
                let month = try call.query("month").map { text throws(Problem) in
                    try Month(parsing: text, field: "month")
                }
                return try await RevenueReports.statement(
                    of: call.path["code"] ?? "",
                    month: month ?? Month(of: Zone.utc.date(of: asOf)),
                    asOf: asOf,
                    in: transaction
                ).json
            }
        )
    }

    private static let pay = Endpoint(
        method: .post,
        path: "/v1/partners/{code}/payouts",
        summary: "Pays all that is owed to a partner for months up to one: a payout for each currency.",
        access: .staff(Staff.money),
        body: Schema.object(
            ["month": Schema.string, "reference": Schema.string, "currency": Schema.string],
            required: ["month", "reference"]
        ),
        isIdempotent: true,
        success: (201, Schema.free)
    ) { call in
        try await call.write(staffScope: .admin) { authorized, transaction in
            var fields = try call.fields()
            let month = try Month(parsing: try fields.string("month"), field: "month")
            let reference = try fields.string("reference")
            let currency = try fields.optionalCurrency("currency")
            try fields.finish()
            let payouts = try await PartnerOperations.pay(
                call.path["code"] ?? "",
                through: month,
                currency: currency,
                reference: reference,
                by: authorized.stamp,
                in: transaction
            )
            return ["payouts": .array(payouts.map(\.json))]
        }
    }
}
