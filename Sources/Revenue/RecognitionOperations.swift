import Ledger
package import Postgres
package import Values

/// Moves what was owed and is delivered from deferred revenue to revenue, month by month.
package enum RecognitionRun {
    /// How many tenants are dealt with in a page.
    private static let pageSize = 200

    /// Posts the recognition of every month up to one, that included: one journal a tenant, month and currency.
    ///
    /// A month is posted once and stays; what comes to the books late for it is in the journal of the next month. Running
    /// it again adds nothing.
    ///
    /// `month`: it must be over at the stamp's business time.
    ///
    /// - Returns: how many journals are new.
    @discardableResult
    package static func run(
        through month: Month,
        database: Database,
        by stamp: Stamp,
        zone: Zone = .utc
    ) async throws -> Int {
        let limit = month.adding(1).start(in: zone)
        guard limit <= stamp.at else {
            throw Problem.invalid("month", "is \(month), which is not over before \(limit)")
        }
        var posted = 0
        var last: TenantID?
        while true {
            let page = try await database.transaction(as: .system) { transaction in
                try await RecognitionQueries.tenants(after: last, limit: pageSize, in: transaction)
            }
            for tenant in page {
                posted += try await database.transaction(as: .system) { transaction in
                    try await recognise(tenant, through: month, zone: zone, by: stamp, in: transaction)
                }
            }
            guard page.count == pageSize, let end = page.last else { return posted }
            last = end
        }
    }

    private static func recognise(
        _ tenant: TenantID,
        through month: Month,
        zone: Zone,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Int {
        let lines = try await RecognitionQueries.lines(
            of: tenant,
            recordedUntil: stamp.recordedAt,
            in: transaction
        ).filter(\.isDeferred)
        let posted = try await RecognitionQueries.posted(of: tenant, in: transaction)
        let journals = try Recognition.journals(
            of: lines,
            tenant: tenant,
            posted: posted.map { Recognition.Posted(currency: $0.currency, account: $0.account, amount: $0.amount) },
            lastKey: { currency in posted.filter { $0.currency == currency }.map(\.lastKey).max() },
            through: month,
            zone: zone,
            id: { JournalID.make(at: stamp.recordedAt) }
        )
        return try await LedgerOperations.post(journals, by: stamp, in: transaction)
    }
}
