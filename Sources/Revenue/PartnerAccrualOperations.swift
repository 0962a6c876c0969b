import Ledger
package import Postgres
package import Values

/// Accrues the partners' shares in what came in and went back.
package enum PartnerAccrualRun {
    /// How many tenants are dealt with in a page.
    private static let pageSize = 200

    /// Accrues all that happened until the stamp and was not accrued, each tenant in a transaction of its own.
    ///
    /// Where tiers count up over several tenants, their receipts are taken in the order of time: a share is what its
    /// receipt made of the stretch as it came.
    ///
    /// A source is accrued once, for good, and posted under its own key: running it again adds nothing.
    ///
    /// - Returns: how many accruals are new.
    @discardableResult
    package static func run(database: Database, by stamp: Stamp) async throws -> Int {
        var accrued = try await runInOrder(database: database, by: stamp)
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

    /// Does so for tenants of partners with tiers, receipt by receipt.
    private static func runInOrder(database: Database, by stamp: Stamp) async throws -> Int {
        var accrued = 0
        var last: PartnerAccrualQueries.Due?
        while true {
            let page = try await database.transaction(as: .system) { transaction in
                try await PartnerAccrualQueries.due(until: stamp, after: last, limit: pageSize, in: transaction)
            }
            for (place, due) in page.enumerated() {
                // What follows of the same tenant is dealt with together.
                if page.indices.contains(place + 1), page[place + 1].tenant == due.tenant { continue }
                let until = Stamp(at: due.at, recordedAt: stamp.recordedAt, author: stamp.author)
                accrued += try await database.transaction(as: .system) { transaction in
                    try await accrue(due.tenant, by: until, in: transaction)
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
