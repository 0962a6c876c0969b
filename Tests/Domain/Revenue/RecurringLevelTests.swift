import Postgres
import Subscriptions
import TestSupport
import Testing
import Values

@testable import Revenue

/// What is kept of recurring revenue is what would be derived.
@Suite struct RecurringLevelTests {
    private typealias Fixture = RevenueFixture

    @Test func `levels are read back as they were written, up to an instant`() throws {
        let levels = [
            RecurringLevel(
                at: try Fixture.instant("2025-01-05T00:00:00.000001Z"),
                currency: .usd,
                monthly: Exact(1_000, 3),
                change: Fixture.id(7),
                plan: "pro"
            ),
            RecurringLevel(at: try Fixture.instant("2025-02-05"), currency: .eur, monthly: .zero, plan: "a.b-c"),
            RecurringLevel(at: try Fixture.instant("1969-02-05"), currency: .usd, monthly: 5, plan: "pro"),
        ]
        let text = try #require(RecurringLevelText.text(of: levels))
        var words = RecurringLevelText.Words()
        let end = try Fixture.instant("2030-01-01")
        #expect(RecurringLevelText.levels(text, until: end, &words) == levels)
        #expect(RecurringLevelText.levels(text, until: end, &words) == levels)
        let first = RecurringLevelText.levels(text, until: try Fixture.instant("2025-01-01"), &words)
        #expect(first == Array(levels.prefix(1)))
        for broken in ["", "x", "12 3 USD - ", "12 3/0 USD - pro", "12 3 USD 7 pro", text + "\n1"] {
            #expect(RecurringLevelText.levels(broken, until: end, &words) == nil, "\(broken)")
        }
        let odd = RecurringLevel(at: end, currency: .usd, monthly: 1, plan: "a b")
        #expect(RecurringLevelText.text(of: [odd]) == nil)
    }

    /// Customers that try, come, change, pause, go on, end, and come back.
    private static func book(_ database: Database) async throws -> Fixture.Book {
        let book = Fixture.Book(database: database)
        try await book.publish(Fixture.flat("basic", "100"))
        try await book.publish(Fixture.flat("pro", "250"))
        try await book.publish(Fixture.flat("yearly", "1000", unit: "year"))
        try await book.publish(Fixture.flat("trial", "30", rest: #", "trial_days": 30"#))
        let acme = try await book.tenant("Acme")
        let first = try await book.subscribe(acme, to: "basic", at: "2025-01-10")
        try await book.change(first, of: acme, to: "pro", at: "2025-03-05")
        _ = try await book.subscribe(acme, to: "yearly", at: "2025-02-01", recorded: "2025-05-01")
        let other = try await book.tenant("Other")
        let second = try await book.subscribe(other, to: "trial", at: "2025-02-20")
        try await book.cancel(second, of: other, when: .periodEnd, at: "2025-04-02")
        let third = try await book.subscribe(other, to: "basic", at: "2025-06-10")
        try await database.transaction(as: .tenant(other)) { transaction in
            _ = try await SubscriptionOperations.pause(third, of: other, by: book.stamp("2025-07-05"), in: transaction)
        }
        try await database.transaction(as: .tenant(other)) { transaction in
            _ = try await SubscriptionOperations.resume(third, of: other, by: book.stamp("2025-08-20"), in: transaction)
        }
        return book
    }

    private static func texts(_ book: Fixture.Book) async throws -> [String] {
        var texts: [String] = []
        for asOf in ["2025-02-25", "2025-04-10", "2025-05-10", "2025-07-10", "2025-09-01", "2026-09-01"] {
            let report = try await book.mrr("2025-01", "2026-08", asOf: asOf)
            texts.append(report.json.text + report.movementsJSON.text)
        }
        return texts
    }

    @Test func `whatever is kept, reports are the same as of every instant`() async throws {
        try await withDatabase { database in
            let book = try await Self.book(database)
            let derived = try await Self.texts(book)
            #expect(Set(derived).count == derived.count)
            let stamp = try book.stamp("2025-09-02")
            #expect(try await RecurringLevelRun.run(database: database, by: stamp) == 4)
            #expect(try await RecurringLevelRun.run(database: database, by: stamp) == 0)
            #expect(try await Self.texts(book) == derived)
            // What is changed later is derived until it is kept, and what was known before stays.
            let late = try await book.tenant("Late")
            let id = try await book.subscribe(late, to: "basic", at: "2025-03-01", recorded: "2025-10-01")
            try await book.change(id, of: late, to: "pro", at: "2025-10-05")
            let before = try await Self.texts(book)
            #expect(before.dropLast() == derived.dropLast() && before.last != derived.last)
            #expect(try await RecurringLevelRun.run(database: database, by: stamp) == 1)
            #expect(try await Self.texts(book) == before)
        }
    }

    @Test func `what is kept is what reports read`() async throws {
        try await withDatabase { database in
            let book = try await Self.book(database)
            try await RecurringLevelRun.run(database: database, by: try book.stamp("2025-09-02"))
            try await database.transaction(as: .system) { transaction in
                try await transaction.execute(
                    "UPDATE app.recurring_levels SET levels = replace(levels, ' 100 ', ' 101 ')"
                )
            }
            let report = try await book.mrr("2025-01", "2025-01", asOf: "2025-09-03")
            #expect(report.rows.map { $0[.closing].text } == ["101.00"])
            // What another rule made does not count.
            try await database.transaction(as: .system) { transaction in
                try await transaction.execute("UPDATE app.recurring_levels SET rule = rule + 1")
            }
            let derived = try await book.mrr("2025-01", "2025-01", asOf: "2025-09-03")
            #expect(derived.rows.map { $0[.closing].text } == ["100.00"])
        }
    }

    @Test(arguments: UInt64(1)...10)
    func `rows are the same whether movements are kept or not`(seed: UInt64) throws {
        var random = Sampler(seed: seed)
        let book = try (1...20).map { number in
            let count = Int.random(in: 1...5, using: &random)
            let months = (0..<count).map { $0 * 4 + Int.random(in: 1...4, using: &random) }
            return try Fixture.customer(
                number % 7,
                subscription: number,
                months.map { month in
                    (
                        try Fixture.month("2024-01").adding(month).firstDay.text,
                        Exact(Int.random(in: 0...3, using: &random) * 1_000, 3)
                    )
                }
            )
        }
        let months = try Fixture.months("2024-02", "2025-09")
        let kept = try MRRReport(of: book, months: months)
        let plain = try MRRReport(of: book, months: months, keepsMovements: false)
        #expect(kept.rows == plain.rows && plain.movements.isEmpty)
        for row in kept.rows {
            for cell in MRRCell.movements {
                let sum = kept.movements.filter { $0.month == row.month && $0.cell == cell }
                    .reduce(0) { $0 + $1.amount.minor }
                #expect(sum == row[cell].minor)
            }
        }
    }
}
