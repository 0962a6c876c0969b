import Plans
import Revenue
import Subscriptions
import TestSupport
import Testing
import Values

/// Reports of the books by hand-computed numbers.
@Suite struct MonthlyReportTests {
    private typealias Fixture = RevenueFixture

    private static func invoiced(
        _ number: Int,
        _ at: String,
        isVoid: Bool = false,
        currency: Currency = .usd,
        subtotal: Int64,
        discount: Int64 = 0,
        tax: Int64 = 0,
        credits: Int64 = 0,
        inAdvance: Int64 = 0
    ) throws -> BillingsReport.Invoiced {
        BillingsReport.Invoiced(
            tenant: Fixture.id(1),
            invoice: Fixture.id(number),
            at: try Fixture.instant(at),
            isVoid: isVoid,
            currency: currency,
            subtotal: subtotal,
            discount: discount,
            tax: tax,
            credits: credits,
            inAdvance: inAdvance
        )
    }

    @Test func `billings add up by month, and what is taken back counts in its own`() throws {
        let report = try BillingsReport.report(
            of: [
                // 120.00 less 20.00, of which 60.00 is in advance, and 19.00 of tax.
                Self.invoiced(
                    1,
                    "2026-01-31T23:59:59Z",
                    subtotal: 12_000,
                    discount: 2_000,
                    tax: 1_900,
                    inAdvance: 6_000
                ),
                Self.invoiced(2, "2026-02-01", subtotal: 5_000, credits: 3_000, inAdvance: 5_000),
                Self.invoiced(
                    1,
                    "2026-02-10",
                    isVoid: true,
                    subtotal: 12_000,
                    discount: 2_000,
                    tax: 1_900,
                    inAdvance: 6_000
                ),
                Self.invoiced(3, "2026-02-12", currency: .eur, subtotal: 700, inAdvance: 0),
            ],
            [
                BillingsReport.Credited(
                    tenant: Fixture.id(1),
                    ids: ["crn_1", "inv_2"],
                    at: try Fixture.instant("2026-02-20"),
                    currency: .usd,
                    total: 1_250
                )
            ],
            months: Fixture.months("2026-01", "2026-03")
        )
        let texts = report.page.table.rows.map { $0.joined(separator: " ") }
        #expect(
            texts == [
                "2026-02 EUR 7.00 0.00 0.00 7.00 0.00 7.00 0.00 0.00 7.00",
                "2026-01 USD 120.00 20.00 60.00 40.00 19.00 119.00 0.00 0.00 119.00",
                "2026-02 USD -70.00 -20.00 -10.00 -40.00 -19.00 -69.00 30.00 12.50 -81.50",
            ]
        )
        #expect(try report.sources(behind: "2026-02:credit_notes").map(\.ids) == [["crn_1", "inv_2"]])
        #expect(try report.sources(behind: "2026-02:total").map(\.amount.text) == ["50.00", "-119.00", "7.00"])
    }

    @Test func `an as-of in the middle of a month leaves out what comes after it`() throws {
        let report = try BillingsReport.report(
            of: [
                Self.invoiced(1, "2026-01-10", subtotal: 100),
                Self.invoiced(2, "2026-01-10T00:00:00.000001Z", subtotal: 900),
            ],
            [],
            months: Fixture.months("2026-01", "2026-03", asOf: "2026-01-10")
        )
        #expect(report.rows.map { $0["total"].minor } == [100])
        #expect(report.json["rows"]?[0]?["partial"] == true && report.json["to"] == "2026-01")
    }

    @Test func `tax is told apart by code, rate, country and status`() throws {
        func share(
            _ code: String?,
            _ rate: Exact?,
            _ base: Int64,
            _ tax: Int64,
            isCredit: Bool = false,
            status: String = "standard"
        ) throws -> TaxReport.Share {
            TaxReport.Share(
                tenant: Fixture.id(1),
                ids: ["inv_1", "inl_1"],
                at: try Fixture.instant("2026-01-10"),
                currency: .eur,
                code: code,
                rate: rate,
                country: "DE",
                status: status,
                base: base,
                tax: tax,
                isCredit: isCredit
            )
        }
        let report = try TaxReport.report(
            of: [
                share("vat", Exact(19, 100), 10_000, 1_900), share("vat", Exact(7, 100), 2_000, 140),
                share("vat", Exact(19, 100), 1_000, 190, isCredit: true),
                share(nil, nil, 5_000, 0, status: "reverse_charge"),
            ],
            months: Fixture.months("2026-01", "2026-01")
        )
        #expect(
            report.page.table.rows.map { $0.dropFirst(2).joined(separator: " ") } == [
                "none  DE reverse_charge 50.00 0.00 0.00 0.00 0.00", "vat 0.07 DE standard 20.00 1.40 0.00 0.00 1.40",
                "vat 0.19 DE standard 100.00 19.00 10.00 1.90 17.10",
            ]
        )
        #expect(try report.sources(behind: "2026-01/vat/0.19:tax").map(\.amount.minor) == [1_900])
        #expect(try report.sources(behind: "2026-01/vat:net_tax").map(\.amount.minor) == [1_900, 140, -190])
        #expect(report.json["rows"]?[1]?["explain"]?.string?.hasSuffix("explain=2026-01/vat/0.07/DE/standard") == true)
    }

    @Test func `cash is told apart by what caused it, and comes to its change`() throws {
        func movement(
            _ cause: String,
            _ cash: Int64,
            _ fees: Int64 = 0,
            gateway: String = "stripe"
        ) throws -> CashReport.Movement {
            CashReport.Movement(
                tenant: Fixture.id(1),
                ids: [cause],
                at: try Fixture.instant("2026-01-10"),
                cause: cause,
                gateway: gateway,
                currency: .usd,
                cash: cash,
                fees: fees
            )
        }
        let report = try CashReport.report(
            of: [
                movement("payment", 9_680, 320), movement("credit", 2_000), movement("credit_purchase", -88, 88),
                movement("refund", -1_000), movement("dispute", -6_500, 1_500),
                movement("partner", -700, gateway: "manual"),
            ],
            months: Fixture.months("2026-01", "2026-01")
        )
        #expect(
            report.page.table.rows.map { $0.dropFirst(2).joined(separator: " ") } == [
                "manual 0.00 0.00 0.00 0.00 -7.00 -7.00", "stripe 120.00 10.00 50.00 19.08 0.00 40.92",
            ]
        )
    }

    @Test func `receivables fall into buckets by the date on which they were due`() throws {
        let dues = [
            "2026-07-01", "2026-06-30T23:00:00Z", "2026-06-29", "2026-05-31", "2026-05-30", "2026-05-01", "2026-04-30",
            "2026-04-01", "2026-03-31",
        ]
        let items = try dues.enumerated().map { place, due in
            AgingReport.Item(
                tenant: Fixture.id(place % 2),
                reference: "inv_\(place)",
                dueAt: try Fixture.instant(due),
                amount: Money(minor: 1 << Int64(place), currency: .usd)
            )
        }
        let report = try AgingReport(of: items, asOf: try Fixture.instant("2026-06-30T12:00:00Z"))
        let total = try #require(report.totals.first)
        #expect(AgingReport.Bucket.allCases.map { total[$0].minor } == [3, 12, 48, 192, 256])
        #expect(total.total.minor == 511 && report.rows.count == 2)
        #expect(try report.items(behind: "all:31-60").map(\.reference).sorted() == ["inv_4", "inv_5"])
        #expect(throws: Problem.self) { try report.items(behind: "nobody") }
    }

    @Test func `bookings are the value of the committed term`() throws {
        let month = try Fixture.plan(Fixture.flat("basic", "100"))
        let year = try Fixture.plan(Fixture.flat("yearly", "12000", unit: "year"))
        let monthly: PlanVersionID = Fixture.id(1)
        let yearly: PlanVersionID = Fixture.id(2)
        let plans = [monthly.text: month, yearly.text: year]
        func change(
            _ sequence: Int,
            _ kind: SubscriptionChange.Kind,
            _ at: String,
            version: PlanVersionID? = nil,
            withdrawn: [ChangeID] = []
        ) throws -> SubscriptionChange {
            SubscriptionChange(
                id: Fixture.id(100 + sequence),
                sequence: sequence,
                at: try Fixture.instant(at),
                recordedAt: try Fixture.instant(at),
                kind: kind,
                version: version,
                withdrawn: withdrawn,
                author: "command"
            )
        }
        func texts(_ changes: [SubscriptionChange], hasPaid: Bool = true) throws -> [String] {
            let facts = try BookingsReport.facts(
                of: Fixture.id(7),
                tenant: Fixture.id(8),
                changes: changes,
                plans: plans,
                hasPaid: hasPaid
            )
            let report = try MonthlyReport(
                BookingsReport.shape,
                of: facts,
                months: Fixture.months("2026-01", "2026-12")
            )
            return report.page.table.rows.map { $0.joined(separator: " ") }
        }
        let created = try change(1, .created, "2026-01-05", version: monthly)
        let raised = try change(2, .plan, "2026-03-05", version: yearly)
        let withdrawn = try change(3, .withdraw, "2026-04-05", withdrawn: [Fixture.id(102)])
        let cancelled = try change(4, .cancel, "2026-05-05")
        // 12,000.00 instead of 100.00, taken back in April; the cancellation of one that was paid takes back nothing.
        #expect(
            try texts([created, raised, withdrawn, cancelled]) == [
                "2026-01 USD 100.00 0.00 0.00 0.00 100.00", "2026-03 USD 0.00 11900.00 0.00 0.00 11900.00",
                "2026-04 USD 0.00 0.00 -11900.00 0.00 -11900.00",
            ]
        )
        #expect(
            try texts([created, raised, cancelled], hasPaid: false) == [
                "2026-01 USD 100.00 0.00 0.00 0.00 100.00", "2026-03 USD 0.00 11900.00 0.00 0.00 11900.00",
                "2026-05 USD 0.00 0.00 0.00 -12000.00 -12000.00",
            ]
        )
    }

    @Test func `a cell is read with its key and its column`() throws {
        let columns = ["tax", "revenue:usage", "90+"]
        #expect(try ReportCell(parsing: "2026-01", columns: columns) == ReportCell(["2026-01"]))
        #expect(try ReportCell(parsing: "2026-01:tax", columns: columns) == ReportCell(["2026-01"], column: "tax"))
        #expect(
            try ReportCell(parsing: "2026-01:revenue:usage", columns: columns)
                == ReportCell(["2026-01"], column: "revenue:usage")
        )
        #expect(
            try ReportCell(parsing: "2026-01/a:b/DE:tax", columns: columns)
                == ReportCell(["2026-01", "a:b", "DE"], column: "tax")
        )
        #expect(try ReportCell(parsing: "all:90+", columns: columns) == ReportCell(["all"], column: "90+"))
        #expect(throws: Problem.self) { try ReportCell(parsing: "2026-01:colour", columns: columns) }
        #expect(throws: Problem.self) { try ReportCell(parsing: "", columns: columns) }
        #expect(throws: Problem.self) { try ReportCell(["x"]).month() }
    }

    @Test(arguments: 0..<30)
    func `in any book rows and columns tie, and every figure opens to what it is made of`(seed: Int) throws {
        var random = Sampler(seed: UInt64(seed))
        var invoices: [BillingsReport.Invoiced] = []
        for number in 0..<60 {
            let day = Int64.random(in: 0..<200, using: &random)
            let subtotal = Int64.random(in: -5_000...50_000, using: &random)
            let discount = subtotal > 0 ? Int64.random(in: 0...subtotal, using: &random) : 0
            invoices.append(
                BillingsReport.Invoiced(
                    tenant: Fixture.id(number % 5),
                    invoice: Fixture.id(number),
                    at: try Fixture.instant("2026-01-01").adding(seconds: day * 86_400),
                    isVoid: Bool.random(using: &random),
                    currency: [.usd, .eur][number % 2],
                    subtotal: subtotal,
                    discount: discount,
                    tax: Int64.random(in: 0...900, using: &random),
                    credits: 0,
                    inAdvance: Int64.random(in: -2_000...2_000, using: &random)
                )
            )
        }
        let report = try BillingsReport.report(of: invoices, [], months: Fixture.months("2026-02", "2026-06"))
        for row in report.rows {
            #expect(row["subtotal"].minor - row["discount"].minor + row["tax"].minor == row["total"].minor)
            for column in report.shape.columns {
                let behind = try report.sources(behind: "\(row.month):\(column)")
                    .filter { $0.amount.currency == row.currency }.reduce(0) { $0 + $1.amount.minor }
                #expect(behind == row[column].minor)
            }
        }
        let again = try BillingsReport.report(of: invoices.shuffled(using: &random), [], months: report.months)
        #expect(again.json.text == report.json.text)
    }
}
