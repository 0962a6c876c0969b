import Billing
import Jobs
import Metering
import Postgres
import TestSupport
import Testing
import Values

/// A billing run that is late, that runs twice, or that meets a book with something wrong in it.
@Suite struct BillingRunRobustnessTests {
    private static let daily: JSONValue = [
        "code": "daily", "currency": "USD", "interval": ["unit": "day"],
        "prices": [
            ["code": "base", "model": "flat", "amount": "1.00"],
            ["code": "seats", "model": "per_unit", "unit_amount": "0.35", "quantity": "seats"],
            ["code": "tokens", "meter": "tokens", "model": "per_unit", "unit_amount": "0.000003"],
        ],
    ]

    /// Customers of a daily plan with different seats, usage and, some of them, credit.
    private static func book(_ count: Int, in database: Database) async throws -> [BillingFixture] {
        var books: [BillingFixture] = []
        for number in 0..<count {
            let book = try await BillingFixture(
                database,
                name: "Customer \(number)",
                plan: daily,
                quantities: ["seats": Decimal12(number % 4)]
            )
            try await book.use(Decimal12(100_000 * (number + 1)), BillingFixture.day(2026, 1, 6))
            if number % 3 == 0 { try await grant(250, to: book) }
            books.append(book)
        }
        return books
    }

    private static func grant(_ minor: Int64, to book: BillingFixture) async throws {
        let draft = try CreditGrantDraft(amount: Money(minor: minor, currency: .usd), kind: .prepaid)
        try await book.database.transaction(as: .admin) { transaction in
            let stamp = BillingFixture.stamp(BillingFixture.start)
            try await CreditOperations.grant(draft, to: book.tenant, by: stamp, in: transaction)
        }
    }

    @discardableResult
    private static func run(
        _ database: Database,
        until: Instant,
        batch: Int = BillingRun.defaultBatch
    ) async throws -> BillingRunSummary {
        try await BillingRun.run(
            until: until,
            database: database,
            time: ManualTime(testNow),
            author: .command,
            graceSeconds: 0,
            batch: batch
        )
    }

    @Test func `after a week's outage there are the invoices that seven days would have had`() async throws {
        try await withDatabase { late in
            try await withDatabase { daily in
                for database in [late, daily] { _ = try await Self.book(7, in: database) }
                let week = BillingFixture.day(2026, 1, 12)
                for day in 5...12 { try await Self.run(daily, until: BillingFixture.day(2026, 1, day), batch: 3) }
                let summary = try await Self.run(late, until: week, batch: 3)
                #expect(summary.subscriptions == 7 && summary.invoices == 56 && summary.finalized == 56)
                #expect(summary.failures.isEmpty)
                let (dump, other) = (try await Self.sheets(late), try await Self.sheets(daily))
                #expect(dump == other)
                #expect(dump.contains("Customer 6"))
                try await Self.expectGapless(late, 56)
                try await Self.expectGapless(daily, 56)
                try await Self.expectSound(late)
            }
        }
    }

    @Test func `two runs at once, on nodes of their own, make the book that one makes`() async throws {
        try await withDatabase(connections: 8) { both in
            try await withDatabase { one in
                for database in [both, one] { _ = try await Self.book(12, in: database) }
                let until = BillingFixture.day(2026, 1, 8)
                let other = Database(url: both.url, connections: 8)
                defer { other.close() }
                async let first = Self.run(both, until: until, batch: 2)
                async let second = Self.run(other, until: until, batch: 2)
                let summaries = try await [first, second]
                #expect(summaries.reduce(0) { $0 + $1.invoices } == 48)
                #expect(summaries.reduce(0) { $0 + $1.finalized } == 48)
                #expect(summaries.allSatisfy { $0.failures.isEmpty })
                try await Self.run(one, until: until)
                #expect(try await BookDump.text(both) == BookDump.text(one))
                try await Self.expectGapless(both, 48)
                try await Self.expectSound(both)
                // Whoever comes later finds nothing to do.
                let again = try await Self.run(both, until: until)
                #expect(again.subscriptions == 0 && again.invoices == 0 && again.finalized == 0)
                #expect(try await BookDump.text(both) == BookDump.text(one))
            }
        }
    }

    @Test func `what cannot be rated is reported, holds up nobody, and heals when it is taken back`() async throws {
        let plan: JSONValue = [
            "code": "matrix", "currency": "USD", "interval": ["unit": "month"],
            "prices": [
                ["code": "base", "model": "flat", "amount": "20.00"],
                [
                    "code": "tokens", "meter": "tokens", "model": "matrix", "dimensions": ["model"],
                    "cells": [["when": ["model": "small"], "unit_amount": "0.000001"]],
                ],
            ],
        ]
        try await withDatabase { database in
            var books: [BillingFixture] = []
            for number in 0..<4 {
                let book = try await BillingFixture(database, name: "C\(number)", plan: plan, quantities: [:])
                let model: JSONValue = ["model": .string(number == 2 ? "unheard of" : "small")]
                try await book.use(2_000_000, BillingFixture.day(2026, 1, 9), id: "e\(number)", properties: model)
                books.append(book)
            }
            let until = BillingFixture.day(2026, 2, 5)
            let summary = try await Self.run(database, until: until)
            let failure = try #require(summary.failures.first)
            #expect(summary.failures.count == 1 && failure.tenant == books[2].tenant)
            #expect(failure.object == books[2].subscription.text && failure.message.contains("unheard of"))
            #expect(summary.subscriptions == 4 && summary.invoices == 6 && summary.finalized == 6)
            #expect(try await books[2].invoices().isEmpty)

            let still = try await Self.run(database, until: until)
            #expect(still.failures == [failure] && still.invoices == 0)

            try await database.transaction(as: .tenant(books[2].tenant)) { transaction in
                let stamp = BillingFixture.stamp()
                _ = try await MeteringOperations.void("e2", of: books[2].tenant, by: stamp, in: transaction)
            }
            let healed = try await Self.run(database, until: until)
            #expect(healed.failures.isEmpty && healed.invoices == 2 && healed.finalized == 2)
            try await Self.expectGapless(database, 8)
            try await Self.expectSound(database)
        }
    }

    @Test func `what the database refuses is reported, holds up nobody in its batch, and heals`() async throws {
        try await withDatabase { database in
            let books = try await Self.book(5, in: database)
            let bad = books[3]
            try await bad.damage(
                """
                ALTER TABLE app.invoice_lines ADD CONSTRAINT broken CHECK (tenant_id <> '\(bad.tenant.uuidText)');
                ALTER TABLE app.journals
                    ADD CONSTRAINT broken CHECK (tenant_id <> '\(books[1].tenant.uuidText)') NOT VALID
                """
            )
            let until = BillingFixture.day(2026, 1, 6)
            let summary = try await Self.run(database, until: until)
            #expect(Set(summary.failures.map(\.tenant)) == [bad.tenant, books[1].tenant])
            #expect(summary.invoices == 8 && summary.finalized == 6)
            #expect(summary.failures.allSatisfy { !$0.message.contains("broken") })
            #expect(try await bad.invoices().isEmpty)
            #expect(try await books[1].invoices().map(\.status) == [.draft, .draft])
            try await Self.expectGapless(database, 6)

            try await bad.damage(
                """
                ALTER TABLE app.invoice_lines DROP CONSTRAINT broken; ALTER TABLE app.journals DROP CONSTRAINT broken
                """
            )
            let healed = try await Self.run(database, until: until)
            #expect(healed.failures.isEmpty && healed.invoices == 2 && healed.finalized == 4)
            try await Self.expectGapless(database, 10)
            try await Self.expectSound(database)
        }
    }

    @Test func `a subscription that somebody holds is waited for at the end of the run`() async throws {
        try await withDatabase(connections: 6) { database in
            let books = try await Self.book(3, in: database)
            let held = books[1]
            let until = BillingFixture.day(2026, 1, 5)
            let holder = Database(url: database.url, connections: 1)
            defer { holder.close() }
            let summary = try await withThrowingTaskGroup(of: BillingRunSummary?.self) { group in
                let (locked, isLocked) = AsyncStream<Void>.makeStream()
                group.addTask {
                    try await holder.transaction(as: .system) { transaction in
                        try await transaction.execute(
                            """
                            SELECT FROM app.subscriptions
                            WHERE tenant_id = \(held.tenant) AND id = \(held.subscription) FOR UPDATE
                            """
                        )
                        isLocked.finish()
                        // Until the others are billed, which this must not hold up.
                        while try await books[2].invoices().isEmpty { try await Task.sleep(for: .milliseconds(5)) }
                    }
                    return nil
                }
                for await _ in locked {}
                group.addTask { try await Self.run(database, until: until) }
                var found: BillingRunSummary?
                for try await summary in group { found = summary ?? found }
                return found
            }
            #expect(summary?.invoices == 3 && summary?.finalized == 3)
            #expect(try await held.invoices().count == 1)
        }
    }

    /// All of a dump but the activity: of a period that is passed over there is none.
    private static func sheets(_ database: Database) async throws -> String {
        let text = try await BookDump.text(database)
        return text.components(separatedByLine: "activity")
    }

    private static func expectGapless(_ database: Database, _ count: Int) async throws {
        let (numbers, last) = try await BookDump.numbers(database)
        #expect(last == count && Set(numbers).count == count)
        let counts = numbers.compactMap { $0.split(separator: "-").last.flatMap { Int($0) } }.sorted()
        #expect(counts == Array(1...count))
    }

    private static func expectSound(_ database: Database) async throws {
        let differences = try await database.transaction(as: .finance, isolation: .snapshot) { transaction in
            try await Reconciliation.differences(in: transaction)
        }
        #expect(differences.isEmpty)
    }
}

extension String {
    /// What comes before a line.
    fileprivate func components(separatedByLine line: String) -> String {
        split(separator: "\n", omittingEmptySubsequences: false).prefix { $0 != line }.joined(separator: "\n")
    }
}
