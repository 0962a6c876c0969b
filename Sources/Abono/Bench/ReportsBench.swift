import Postgres
import Revenue
import Values

/// How long the report of recurring revenue with its movements takes over three years of a book, beside one sequential
/// scan of a table with a row for each month that a subscription brings something in.
struct ReportsBench: Sendable {
    /// How many such rows.
    let subscriptionMonths: Int

    private static let turns = 5

    func run(on bench: BenchDatabase) async throws -> BenchResult {
        let database = Database(url: bench.url, connections: 2, deadline: .seconds(900))
        defer { database.close() }
        let book = try await ReportsBenchBook(database, bench)
        let models = try await report(database)
        let rows = try await book.fill(subscriptionMonths)
        let derived = try await timed { try await report(database) }
        try check(derived.value, models, copies: book.copies(of: rows))
        let clock = ContinuousClock()
        let began = clock.now
        let kept = try await RecurringLevelRun.run(database: database, by: ReportsBenchBook.stamp(book.asOf))
        let keeping = (clock.now - began).inSeconds
        try await bench.analyze()
        var reports: [Double] = []
        var scans: [Double] = []
        // One after the other, so that both meet the same machine; the first pays for what is not in memory yet.
        for turn in 0...Self.turns {
            let found = try await timed { try await report(database) }
            try check(found.value, models, copies: book.copies(of: rows))
            let scanned = try await timed { try await scan(database) }
            guard scanned.value == rows else { throw Problem(.internal, "\(scanned.value) rows of \(rows) were read") }
            guard turn > 0 else { continue }
            reports.append(found.seconds)
            scans.append(scanned.seconds)
        }
        let (taken, limit) = (Self.median(reports), Self.median(scans))
        var result = BenchResult(bench: "reports")
        result.figure("subscription_months", Double(rows))
        result.figure("subscriptions", Double(kept))
        result.figure("movements_seconds", taken)
        result.figure("scan_seconds", limit)
        result.figure("movements_derived_seconds", derived.seconds)
        result.figure("keep_seconds", keeping)
        result.ratio("movements_vs_scan", taken / limit)
        result.note("movements_vs_scan is to be at most 6")
        return result
    }

    private func report(_ database: Database) async throws -> ReportPage {
        let request = ReportRequest(
            .mrr,
            from: ReportsBenchBook.first,
            to: ReportsBenchBook.first.adding(ReportsBenchBook.months - 1),
            asOf: ReportsBenchBook.asOf
        )
        return try await database.transaction(as: .finance, isolation: .snapshot) { transaction in
            try await RevenueReports.page(request, in: transaction)
        }
    }

    private func scan(_ database: Database) async throws -> Int {
        try await database.transaction(as: .finance, isolation: .snapshot) { transaction in
            try await transaction.execute("SET LOCAL max_parallel_workers_per_gather = 0")
            let found: (count: Int, sum: Int)? = try await transaction.first(
                "SELECT count(*), sum(amount_minor)::bigint FROM app.bench_subscription_months"
            ) { row in (try row.next(), try row.next()) }
            return found?.count ?? 0
        }
    }

    private func timed<Value>(_ work: () async throws -> Value) async throws -> (value: Value, seconds: Double) {
        let clock = ContinuousClock()
        let began = clock.now
        let value = try await work()
        return (value, (clock.now - began).inSeconds)
    }

    private static func median(_ values: [Double]) -> Double { values.sorted()[values.count / 2] }

    /// Every amount is that of the models, as often as they were copied.
    private func check(_ page: ReportPage, _ models: ReportPage, copies: Int) throws {
        let (found, single) = (page.table.rows, models.table.rows)
        guard found.count == single.count else { throw Problem(.internal, "the report has \(found.count) rows") }
        for (row, model) in zip(found, single) {
            for (text, one) in zip(row, model).dropFirst(2) {
                guard let amount = Exact(decimal: text), let part = Exact(decimal: one),
                    amount == part * Exact(copies + 1)
                else { throw Problem(.internal, "\(row[0]) has \(text), \(one) of the models") }
            }
        }
    }
}
