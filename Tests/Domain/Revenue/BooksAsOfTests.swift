import Billing
import Jobs
import Ledger
import Postgres
import Revenue
import TestSupport
import Testing
import Values

/// What was known at an instant stays what was known.
@Suite struct BooksAsOfTests {
    @Test func `the same as-of gives the same bytes while others write`() async throws {
        try await withDatabase(connections: 8) { database in
            let books = try await BooksFixture(database)
            let asOf = BillingFixture.day(2026, 6, 20)
            func all() async throws -> [String] {
                var texts: [String] = []
                for name in ReportName.allCases {
                    let page = try await books.page(name, asOf: asOf)
                    texts.append(page.json.text + page.table.rows.joined().joined(separator: " "))
                }
                return texts
            }
            let before = try await all()
            async let first: Void = Self.write(books, from: 0, after: asOf)
            async let second: Void = Self.write(books, from: 1_000, after: asOf)
            for _ in 0..<3 {
                let again = try await all()
                #expect(again == before)
            }
            try await first
            try await second
            // They did write, and who asks later sees it.
            let later = try await books.page(.cash, asOf: BillingFixture.day(2026, 8, 1))
            #expect(later.json.text != before[ReportName.allCases.firstIndex(of: .cash) ?? 0])
            #expect(try await all() == before)
        }
    }

    private static func write(_ books: BooksFixture, from number: Int, after asOf: Instant) async throws {
        for turn in 0..<60 { try await write(books, number + turn, after: asOf) }
    }

    /// A payment that is written down late: it happened before the as-of, and is recorded after it.
    private static func write(_ books: BooksFixture, _ number: Int, after asOf: Instant) async throws {
        let draft = try PaymentDraft(
            amount: PaymentFixture.dollars("1.00"),
            reference: "late \(number)",
            invoices: [],
            fee: PaymentFixture.dollars("0.10"),
            writesOffRest: false
        )
        let stamp = Stamp(
            at: asOf.adding(seconds: -86_400),
            recordedAt: asOf.adding(seconds: 60 + Int64(number)),
            author: .command
        )
        try await books.world.act { transaction in
            _ = try await PaymentOperations.record(draft, of: books.world.tenant, by: stamp, in: transaction)
        }
    }

    @Test func `what is written down late restates a month for who asks later, as a movement`() async throws {
        try await withDatabase { database in
            let books = try await BooksFixture(database)
            let early = BillingFixture.day(2026, 3, 10)
            let first = try await books.monthly(.cash, asOf: early)
            #expect(
                first.rows.map { "\($0.month) \($0["net"].text)" } == [
                    "2026-01 10.00", "2026-01 42.00", "2026-03 49.25",
                ]
            )
            // A credit note of April is unknown in March, and takes nothing off the invoice's own month afterwards.
            let billings = try await books.monthly(.billings)
            let march = try #require(billings.rows.first { $0.month.text == "2026-03" })
            #expect(march["credit_notes"].isZero)
            // Journals that are booked late for an earlier time are found by both of their times.
            let journal = try Journal(
                id: JournalID.make(at: testNow),
                tenant: books.world.tenant,
                at: BillingFixture.day(2026, 1, 31),
                key: "correction:1",
                currency: .usd,
                entries: [.debit(.cash, 500), .credit(.unappliedCash, 500)],
                reference: "correction",
                memo: "found in the bank's statement"
            )
            try await books.world.act { transaction in
                try await LedgerOperations.post(
                    [journal],
                    by: Stamp(
                        at: BillingFixture.day(2026, 1, 31),
                        recordedAt: BillingFixture.day(2026, 7, 15),
                        author: .command
                    ),
                    in: transaction
                )
            }
            let same = try await books.monthly(.cash, asOf: early)
            #expect(same.json.text == first.json.text)
            let now = try await books.monthly(.cash)
            #expect(now.rows[0].month.text == "2026-01" && now.rows[0]["other"].text == "5.00")
            #expect(now.sum("net") == (try await books.balance(.cash)))
        }
    }
}
