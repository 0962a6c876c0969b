import Ledger
package import Postgres
package import Values

/// Accrues the partners' shares in what came in and went back.
package enum PartnerAccrualRun {
    /// How many tenants are dealt with in a page.
    private static let pageSize = 200

    /// Accrues all that happened until the stamp and was not accrued, each tenant in a transaction of its own.
    ///
    /// A source is accrued once, for good, and posted under its own key: running it again adds nothing.
    ///
    /// - Returns: how many accruals are new.
    @discardableResult
    package static func run(database: Database, by stamp: Stamp) async throws -> Int {
        var accrued = 0
        var last: TenantID?
        while true {
            let page = try await database.transaction(as: .system) { transaction in
                try await PartnerAccrualQueries.tenants(after: last, limit: pageSize, in: transaction)
            }
            for tenant in page {
                accrued += try await database.transaction(as: .system) { transaction in
                    try await accrue(tenant, by: stamp, in: transaction)
                }
            }
            guard page.count == pageSize, let end = page.last else { return accrued }
            last = end
        }
    }

    /// The same for one tenant, in the caller's transaction of `.system`.
    package static func accrue(
        _ tenant: TenantID,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Int {
        // In a statement of its own: what is read next is what others have committed.
        try await transaction.execute("SELECT app.lock_partners()")
        let receipts = try await PartnerAccrualQueries.receipts(of: tenant, until: stamp, in: transaction)
        guard !receipts.isEmpty else { return 0 }
        let partners = try await PartnerQueries.all(in: transaction)
        let before = try await PartnerAccrualQueries.periods(in: transaction)
        var rule = PartnerAccrualRule(
            partners: partners,
            tenant: tenant,
            attributions: try await PartnerQueries.attributions(of: tenant, in: transaction),
            periods: before,
            accruals: try await PartnerAccrualQueries.accruals(of: tenant, in: transaction)
        ) { .make(at: stamp.recordedAt) }
        var new: [PartnerAccrual] = []
        for receipt in receipts { new += try rule.add(receipt) }
        guard !new.isEmpty else { return 0 }
        try await transaction.execute(PartnerAccrualQueries.insert(new, by: stamp))
        let touched = Set(
            new.map { PartnerPeriod(partner: $0.partner, currency: $0.share.currency, start: $0.period) }
        ).sorted()
        for period in touched {
            guard let sums = rule.periods[period] else { continue }
            try await transaction.execute(
                PartnerAccrualQueries.put(period, base: sums.base, share: sums.share, by: stamp)
            )
        }
        let journals = try new.compactMap { accrual in
            try accrual.journal(of: partners[accrual.partner]?.role ?? .principal, id: .make(at: stamp.recordedAt))
        }
        try await LedgerOperations.post(journals, by: stamp, in: transaction)
        return new.count
    }
}
