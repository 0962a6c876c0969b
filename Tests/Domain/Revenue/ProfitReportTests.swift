import Billing
import Ledger
import Metering
import Postgres
import Revenue
import TestSupport
import Testing
import Values

/// Margin and profit of a real book against the books.
@Suite struct ProfitReportTests {
    /// The book with measured usage in February, prices and costs.
    private static func book(_ database: Database) async throws -> BooksFixture {
        let books = try await BooksFixture(database)
        func stamp(_ day: Instant) -> Stamp { PaymentFixture.stamp(day) }
        try await database.transaction(as: .admin) { transaction in
            for (price, day) in [("0.60", BillingFixture.day(2026, 1, 1)), ("1.20", BillingFixture.day(2026, 2, 15))] {
                _ = try await PriceBookOperations.put(
                    ComputePriceDraft(price: try #require(Exact(decimal: price)), currency: .usd, from: day),
                    by: stamp(BillingFixture.day(2026, 1, 1)),
                    in: transaction
                )
            }
            _ = try await CostOperations.add(
                CostDraft(
                    category: .people,
                    amount: Money(minor: 90_000, currency: .usd),
                    first: try #require(CalendarDate("2026-01-01")),
                    last: try #require(CalendarDate("2026-03-31"))
                ),
                by: stamp(BillingFixture.day(2026, 1, 1)),
                in: transaction
            )
            _ = try await CostOperations.put(
                .people,
                by: .cpuMilliseconds,
                from: RevenueFixture.month("2026-01"),
                by: stamp(BillingFixture.day(2026, 1, 1)),
                in: transaction
            )
        }
        for (day, model, task) in [(10, "small", "chat"), (10, "big", "sum"), (20, "small", "sum")] {
            try await books.world.book.use(
                1_500,
                BillingFixture.day(2026, 2, day),
                id: "\(day) \(model)",
                meter: "cpu_milliseconds",
                properties: ["model": .string(model), "task": .string(task)]
            )
        }
        return books
    }

    private static func table(_ books: BooksFixture, _ by: MarginReport.Dimension?) async throws -> ProfitTable {
        let request = ReportRequest(
            by == nil ? .profit : .margin,
            from: try RevenueFixture.month("2026-01"),
            to: try RevenueFixture.month("2026-07"),
            asOf: BooksFixture.asOf,
            by: by ?? .tenant
        )
        return try await books.read { transaction in
            by == nil
                ? try await RevenueReports.profit(request, in: transaction)
                : try await RevenueReports.margin(request, in: transaction)
        }
    }

    @Test func `margin by whatever and profit come to recognised revenue, the accounts and the cost entries`()
        async throws
    {
        try await withDatabase { database in
            let books = try await Self.book(database)
            let recognition = try await books.read { transaction in
                try await RevenueReports.recognition(
                    from: RevenueFixture.month("2026-01"),
                    to: RevenueFixture.month("2026-07"),
                    asOf: BooksFixture.asOf,
                    in: transaction
                )
            }
            for dimension in [MarginReport.Dimension.tenant, .plan, .model, .feature, nil] {
                let table = try await Self.table(books, dimension)
                for row in table.totals {
                    let known = try #require(recognition.rows.first { $0.month == row.month })
                    #expect(row[.revenue] == known.net, "\(String(describing: dimension)) \(row.month)")
                    for column in ProfitColumn.allCases {
                        let sum = table.rows.filter { $0.month == row.month }.reduce(Int64(0)) { $0 + $1[column].minor }
                        #expect(sum == row[column].minor)
                    }
                }
                func sum(_ column: ProfitColumn) -> Int64 { table.totals.reduce(0) { $0 + $1[column].minor } }
                // 3 s at 0.60 and 1.5 s at 1.20 in February.
                #expect(sum(.inference) == 360)
                #expect(sum(.paymentFees) == (try await books.balance(.paymentFees)))
                #expect(sum(.partnerShare) == (try await books.balance(.partnerShare)))
                #expect(sum(.people) == 90_000)
                let february = try #require(table.totals.first { $0.month.text == "2026-02" })
                // 28 of 90 days.
                #expect(february[.people].text == "280.00" && february[.inference].text == "3.60")
            }
            let models = try await Self.table(books, .model)
            let rows = models.rows.filter { $0.month.text == "2026-02" }
            #expect(rows.map(\.key) == ["big", "small", "unallocated"])
            #expect(rows.map { $0[.inference].text } == ["0.90", "2.70", "0.00"])
            #expect(rows.map { $0[.people].text } == ["93.33", "186.67", "0.00"])
        }
    }

    @Test func `events behind measured cost come to it, and a void takes one away`() async throws {
        try await withDatabase { database in
            let books = try await Self.book(database)
            func page(_ cell: String, _ asOf: Instant = BooksFixture.asOf) async throws -> ReportPage {
                let request = ReportRequest(
                    .margin,
                    from: try RevenueFixture.month("2026-02"),
                    to: try RevenueFixture.month("2026-02"),
                    asOf: asOf,
                    by: .model,
                    explain: cell
                )
                return try await books.read { transaction in
                    try await RevenueReports.page(request, in: transaction)
                }
            }
            let small = try await page("2026-02/small:inference")
            #expect(
                small.table.rows.map { "\($0[2]) \($0[4])" } == [
                    "0.9 10 small cpu_milliseconds", "1.8 20 small cpu_milliseconds",
                ]
            )
            try await books.world.act { transaction in
                _ = try await MeteringOperations.void(
                    "10 small",
                    of: books.world.tenant,
                    reason: "a mistake",
                    by: PaymentFixture.stamp(BillingFixture.day(2026, 7, 10)),
                    in: transaction
                )
            }
            #expect(try await page("2026-02/small:inference").table.rows.count == 1)
            // Who asks as of before knows of both.
            let before = BillingFixture.day(2026, 7, 1)
            #expect(try await page("2026-02/small:inference", before).table.rows.count == 2)
            await #expect(throws: Problem.self) { _ = try await page("2026-02/small:colour") }
        }
    }

    @Test func `a cost that is taken back, and a price that is put late, leave what was known before`() async throws {
        try await withDatabase { database in
            let books = try await Self.book(database)
            let early = BillingFixture.day(2026, 7, 1)
            let before = try await books.page(.profit, asOf: early).json.text
            try await database.transaction(as: .admin) { transaction in
                let entry = try #require(try await CostQueries.list(limit: 10, in: transaction).last)
                let stamp = PaymentFixture.stamp(BillingFixture.day(2026, 7, 10))
                _ = try await CostOperations.void(entry.id, reason: "a mistake", by: stamp, in: transaction)
                await #expect(throws: CostError.self) {
                    _ = try await CostOperations.void(entry.id, reason: "again", by: stamp, in: transaction)
                }
                _ = try await PriceBookOperations.put(
                    ComputePriceDraft(price: 6, currency: .usd, from: BillingFixture.day(2026, 2, 1)),
                    by: stamp,
                    in: transaction
                )
            }
            #expect(try await books.page(.profit, asOf: early).json.text == before)
            let now = try await Self.table(books, nil)
            #expect(now.totals.allSatisfy { $0[.people].isZero })
            // 3 s at 6.00 and 1.5 s at 1.20, which began later.
            #expect(now.totals.reduce(Int64(0)) { $0 + $1[.inference].minor } == 1_980)
        }
    }

    @Test func `months whose events are in a file are refused`() async throws {
        try await withDatabase { database in
            let books = try await Self.book(database)
            try await books.world.book.damage(
                """
                INSERT INTO app.usage_archives (month, state, file, rows, sha256, bytes, sums, recorded_at, author)
                VALUES ('2026-02-01', 'archived', 'usage-2026-02.gz', 3, decode(repeat('00', 32), 'hex'), 1, '{}', now(),
                    'command')
                """
            )
            await #expect(throws: CostError.self) { _ = try await books.page(.margin) }
        }
    }

    @Test func `partners' months come to what is payable`() async throws {
        try await withDatabase { database in
            let books = try await BooksFixture(database)
            let report = try await books.monthly(.partners)
            #expect(report.sum("owed") == -(try await books.balance(.partnerPayable)))
            #expect(report.sum("shares") - report.sum("taken_back") == (try await books.balance(.partnerShare)))
            #expect(report.sum("shares") > 0)
            // 20 % tax: of receipts five sixths count.
            #expect(report.sum("base") * 6 == report.sum("receipts") * 5)
        }
    }
}
