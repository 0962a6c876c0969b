import Revenue
import Testing
import Values

@testable import Forecasting

/// Forecasts of books that are small enough to count by hand.
@Suite struct RevenueOutlookTests {
    private typealias Stretch = RevenueBook.Stretch
    private typealias Contract = RevenueBook.Contract

    private static let now = 24_300

    /// A subscription that began so many months ago and goes on.
    private func contract(
        _ monthly: Double,
        since months: Double,
        term: Int = 1,
        boundary: Double? = nil,
        ends: Bool = false
    ) -> Contract {
        let now = Double(Self.now)
        let limit = boundary.map { now + $0 }
        return Contract(
            stretches: [
                Stretch(start: now - months, end: ends ? limit ?? now : .infinity, monthly: monthly, term: term)
            ],
            boundary: limit,
            ends: ends
        )
    }

    private func book(_ contracts: [Contract], costs: [RevenueBook.CostMonth] = []) -> RevenueBook {
        RevenueBook(currency: .usd, asOf: Double(Self.now), contracts: contracts, costs: costs)
    }

    private func outlook(
        _ book: RevenueBook,
        _ scenarios: [Scenario] = [],
        horizon: Int = 6,
        paths: Int = 400,
        seed: UInt64 = 1
    ) throws -> RevenueOutlook {
        try RevenueOutlook(
            of: book,
            scenarios: scenarios,
            options: RevenueForecastOptions(horizon: horizon, paths: paths, seed: seed)
        )
    }

    private func scenario(_ json: String) throws -> Scenario { try Scenario(json: try JSONValue(parsing: json)) }

    @Test func `what is agreed until the end of its term is committed, and certain`() throws {
        // A year's plan with 2.5 months to go, known to end there; nothing else.
        let rows = try outlook(book([contract(100, since: 9.5, term: 12, boundary: 2.5, ends: true)])).cases[0].rows
        #expect(rows.map(\.committed) == [100, 100, 50, 0, 0, 0])
        #expect(rows.allSatisfy { $0.renewal == 0 })
        // New business may come, but of this nothing can go.
        #expect(rows.allSatisfy { row in row.revenue.lower[1] >= row.committed })
    }

    @Test func `a subscription that may end is there or not, and its band reaches both`() throws {
        // Forty yearly subscriptions renewed, ten did not: a renewal at the first term has a probability near 0.8.
        var past: [Contract] = []
        for number in 0..<50 {
            let start = Double(Self.now) - 40 + Double(number) / 10
            let isLost = number % 5 == 0
            past.append(
                Contract(
                    stretches: [Stretch(start: start, end: isLost ? start + 12 : .infinity, monthly: 1, term: 12)],
                    boundary: isLost ? nil : start + 48,
                    ends: false
                )
            )
        }
        past.append(contract(1000, since: 10, term: 12, boundary: 2))
        let all = try outlook(book(past), horizon: 4, paths: 1_500)
        let row = all.cases[0].rows[3]
        let renewed = all.cases[0].rows[3].renewal - all.cases[0].rows[1].renewal
        #expect(renewed > 700 && renewed < 870)
        // Either nothing of it or all.
        #expect(row.revenue.upper[0] - row.revenue.lower[0] > 900)
    }

    @Test func `a subscription that is agreed and begins later is committed, and may be renewed`() throws {
        let start = Double(Self.now) + 1.5
        let own = Contract(
            stretches: [Stretch(start: start, end: .infinity, monthly: 100, term: 1)],
            boundary: start + 1,
            ends: false
        )
        let all = try outlook(book([own]))
        #expect(all.cases[0].rows.map(\.committed) == [0, 50, 50, 0, 0, 0])
        #expect(all.cases[0].rows[3].renewal > 80 && all.cases[0].rows[3].renewal < 100)
        #expect(all.notes.contains { $0.contains("no term of 1 month has ended yet") })
    }

    @Test func `the interval of a sum is not the sum of intervals`() throws {
        let synthetic = RevenueSyntheticBook(truth: .init(), seed: 3, months: 36)
        let own = try outlook(synthetic.book(after: 30), horizon: 12, paths: 500).cases[0]
        let bounds = own.rows.reduce(0) { $0 + $1.revenue.upper[0] - $1.revenue.lower[0] }
        let width = own.total.revenue.upper[0] - own.total.revenue.lower[0]
        #expect(width < 0.95 * bounds && width > 0.2 * bounds)
        let means = own.rows.reduce(0) { $0 + $1.revenue.mean }
        #expect(abs(own.total.revenue.mean - means) < 1e-6 * means)
        #expect(own.rows.last?.cumulative == own.total.revenue)
        for row in own.rows {
            let parts = row.committed + row.renewal + row.usage + row.new
            #expect(abs(parts - row.revenue.mean) < 0.001 * row.revenue.mean)
        }
    }

    @Test func `the same seed gives the same bytes, another one others`() throws {
        let book = RevenueSyntheticBook(truth: .init(), seed: 3, months: 24).book(after: 24)
        let instant = Instant(seconds: 0)
        let first = try outlook(book, paths: 200).json(asOf: instant).text
        #expect(try outlook(book, paths: 200).json(asOf: instant).text == first)
        #expect(try outlook(book, paths: 200, seed: 2).json(asOf: instant).text != first)
    }

    @Test func `scenarios have the same luck: what changes nothing makes no difference at all`() throws {
        let book = RevenueSyntheticBook(truth: .init(), seed: 4, months: 30).book(after: 30)
        let all = try outlook(
            book,
            [
                try scenario(#"{"name": "same", "price": {"factor": 1}}"#),
                try scenario(#"{"name": "churn", "churn": {"factor": 2}}"#),
                try scenario(#"{"name": "dearer", "price": {"factor": 1.1}}"#),
                try scenario(#"{"name": "late", "growth": {"new": {"factor": 3, "from": "2200-01"}}}"#),
            ]
        )
        #expect(all.cases[1].difference?.upper == [0, 0] && all.cases[1].difference?.lower == [0, 0])
        // On no path does more churn bring more.
        #expect(try #require(all.cases[2].difference).upper[1] < 0)
        #expect(try #require(all.cases[3].difference).lower[1] > 0)
        #expect(all.cases[4].difference?.mean == 0)
    }

    @Test func `a price rises at the next end of each term, not before`() throws {
        let own = contract(100, since: 8, term: 12, boundary: 4)
        let all = try outlook(book([own]), [try scenario(#"{"name": "dearer", "price": {"factor": 1.5}}"#)])
        let (base, dearer) = (all.cases[0].rows, all.cases[1].rows)
        #expect(base[3].committed == dearer[3].committed && base[3].committed == 100)
        #expect(base[3].renewal == dearer[3].renewal)
        #expect(abs(dearer[4].renewal - 1.5 * base[4].renewal) < 1e-9 && base[4].renewal > 50)
    }

    @Test func `gross margin follows the costs of the last months, and scenarios of costs and partners`() throws {
        let months = [RevenueBook.CostMonth(revenue: 1000, costs: [100, 20, 30, 100])]
        let all = try outlook(
            book([contract(100, since: 6, boundary: 1)], costs: months),
            [
                try scenario(#"{"name": "engines", "cost": {"inference": {"factor": 0.5}}}"#),
                try scenario(#"{"name": "partner", "partners": {"percent_of_revenue": 30}}"#),
            ]
        )
        let revenue = all.cases[0].total.revenue.mean
        func margin(_ place: Int) throws -> Double { try #require(all.cases[place].total.margin).mean }
        #expect(abs(try margin(0) / revenue - 0.75) < 1e-9)
        #expect(abs(try margin(1) / revenue - 0.80) < 1e-9)
        #expect(abs(try margin(2) / revenue - 0.55) < 1e-9)
        #expect(all.cases[2].difference?.mean == 0)
        #expect(try outlook(book([contract(100, since: 6, boundary: 1)])).cases[0].total.margin == nil)
    }

    @Test func `many small subscriptions together have the mean and the width that they have one by one`() throws {
        func contracts(_ count: Int) -> [Contract] {
            (0..<count).map { place in
                let isLost = place % 10 == 0
                return Contract(
                    stretches: [
                        Stretch(
                            start: Double(Self.now) - 14,
                            end: isLost ? Double(Self.now) - 2 : .infinity,
                            monthly: place % 2 == 0 ? 10 : 30,
                            term: 12
                        )
                    ],
                    boundary: isLost ? nil : Double(Self.now) + 10,
                    ends: false
                )
            }
        }
        let all = book(contracts(2_400))
        let drivers = try RevenueDrivers(all, horizon: 11)
        let lots = RevenueLots.all(of: all, drivers)
        #expect(lots.count == RevenueLots.followed + 1)
        let last = try #require(lots.last)
        let small = 2_160 - RevenueLots.followed
        let inForce = all.contracts.filter { $0.boundary != nil }
        let sum = inForce.reduce(0) { $0 + $1.stretches[0].monthly }
        let followed = lots.prefix(RevenueLots.followed).reduce(0) { $0 + $1.monthly }
        #expect(abs(Double(last.count) * last.monthly + followed - sum) < 1e-6)
        #expect(last.count <= small && last.count > small / 2)
    }

    @Test func `files of scenarios are read strictly`() throws {
        for (json, field) in [
            (#"{"price": {"factor": 1}}"#, "name"), (#"{"name": "base"}"#, "name"),
            (#"{"name": "x", "prices": {}}"#, "prices"), (#"{"name": "x", "price": {"factor": -1}}"#, "price.factor"),
            (#"{"name": "x", "price": {}}"#, "price.factor"),
            (#"{"name": "x", "churn": {"factor": 1, "from": "May"}}"#, "churn.from"),
            (#"{"name": "x", "growth": {"old": {"factor": 1}}}"#, "growth.old"),
            (#"{"name": "x", "partners": {"percent_of_revenue": 101}}"#, "partners.percent_of_revenue"),
        ] {
            let error = #expect(throws: Problem.self, "\(json)") { try self.scenario(json) }
            #expect(error?.errors.map(\.field) == [field], "\(json)")
        }
        let same = try scenario(#"{"name": "x"}"#)
        #expect(throws: Problem.self) { try Scenario.check([same, same]) }
    }

    @Test func `the picture is a fan that begins where the history ends`() throws {
        let book = RevenueSyntheticBook(truth: .init(), seed: 5, months: 20).book(after: 20)
        let all = try outlook(book, [try scenario(#"{"name": "few & <dear>", "price": {"factor": 2}}"#)], paths: 100)
        guard case .fan(let bands, let lines) = all.picture.panels[0].shape else {
            Issue.record("no fan")
            return
        }
        #expect(bands.map(\.name) == ["95 %", "80 %"])
        #expect(lines.map(\.name) == ["revenue", "expected", "few & <dear>"])
        #expect(bands[0].lower[19] == all.history[19] && bands[0].upper[19] == all.history[19])
        #expect(bands[0].lower[18] == nil && bands[0].lower.count == 26)
        let svg = SVGDrawing.text(all.picture)
        #expect(svg.contains("<polygon") && svg.contains("few &amp; &lt;dear&gt;") && !svg.contains("nan"))
        #expect(all.page(asOf: Instant(seconds: 0)).more.map(\.title).prefix(2) == ["scenarios", "models"])
    }
}
