import Jobs
package import Postgres
package import Values

/// Writing the catalogue of plans.
package enum PlanOperations {
    /// Publishes a plan: its first version, or one more than there are; the content of what is current in its currency
    /// again adds nothing.
    ///
    /// Subscriptions keep the version they have, and versions in other currencies stay current.
    ///
    /// - Returns: the new version, or the one that is there.
    /// - Throws: `PlanError.archived`; a `Problem` that names the field of a meter which is not in the catalogue.
    @discardableResult
    package static func publish(
        _ draft: PlanDraft,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> PlanVersion {
        try await checkMeters(of: draft, in: transaction)
        let code = draft.plan.code
        try await transaction.execute(
            """
            INSERT INTO app.plans (id, code, created_at, recorded_at)
            VALUES (\(PlanID.make(at: stamp.recordedAt)), \(code), \(stamp.at), \(stamp.recordedAt))
            ON CONFLICT (code) DO NOTHING
            """
        )
        guard let plan = try await PlanQueries.lock(code, in: transaction) else { throw PlanError.notFound(code) }
        guard plan.archivedAt == nil else { throw PlanError.archived(code) }
        // Only with the lock the newest version is the one that the new one follows.
        let newest = try await PlanQueries.latest(code, in: transaction)
        let current = try await PlanQueries.latest(code, currency: draft.plan.currency, in: transaction)
        if let current, current.hasContent(of: draft) { return current }
        let version = PlanVersion(
            id: .make(at: stamp.recordedAt),
            planID: plan.id,
            code: code,
            version: (newest?.version ?? 0) + 1,
            name: draft.name,
            plan: draft.plan,
            features: draft.features,
            document: draft.document,
            isVisible: draft.isVisible,
            publishedAt: stamp.at,
            archivedAt: nil
        )
        try await transaction.execute(PlanQueries.insert(version, by: stamp))
        try await Activity.record(
            "plan.published",
            object: plan.id.text,
            tenant: nil,
            details: [
                "code": .string(code), "version": .int(version.version), "version_id": .string(version.id.text),
                "currency": .string(version.plan.currency.code),
            ],
            by: stamp,
            in: transaction
        )
        return version
    }

    /// Archives a plan: nobody can subscribe to it any more, who has it keeps it.
    ///
    /// Once more is no work.
    ///
    /// - Throws: `PlanError.notFound`.
    @discardableResult
    package static func archive(
        _ code: String,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> PlanVersion {
        guard let plan = try await PlanQueries.lock(code, in: transaction) else { throw PlanError.notFound(code) }
        if plan.archivedAt == nil {
            try await transaction.execute("UPDATE app.plans SET archived_at = \(stamp.at) WHERE id = \(plan.id)")
            try await Activity.record(
                "plan.archived",
                object: plan.id.text,
                tenant: nil,
                details: ["code": .string(code)],
                by: stamp,
                in: transaction
            )
        }
        guard let version = try await PlanQueries.latest(code, in: transaction) else {
            throw PlanError.notFound(code)
        }
        return version
    }

    /// Refuses prices and allowances of meters that are not there.
    private static func checkMeters(of draft: PlanDraft, in transaction: borrowing Transaction) async throws {
        let named = draft.namedMeters
        let known = try await PlanQueries.knownMeters(named.map(\.meter), in: transaction)
        let unknown = named.filter { !known.contains($0.meter) }.map { unknownMeter($0.meter, at: $0.field) }
        if let first = unknown.first { throw Problem(.invalid, "\(first.field): \(first.message)", errors: unknown) }
        let rolling = draft.features.allowances.filter { !$0.allowance.rollover.isZero }
        guard !rolling.isEmpty else { return }
        let addUp = try await PlanQueries.metersThatAddUp(rolling.map(\.allowance.meter), in: transaction)
        for (feature, allowance) in rolling where !addUp.contains(allowance.meter) {
            throw Problem.invalid(
                "features.\(feature).rollover",
                "is possible of meters that count or sum, which \(allowance.meter) does not"
            )
        }
    }

    /// What is said of a meter that is not there.
    static func unknownMeter(_ meter: String, at field: String) -> Problem.FieldError {
        Problem.FieldError(
            field: field,
            message: "\(JSONValue.string(meter).seen) is no meter; make the meter first, or name one that is there"
        )
    }
}
