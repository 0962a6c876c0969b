import Ledger
import Postgres
import Revenue
import Subscriptions
import TestSupport
import Testing
import Values

/// The report over a real database.
@Suite struct MRRDatabaseTests {
    private typealias Fixture = RevenueFixture

    private static func rows(_ report: MRRReport) -> [String] {
        report.cells.map { $0.joined(separator: " ") }
    }

    @Test func `subscriptions, changes and ends make the movements`() async throws {
        try await withDatabase { database in
            let book = Fixture.Book(database: database)
            try await book.publish(Fixture.flat("basic", "100"))
            try await book.publish(Fixture.flat("yearly", "12000", unit: "year"))
            let (acme, other) = (try await book.tenant("Acme"), try await book.tenant("Other"))
            let first = try await book.subscribe(acme, to: "basic", at: "2025-02-10")
            _ = try await book.subscribe(other, to: "yearly", at: "2025-03-01")
            try await book.cancel(first, of: acme, when: .periodEnd, at: "2025-04-20")
            _ = try await book.subscribe(acme, to: "basic", at: "2025-08-05")
            let report = try await book.mrr("2025-02", "2025-08", asOf: "2025-09-01")
            #expect(
                Self.rows(report) == [
                    "2025-02 USD 0.00 100.00 0.00 0.00 0.00 0.00 0.00 100.00 1",
                    "2025-03 USD 100.00 1000.00 0.00 0.00 0.00 0.00 0.00 1100.00 2",
                    "2025-04 USD 1100.00 0.00 0.00 0.00 0.00 0.00 0.00 1100.00 2",
                    // The cancellation of 20 April takes effect on 10 May.
                    "2025-05 USD 1100.00 0.00 0.00 0.00 -100.00 0.00 0.00 1000.00 1",
                    "2025-06 USD 1000.00 0.00 0.00 0.00 0.00 0.00 0.00 1000.00 1",
                    "2025-07 USD 1000.00 0.00 0.00 0.00 0.00 0.00 0.00 1000.00 1",
                    "2025-08 USD 1000.00 0.00 0.00 0.00 0.00 100.00 0.00 1100.00 2",
                ]
            )
            let churn = report.entries(behind: .churn, in: try Fixture.month("2025-05"))
            let cancellation = try await database.transaction(as: .tenant(acme)) { transaction in
                try await SubscriptionQueries.changes(of: first, tenant: acme, in: transaction)
            }.last
            #expect(churn.map(\.tenant) == [acme])
            #expect(churn.first?.subscriptions == [first])
            #expect(churn.first?.changes == [try #require(cancellation).id])
        }
    }

    @Test func `a trial counts nothing until it ends`() async throws {
        try await withDatabase { database in
            let book = Fixture.Book(database: database)
            try await book.publish(Fixture.flat("trial", "30", rest: #", "trial_days": 30"#))
            let acme = try await book.tenant("Acme")
            _ = try await book.subscribe(acme, to: "trial", at: "2025-01-20")
            let report = try await book.mrr("2025-01", "2025-03", asOf: "2025-04-01")
            #expect(report.rows.map { $0[.closing].text } == ["0.00", "30.00", "30.00"])
            #expect(report.movements.map { "\($0.month) \($0.cell)" } == ["2025-02 new"])
            #expect(report.movements.first?.changes.count == 1)
        }
    }

    @Test func `a pause is churn, and going on is a reactivation`() async throws {
        try await withDatabase { database in
            let book = Fixture.Book(database: database)
            try await book.publish(Fixture.flat("basic", "100"))
            let acme = try await book.tenant("Acme")
            let id = try await book.subscribe(acme, to: "basic", at: "2025-01-10")
            try await database.transaction(as: .tenant(acme)) { transaction in
                _ = try await SubscriptionOperations.pause(
                    id,
                    of: acme,
                    by: try book.stamp("2025-02-15"),
                    in: transaction
                )
            }
            try await database.transaction(as: .tenant(acme)) { transaction in
                _ = try await SubscriptionOperations.resume(
                    id,
                    of: acme,
                    by: try book.stamp("2025-04-20"),
                    in: transaction
                )
            }
            let report = try await book.mrr("2025-01", "2025-05", asOf: "2025-06-01")
            #expect(report.rows.map { $0[.closing].text } == ["100.00", "0.00", "0.00", "100.00", "100.00"])
            #expect(
                report.movements.map { "\($0.month) \($0.cell)" }
                    == ["2025-01 new", "2025-02 churn", "2025-04 reactivation"]
            )
            #expect(report.movements.map(\.changes.count) == [1, 1, 1])
        }
    }

    @Test func `quantities expand and contract`() async throws {
        try await withDatabase { database in
            let book = Fixture.Book(database: database)
            try await book.publish(
                """
                {"code": "seats", "currency": "USD", "interval": {"unit": "month"}, "prices": [
                  {"code": "seats", "model": "per_unit", "unit_amount": "5", "quantity": "seats"}]}
                """
            )
            let acme = try await book.tenant("Acme")
            let id = try await book.subscribe(acme, to: "seats", at: "2025-01-05", quantities: ["seats": 2])
            try await book.change(id, of: acme, quantities: ["seats": 10], at: "2025-02-10")
            try await book.change(id, of: acme, quantities: ["seats": 4], at: "2025-03-10")
            let report = try await book.mrr("2025-01", "2025-03", asOf: "2025-04-01")
            #expect(
                report.movements.map { "\($0.cell) \($0.amount.text)" } == [
                    "new 10.00", "expansion 40.00", "contraction -30.00",
                ]
            )
        }
    }

    @Test func `the same as-of gives the same bytes, whatever is written later`() async throws {
        try await withDatabase { database in
            let book = Fixture.Book(database: database)
            try await book.publish(Fixture.flat("basic", "100"))
            try await book.publish(Fixture.flat("pro", "250"))
            let acme = try await book.tenant("Acme")
            let id = try await book.subscribe(acme, to: "basic", at: "2025-01-10")
            let before = try await book.mrr("2025-01", "2025-06", asOf: "2025-03-31T12:00:00Z")
            // Recorded in April with effect in March, and a customer whose start in January was written down late.
            try await book.change(id, of: acme, to: "pro", at: "2025-03-15", recorded: "2025-04-02")
            _ = try await book.subscribe(
                try await book.tenant("Late"),
                to: "basic",
                at: "2025-01-15",
                recorded: "2025-04-03"
            )
            try await book.cancel(id, of: acme, when: .immediately, at: "2025-05-01")
            let again = try await book.mrr("2025-01", "2025-06", asOf: "2025-03-31T12:00:00Z")
            #expect(again.json.text == before.json.text)
            #expect(again.movementsJSON.text == before.movementsJSON.text)
            #expect(before.rows.map { $0[.closing].text } == ["100.00", "100.00", "100.00"])
            // Who asks later learns what is known by then.
            let later = try await book.mrr("2025-01", "2025-06", asOf: "2025-06-01")
            let closings = later.rows.map { $0[.closing].text }
            #expect(closings == ["200.00", "200.00", "350.00", "350.00", "100.00", "100.00"])
        }
    }

    @Test func `usage earns in the month of its invoice, as the books knew it`() async throws {
        try await withDatabase { database in
            let book = Fixture.Book(database: database)
            let acme = try await book.tenant("Acme")
            let posted: [(String, String, Int64)] = [
                ("2025-01-31T23:59:59Z", "2025-02-01", 500), ("2025-02-01", "2025-02-01", 700),
                ("2025-02-20", "2025-03-10", -200),
            ]
            for (place, (at, recorded, minor)) in posted.enumerated() {
                let journal = try Journal(
                    id: Fixture.id(place),
                    tenant: acme,
                    at: try Fixture.instant(at),
                    key: "test:\(place)",
                    currency: .usd,
                    entries: [.debit(.receivable, minor), .credit(.usageRevenue, minor)],
                    reference: "test",
                    memo: "test"
                )
                try await database.transaction(as: .tenant(acme)) { transaction in
                    _ = try await LedgerOperations.post(
                        [journal],
                        by: try book.stamp(at, recorded: recorded),
                        in: transaction
                    )
                }
            }
            func report(asOf: String) async throws -> [String] {
                try await database.transaction(as: .finance, isolation: .snapshot) { transaction in
                    try await RevenueReports.usage(
                        from: try Fixture.month("2025-01"),
                        to: try Fixture.month("2025-12"),
                        asOf: try Fixture.instant(asOf),
                        in: transaction
                    )
                }.cells.map { $0.joined(separator: " ") }
            }
            #expect(try await report(asOf: "2025-03-01") == ["2025-01 USD 5.00 1 1", "2025-02 USD 7.00 1 1"])
            #expect(try await report(asOf: "2025-03-11") == ["2025-01 USD 5.00 1 1", "2025-02 USD 5.00 1 2"])
        }
    }

    @Test func `an empty book has an empty report and an empty trial balance`() async throws {
        try await withDatabase { database in
            let report = try await Fixture.Book(database: database).mrr("2025-01", "2025-02", asOf: "2025-03-01")
            #expect(report.rows.isEmpty)
            let balances = try await database.transaction(as: .finance, isolation: .snapshot) { transaction in
                try await RevenueReports.trialBalance(asOf: testNow, in: transaction)
            }
            #expect(balances.isEmpty)
        }
    }
}
