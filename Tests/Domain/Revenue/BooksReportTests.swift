import Billing
import Jobs
import Ledger
import Postgres
import Revenue
import TestSupport
import Testing
import Values

/// Reports of the books against the books: each ties to the minor unit.
@Suite struct BooksReportTests {
    @Test func `billings tie to deferred revenue, to what is earned as it is billed, and to tax`() async throws {
        try await withDatabase { database in
            let books = try await BooksFixture(database)
            let billings = try await books.monthly(.billings)
            #expect(billings.sum("in_advance") == -(try await books.balance(.deferredRevenue)))
            #expect(billings.sum("in_arrears") == -(try await books.balance(.usageRevenue)))
            for row in billings.rows {
                let net = row["subtotal"].minor - row["discount"].minor
                #expect(net == row["in_advance"].minor + row["in_arrears"].minor)
                #expect(net + row["tax"].minor == row["total"].minor)
                #expect(row["total"].minor - row["credit_notes"].minor == row["net_total"].minor)
            }
            // 35.00 of base and seats, 7.00 tax; in February 2.00 of usage and 0.40 more, in July what is left.
            let january = try #require(billings.rows.first)
            #expect(january["total"].text == "42.00" && january["in_arrears"].isZero)
            #expect(billings.rows[1]["total"].text == "44.40" && billings.rows[1]["in_arrears"].text == "2.00")
            #expect(billings.rows[1]["credits"].text == "10.00")
            // April's credit note and its invoice, which is taken back in May.
            #expect(billings.rows[3]["credit_notes"].text == "12.00" && billings.rows[3]["net_total"].text == "30.00")
            #expect(billings.rows[4]["total"].isZero)
            #expect(try await books.world.book.differences().isEmpty)
        }
    }

    @Test func `tax ties to what is payable, and cash to cash`() async throws {
        try await withDatabase { database in
            let books = try await BooksFixture(database)
            let tax = try await books.monthly(.tax)
            #expect(tax.sum("net_tax") == -(try await books.balance(.taxPayable)))
            #expect(Set(tax.rows.map(\.group)) == [["vat", "0.2", "", "standard"]])
            #expect(tax.rows[0]["base"].text == "35.00" && tax.rows[0]["tax"].text == "7.00")
            #expect(tax.rows[3]["credited_base"].text == "10.00" && tax.rows[3]["credited_tax"].text == "2.00")
            let billings = try await books.monthly(.billings)
            #expect(billings.sum("tax") == tax.sum("tax"))

            let cash = try await books.monthly(.cash)
            #expect(cash.sum("net") == (try await books.balance(.cash)))
            #expect(cash.sum("fees") == (try await books.balance(.paymentFees)))
            let rows = cash.rows.map { row in
                "\(row.month) \(row.group[0]) \(row["received"].text) \(row["refunded"].text) "
                    + "\(row["disputed"].text) \(row["fees"].text) \(row["net"].text)"
            }
            #expect(
                rows == [
                    "2026-01 manual 10.00 0.00 0.00 0.00 10.00", "2026-01 stripe 42.00 0.00 0.00 0.00 42.00",
                    "2026-03 manual 50.00 0.00 0.00 0.75 49.25", "2026-04 manual 0.00 3.00 0.00 0.00 -3.00",
                    "2026-05 manual 0.00 0.00 5.00 15.00 -20.00",
                ]
            )
        }
    }

    @Test func `receivables by age tie to the account, at every instant`() async throws {
        try await withDatabase { database in
            let books = try await BooksFixture(database)
            for day in [
                BillingFixture.day(2026, 3, 1), BillingFixture.day(2026, 4, 21), BillingFixture.day(2026, 6, 1),
                BooksFixture.asOf,
            ] {
                let aging = try await books.read { transaction in
                    try await RevenueReports.aging(asOf: day, in: transaction)
                }
                let owed: Int64 = aging.totals.reduce(0) { $0 + $1.total.minor }
                #expect(owed == (try await books.balance(.receivable, at: day, recordedAt: day)), "\(day)")
                for row in aging.rows {
                    let buckets: Int64 = AgingReport.Bucket.allCases.reduce(0) { $0 + row[$1].minor }
                    #expect(buckets == row.total.minor)
                }
                let behind = try aging.items(behind: "all")
                let items: Int64 = behind.reduce(0) { $0 + $1.amount.minor }
                #expect(items == owed)
            }
        }
    }

    @Test func `once revenue is recognised the books hold what the reports say, and nothing is unexplained`()
        async throws
    {
        try await withDatabase { database in
            let books = try await BooksFixture(database)
            let through = try RevenueFixture.month("2026-06")
            let stamp = PaymentFixture.stamp(BillingFixture.day(2026, 7, 10))
            // As the job does it, then late for three months at once; the last again, which adds nothing.
            for name in ["2026-01", "2026-02", "2026-03", "2026-06", "2026-06"] {
                try await RecognitionRun.run(through: RevenueFixture.month(name), database: database, by: stamp)
            }
            let end = through.adding(1).start(in: .utc).adding(microseconds: -1)
            let report = try await books.read { transaction in
                try await RevenueReports.recognition(
                    from: RevenueFixture.month("2026-01"),
                    to: RevenueFixture.month("2026-07"),
                    asOf: BooksFixture.asOf,
                    in: transaction
                )
            }
            for row in report.rows where row.month <= through {
                let before = row.month.start(in: .utc).adding(microseconds: -1)
                let after = row.month.adding(1).start(in: .utc).adding(microseconds: -1)
                #expect(row.closing.minor == -(try await books.balance(.deferredRevenue, at: after)), "\(row.month)")
                for account in RecognitionReport.accounts {
                    let moved = try await books.balance(account, at: after) - books.balance(account, at: before)
                    #expect(row.recognised[account]?.minor == -moved, "\(row.month) \(account)")
                }
                for account in RecognitionReport.contraAccounts {
                    let moved = try await books.balance(account, at: after) - books.balance(account, at: before)
                    #expect(row.contra[account]?.minor == moved, "\(row.month) \(account)")
                }
                #expect(row.opening.minor + row.billed.minor - row.released.minor == row.closing.minor)
            }
            #expect(try await books.balance(.subscriptionRevenue, at: end) < 0)
            // Billings in advance = recognised + change in deferred.
            let billings = try await books.monthly(.billings)
            for row in report.rows {
                let billed = billings.rows.first { $0.month == row.month }?["in_advance"].minor ?? 0
                #expect(billed == row.released.minor + row.closing.minor - row.opening.minor, "\(row.month)")
            }
            #expect(try await books.world.book.differences().isEmpty)
        }
    }

    @Test func `journals of all months come to the trial balance`() async throws {
        try await withDatabase { database in
            let books = try await BooksFixture(database)
            let request = try books.request(.journals)
            let report = try await books.read { transaction in
                try await RevenueReports.journals(request, in: transaction)
            }
            for account in Account.allCases {
                let sum: Int64 = report.journals.reduce(0) { $0 + $1.journal.amount(on: account) }
                #expect(sum == (try await books.balance(account)), "\(account)")
            }
            let page = report.page
            #expect(page.table.rows.allSatisfy { $0.count == page.table.columns.count })
            #expect(page.table.rows.count == report.journals.reduce(0) { $0 + $1.journal.entries.count })
        }
    }

    @Test func `what is behind a figure comes to it`() async throws {
        try await withDatabase { database in
            let books = try await BooksFixture(database)
            func sum(_ name: ReportName, _ cell: String) async throws -> Int64 {
                let page = try await books.page(name, explain: cell)
                let place = try #require(page.table.columns.firstIndex(of: "amount"))
                #expect(page.table.rows.allSatisfy { row in row.contains { $0.contains("_") } })
                return try page.table.rows.reduce(0) { sum, row in
                    try sum + Money(json: ["amount": .string(row[place]), "currency": "USD"]).minor
                }
            }
            for name in [ReportName.billings, .tax, .cash, .bookings] {
                let report = try await books.monthly(name)
                for row in report.rows {
                    for column in report.shape.columns {
                        let cell = ([row.month.text] + row.group).joined(separator: "/") + ":\(column)"
                        #expect(try await sum(name, cell) == row[column].minor, "\(name) \(cell)")
                    }
                }
            }
            #expect(try await sum(.trialBalance, "receivable") == (try await books.balance(.receivable)))
            #expect(try await sum(.usage, "2026-02") == -(try await books.balance(.usageRevenue)))
            #expect(try await sum(.aging, "all:90+") > 0)
            let deferred = try await books.page(.deferred)
            let may = try #require(deferred.table.rows.first { $0[0] == "2026-05" })
            for (place, column) in ["opening", "billed", "recognized", "closing"].enumerated() {
                let money = try Money(json: ["amount": .string(may[place + 2]), "currency": "USD"])
                #expect(try await sum(.deferred, "2026-05:\(column)") == money.minor)
            }
            await #expect(throws: Problem.self) { _ = try await books.page(.billings, explain: "2026-02:colour") }
            await #expect(throws: Problem.self) { _ = try await books.page(.billings, explain: "2027-02:tax") }
        }
    }

    @Test func `every report has rows, a picture, and a link in each row`() async throws {
        try await withDatabase { database in
            let books = try await BooksFixture(database)
            // No partner sells in this book.
            for name in ReportName.allCases where name != .partners {
                let page = try await books.page(name)
                #expect(page.json["report"] == .string(name.rawValue))
                #expect(
                    page.json["definition"]?.object?.isEmpty == false && page.json["as_of"] == BooksFixture.asOf.json
                )
                let rows = page.json["rows"]?.array ?? []
                #expect(!rows.isEmpty && !page.table.rows.isEmpty, "\(name)")
                #expect(rows.allSatisfy { $0["explain"]?.string?.hasPrefix("/v1/reports/\(name.rawValue)?") == true })
                #expect(page.table.rows.allSatisfy { $0.count == page.table.columns.count })
                #expect(page.picture?.panels.isEmpty == false, "\(name)")
                let isList = [.movements, .cohorts, .ltv, .journals].contains(name) || name.isOfInstant
                #expect(page.trend?.count == (isList ? nil : page.table.rows.count), "\(name)")
            }
        }
    }
}
