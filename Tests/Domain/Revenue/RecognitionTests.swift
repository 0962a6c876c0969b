import Ledger
import Revenue
import Testing
import Values

/// Recognition by hand: the worked examples, and that parts come to wholes.
@Suite struct RecognitionTests {
    private typealias Fixture = RevenueFixture

    private static func line(
        _ minor: Int64,
        _ start: String,
        _ end: String,
        at: String? = nil,
        isDeferred: Bool = true,
        account: Account = .subscriptionRevenue,
        voidedAt: String? = nil,
        zone: Zone = .utc
    ) throws -> RecognitionLine {
        RecognitionLine(
            tenant: Fixture.id(1),
            invoice: Fixture.id(2),
            line: Fixture.id(3),
            account: account,
            isDeferred: isDeferred,
            schedule: RecognitionSchedule(
                at: try Fixture.instant(at ?? start),
                start: try Fixture.instant(start),
                end: try Fixture.instant(isDeferred ? end : start),
                zone: zone,
                amount: Money(minor: minor, currency: .usd)
            ),
            voidedAt: try voidedAt.map(Fixture.instant)
        )
    }

    @Test func `a year of 12,000 is recognised by day and comes to 12,000`() throws {
        let report = try RecognitionReport(
            of: [Self.line(1_200_000, "2026-01-15", "2027-01-15")],
            months: Fixture.months("2026-01", "2027-01")
        )
        #expect(
            report.rows.map(\.total.text) == [
                "558.90", "920.55", "1019.18", "986.30", "1019.18", "986.30", "1019.18", "1019.18", "986.30", "1019.18",
                "986.30", "1019.18", "460.27",
            ]
        )
        let total: Int64 = report.rows.reduce(0) { $0 + $1.total.minor }
        #expect(total == 1_200_000)
        #expect(report.rows[0].closing.text == "11441.10" && report.rows[1].closing.text == "10520.55")
        #expect(report.rows.last?.closing.isZero == true)
    }

    @Test func `every row ties, and each opens where the one before closed`() throws {
        let report = try RecognitionReport(
            of: [
                Self.line(10_000, "2026-01-11", "2026-02-11"), Self.line(-6_667, "2026-01-21", "2026-02-11"),
                Self.line(10_667, "2026-01-21", "2026-02-11"), Self.line(777, "2026-02-11", "2026-03-11"),
                Self.line(333, "2026-02-01", "", isDeferred: false, account: .usageRevenue),
            ],
            months: Fixture.months("2026-01", "2026-04")
        )
        for row in report.rows {
            let closing = row.opening.minor + row.billed.minor - row.released.minor
            #expect(closing == row.closing.minor)
        }
        for (before, after) in zip(report.rows, report.rows.dropFirst()) { #expect(before.closing == after.opening) }
        let total: Int64 = report.rows.reduce(0) { $0 + $1.total.minor }
        #expect(total == 15_110)
        #expect(report.rows[1].recognised[.usageRevenue]?.minor == 333)
    }

    @Test func `what is left at the as-of is laid out over the months to come`() throws {
        let report = try RecognitionReport(
            of: [Self.line(3_100, "2026-01-15", "2026-02-15")],
            months: Fixture.months("2026-01", "2026-01", asOf: "2026-01-25")
        )
        #expect(report.rows.map(\.total.text) == ["10.00"] && report.rows[0].closing.text == "21.00")
        #expect(report.releases.map(\.month.text) == ["2026-01", "2026-02"])
        #expect(report.releases.map(\.amount.text) == ["7.00", "14.00"])
    }

    @Test func `an invoice that is taken back takes back what was recognised of it`() throws {
        let report = try RecognitionReport(
            of: [Self.line(3_100, "2026-01-01", "2026-02-01", voidedAt: "2026-02-10")],
            months: Fixture.months("2026-01", "2026-03")
        )
        #expect(report.rows.map(\.total.minor) == [3_100, -3_100, 0])
        #expect(report.rows.map(\.billed.minor) == [3_100, -3_100, 0])
    }

    @Test func `what is billed for a stretch that is over is recognised at once`() throws {
        let report = try RecognitionReport(
            of: [Self.line(500, "2026-01-01", "2026-02-01", at: "2026-03-05")],
            months: Fixture.months("2026-01", "2026-03")
        )
        #expect(report.rows.map(\.total.minor) == [0, 0, 500])
    }

    @Test(arguments: 0..<40)
    func `in any zone and however it is cut, parts come to the whole`(seed: Int) throws {
        var random = Sampler(seed: UInt64(seed))
        let zone = try #require(Zone(["UTC", "America/New_York", "Asia/Kolkata", "Pacific/Apia"][seed % 4]))
        let start = try Fixture.instant("2026-01-01").adding(
            seconds: Int64.random(in: 0..<86_400 * 300, using: &random)
        )
        let schedule = RecognitionSchedule(
            at: start,
            start: start,
            end: start.adding(seconds: Int64.random(in: 1...86_400 * 400, using: &random)),
            zone: zone,
            amount: Money(minor: Int64.random(in: -500_000...500_000, using: &random), currency: .usd)
        )
        var last: Int64 = 0
        var sum: Int64 = 0
        for day in 0..<900 {
            let now = schedule.recognised(before: start.adding(seconds: Int64(day) * 86_400))
            #expect(schedule.amount.minor >= 0 ? now >= last : now <= last)
            sum += now - last
            last = now
        }
        #expect(sum == schedule.amount.minor)
    }
}
