import HTTPTypes
import Postgres
import Revenue
import Values

/// What it costs: cost entries, the rules by which they are shared out, and the price book of compute.
enum CostsRoutes {
    static let endpoints: [Endpoint] = [add, list, find, void, putRule, rules, putPrice, prices]

    private static let categories = Schema.choice(CostCategory.allCases.map(\.rawValue))

    private static let add = Endpoint(
        method: .post,
        path: "/v1/costs",
        summary: "Enters a cost over a stretch of days, for all or for one tenant, plan or model.",
        access: .staff(Staff.money),
        body: Schema.object(
            [
                "category": categories, "amount": Schema.ref("Money"), "from": Schema.string, "to": Schema.string,
                "memo": Schema.string, "tenant": Schema.string, "plan": Schema.string, "model": Schema.string,
            ],
            required: ["category", "amount", "from"]
        ),
        isIdempotent: true,
        success: (201, Schema.ref("Cost"))
    ) { call in
        try await call.write(staffScope: .admin) { authorized, transaction in
            var fields = try call.fields()
            let draft = try CostDraft(json: &fields)
            return try await CostOperations.add(draft, by: authorized.stamp, in: transaction).json
        }
    }

    private static let list = Endpoint(
        method: .get,
        path: "/v1/costs",
        summary: "The cost entries, the newest first.",
        access: .staff(Staff.money),
        parameters: Paging.parameters + [
            Endpoint.Parameter(name: "category", about: "Only of this category.", schema: categories)
        ],
        success: (200, Schema.list(Schema.ref("Cost")))
    ) { call in
        let limit = try call.limit()
        let after = try call.after(as: CostID.self)
        let category = try call.queryChoice("category", as: CostCategory.self)
        let costs = try await call.transaction(staffScope: .finance) { _, transaction in
            try await CostQueries.list(category: category, limit: limit + 1, after: after, in: transaction)
        }
        return .page(costs, limit: limit, id: \.id.text, json: \.json)
    }

    private static let find = Endpoint(
        method: .get,
        path: "/v1/costs/{id}",
        summary: "A cost entry.",
        access: .staff(Staff.money),
        success: (200, Schema.ref("Cost"))
    ) { call in
        .ok(
            try await call.transaction(staffScope: .finance) { _, transaction in
                let id = try call.id(as: CostID.self)
                guard let entry = try await CostQueries.find(id, in: transaction) else { throw CostError.notFound(id) }
                return entry.json
            }
        )
    }

    private static let void = Endpoint(
        method: .post,
        path: "/v1/costs/{id}/void",
        summary: "Takes a cost entry back by one of the opposite amount; the entry stays.",
        access: .staff(Staff.money),
        body: Schema.object(["reason": Schema.string], required: ["reason"]),
        isIdempotent: true,
        success: (201, Schema.ref("Cost"))
    ) { call in
        try await call.write(staffScope: .admin) { authorized, transaction in
            var fields = try call.fields()
            let reason = try fields.string("reason")
            try fields.finish()
            let id = try call.id(as: CostID.self)
            return try await CostOperations.void(id, reason: reason, by: authorized.stamp, in: transaction).json
        }
    }

    private static let putRule = Endpoint(
        method: .post,
        path: "/v1/cost-rules",
        summary: "Says by what the costs of a category are shared out from a month on.",
        access: .staff(Staff.money),
        body: Schema.object(
            [
                "category": categories, "basis": Schema.choice(CostBasis.allCases.map(\.rawValue)),
                "from": Schema.string,
            ],
            required: ["category", "basis", "from"]
        ),
        isIdempotent: true,
        success: (201, Schema.ref("CostRule"))
    ) { call in
        try await call.write(staffScope: .admin) { authorized, transaction in
            var fields = try call.fields()
            let category = try fields.choice("category", as: CostCategory.self)
            let basis = try fields.choice("basis", as: CostBasis.self)
            let from = try Month(parsing: try fields.string("from"), field: "from")
            try fields.finish()
            return try await CostOperations.put(
                category,
                by: basis,
                from: from,
                by: authorized.stamp,
                in: transaction
            ).json
        }
    }

    private static let rules = Endpoint(
        method: .get,
        path: "/v1/cost-rules",
        summary: "By what costs are shared out, in the order in which it was said.",
        access: .staff(Staff.money),
        success: (200, Schema.list(Schema.ref("CostRule")))
    ) { call in
        let rules = try await call.transaction(staffScope: .finance) { _, transaction in
            try await CostQueries.rules(asOf: nil, in: transaction)
        }
        return .page(rules, limit: rules.count, id: \.category.rawValue, json: \.json)
    }

    private static let putPrice = Endpoint(
        method: .post,
        path: "/v1/compute-prices",
        summary: "Puts a price of compute into the book from an instant on, for one model or for all others.",
        access: .staff(Staff.money),
        body: Schema.object(
            [
                "model": Schema.string, "unit": Schema.choice(ComputeUnit.allCases.map(\.rawValue)),
                "price": Schema.decimal, "currency": Schema.string, "from": Schema.instant,
            ],
            required: ["price", "currency"]
        ),
        isIdempotent: true,
        success: (201, Schema.ref("ComputePrice"))
    ) { call in
        try await call.write(staffScope: .admin) { authorized, transaction in
            var fields = try call.fields()
            let draft = try ComputePriceDraft(json: &fields)
            return try await PriceBookOperations.put(draft, by: authorized.stamp, in: transaction).json
        }
    }

    private static let prices = Endpoint(
        method: .get,
        path: "/v1/compute-prices",
        summary: "The price book of compute, what was written last first.",
        access: .staff(Staff.money),
        parameters: Paging.parameters + [
            Endpoint.Parameter(name: "model", about: "Only the model's own prices.", schema: Schema.string)
        ],
        success: (200, Schema.list(Schema.ref("ComputePrice")))
    ) { call in
        let limit = try call.limit()
        let after = try call.after(as: ComputePriceID.self)
        let model = call.query("model")
        let prices = try await call.transaction(staffScope: .finance) { _, transaction in
            try await PriceBookQueries.list(model: model, limit: limit + 1, after: after, in: transaction)
        }
        return .page(prices, limit: limit, id: \.id.text, json: \.json)
    }
}
