import Revenue
import Testing
import Values

/// Movements by hand: the worked company of June, and the rules at their edges.
@Suite struct MRRReportTests {
    private typealias Fixture = RevenueFixture

    private static func texts(_ report: MRRReport, _ month: String) -> [String] {
        report.rows.filter { $0.month.text == month }.map { row in
            (MRRDimension.currency.cells.map { row[$0].text } + [String(row.customers)]).joined(separator: " ")
        }
    }

    @Test func `every movement of a month stands in its column`() throws {
        let report = try MRRReport(
            of: [
                Fixture.customer(1, [("2025-01-10", 1000)]), Fixture.customer(2, [("2025-01-10", 300)]),
                Fixture.customer(3, [("2025-01-10", 400), ("2025-06-15", 320)]),
                Fixture.customer(4, [("2025-01-10", 200), ("2025-06-02", 350)]),
                Fixture.customer(5, [("2025-01-10", 100), ("2025-06-10", 0)]),
                Fixture.customer(6, [("2025-06-20", 300)]),
                Fixture.customer(7, [("2025-01-10", 120), ("2025-02-10", 0), ("2025-06-25", 120)]),
            ],
            months: Fixture.months("2025-05", "2025-07")
        )
        #expect(Self.texts(report, "2025-05") == ["2000.00 0.00 0.00 0.00 0.00 0.00 0.00 2000.00 5"])
        #expect(Self.texts(report, "2025-06") == ["2000.00 300.00 150.00 -80.00 -100.00 120.00 0.00 2390.00 6"])
        #expect(Self.texts(report, "2025-07") == ["2390.00 0.00 0.00 0.00 0.00 0.00 0.00 2390.00 6"])
    }

    @Test func `a cell opens to customers, subscriptions and changes`() throws {
        let report = try MRRReport(
            of: [
                Fixture.customer(1, [("2025-01-10", 100), ("2025-03-05", 0)]),
                Fixture.customer(2, subscription: 2, [("2025-01-10", 50)]),
                Fixture.customer(2, subscription: 3, [("2025-03-20", 30)]),
            ],
            months: Fixture.months("2025-01", "2025-03")
        )
        let churn = report.entries(behind: .churn, in: try Fixture.month("2025-03"))
        #expect(churn.map(\.tenant) == [Fixture.id(1)])
        #expect(churn.map(\.amount.text) == ["-100.00"])
        #expect(churn.first?.changes == [Fixture.id(101)])
        // A second subscription of a customer is an expansion, and only it moved.
        let expansion = report.entries(behind: .expansion, in: try Fixture.month("2025-03"))
        #expect(expansion.map(\.amount.text) == ["30.00"])
        #expect(expansion.first?.subscriptions == [Fixture.id(3)])
        let closing = report.entries(behind: .closing, in: try Fixture.month("2025-03"))
        #expect(closing.map(\.amount.text) == ["80.00"])
        #expect(closing.first?.subscriptions == [Fixture.id(2), Fixture.id(3)])
        let opening = report.entries(behind: .opening, in: try Fixture.month("2025-03"))
        #expect(opening.map(\.amount.text) == ["100.00", "50.00"])
        #expect(report.entries(behind: .opening, in: try Fixture.month("2025-01")).isEmpty)
    }

    @Test func `losing one of two subscriptions is a contraction, moving from one to another nothing`() throws {
        let report = try MRRReport(
            of: [
                Fixture.customer(1, subscription: 1, [("2025-01-10", 60), ("2025-02-10", 0)]),
                Fixture.customer(1, subscription: 2, [("2025-01-10", 40)]),
                Fixture.customer(2, subscription: 3, [("2025-01-10", 70), ("2025-02-10", 0)]),
                Fixture.customer(2, subscription: 4, [("2025-02-11", 70)]),
            ],
            months: Fixture.months("2025-02", "2025-02")
        )
        #expect(Self.texts(report, "2025-02") == ["170.00 0.00 0.00 -60.00 0.00 0.00 0.00 110.00 2"])
    }

    @Test func `what begins with a month belongs to it, what ends with it to the next`() throws {
        let report = try MRRReport(
            of: [Fixture.customer(1, [("2025-02-01", 10), ("2025-03-01", 0)])],
            months: Fixture.months("2025-01", "2025-03")
        )
        #expect(report.rows.map { $0[.new].text } == ["0.00", "10.00", "0.00"])
        #expect(report.rows.map { $0[.churn].text } == ["0.00", "0.00", "-10.00"])
        #expect(report.rows.map(\.customers) == [0, 1, 0])
    }

    @Test func `who comes and goes within a month moves nothing, and is new when it comes back`() throws {
        let report = try MRRReport(
            of: [Fixture.customer(1, [("2025-01-05", 10), ("2025-01-20", 0), ("2025-03-05", 10)])],
            months: Fixture.months("2025-01", "2025-03")
        )
        #expect(report.movements.map(\.cell) == [.new])
        #expect(report.movements.map(\.month.text) == ["2025-03"])
    }

    @Test func `a customer that came before the first month is no new one`() throws {
        let history = try Fixture.customer(1, [("2024-01-05", 10), ("2024-06-05", 0), ("2025-03-05", 15)])
        let report = try MRRReport(of: [history], months: Fixture.months("2025-03", "2025-03"))
        #expect(report.movements.map(\.cell) == [.reactivation])
        let later = try MRRReport(of: [history], months: Fixture.months("2025-04", "2025-04"))
        #expect(Self.texts(later, "2025-04") == ["15.00 0.00 0.00 0.00 0.00 0.00 0.00 15.00 1"])
    }

    @Test func `currencies never mix`() throws {
        let histories = [
            try Fixture.customer(1, subscription: 1, [("2025-01-05", 10)]),
            try Fixture.customer(1, subscription: 2, currency: .eur, [("2025-01-05", 20)]),
        ]
        let report = try MRRReport(of: histories, months: Fixture.months("2025-01", "2025-01"))
        #expect(report.rows.map { "\($0.currency) \($0[.new].text)" } == ["EUR 20.00", "USD 10.00"])
        let one = try MRRReport(of: histories, months: Fixture.months("2025-01", "2025-01"), currency: .eur)
        #expect(one.rows.map { "\($0.currency) \($0[.closing].text)" } == ["EUR 20.00"])
        #expect(one.json["currency"] == "EUR")
        #expect(report.json["currency"] == .null)
    }

    @Test func `a customer that changes its currency leaves the one and comes to the other`() throws {
        let id: TenantID = Fixture.id(1)
        let history = RecurringHistory(
            tenant: id,
            subscription: Fixture.id(1),
            levels: [
                RecurringLevel(at: try Fixture.instant("2025-01-05"), currency: .usd, monthly: 10),
                RecurringLevel(at: try Fixture.instant("2025-02-05"), currency: .eur, monthly: 9),
            ]
        )
        let report = try MRRReport(of: [history], months: Fixture.months("2025-02", "2025-02"))
        #expect(report.movements.map { "\($0.cell) \($0.amount)" } == ["new 9.00 EUR", "churn -10.00 USD"])
    }

    @Test func `thirds are rounded once for each customer`() throws {
        let report = try MRRReport(
            of: [
                Fixture.customer(1, subscription: 1, [("2025-01-05", Exact(10, 3))]),
                Fixture.customer(1, subscription: 2, [("2025-01-05", Exact(10, 3))]),
                Fixture.customer(2, subscription: 3, [("2025-01-05", Exact(10, 3))]),
            ],
            months: Fixture.months("2025-01", "2025-01")
        )
        #expect(report.rows.first?[.closing].text == "10.00")
        #expect(report.movements.map(\.amount.text) == ["6.67", "3.33"])
    }

    @Test func `the month that holds the as-of is reported as far as it has come`() throws {
        let histories = [try Fixture.customer(1, [("2025-01-05", 10), ("2025-02-10T00:00:00Z", 20)])]
        let before = try MRRReport(
            of: histories,
            months: Fixture.months("2025-01", "2025-06", asOf: "2025-02-09T23:59:59Z")
        )
        #expect(before.rows.map(\.month.text) == ["2025-01", "2025-02"])
        #expect(before.rows.map { $0[.closing].text } == ["10.00", "10.00"])
        #expect(before.json["rows"]?[1]?["partial"] == true)
        #expect(before.json["rows"]?[0]?["partial"] == nil)
        let after = try MRRReport(
            of: histories,
            months: Fixture.months("2025-01", "2025-06", asOf: "2025-02-10T00:00:00Z")
        )
        #expect(after.rows.map { $0[.closing].text } == ["10.00", "20.00"])
    }

    @Test func `months are those of the zone`() throws {
        let zone = try #require(Zone("America/New_York"))
        let histories = [try Fixture.customer(1, [("2025-02-01T04:59:59Z", 10)])]
        let months = try ReportMonths(
            from: Fixture.month("2025-01"),
            to: Fixture.month("2025-02"),
            asOf: Fixture.instant("2025-06-01"),
            zone: zone
        )
        #expect(try MRRReport(of: histories, months: months).rows.map { $0[.closing].text } == ["10.00", "10.00"])
        let utc = try MRRReport(of: histories, months: Fixture.months("2025-01", "2025-02"))
        #expect(utc.rows.map { $0[.closing].text } == ["0.00", "10.00"])
    }

    @Test func `nobody is an empty report, and a named currency rows of nothing`() throws {
        #expect(try MRRReport(of: [], months: Fixture.months("2025-01", "2025-02")).rows.isEmpty)
        let named = try MRRReport(of: [], months: Fixture.months("2025-01", "2025-02"), currency: .usd)
        #expect(named.rows.map { $0[.closing].text } == ["0.00", "0.00"])
    }

    @Test func `a year's run rate is twelve months, and the definition is printed`() throws {
        let report = try MRRReport(
            of: [Fixture.customer(1, [("2025-01-05", 10)])],
            months: Fixture.months("2025-01", "2025-01")
        )
        #expect(
            try report.arrCells() == [
                ["2025-01", "USD", "0.00", "120.00", "0.00", "0.00", "0.00", "0.00", "0.00", "120.00", "1"]
            ]
        )
        #expect(try report.arrJSON()["rows"]?[0]?["arr"] == "120.00")
        #expect(report.json["definition"]?["variant"] == "net_per_customer_per_month")
        #expect(report.json["rows"]?[0]?["new"] == "10.00")
        #expect(
            report.cells == [
                ["2025-01", "USD", "0.00", "10.00", "0.00", "0.00", "0.00", "0.00", "0.00", "10.00", "1"]
            ]
        )
    }

    @Test(arguments: [
        ("2025-03", "2025-02", "to"), ("2031-01", "2031-02", "from"), ("1900-01", "2025-01", "to"),
    ])
    func `months that cannot be are refused by name`(from: String, to: String, field: String) throws {
        let error = #expect(throws: Problem.self) { try Fixture.months(from, to) }
        #expect(error?.errors.map(\.field) == [field])
    }

    @Test func `a month is read as one or by a date in it`() throws {
        #expect(try Fixture.month("2025-02") == Fixture.month("2025-02-17"))
        #expect(throws: Problem.self) { try Fixture.month("2025-13") }
        #expect(throws: Problem.self) { try Fixture.month("February") }
    }

    @Test func `an as-of behind which rows can still appear is refused`() throws {
        let now = try Fixture.instant("2025-02-10T12:00:00.5Z")
        #expect(AsOf.latest(at: now) == (try Fixture.instant("2025-02-10T11:59:00Z")))
        try AsOf.check(AsOf.latest(at: now), now: now)
        let error = #expect(throws: Problem.self) {
            try AsOf.check(try Fixture.instant("2025-02-10T11:59:01Z"), now: now)
        }
        #expect(error?.errors.map(\.field) == ["as_of"])
    }
}
