import Billing
import HTTPTypes
import Postgres
import Tenants
import Values

/// The catalogue of taxes, and what decides which of them a tenant pays.
enum TaxesRoutes {
    static let endpoints: [Endpoint] = [put, list, find, archive, details, change, assign, withdraw]

    private static let put = Endpoint(
        method: .post,
        path: "/v1/taxes",
        summary: "Puts a tax into the catalogue; of a code that is there it makes a new version, from an instant on.",
        access: .staff(Staff.money),
        body: Schema.object(
            [
                "code": Schema.string, "name": Schema.string, "rate": Schema.decimal, "inclusive": Schema.boolean,
                "country": Schema.string, "legal_entity": Schema.string, "from": Schema.instant,
            ],
            required: ["code", "rate"]
        ),
        isIdempotent: true,
        success: (201, Schema.ref("Tax"))
    ) { call in
        try await call.write(staffScope: .admin) { authorized, transaction in
            var fields = try call.fields()
            let draft = try TaxDraft(json: &fields, in: .utc)
            return try await TaxOperations.put(draft, by: authorized.stamp, in: transaction).json
        }
    }

    private static let list = Endpoint(
        method: .get,
        path: "/v1/taxes",
        summary: "The newest version of each tax.",
        access: .staff(Staff.all),
        parameters: Paging.parameters + [
            Endpoint.Parameter(name: "archived", about: "Also those that have ended.", schema: Schema.boolean)
        ],
        success: (200, Schema.list(Schema.ref("Tax")))
    ) { call in
        let limit = try call.limit()
        let archived = try call.queryBool("archived")
        let after = call.query("after")
        let taxes = try await call.transaction(staffScope: .finance) { _, transaction in
            try await TaxQueries.list(includingArchived: archived, limit: limit + 1, after: after, in: transaction)
        }
        return .page(taxes, limit: limit, id: \.code, json: \.json)
    }

    private static let find = Endpoint(
        method: .get,
        path: "/v1/taxes/{code}",
        summary: "All versions of a tax, the oldest first.",
        access: .staff(Staff.all),
        success: (200, Schema.list(Schema.ref("Tax")))
    ) { call in
        let code = call.path["code"] ?? ""
        let versions = try await call.transaction(staffScope: .finance) { _, transaction in
            try await TaxQueries.history(code, in: transaction)
        }
        guard !versions.isEmpty else { throw TaxError.notFound(code) }
        return .page(versions, limit: versions.count, id: \.id.text, json: \.json)
    }

    private static let archive = Endpoint(
        method: .post,
        path: "/v1/taxes/{code}/archive",
        summary: "Ends a tax: invoices from now on no longer have it.",
        access: .staff(Staff.money),
        isIdempotent: true,
        success: (200, Schema.ref("Tax"))
    ) { call in
        try await call.write(staffScope: .admin, status: 200) { authorized, transaction in
            try await TaxOperations.archive(call.path["code"] ?? "", by: authorized.stamp, in: transaction).json
        }
    }

    private static let details = Endpoint(
        method: .get,
        path: "/v1/tenant/tax",
        summary: "What decides on the tenant's taxes: where it is, its numbers, whether it is exempt.",
        access: .tenant(.billingRead, staff: Staff.all),
        success: (200, Schema.ref("TaxDetails"))
    ) { call in
        .ok(
            try await call.transaction { authorized, transaction in
                let tenant = try authorized.requiredTenant()
                let details = try await TaxQueries.details(of: tenant, in: transaction)
                let assigned = try await TaxQueries.assigned(to: tenant, in: transaction)
                var object = details.json.object ?? JSONObject()
                object["assigned"] = .array(assigned.map { .string($0.code) })
                return .object(object)
            }
        )
    }

    private static let change = Endpoint(
        method: .patch,
        path: "/v1/tenant/tax",
        summary: "Changes the fields that are named, from now on; what was invoiced stays. Staff says who is exempt.",
        access: .tenant(.billingWrite, staff: Staff.money),
        body: Schema.object([
            "country": Schema.nullable(Schema.string), "tax_ids": Schema.array(Schema.anything),
            "tax_exempt": Schema.boolean,
        ]),
        success: (200, Schema.ref("TaxDetails"))
    ) { call in
        .ok(
            try await call.transaction { authorized, transaction in
                var fields = try call.fields()
                let changes = try TaxDetailsChanges(json: &fields)
                return try await TaxOperations.setDetails(
                    of: try authorized.requiredTenant(),
                    changes,
                    isStaff: authorized.caller.staff != nil,
                    by: authorized.stamp,
                    in: transaction
                ).json
            }
        )
    }

    private static let assign = Endpoint(
        method: .post,
        path: "/v1/tenant/taxes",
        summary: "Assigns a tax to a tenant: while it has any, they take the place of those of its country.",
        access: .staff(Staff.money),
        body: Schema.object(["tax": Schema.string], required: ["tax"]),
        isIdempotent: true,
        success: (201, Schema.free)
    ) { call in
        try await call.write(staffScope: .admin) { authorized, transaction in
            var fields = try call.fields()
            let code = try fields.string("tax")
            try fields.finish()
            let tenant = try authorized.requiredTenant()
            try await TaxOperations.assign(code, to: tenant, by: authorized.stamp, in: transaction)
            return ["tenant": .string(tenant.text), "tax": .string(code)]
        }
    }

    private static let withdraw = Endpoint(
        method: .delete,
        path: "/v1/tenant/taxes/{code}",
        summary: "Takes the assignment of a tax back from now on.",
        access: .staff(Staff.money),
        success: (200, Schema.free)
    ) { call in
        .ok(
            try await call.transaction(staffScope: .admin) { authorized, transaction in
                let (tenant, code) = (try authorized.requiredTenant(), call.path["code"] ?? "")
                try await TaxOperations.withdraw(code, from: tenant, by: authorized.stamp, in: transaction)
                return ["tenant": .string(tenant.text), "tax": .string(code)]
            }
        )
    }
}
