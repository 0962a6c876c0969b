import Billing
import HTTPTypes
import Postgres
import Tenants
import Values

/// The seller's legal entities, which stand on the invoices.
enum EntitiesRoutes {
    static let endpoints: [Endpoint] = [create, list, find, change]

    private static let create = Endpoint(
        method: .post,
        path: "/v1/entities",
        summary: "Makes a legal entity.",
        access: .staff(Staff.admin),
        body: Schema.object(fields.merging(["currency": Schema.string]), required: ["name"]),
        isIdempotent: true,
        success: (201, Schema.ref("LegalEntity"))
    ) { call in
        try await call.write(staffScope: .admin) { authorized, transaction in
            var fields = try call.fields()
            let draft = try LegalEntityDraft(json: &fields)
            return try await LegalEntityOperations.create(draft, by: authorized.stamp, in: transaction).json
        }
    }

    private static let list = Endpoint(
        method: .get,
        path: "/v1/entities",
        summary: "The legal entities, in the order in which they were made.",
        access: .staff(Staff.all),
        success: (200, Schema.list(Schema.ref("LegalEntity")))
    ) { call in
        let entities = try await call.transaction(staffScope: .finance) { _, transaction in
            try await LegalEntityQueries.list(in: transaction)
        }
        return .page(entities, limit: entities.count, id: \.id.text, json: \.json)
    }

    private static let find = Endpoint(
        method: .get,
        path: "/v1/entities/{id}",
        summary: "One legal entity.",
        access: .staff(Staff.all),
        success: (200, Schema.ref("LegalEntity"))
    ) { call in
        .ok(
            try await call.transaction(staffScope: .finance) { _, transaction in
                let id = try call.id(as: EntityID.self)
                guard let entity = try await LegalEntityQueries.find(id, in: transaction) else {
                    throw TenantError.entityNotFound(id)
                }
                return entity.json
            }
        )
    }

    private static let change = Endpoint(
        method: .patch,
        path: "/v1/entities/{id}",
        summary: "Changes the fields that are named. The country can be said once it has issued invoices, not changed.",
        access: .staff(Staff.admin),
        body: Schema.object(fields),
        success: (200, Schema.ref("LegalEntity"))
    ) { call in
        .ok(
            try await call.transaction(staffScope: .admin) { authorized, transaction in
                var fields = try call.fields()
                let changes = try LegalEntityChanges(json: &fields)
                let id = try call.id(as: EntityID.self)
                return try await TaxOperations.changeEntity(id, changes, by: authorized.stamp, in: transaction).json
            }
        )
    }

    private static let fields: JSONObject = [
        "name": Schema.string, "country": Schema.string, "tax_id": Schema.nullable(Schema.string),
        "address": Schema.array(Schema.string),
    ]
}
