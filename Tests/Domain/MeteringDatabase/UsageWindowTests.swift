import Metering
import TestSupport
import Testing
import Values

@Suite struct UsageWindowTests {
    @Test(arguments: [
        // Clocks go forward in spring and back in autumn: days of 23 and 25 hours.
        ("Europe/Berlin", "2026-03-28", 3, [24, 23, 24]), ("Europe/Berlin", "2026-10-24", 3, [24, 25, 24]),
        ("America/New_York", "2026-03-07", 3, [24, 23, 24]), ("America/New_York", "2026-10-31", 3, [24, 25, 24]),
        ("Asia/Kathmandu", "2026-03-07", 2, [24, 24]),
    ])
    func `days are those of the zone's clocks`(
        _ name: String,
        _ first: String,
        _ days: Int,
        _ hours: [Int64]
    ) throws {
        let zone = try #require(Zone(name))
        let date = try #require(CalendarDate(first))
        let range = try #require(
            Period(start: zone.instant(date), end: zone.instant(date.adding(days: days)))
        )
        let windows = try UsageWindow.day.windows(of: range, in: zone)
        #expect(windows.map { $0.seconds / 3600 } == hours)
        Self.expectTiling(windows, range)
        // An hour that comes twice makes two windows.
        #expect(try UsageWindow.hour.windows(of: range, in: zone).count == Int(hours.reduce(0, +)))
    }

    @Test func `a day that a zone leaves out makes no window`() throws {
        let zone = try #require(Zone("Pacific/Apia"))
        let start = try #require(CalendarDate(year: 2011, month: 12, day: 29))
        let range = try #require(Period(start: zone.instant(start), end: zone.instant(start.adding(days: 3))))
        #expect(try UsageWindow.day.windows(of: range, in: zone).map { $0.seconds / 3600 } == [24, 24])
    }

    @Test func `the first and the last window are cut to the range`() throws {
        let zone = try #require(Zone("Europe/Berlin"))
        let start = try #require(Instant("2026-01-15T12:30:00Z"))
        let end = try #require(Instant("2026-04-02T00:00:00Z"))
        let range = try #require(Period(start: start, end: end))
        let windows = try UsageWindow.month.windows(of: range, in: zone)
        #expect(
            windows.map(\.end.text) == [
                "2026-01-31T23:00:00Z", "2026-02-28T23:00:00Z", "2026-03-31T22:00:00Z", "2026-04-02T00:00:00Z",
            ]
        )
        Self.expectTiling(windows, range)
    }

    @Test(arguments: ["Australia/Lord_Howe", "America/St_Johns", "Europe/Berlin", "America/Havana", "UTC"])
    func `windows tile a year in every zone`(_ name: String) throws {
        let zone = try #require(Zone(name))
        let range = try #require(Period(start: testNow, end: testNow.adding(seconds: 366 * 86_400)))
        for window in UsageWindow.allCases {
            Self.expectTiling(try window.windows(of: range, in: zone), range)
        }
    }

    @Test func `a range of too many windows is refused`() throws {
        let range = try #require(Period(start: testNow, end: testNow.adding(seconds: 3_600 * 10_001)))
        #expect(throws: MeteringError.tooManyWindows(.hour, limit: UsageWindow.limit)) {
            try UsageWindow.hour.windows(of: range, in: .utc)
        }
    }

    private static func expectTiling(_ windows: [Period], _ range: Period) {
        #expect(windows.first?.start == range.start)
        #expect(windows.last?.end == range.end)
        #expect(zip(windows, windows.dropFirst()).allSatisfy { $0.end == $1.start })
        #expect(windows.dropFirst().allSatisfy { $0.start.microseconds % (900 * 1_000_000) == 0 })
    }
}
