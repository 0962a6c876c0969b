import Billing
import Jobs
import Ledger
import Postgres
import Revenue
import Subscriptions
import Tenants
import TestSupport
import Testing
import Values

/// What was known at an instant stays what was known.
@Suite struct BooksAsOfTests {
    /// Every report of the registry, told apart in every way there is, as one text each.
    private static func all(_ books: BooksFixture, asOf: Instant) async throws -> [String] {
        var requests: [ReportRequest] = []
        let (from, to) = (try RevenueFixture.month("2026-01"), try RevenueFixture.month("2026-07"))
        for name in ReportName.allCases {
            requests.append(ReportRequest(name, from: from, to: to, asOf: asOf, reactivation: .include))
            for group in MRRDimension.allCases where name.isOfMovements {
                requests.append(ReportRequest(name, from: from, to: to, asOf: asOf, group: group, target: .eur))
            }
            for by in MarginReport.Dimension.allCases where name == .margin && by != .tenant {
                requests.append(ReportRequest(name, from: from, to: to, asOf: asOf, by: by))
            }
        }
        var texts: [String] = []
        for request in requests {
            let page = try await books.read { transaction in
                try await RevenueReports.page(request, in: transaction)
            }
            let picture = page.picture.map(SVGDrawing.text) ?? ""
            texts.append(page.json.text + page.table.rows.joined().joined(separator: " ") + picture)
        }
        return texts
    }

    @Test func `the same as-of gives the same bytes while others write`() async throws {
        try await withDatabase(connections: 8) { database in
            let books = try await BooksFixture(database)
            let asOf = BillingFixture.day(2026, 6, 20)
            try await Self.rate("0.9", books, recordedAt: asOf.adding(seconds: -60))
            let before = try await Self.all(books, asOf: asOf)
            #expect(Set(before).count == before.count)
            #expect(before.count > 30)
            async let first: Void = Self.write(books, from: 0, after: asOf)
            async let second: Void = Self.write(books, from: 1_000, after: asOf)
            for _ in 0..<2 { #expect(try await Self.all(books, asOf: asOf) == before) }
            try await first
            try await second
            #expect(try await Self.all(books, asOf: asOf) == before)
            // They did write, and who asks later sees it, in all that was written to.
            let day = BillingFixture.day(2026, 8, 1)
            for name in [ReportName.cash, .mrr, .movements, .bookings, .margin, .profit, .journals] {
                let later = try await books.page(name, asOf: day)
                let then = try await books.page(name, asOf: asOf)
                #expect(later.table != then.table, "\(name)")
            }
        }
    }

    private static func rate(_ rate: String, _ books: BooksFixture, recordedAt: Instant) async throws {
        let draft = try ExchangeRateDraft(
            from: .usd,
            to: .eur,
            rate: #require(Exact(decimal: rate)),
            day: CalendarDate("2025-12-01")
        )
        let stamp = Stamp(at: recordedAt, recordedAt: recordedAt, author: .command)
        try await books.database.transaction(as: .admin) { transaction in
            _ = try await ExchangeRateOperations.put(draft, by: stamp, in: transaction)
        }
    }

    /// What is written down late: it all happened before the as-of, and is recorded after it.
    private static func write(_ books: BooksFixture, from number: Int, after asOf: Instant) async throws {
        for turn in 0..<20 {
            try await write(books, number + turn, after: asOf)
            let late = asOf.adding(seconds: 60 + Int64(number + turn))
            let stamp = Stamp(at: asOf.adding(seconds: -86_400), recordedAt: late, author: .command)
            try await rate("0.\(10 + turn)", books, recordedAt: late)
            try await books.database.transaction(as: .admin) { transaction in
                let amount = try PaymentFixture.dollars("7.00")
                let day = try #require(CalendarDate("2026-05-01"))
                let cost = try CostDraft(category: .people, amount: amount, first: day, last: day)
                _ = try await CostOperations.add(cost, by: stamp, in: transaction)
            }
            let customer = try await books.database.transaction(as: .admin) { transaction in
                try await TenantOperations.create(
                    TenantDraft(name: "late \(number + turn)"),
                    by: stamp,
                    in: transaction
                )
            }.id
            try await books.database.transaction(as: .tenant(customer)) { transaction in
                _ = try await SubscriptionOperations.create(
                    SubscriptionDraft(
                        plan: "pro",
                        startsAt: Moment(BillingFixture.day(2026, 4, 1), in: .utc),
                        quantities: ["seats": 1]
                    ),
                    for: customer,
                    by: stamp,
                    in: transaction
                )
            }
        }
        let run = Stamp(now: asOf.adding(seconds: 4_000), author: .command)
        try await PartnerAccrualRun.run(database: books.database, by: run)
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
