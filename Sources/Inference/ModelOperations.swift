import Foundation
import Jobs
package import Postgres
package import Values

/// Registering models.
///
/// Runs in the scopes `.admin` and `.system`.
package enum ModelOperations {
    /// Registers a file; one that is there already, by its hash, stays what it is and only its place is kept up.
    ///
    /// - Throws: `InferenceError.modelTaken` if name and version belong to another file, or the name to an alias.
    @discardableResult
    package static func add(
        _ draft: ModelDraft,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Model {
        if try await ModelQueries.aliases(in: transaction).contains(where: { $0.alias == draft.name }) {
            throw InferenceError.modelTaken(draft.name)
        }
        let written = try await transaction.execute(
            ModelQueries.insert(draft, id: .make(at: stamp.recordedAt), recordedAt: stamp.recordedAt)
        )
        guard let model = try await ModelQueries.find(sha256: draft.sha256, in: transaction) else {
            throw InferenceError.modelTaken("\(draft.name)@\(draft.version)")
        }
        if written == 1 {
            try await Activity.record(
                "model.added",
                object: model.id.text,
                tenant: nil,
                details: model.json,
                by: stamp,
                in: transaction
            )
        } else if model.file != draft.file {
            try await transaction.execute("UPDATE app.models SET file = \(draft.file) WHERE model_id = \(model.id)")
        }
        return try await ModelQueries.find(sha256: draft.sha256, in: transaction) ?? model
    }

    /// Gives a model another name, or another model that name.
    ///
    /// - Throws: `InferenceError.modelNotFound`, `.modelTaken` if a model itself has the name; a text that is no name.
    package static func alias(
        _ alias: String,
        to name: String,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws {
        guard Model.isName(alias) else {
            throw Problem.invalid(
                "alias",
                "must be 1 to 100 of a-z, 0-9, dot, dash and underscore, not \(JSONValue.string(alias).seen)"
            )
        }
        guard try await ModelQueries.find(name, in: transaction) != nil else {
            throw InferenceError.modelNotFound(name)
        }
        let all = try await ModelQueries.list(includingRetired: true, in: transaction)
        guard !all.contains(where: { $0.name == alias }) else { throw InferenceError.modelTaken(alias) }
        try await transaction.execute(
            """
            INSERT INTO app.model_aliases (alias, model_name, recorded_at)
            VALUES (\(alias), \(name), \(stamp.recordedAt))
            ON CONFLICT (alias) DO UPDATE SET model_name = excluded.model_name, recorded_at = excluded.recorded_at
            """
        )
        try await Activity.record(
            "model.aliased",
            object: name,
            tenant: nil,
            details: ["alias": .string(alias)],
            by: stamp,
            in: transaction
        )
    }

    /// Takes a version out of use; what runs on it ends as usual.
    ///
    /// Doing so again is no work.
    ///
    /// - Throws: `InferenceError.modelNotFound`.
    @discardableResult
    package static func retire(
        _ name: String,
        version: String,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Model {
        guard let model = try await ModelQueries.find(name, version: version, in: transaction) else {
            throw InferenceError.modelNotFound("\(name)@\(version)")
        }
        guard model.retiredAt == nil else { return model }
        try await transaction.execute(
            "UPDATE app.models SET retired_at = \(stamp.at) WHERE model_id = \(model.id) AND retired_at IS NULL"
        )
        try await Activity.record(
            "model.retired",
            object: model.id.text,
            tenant: nil,
            details: model.json,
            by: stamp,
            in: transaction
        )
        return try await ModelQueries.find(name, version: version, in: transaction) ?? model
    }

    /// Registers all GGUF files of a folder; the first of them that can chat, SmolLM2 before others, gets the names
    /// `auto`, `fast` and `best` unless they are given.
    ///
    /// Files are read outside of any transaction. What is there already is no work.
    ///
    /// - Returns: the models of the folder, in the order of the files' names.
    /// - Throws: a file that cannot be used.
    @discardableResult
    package static func register(folder: String, in database: Database, by stamp: Stamp) async throws -> [Model] {
        let files = try FileManager.default.contentsOfDirectory(atPath: folder)
            .filter { $0.lowercased().hasSuffix(".gguf") }.sorted()
        let drafts = try files.map { try ModelDraft(file: folder + "/" + $0) }
        return try await database.transaction(as: .admin) { transaction in
            var models: [Model] = []
            for draft in drafts { models.append(try await add(draft, by: stamp, in: transaction)) }
            let chatting = models.filter { $0.retiredAt == nil && $0.tasks.contains("chat") }
            let known = Set(try await ModelQueries.aliases(in: transaction).map(\.alias))
            if let model = chatting.first(where: { $0.name.hasPrefix("smollm2") }) ?? chatting.first {
                for name in ["auto", "fast", "best"] where !known.contains(name) && model.name != name {
                    try await alias(name, to: model.name, by: stamp, in: transaction)
                }
            }
            return models
        }
    }
}
