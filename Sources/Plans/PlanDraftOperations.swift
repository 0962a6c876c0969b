import Jobs
package import Postgres
package import Values

/// Preparing plans before they are published.
package enum PlanDraftOperations {
    /// Keeps a draft in place of the one of its code, if there is one.
    ///
    /// It may have errors, which it comes back with, those of meters that are not there included; only its code must be
    /// right.
    ///
    /// - Throws: a `Problem` that names `code` or `input`.
    @discardableResult
    package static func save(
        _ document: JSONValue,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> StoredPlanDraft {
        guard document.object != nil else { throw Problem.invalid("input", "must be an object, not \(document.seen)") }
        guard let code = document["code"]?.string, CatalogueCode.isValid(code) else {
            throw Problem.invalid("code", CatalogueCode.form)
        }
        guard document.utf8.count <= byteLimit else {
            throw Problem.invalid("input", "has \(document.utf8.count) bytes; at most \(byteLimit) are allowed")
        }
        try await transaction.execute(PlanDraftQueries.save(code, document, by: stamp))
        let saved = StoredPlanDraft(
            code: code,
            document: document,
            savedAt: stamp.at,
            errors: try await errors(in: document, transaction)
        )
        try await record("plan.drafted", code, by: stamp, in: transaction)
        return saved
    }

    /// A draft with everything that is wrong with it, meters that are not there included.
    ///
    /// - Throws: `PlanError.draftNotFound`.
    package static func show(_ code: String, in transaction: borrowing Transaction) async throws -> StoredPlanDraft {
        guard let draft = try await PlanDraftQueries.find(code, in: transaction) else {
            throw PlanError.draftNotFound(code)
        }
        return StoredPlanDraft(
            code: code,
            document: draft.document,
            savedAt: draft.savedAt,
            errors: try await errors(in: draft.document, transaction)
        )
    }

    /// Publishes a draft, which then is no more.
    ///
    /// - Throws: `PlanError.draftNotFound`; what is wrong with it, with all fields; what `PlanOperations.publish` says.
    package static func publish(
        _ code: String,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> PlanVersion {
        guard let stored = try await PlanDraftQueries.lock(code, in: transaction) else {
            throw PlanError.draftNotFound(code)
        }
        let errors = try await errors(in: stored.document, transaction)
        if let first = errors.first {
            throw Problem(.invalid, "\(first.field): \(first.message)", errors: errors)
        }
        let version = try await PlanOperations.publish(PlanDraft(json: stored.document), by: stamp, in: transaction)
        try await transaction.execute(PlanDraftQueries.drop(code, by: stamp))
        return version
    }

    /// Gives a draft up.
    ///
    /// - Throws: `PlanError.draftNotFound`.
    package static func drop(_ code: String, by stamp: Stamp, in transaction: borrowing Transaction) async throws {
        guard try await transaction.execute(PlanDraftQueries.drop(code, by: stamp)) == 1 else {
            throw PlanError.draftNotFound(code)
        }
        try await record("plan.draft_dropped", code, by: stamp, in: transaction)
    }

    private static let byteLimit = 262_144

    private static func errors(
        in document: JSONValue,
        _ transaction: borrowing Transaction
    ) async throws -> [Problem.FieldError] {
        let errors = PlanDraft.errors(in: document)
        guard errors.isEmpty else { return errors }
        let named = try PlanDraft(json: document).namedMeters
        let known = try await PlanQueries.knownMeters(named.map(\.meter), in: transaction)
        return named.filter { !known.contains($0.meter) }.map { PlanOperations.unknownMeter($0.meter, at: $0.field) }
    }

    private static func record(
        _ verb: String,
        _ code: String,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws {
        try await Activity.record(
            verb,
            object: "plan:\(code)",
            tenant: nil,
            details: ["code": .string(code)],
            by: stamp,
            in: transaction
        )
    }
}
