import Testing
import Values

@Suite struct CalendarDateTests {
    @Test func `every day of the years 1 to 9999 comes after the one before`() throws {
        let first = try #require(CalendarDate(year: 1, month: 1, day: 1)).daysSinceEpoch
        var expected = (year: 1, month: 1, day: 1)
        var count = 0
        for days in stride(from: first, to: first + 3_652_059, by: 1) {
            let date = CalendarDate(daysSinceEpoch: days)
            guard date.year == expected.year, date.month == expected.month, date.day == expected.day,
                date.daysSinceEpoch == days
            else {
                Issue.record("day \(days) is \(date)")
                return
            }
            count += 1
            expected.day += 1
            if expected.day > CalendarDate.days(inMonth: expected.month, of: expected.year) {
                expected = expected.month == 12 ? (expected.year + 1, 1, 1) : (expected.year, expected.month + 1, 1)
            }
        }
        #expect(count == 3_652_059)
        #expect(expected.year == 10_000)
    }

    @Test(arguments: [
        ("1970-01-01", 0, 4), ("1970-01-05", 4, 1), ("2000-01-01", 10_957, 6), ("2026-03-01", 20_513, 7),
        ("1969-12-31", -1, 3), ("0001-01-01", -719_162, 1), ("9999-12-31", 2_932_896, 5),
    ])
    func `days are counted from 1970`(text: String, days: Int, weekday: Int) throws {
        let date = try #require(CalendarDate(text))
        #expect(date.daysSinceEpoch == days)
        #expect(date.weekday == weekday)
        #expect(date.text == text)
    }

    @Test(arguments: [
        ("2026-01-31", 1, "2026-02-28"), ("2026-01-31", 2, "2026-03-31"), ("2024-01-31", 1, "2024-02-29"),
        ("2024-02-29", 12, "2025-02-28"), ("2024-02-29", 48, "2028-02-29"), ("2026-03-31", -1, "2026-02-28"),
        ("2026-01-15", -13, "2024-12-15"), ("2000-01-31", -1199, "1900-02-28"), ("2026-12-31", 2, "2027-02-28"),
    ])
    func `a day too late for its month is the month's last day`(from: String, months: Int, to: String) throws {
        #expect(try #require(CalendarDate(from)).adding(months: months).text == to)
    }

    @Test(arguments: [
        "2026-02-29", "2026-13-01", "2026-00-01", "2026-01-00", "2026-01-32", "0000-01-01", "2026-1-01", "20260101",
        "2026-01-01 ", "+2026-01-01", "1900-02-29", "",
    ])
    func `what is no date is refused`(text: String) { #expect(CalendarDate(text) == nil) }
}

@Suite struct InstantTests {
    @Test(arguments: [
        ("2026-03-01T00:00:00Z", "2026-03-01T00:00:00Z"), ("2026-03-01T01:30:00+01:30", "2026-03-01T00:00:00Z"),
        ("2026-02-28T19:00:00-05:00", "2026-03-01T00:00:00Z"), ("2026-03-01t00:00:00z", "2026-03-01T00:00:00Z"),
        ("2026-03-01T00:00:00.5Z", "2026-03-01T00:00:00.5Z"),
        ("2026-03-01T00:00:00.000001Z", "2026-03-01T00:00:00.000001Z"),
        ("2026-03-01T00:00:00.1234567899Z", "2026-03-01T00:00:00.123456Z"),
        ("1969-12-31T23:59:59.25Z", "1969-12-31T23:59:59.25Z"), ("0001-01-01T00:00:00Z", "0001-01-01T00:00:00Z"),
        ("9999-12-31T23:59:59.999999Z", "9999-12-31T23:59:59.999999Z"),
        ("2026-03-01T00:00:00-00:00", "2026-03-01T00:00:00Z"), ("2026-03-01T00:00:00.000Z", "2026-03-01T00:00:00Z"),
    ])
    func `RFC 3339 is read and written in UTC`(text: String, utc: String) throws {
        let instant = try #require(Instant(text))
        #expect(instant.text == utc)
        #expect(Instant(utc) == instant)
    }

    @Test(arguments: [
        "2026-03-01T00:00:00", "2026-03-01", "2026-03-01 00:00:00Z", "2026-03-01T24:00:00Z", "2026-03-01T00:60:00Z",
        "2026-03-01T23:59:60Z", "2026-02-29T00:00:00Z", "2026-03-01T00:00Z", "2026-03-01T00:00:00.Z",
        "2026-03-01T00:00:00+0100", "2026-03-01T00:00:00+24:00", "2026-03-01T00:00:00+01:60", "2026-03-01T00:00:00ZZ",
        "0001-01-01T00:00:00+01:00", "9999-12-31T23:59:59-00:01", "0000-01-01T00:00:00Z", "10000-01-01T00:00:00Z", "",
        "2026-03-01T0１:00:00Z",
    ])
    func `what is no RFC 3339 instant is refused`(text: String) { #expect(Instant(text) == nil) }

    @Test(arguments: 1...4)
    func `text round-trips to the microsecond`(seed: UInt64) {
        var sampler = Sampler(seed: seed)
        for _ in 0..<2_000 {
            let bounds = Instant.writable.lowerBound.microseconds...Instant.writable.upperBound.microseconds
            let instant = Instant(microseconds: .random(in: bounds, using: &sampler))
            #expect(Instant(instant.text) == instant)
            #expect(instant.wholeSeconds <= instant)
            #expect(instant - instant.wholeSeconds < 1_000_000)
        }
    }

    @Test func `cutting to whole seconds goes down before 1970 too`() throws {
        let instant = try #require(Instant("1969-12-31T23:59:58.5Z"))
        #expect(instant.seconds == -2)
        #expect(instant.wholeSeconds.text == "1969-12-31T23:59:58Z")
        #expect(instant.adding(seconds: 2).text == "1970-01-01T00:00:00.5Z")
        #expect(instant.adding(microseconds: 500_000).text == "1969-12-31T23:59:59Z")
    }
}
