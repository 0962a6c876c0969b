package import Postgres
package import Values

/// Reading and writing the tenants' budgets.
///
/// Their rows' locks order everything that could overspend.
package enum BudgetQueries {
    /// A tenant's budget as it stands; nil before its first request.
    ///
    /// `spent` is as of the last request that was settled; of another month than the present one it says nothing.
    package static func find(_ tenant: TenantID, in transaction: borrowing Transaction) async throws -> Budget? {
        try await transaction.first("\(fragment: select(tenant))", budget)
    }

    /// The budget, made if it is not there and held until the transaction ends.
    static func lock(_ tenant: TenantID, in transaction: borrowing Transaction) async throws -> Budget {
        let results = try await transaction.results([
            """
            INSERT INTO app.inference_budgets (tenant_id, window_start, spent, spent_by_event, reserved)
            VALUES (\(tenant), \(Instant.epoch), 0, 0, 0) ON CONFLICT (tenant_id) DO NOTHING
            """,
            "\(fragment: select(tenant)) FOR UPDATE",
        ])
        guard let last = results.last, let budget = try Transaction.decode(last, budget).first else {
            throw PostgresError(.usage, "the budget of a tenant is not visible in this scope")
        }
        return budget
    }

    /// Says what the month's usage has cost, and gives an amount back that was set aside.
    static func update(_ budget: Budget, releasing amount: Decimal12, of tenant: TenantID) -> SQL {
        """
        UPDATE app.inference_budgets
        SET window_start = \(budget.windowStart), spent = \(budget.spent), spent_by_event = \(budget.spentByEvent),
            reserved = reserved - \(amount)::numeric
        WHERE tenant_id = \(tenant)
        """
    }

    /// Sets an amount aside if what is spent and set aside stays within the limit; else writes no row.
    static func reserve(_ amount: Decimal12, within limit: Exact?, of tenant: TenantID) -> SQL {
        """
        UPDATE app.inference_budgets SET reserved = reserved + \(amount)::numeric
        WHERE tenant_id = \(tenant)
          AND (\(limit)::numeric IS NULL OR spent + reserved + \(amount)::numeric <= \(limit)::numeric)
        RETURNING spent
        """
    }

    private static func select(_ tenant: TenantID) -> SQL {
        "SELECT window_start, spent, spent_by_event, reserved FROM app.inference_budgets WHERE tenant_id = \(tenant)"
    }

    private static func budget(_ row: inout RowReader) throws -> Budget {
        Budget(
            windowStart: try row.next(),
            spent: try row.next(),
            spentByEvent: try row.next(),
            reserved: try row.next()
        )
    }
}
