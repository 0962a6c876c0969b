package import Postgres
import Subscriptions
package import Values

/// Keeps what subscriptions bring a month over their lives, so that reports need not derive it.
package enum RecurringLevelRun {
    /// How many subscriptions are dealt with in a transaction.
    private static let pageSize = 1_000

    /// Brings what is kept up to date for all subscriptions whose changes are others than those that are in it; running
    /// it again does nothing.
    ///
    /// - Returns: how many were brought up to date.
    @discardableResult
    package static func run(database: Database, by stamp: Stamp) async throws -> Int {
        var done = 0
        while true {
            let count = try await database.transaction(as: .system) { transaction in
                try await page(by: stamp, in: transaction)
            }
            done += count
            guard count == pageSize else { return done }
        }
    }

    private static func page(by stamp: Stamp, in transaction: borrowing Transaction) async throws -> Int {
        let keys = try await RevenueReportQueries.stale(limit: pageSize, in: transaction)
        guard !keys.isEmpty else { return 0 }
        let rows = try await RevenueReportQueries.changes(of: keys, recordedUntil: nil, in: transaction)
        // All that is known to come is in it: readers leave out what had not happened.
        let found = try await RevenueReports.levels(of: rows, asOf: nil, in: transaction)
        try await transaction.execute(
            RevenueReportQueries.keep(
                found.map { story, levels in
                    RevenueReportQueries.Kept(
                        tenant: story.tenant,
                        subscription: story.subscription,
                        sequence: story.changes.map(\.sequence).max() ?? 0,
                        knownAt: story.changes.map(\.recordedAt).max() ?? stamp.recordedAt,
                        levels: RecurringLevelText.text(of: levels)
                    )
                },
                by: stamp
            )
        )
        return found.count
    }
}
