import Forecasting
import Postgres
import Revenue
import Subscriptions
import TestSupport
import Testing
import Values

/// The forecast of a book in a real database: what it reads, and what it may not know.
@Suite struct RevenueForecastDatabaseTests {
    private typealias Book = RevenueFixture.Book

    private func sources(_ book: Book, asOf: String) async throws -> (now: ForecastSources, earlier: [ForecastSources])
    {
        let instant = try RevenueFixture.instant(asOf)
        return try await book.database.transaction(as: .finance, isolation: .snapshot) { transaction in
            try await RevenueReports.forecastSources(
                asOf: instant,
                earlier: RevenueBook.origins(before: instant),
                in: transaction
            )
        }
    }

    private func text(_ book: Book, asOf: String) async throws -> String {
        let (now, earlier) = try await sources(book, asOf: asOf)
        let options = try RevenueForecastOptions(horizon: 6, paths: 100)
        return try RevenueOutlook.run(now, earlier: earlier, options: options).json(asOf: now.asOf).text
    }

    private func near(_ left: Double, _ right: Double) -> Bool { abs(left - right) < 1e-6 }

    /// Two plans, and from January on a customer a month.
    private func filled(_ database: Database) async throws -> Book {
        let book = Book(database: database)
        try await book.publish(RevenueFixture.flat("month", "100.00"))
        try await book.publish(RevenueFixture.flat("year", "2400.00", unit: "year"))
        for month in 1...9 {
            let tenant = try await book.tenant("customer \(month)")
            let subscription = try await book.subscribe(
                tenant,
                to: month % 3 == 0 ? "year" : "month",
                at: "2025-0\(month)-11"
            )
            if month == 2 {
                try await book.cancel(subscription, of: tenant, when: .periodEnd, at: "2025-05-20")
            }
        }
        return book
    }

    @Test func `committed is what is agreed until the next end of each term`() async throws {
        try await withDatabase { database in
            let book = try await filled(database)
            let (now, _) = try await sources(book, asOf: "2025-10-01")
            let own = try RevenueBook(of: now)
            #expect(own.currency == .usd && own.contracts.count == 9)
            // Five monthly ones end a term on October 11; three yearly ones bring 200 a month until March, June,
            // September.
            let committed = own.recurring(from: own.firstMonth, months: 12, isCommitted: true)
            #expect(near(committed[0], 600 + 500 * 10.0 / 31))
            #expect(Array(committed[1...4]) == [600, 600, 600, 600])
            #expect(near(committed[5], 400 + 200 * 10.0 / 31))
            #expect(near(committed[9], 200))
            #expect(near(committed[11], 200 * 10.0 / 30))
            // What was lost, when: a whole month's revenue until June 11.
            let history = own.recurring(from: own.firstMonth - 9, months: 9)
            #expect(near(history[0], 100 * 21.0 / 31))
            #expect(near(history[5], 500 + 200 * 20.0 / 30 + 100 * 10.0 / 30))
        }
    }

    @Test func `an end that is asked for is known, and nothing is renewed beyond it`() async throws {
        try await withDatabase { database in
            let book = Book(database: database)
            try await book.publish(RevenueFixture.flat("year", "1200.00", unit: "year"))
            let tenant = try await book.tenant("leaves")
            let subscription = try await book.subscribe(tenant, to: "year", at: "2025-01-01")
            try await book.cancel(subscription, of: tenant, when: .periodEnd, at: "2025-03-01")
            let (before, _) = try await sources(book, asOf: "2025-02-20")
            let (after, _) = try await sources(book, asOf: "2025-03-10")
            #expect(before.contracts.map(\.ends) == [false])
            #expect(after.contracts.map(\.ends) == [true])
            let boundary = try RevenueFixture.instant("2026-01-01")
            #expect(after.contracts.map(\.boundary) == [boundary] && before.contracts.map(\.boundary) == [boundary])
            let rows = try RevenueOutlook(
                of: RevenueBook(of: after),
                options: RevenueForecastOptions(horizon: 12, paths: 100)
            ).cases[0].rows
            #expect(rows[9].committed == 100 && rows[10].committed == 0)
            #expect(rows.allSatisfy { $0.renewal == 0 })
        }
    }

    @Test func `the same as-of gives the same bytes, whatever is written later`() async throws {
        try await withDatabase { database in
            let book = try await filled(database)
            let first = try await text(book, asOf: "2025-10-01")
            let late = try await book.tenant("late")
            _ = try await book.subscribe(late, to: "month", at: "2025-04-15", recorded: "2025-10-02")
            #expect(try await text(book, asOf: "2025-10-01") == first)
            #expect(try await text(book, asOf: "2025-10-03") != first)
        }
    }

    @Test func `a back-test knows what was recorded by its origin, and nothing later`() async throws {
        try await withDatabase { database in
            let book = try await filled(database)
            let late = try await book.tenant("late")
            // It began in February, and was written down in September.
            _ = try await book.subscribe(late, to: "month", at: "2025-02-15", recorded: "2025-09-15")
            let (now, earlier) = try await sources(book, asOf: "2025-10-01")
            #expect(now.contracts.count == 10)
            #expect(earlier.map(\.asOf.text).last == "2025-07-31T23:59:59.999999Z")
            #expect(earlier.map(\.contracts.count) == [0, 0, 1, 3, 5, 7])
            let known = RevenueBook(reading: earlier[5], currency: .usd)
            #expect(Month(index: known.firstMonth).text == "2025-08")
            let march = known.recurring(from: known.firstMonth - 5, months: 1)
            #expect(near(march[0], 200 + 200 * 21.0 / 31))
        }
    }

    @Test func `two currencies have to be told apart, and none is refused`() async throws {
        try await withDatabase { database in
            let book = Book(database: database)
            let (empty, _) = try await sources(book, asOf: "2025-10-01")
            let error = #expect(throws: Problem.self) { try RevenueBook(of: empty) }
            #expect(error?.errors.map(\.field) == ["currency"])
            let filled = try await filled(database)
            let (now, _) = try await sources(filled, asOf: "2025-10-01")
            #expect(throws: Problem.self) { try RevenueBook(of: now, currency: .eur) }
            #expect(try RevenueBook(of: now, currency: .usd).contracts.count == 9)
        }
    }
}
