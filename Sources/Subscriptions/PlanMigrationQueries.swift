import Postgres
import Values

/// Reading whom a migration is about.
enum PlanMigrationQueries {
    static func candidates(
        of migration: PlanMigration,
        targets: [(currency: Currency, version: Int)],
        limit: Int,
        after: PlanMigration.Candidate?,
        in transaction: borrowing Transaction
    ) async throws -> [PlanMigration.Candidate] {
        let whose: SQL = migration.tenant.map { "s.tenant_id = \($0)" } ?? "true"
        let rest: SQL = after.map { "(s.tenant_id, s.id) > (\($0.tenant), \($0.subscription))" } ?? "true"
        return try await transaction.query(
            """
            SELECT s.tenant_id, s.id, s.currency, v.version
            FROM app.subscriptions s JOIN app.plan_versions v ON v.id = s.plan_version_id
            JOIN unnest(\(targets.map(\.currency))::text[], \(targets.map(\.version))::int[])
                AS target (currency, version) ON target.currency = s.currency AND target.version <> v.version
            WHERE s.ended_at IS NULL AND v.code = \(migration.plan)
              AND (\(migration.from)::int IS NULL OR v.version = \(migration.from))
              AND \(fragment: whose) AND \(fragment: rest)
            ORDER BY s.tenant_id, s.id LIMIT \(limit)
            """
        ) { row in
            PlanMigration.Candidate(
                tenant: try row.next(),
                subscription: try row.next(),
                currency: try row.next(),
                version: try row.next()
            )
        }
    }
}
