import HTTPTypes
import Inference
import Postgres
import Values

/// The models that a caller may name.
enum ModelsRoutes {
    static let endpoints: [Endpoint] = [
        Endpoint(
            method: .get,
            path: "/v1/models",
            summary: "The models the tenant's plan may use, and their other names; staff who name no tenant see all.",
            access: .tenant(.inference, staff: Staff.all),
            speaksOpenAI: true,
            success: (
                200, Schema.object(["object": Schema.string, "data": Schema.array(Schema.ref("Model"))])
            )
        ) { call in
            let models = try await call.transaction(staffScope: .finance) { authorized, transaction in
                try await list(authorized, in: transaction)
            }
            return .ok(["object": "list", "data": .array(models)])
        },
        Endpoint(
            method: .get,
            path: "/v1/models/{id}",
            summary: "One model, by its name or another name of it.",
            access: .tenant(.inference, staff: Staff.all),
            speaksOpenAI: true,
            success: (200, Schema.ref("Model"))
        ) { call in
            .ok(
                try await call.transaction(staffScope: .finance) { authorized, transaction in
                    let name = call.path["id"] ?? ""
                    let model = try await ModelQueries.resolve(name, in: transaction).model
                    let terms = try await terms(authorized, in: transaction)
                    guard terms?.allows(model, askedFor: name) ?? true else {
                        throw InferenceError.modelNotFound(name)
                    }
                    return name == model.name ? model.json : json(model, alias: name)
                }
            )
        },
    ]

    private static func list(
        _ authorized: Authorized,
        in transaction: borrowing Transaction
    ) async throws -> [JSONValue] {
        let terms = try await terms(authorized, in: transaction)
        var newest: [String: Model] = [:]
        var shown: [JSONValue] = []
        // They come by name, the newest version first: that is the one a name stands for.
        for model in try await ModelQueries.list(in: transaction) where newest[model.name] == nil {
            newest[model.name] = model
            if terms?.allows(model, askedFor: nil) ?? true { shown.append(model.json) }
        }
        for alias in try await ModelQueries.aliases(in: transaction) {
            guard let model = newest[alias.model], terms?.allows(model, askedFor: alias.alias) ?? true else { continue }
            shown.append(json(model, alias: alias.alias))
        }
        return shown
    }

    /// What the tenant's plans allow; nil for staff who name no tenant, who see everything.
    private static func terms(
        _ authorized: Authorized,
        in transaction: borrowing Transaction
    ) async throws -> InferenceTerms? {
        guard let tenant = authorized.tenant else { return nil }
        return try await InferenceTermsQueries.terms(of: tenant, at: authorized.stamp.at, in: transaction)
    }

    private static func json(_ model: Model, alias: String) -> JSONValue {
        var object = model.json.object ?? JSONObject()
        object["id"] = .string(alias)
        object["alias_of"] = .string(model.name)
        return .object(object)
    }
}
