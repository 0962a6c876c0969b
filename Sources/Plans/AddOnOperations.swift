import Jobs
package import Postgres
package import Values

/// Writing the add-ons of the catalogue.
package enum AddOnOperations {
    /// Publishes an add-on: its first version, or one more; the content of what is current in its currency and interval
    /// again adds nothing.
    ///
    /// Subscriptions keep the version they have.
    ///
    /// - Returns: the new version, or the one that is there.
    /// - Throws: `AddOnError.archived`.
    @discardableResult
    package static func publish(
        _ draft: AddOnDraft,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> AddOnVersion {
        try await transaction.execute(
            """
            INSERT INTO app.add_ons (id, code, created_at, recorded_at)
            VALUES (\(AddOnID.make(at: stamp.recordedAt)), \(draft.code), \(stamp.at), \(stamp.recordedAt))
            ON CONFLICT (code) DO NOTHING
            """
        )
        guard let addOn = try await AddOnQueries.lock(draft.code, in: transaction) else {
            throw AddOnError.notFound(draft.code)
        }
        guard addOn.archivedAt == nil else { throw AddOnError.archived(draft.code) }
        // Only with the lock the newest version is the one that the new one follows.
        let current = try await AddOnQueries.current(draft.code, in: transaction)
        let same = current.first { $0.draft.currency == draft.currency && $0.draft.interval == draft.interval }
        if let same, same.draft == draft { return same }
        let version = AddOnVersion(
            id: .make(at: stamp.recordedAt),
            addOnID: addOn.id,
            version: (current.map(\.version).max() ?? 0) + 1,
            draft: draft,
            publishedAt: stamp.at,
            archivedAt: nil
        )
        try await transaction.execute(AddOnQueries.insert(version, by: stamp))
        try await Activity.record(
            "add_on.published",
            object: addOn.id.text,
            tenant: nil,
            details: [
                "code": .string(draft.code), "version": .int(version.version), "version_id": .string(version.id.text),
            ],
            by: stamp,
            in: transaction
        )
        return version
    }

    /// Archives an add-on: nobody can add it any more, who has it keeps it.
    ///
    /// Once more is no work.
    ///
    /// - Returns: its newest version.
    /// - Throws: `AddOnError.notFound`.
    @discardableResult
    package static func archive(
        _ code: String,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> AddOnVersion {
        guard let addOn = try await AddOnQueries.lock(code, in: transaction) else { throw AddOnError.notFound(code) }
        if addOn.archivedAt == nil {
            try await transaction.execute("UPDATE app.add_ons SET archived_at = \(stamp.at) WHERE id = \(addOn.id)")
            try await Activity.record(
                "add_on.archived",
                object: addOn.id.text,
                tenant: nil,
                details: ["code": .string(code)],
                by: stamp,
                in: transaction
            )
        }
        guard let version = try await AddOnQueries.current(code, in: transaction).last else {
            throw AddOnError.notFound(code)
        }
        return version
    }
}
