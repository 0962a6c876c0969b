import Foundation
import Testing
import Values

/// A row of the table: an anchor and the bounds of the periods it makes, one after the other.
struct CycleCase: CustomTestStringConvertible, Sendable {
    let anchor: String
    let interval: Interval
    let zone: String
    let alignment: Alignment
    let from: String?
    let bounds: [String]
    let days: [Int]
    let testDescription: String

    /// Reads `anchor | count unit | zone | alignment | from | bounds | days`; `-` stands for the default.
    init(_ row: Substring) throws {
        let cells = row.split(separator: "|").map { $0.trimming { $0 == " " } }
        try #require(cells.count == 7, "\(row)")
        let words = cells[1].split(separator: " ")
        anchor = cells[0]
        interval = try Interval(#require(.init(rawValue: String(words[1]))), count: #require(Int(words[0])))
        zone = cells[2] == "-" ? "UTC" : cells[2]
        alignment = try cells[3] == "-" ? .anniversary : #require(Alignment(rawValue: cells[3]))
        from = cells[4] == "-" ? nil : cells[4]
        bounds = cells[5].split(separator: " ").map(String.init)
        days = cells[6].split(separator: " ").compactMap { Int($0) }
        testDescription = String(row)
    }

    static func table(_ text: String) throws -> [CycleCase] {
        try text.split(separator: "\n").filter { !$0.hasPrefix("#") }.map(CycleCase.init)
    }
}

extension Substring {
    fileprivate func trimming(_ isSpace: (Character) -> Bool) -> String {
        var rest = drop(while: isSpace)
        while let last = rest.last, isSpace(last) { rest.removeLast() }
        return String(rest)
    }
}

extension Moment {
    init(text: String, in zone: Zone) throws {
        if let date = CalendarDate(text) {
            self.init(date, in: zone)
        } else {
            self.init(try #require(Instant(text)), in: zone)
        }
    }
}

@Suite struct BillingCycleTests {
    /// Facts that the projects named have in their tests or pages, in our conventions.
    static let published = """
        # getlago/lago-api@1b1c24a spec/scenarios/subscriptions/billing_spec.rb
        2022-12-31 | 1 month | - | - | - | 2022-12-31 2023-01-31 2023-02-28 2023-03-31 2023-04-30 2023-05-31 2023-06-30 \
        2023-07-31 2023-08-31 2023-09-30 2023-10-31 2023-11-30 2023-12-31 2024-01-31 2024-02-29 2024-03-31 | -
        # getlago/lago-api@1b1c24a spec/scenarios/subscriptions/billing_boundaries_spec.rb
        2024-01-31 | 1 month | - | - | 2024-01-31 | 2024-01-31 2024-02-29 | -
        2024-01-31 | 1 month | - | - | 2024-03-31 | 2024-03-31 2024-04-30 | -
        # stripe.com/docs/subscriptions/billing-cycle
        2026-01-31 | 1 month | - | - | - | 2026-01-31 2026-02-28 2026-03-31 2026-04-30 | -
        # polarsource/polar@c6c3645 server/tests/subscription/test_service.py test_anchor_monthly_cycle
        2024-01-31 | 1 month | - | - | - | 2024-01-31 2024-02-29 2024-03-31 | -
        # flexprice/flexprice@e4b5303 internal/ee/service/billing_commitment_test.go
        2028-01-31 | 1 month | - | - | - | 2028-01-31 2028-02-29 | -
        # openmeterio/openmeter@7e57a39 pkg/datetime/datetime_test.go
        2024-02-29 | 1 year | - | - | - | 2024-02-29 2025-02-28 2026-02-28 | -
        # killbill/killbill@cb60779 invoice/.../generator/TestInvoiceDateUtils.java
        2016-04-08 | 30 day | - | - | - | 2016-04-08 2016-05-08 2016-06-07 2016-07-07 | -
        # flexprice/flexprice@e4b5303 internal/ee/service/subscription_timezone_test.go
        2024-03-01 | 1 month | - | - | - | 2024-03-01 2024-04-01 | -
        2024-03-01 | 1 month | America/New_York | - | - | 2024-03-01T05:00:00Z 2024-04-01T04:00:00Z | -
        # flexprice/flexprice@e4b5303 internal/domain/proration/calculator_test.go
        2024-03-09 | 2 day | America/New_York | - | - | 2024-03-09T05:00:00Z 2024-03-11T04:00:00Z | 2
        # getlago/lago-api@1b1c24a spec/services/subscriptions/dates/monthly_service_spec.rb
        2021-01-01 | 1 month | America/New_York | calendar | 2022-01-15 | 2022-01-01T05:00:00Z 2022-02-01T05:00:00Z | -
        """

    /// Worked out by hand.
    static let own = """
        2026-01-31 | 1 month | America/New_York | - | - | \
        2026-01-31T05:00:00Z 2026-02-28T05:00:00Z 2026-03-31T04:00:00Z | 28 31
        2028-01-31 | 1 month | - | - | - | 2028-01-31 2028-02-29 2028-03-31 2028-04-30 2028-05-31 | 29 31 30 31
        2024-02-29 | 1 year | - | - | - | 2024-02-29 2025-02-28 2026-02-28 2027-02-28 2028-02-29 | 365 365 365 366
        2026-01-31 | 1 month | - | - | 2026-03-15 | 2026-02-28 2026-03-31 2026-04-30 | 31 30
        2026-01-31 | 1 month | - | - | 2020-01-01 | 2026-01-31 2026-02-28 | 28
        2026-03-04 | 1 week | Asia/Kolkata | calendar | - | \
        2026-03-03T18:30:00Z 2026-03-08T18:30:00Z 2026-03-15T18:30:00Z | 5 7
        2026-06-01 | 1 month | - | calendar | - | 2026-06-01 2026-07-01 2026-08-01 | 30 31
        # 02:30 is skipped on 8 March; the wall time comes back in April.
        2026-02-08T02:30:00-05:00 | 1 month | America/New_York | - | - | \
        2026-02-08T07:30:00Z 2026-03-08T07:00:00Z 2026-04-08T06:30:00Z | 28 31
        2026-03-07 | 1 day | America/New_York | - | - | \
        2026-03-07T05:00:00Z 2026-03-08T05:00:00Z 2026-03-09T04:00:00Z 2026-03-10T04:00:00Z | 1 1 1
        2026-10-28 | 1 week | America/New_York | - | - | 2026-10-28T04:00:00Z 2026-11-04T05:00:00Z | 7
        # 30 December 2011 does not exist in Samoa: its empty period is left out.
        2011-12-28 | 1 day | Pacific/Apia | - | - | \
        2011-12-28T10:00:00Z 2011-12-29T10:00:00Z 2011-12-30T10:00:00Z 2011-12-31T10:00:00Z | 1 2 1
        2011-12-30 | 1 month | Pacific/Apia | - | - | \
        2011-12-30T10:00:00Z 2012-01-29T10:00:00Z 2012-02-28T10:00:00Z | 30 30
        # Midnight is skipped on 4 November 2018.
        2018-10-04 | 1 month | America/Sao_Paulo | - | - | \
        2018-10-04T03:00:00Z 2018-11-04T03:00:00Z 2018-12-04T02:00:00Z | 31 30
        2018-11-04 | 1 month | America/Sao_Paulo | - | - | 2018-11-04T03:00:00Z 2018-12-04T02:00:00Z | 30
        # The fixed grids.
        2026-02-10 | 3 month | - | calendar | - | 2026-02-10 2026-04-01 2026-07-01 | 50 91
        1999-12-10 | 5 month | - | calendar | - | 1999-12-10 2000-01-01 2000-06-01 | 22 152
        2026-02-10 | 4 year | - | calendar | - | 2026-02-10 2028-01-01 2032-01-01 | -
        1970-01-01 | 2 week | - | calendar | - | 1970-01-01 1970-01-05 1970-01-19 | 4 14
        1969-12-30 | 10 day | - | calendar | - | 1969-12-30 1970-01-01 1970-01-11 | 2 10
        # The second 01:30 of the day on which clocks go back.
        2026-11-01T06:30:00Z | 1 day | America/New_York | - | - | 2026-11-01T06:30:00Z 2026-11-02T06:30:00Z | 1
        # In Newfoundland clocks went back over midnight: the next day had begun already.
        2010-11-07T03:00:00Z | 1 day | America/St_Johns | calendar | - | 2010-11-07T03:00:00Z 2010-11-08T03:30:00Z | 2
        """

    @Test(arguments: try CycleCase.table(published) + CycleCase.table(own))
    func `periods are as worked out`(example: CycleCase) throws {
        let zone = try #require(Zone(example.zone))
        let anchor = try Moment(text: example.anchor, in: zone)
        let cycle = BillingCycle(anchor, interval: example.interval, zone: zone, alignment: example.alignment)
        let from = try example.from.map { try Moment(text: $0, in: zone).instant } ?? anchor.instant
        let periods = try cycle.periods(from: from, count: example.bounds.count - 1)
        let bounds = try example.bounds.map { try Moment(text: $0, in: zone).instant }
        #expect(periods.map(\.start) == Array(bounds.dropLast()))
        #expect(periods.map(\.end) == Array(bounds.dropFirst()))
        if !example.days.isEmpty { #expect(periods.map { $0.days(in: zone) } == example.days) }
    }

    @Test func `nothing holds an instant before the anchor`() throws {
        let anchor = try Moment(text: "2026-01-31", in: .utc)
        let cycle = BillingCycle(anchor, interval: Interval(.month), zone: .utc, alignment: .anniversary)
        #expect(try cycle.period(containing: anchor.instant.adding(microseconds: -1)) == nil)
        #expect(try cycle.period(containing: anchor.instant)?.index == 0)
    }

    @Test func `a day that does not exist keeps its index and is no period`() throws {
        let zone = try #require(Zone("Pacific/Apia"))
        for alignment in Alignment.allCases {
            let anchor = try Moment(text: "2011-12-28", in: zone)
            let cycle = BillingCycle(anchor, interval: Interval(.day), zone: zone, alignment: alignment)
            #expect(try cycle.period(2) == nil)
            #expect(try cycle.period(after: 1).index == 3)
            #expect(try cycle.period(containing: #require(Instant("2011-12-30T10:00:00Z")))?.index == 3)
        }
    }

    @Test func `the whole period of a stub is that of the grid`() throws {
        let anchor = try Moment(text: "2026-02-10", in: .utc)
        let cycle = BillingCycle(anchor, interval: Interval(.month), zone: .utc, alignment: .calendar)
        let stub = try #require(try cycle.period(containing: anchor.instant))
        #expect(stub.whole.start.text == "2026-02-01T00:00:00Z")
        #expect(stub.whole.end == stub.period.end)
        #expect(Proration.day.ratio(of: stub.period, whole: stub.whole, in: .utc) == Exact(19, 28))
        #expect(try cycle.whole(1) == cycle.period(1))
    }

    @Test(arguments: Interval.Unit.allCases, Alignment.allCases)
    func `a boundary beyond the year 9999 is an error of the input`(unit: Interval.Unit, alignment: Alignment) throws {
        let anchor = try Moment(text: "2026-01-31", in: .utc)
        for count in [10_000_000, Int.max / 2, Int.max] {
            let cycle = BillingCycle(anchor, interval: Interval(unit, count: count), zone: .utc, alignment: alignment)
            let problem = #expect(throws: Problem.self) { try cycle.periods(from: anchor.instant, count: 1) }
            #expect(problem?.errors.map(\.field) == ["input"])
        }
    }

    @Test func `the last boundary is in the year 9999`() throws {
        let last = try Moment(text: "9999-11-30", in: .utc)
        let cycle = BillingCycle(last, interval: Interval(.month), zone: .utc, alignment: .anniversary)
        #expect(try cycle.periods(from: last.instant, count: 1).first?.end.text == "9999-12-30T00:00:00Z")
        #expect(throws: Problem.self) { try cycle.periods(from: last.instant, count: 2) }
    }

    @Test func `fractions of a second of the anchor are cut off`() throws {
        let anchor = try #require(Instant("2026-01-31T10:00:00.75Z"))
        let cycle = BillingCycle(
            anchor: anchor,
            anchorIsDate: false,
            interval: Interval(.month),
            zone: .utc,
            alignment: .anniversary
        )
        #expect(try cycle.boundary(0).text == "2026-01-31T10:00:00Z")
        #expect(try cycle.boundary(1).text == "2026-02-28T10:00:00Z")
    }
}

@Suite struct ProrationTests {
    private func period(_ start: String, _ end: String) throws -> Period {
        try #require(Period(start: Moment(text: start, in: .utc).instant, end: Moment(text: end, in: .utc).instant))
    }

    @Test func `shares are days over days, time over time, or the whole`() throws {
        let whole = try period("2026-01-05", "2026-02-05")
        let rest = try period("2026-01-20", "2026-02-05")
        #expect(Proration.day.ratio(of: rest, whole: whole, in: .utc).fractionText == "16/31")
        #expect(Proration.second.ratio(of: rest, whole: whole, in: .utc).fractionText == "16/31")
        #expect(Proration.none.ratio(of: rest, whole: whole, in: .utc) == 1)
        let noon = try period("2026-01-20T12:00:00Z", "2026-02-05")
        #expect(Proration.day.ratio(of: noon, whole: whole, in: .utc).fractionText == "16/31")
        #expect(Proration.second.ratio(of: noon, whole: whole, in: .utc).fractionText == "1/2")
    }

    @Test func `a share of days is kept between nothing and the whole`() throws {
        let instant = try period("2026-01-05T01:00:00Z", "2026-01-05T02:00:00Z")
        #expect(Proration.day.ratio(of: instant, whole: instant, in: .utc) == 1)
        let day = try period("2026-01-05", "2026-01-06")
        #expect(Proration.day.ratio(of: instant, whole: day, in: .utc) == 0)
        #expect(try Proration.day.ratio(of: period("2026-01-05", "2026-01-09"), whole: day, in: .utc) == 1)
    }

    @Test func `an interval is read strictly`() throws {
        func interval(_ json: JSONValue) throws -> Interval {
            var fields = try JSONFields(json, path: "interval")
            return try Interval(json: &fields)
        }
        #expect(try interval(["unit": "month"]) == Interval(.month))
        #expect(try interval(["unit": "week", "count": 2]).json.text == #"{"unit":"week","count":2}"#)
        let bad: [(JSONValue, String)] = [
            (["unit": "fortnight"], "interval.unit"), (["count": 1], "interval.unit"),
            (["unit": "day", "count": 0], "interval.count"), (["unit": "day", "count": "1"], "interval.count"),
            (["unit": "day", "count": 1.5], "interval.count"), (["unit": "day", "n": 1], "interval.n"),
        ]
        for (json, field) in bad {
            let problem = #expect(throws: Problem.self) { try interval(json) }
            #expect(problem?.errors.map(\.field) == [field])
        }
    }
}
