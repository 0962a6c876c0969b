import Jobs
package import Postgres
package import Values

/// Entering costs, taking them back, and saying by what they are shared out.
package enum CostOperations {
    /// Enters a cost.
    ///
    /// - Throws: `CostError.tenantNotFound`.
    package static func add(
        _ draft: CostDraft,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> CostEntry {
        if let tenant = draft.target.tenant {
            let found: Int? = try await transaction.first("SELECT 1 FROM app.tenants WHERE tenant_id = \(tenant)") {
                row in
                try row.next()
            }
            guard found != nil else { throw CostError.tenantNotFound(tenant) }
        }
        let entry = CostEntry(
            id: .make(at: stamp.recordedAt),
            category: draft.category,
            amount: draft.amount,
            first: draft.first,
            last: draft.last,
            memo: draft.memo,
            target: draft.target,
            reverses: nil,
            at: stamp.at,
            recordedAt: stamp.recordedAt
        )
        try await write(entry, "cost.added", by: stamp, in: transaction)
        return entry
    }

    /// Takes an entry back by one of the opposite amount over the same days; the entry stays.
    ///
    /// - Throws: `CostError.notFound`, `CostError.voided`, `CostError.isReversal`.
    package static func void(
        _ id: CostID,
        reason: String,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> CostEntry {
        guard reason.unicodeScalars.count <= 500 else {
            throw Problem.invalid("reason", "has \(reason.unicodeScalars.count) characters; at most 500 are allowed")
        }
        guard let entry = try await CostQueries.find(id, in: transaction) else { throw CostError.notFound(id) }
        guard entry.reverses == nil else { throw CostError.isReversal(id) }
        let reversal = try entry.reversed(id: .make(at: stamp.recordedAt), memo: reason, by: stamp)
        try await write(reversal, "cost.voided", by: stamp, in: transaction)
        return reversal
    }

    /// Says by what a category is shared out from a month on; the same again is no work.
    package static func put(
        _ category: CostCategory,
        by basis: CostBasis,
        from month: Month,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> CostRule {
        let rule = CostRule(category: category, basis: basis, from: month, recordedAt: stamp.recordedAt)
        let known = try await CostQueries.rules(asOf: nil, in: transaction)
        if let same = known.last(where: { $0.category == category && $0.from == month }), same.basis == basis {
            return same
        }
        try await transaction.execute(CostQueries.insert(rule, from: month, by: stamp))
        try await Activity.record(
            "cost_rule.put",
            object: category.rawValue,
            tenant: nil,
            details: rule.json,
            by: stamp,
            in: transaction
        )
        return rule
    }

    private static func write(
        _ entry: CostEntry,
        _ verb: String,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws {
        // Of two that take one entry back at once the second finds the first.
        guard try await transaction.execute(CostQueries.insert(entry, by: stamp)) == 1 else {
            throw CostError.voided(entry.reverses ?? entry.id)
        }
        try await Activity.record(
            verb,
            object: entry.id.text,
            tenant: nil,
            details: entry.json,
            by: stamp,
            in: transaction
        )
    }
}
