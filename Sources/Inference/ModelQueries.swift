package import Postgres
import Values

/// Reading the registry of models.
package enum ModelQueries {
    /// All versions in the order of names, the newest first.
    package static func list(
        includingRetired: Bool = false,
        limit: Int = 1000,
        in transaction: borrowing Transaction
    ) async throws -> [Model] {
        try await transaction.query(
            """
            SELECT \(fragment: columns) FROM app.models WHERE \(includingRetired) OR retired_at IS NULL
            ORDER BY name, recorded_at DESC, model_id DESC LIMIT \(limit)
            """,
            model
        )
    }

    /// A version; without a version the newest that is not retired.
    package static func find(
        _ name: String,
        version: String? = nil,
        in transaction: borrowing Transaction
    ) async throws -> Model? {
        try await transaction.first(
            """
            SELECT \(fragment: columns) FROM app.models
            WHERE name = \(name) AND CASE WHEN \(version)::text IS NULL THEN retired_at IS NULL
                                          ELSE version = \(version) END
            ORDER BY recorded_at DESC, model_id DESC LIMIT 1
            """,
            model
        )
    }

    /// The version that has a hash.
    package static func find(sha256: String, in transaction: borrowing Transaction) async throws -> Model? {
        try await transaction.first(
            "SELECT \(fragment: columns) FROM app.models WHERE sha256 = decode(\(sha256), 'hex')",
            model
        )
    }

    /// The other names, in their order.
    package static func aliases(in transaction: borrowing Transaction) async throws -> [ModelAlias] {
        try await transaction.query("SELECT alias, model_name FROM app.model_aliases ORDER BY alias LIMIT 1000") {
            row in ModelAlias(alias: try row.next(), model: try row.next())
        }
    }

    /// What a name stands for: a model's own, or an alias; nil is the alias `auto`.
    ///
    /// - Throws: `InferenceError.modelNotFound` if there is none, or all its versions are retired.
    package static func resolve(_ name: String?, in transaction: borrowing Transaction) async throws -> ModelRoute {
        let asked = name ?? "auto"
        if let model = try await find(asked, in: transaction) {
            return ModelRoute(model: model, reason: "\(model.name)@\(model.version); named")
        }
        let target: String? = try await transaction.first(
            "SELECT model_name FROM app.model_aliases WHERE alias = \(asked)"
        ) { row in try row.next() }
        guard let target, let model = try await find(target, in: transaction) else {
            throw InferenceError.modelNotFound(asked)
        }
        return ModelRoute(
            model: model,
            reason: "\(model.name)@\(model.version); " + (name == nil ? "default" : "alias \(asked)")
        )
    }

    static func insert(_ draft: ModelDraft, id: ModelID, recordedAt: Instant) -> SQL {
        """
        INSERT INTO app.models (model_id, name, version, file, sha256, bytes, licence, tasks, context, parameters,
                                recorded_at)
        VALUES (\(id), \(draft.name), \(draft.version), \(draft.file), decode(\(draft.sha256), 'hex'), \(draft.bytes),
                \(draft.licence), \(draft.tasks), \(draft.context), \(draft.parameters), \(recordedAt))
        ON CONFLICT DO NOTHING
        """
    }

    private static let columns: SQL =
        """
        model_id, name, version, file, encode(sha256, 'hex'), bytes, licence, tasks, context, parameters, recorded_at,
        retired_at
        """

    private static func model(_ row: inout RowReader) throws -> Model {
        Model(
            id: try row.next(),
            name: try row.next(),
            version: try row.next(),
            file: try row.next(),
            sha256: try row.next(),
            bytes: try row.next(),
            licence: try row.next(),
            tasks: try row.next(),
            context: try row.next(),
            parameters: try row.next(),
            recordedAt: try row.next(),
            retiredAt: try row.next()
        )
    }
}
