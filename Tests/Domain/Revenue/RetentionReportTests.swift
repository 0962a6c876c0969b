import Revenue
import Testing
import Values

/// Churn, cohorts and lifetime value by hand: the worked company of June, and what is not defined.
@Suite struct RetentionReportTests {
    private typealias Fixture = RevenueFixture

    /// June of the worked company: opening 2,000 of five, closing 2,390 of six.
    private static func june() throws -> MRRReport {
        try MRRReport(
            of: [
                Fixture.customer(1, [("2025-01-10", 1000)]), Fixture.customer(2, [("2025-01-10", 300)]),
                Fixture.customer(3, [("2025-01-10", 400), ("2025-06-15", 320)]),
                Fixture.customer(4, [("2025-01-10", 200), ("2025-06-02", 350)]),
                Fixture.customer(5, [("2025-01-10", 100), ("2025-06-10", 0)]),
                Fixture.customer(6, [("2025-06-20", 300)]),
                Fixture.customer(7, [("2025-01-10", 120), ("2025-02-10", 0), ("2025-06-25", 120)]),
            ],
            months: Fixture.months("2025-01", "2025-06")
        )
    }

    @Test func `the worked company's month comes to what was computed by hand`() throws {
        let row = try #require(try RetentionReport(of: Self.june()).rows.last)
        #expect(row.month.text == "2025-06" && row.openingCustomers == 5 && row.churnedCustomers == 1)
        #expect(row.logoChurn.text == "0.200000" && row.grossChurn.text == "0.090000")
        #expect(row.netChurn.text == "0.015000" && row.netRetention.text == "0.985000")
        #expect(row.grossRetention.text == "0.910000" && row.quickRatio.text == "2.500000")
        #expect(row.revenuePerCustomer?.text == "398.33" && row.closingCustomers == 6)
    }

    @Test func `counting those who come back moves the answer, and the variant is printed`() throws {
        let report = try RetentionReport(of: Self.june(), reactivation: .include)
        let row = try #require(report.rows.last)
        #expect(row.netChurn.text == "-0.045000" && row.netRetention.text == "1.045000")
        #expect(row.quickRatio.text == "3.166667")
        #expect(report.json["definition"]?["reactivation"] == "include")
        let other = try RetentionReport(of: Self.june()).json
        #expect(other["definition"]?["reactivation"] == "exclude")
    }

    @Test func `what is not defined is null with its reason`() throws {
        let report = try RetentionReport(of: Self.june())
        let january = try #require(report.json["rows"]?.array?.first)
        #expect(january["logo_churn"] == .null && january["nrr"] == .null)
        #expect(january["undefined"]?["nrr"] == "nothing was brought as the month began")
        #expect(january["undefined"]?["nrr_12m"] == "nobody was a customer twelve months before")
    }

    @Test func `a customer that goes up and down in a year counts at most what it was`() throws {
        let report = try MRRReport(
            of: [
                Fixture.customer(1, [("2024-01-10", 100), ("2024-06-10", 200), ("2024-09-10", 80)]),
                Fixture.customer(2, [("2024-01-10", 100), ("2024-06-10", 150)]),
                Fixture.customer(3, [("2024-07-10", 500)]),
            ],
            months: Fixture.months("2025-01", "2025-01")
        )
        let row = try #require(try RetentionReport(of: report).rows.first)
        #expect(row.netRetention12.text == "1.150000" && row.grossRetention12.text == "0.900000")
    }

    @Test func `cohorts keep their members, and who comes back counts in its own again`() throws {
        let report = try MRRReport(
            of: [
                Fixture.customer(1, [("2025-01-10", 100), ("2025-03-10", 150)]),
                Fixture.customer(2, [("2025-01-20", 50), ("2025-02-10", 0), ("2025-04-10", 50)]),
                Fixture.customer(3, [("2025-02-10", 30)]),
            ],
            months: Fixture.months("2025-01", "2025-04")
        )
        let cohorts = try CohortReport(of: report).cohorts
        #expect(cohorts.map(\.month.text) == ["2025-01", "2025-02"])
        #expect(cohorts[0].cells.map(\.customers) == [2, 1, 1, 2])
        #expect(cohorts[0].cells.map(\.revenue.text) == ["150.00", "100.00", "150.00", "200.00"])
        #expect(cohorts[0].cells.map { cohorts[0].revenueRetention($0) } == [1, Exact(2, 3), 1, Exact(4, 3)])
        #expect(cohorts[1].cells.map(\.customers) == [1, 1, 1])
    }

    @Test func `the value of a customer adds up what is left at each age`() throws {
        // Two begin, one is lost after a month: survival 1, 1/2, 1/2.
        let report = try MRRReport(
            of: [
                Fixture.customer(1, [("2025-01-10", 100)]),
                Fixture.customer(2, [("2025-01-10", 100), ("2025-02-10", 0)]),
            ],
            months: Fixture.months("2025-01", "2025-03")
        )
        let terms = try LifetimeValueReport.Terms(grossMargin: Exact(3, 4), discount: .zero)
        let row = try #require(
            try LifetimeValueReport(of: CohortReport(of: report), RetentionReport(of: report), terms).rows.first
        )
        #expect(row.ages.map(\.survival) == [1, Exact(1, 2), Exact(1, 2)])
        #expect(row.cohortValue?.text == "150.00")
        // One of the three openings (0, 2 and 1 customers) was lost.
        #expect(row.simpleValue?.text == "225.00" && row.simpleReason == nil)
    }

    @Test func `without a loss the simple form is not defined and says so`() throws {
        let report = try MRRReport(
            of: [Fixture.customer(1, [("2025-01-10", 100)])],
            months: Fixture.months("2025-01", "2025-03")
        )
        let terms = try LifetimeValueReport.Terms()
        let row = try #require(
            try LifetimeValueReport(of: CohortReport(of: report), RetentionReport(of: report), terms).rows.first
        )
        #expect(row.simpleValue == nil && row.simpleReason == "no customer was lost in the last 3 whole months")
    }

    @Test(arguments: [("1.5", "0.1", 12), ("0.5", "-0.1", 12), ("0.5", "0.1", 0)])
    func `terms out of their range are refused`(margin: String, discount: String, horizon: Int) throws {
        let grossMargin = try #require(Decimal12(margin)).exact
        let rate = try #require(Decimal12(discount)).exact
        #expect(throws: Problem.self) {
            try LifetimeValueReport.Terms(grossMargin: grossMargin, discount: rate, horizon: horizon)
        }
    }
}
