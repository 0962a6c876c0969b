import Foundation
import Testing
import Values

@Suite struct ZoneTests {
    @Test(arguments: [
        // Local times that come once, before and after a change.
        ("America/New_York", "2026-03-08T01:59:59", "2026-03-08T06:59:59Z"),
        ("America/New_York", "2026-03-08T03:00:00", "2026-03-08T07:00:00Z"),
        // Skipped: the first instant after the gap.
        ("America/New_York", "2026-03-08T02:30:00", "2026-03-08T07:00:00Z"),
        ("America/New_York", "2026-03-08T02:00:00", "2026-03-08T07:00:00Z"),
        ("America/Sao_Paulo", "2018-11-04T00:00:00", "2018-11-04T03:00:00Z"),
        ("Pacific/Apia", "2011-12-30T00:00:00", "2011-12-30T10:00:00Z"),
        ("Pacific/Apia", "2011-12-30T23:59:59", "2011-12-30T10:00:00Z"),
        ("Pacific/Apia", "2011-12-31T00:00:00", "2011-12-30T10:00:00Z"),
        ("Pacific/Kwajalein", "1993-08-21T12:00:00", "1993-08-21T12:00:00Z"),
        ("Australia/Lord_Howe", "2025-10-05T02:15:00", "2025-10-04T15:30:00Z"),
        // Twice: the first of the two.
        ("America/New_York", "2026-11-01T01:30:00", "2026-11-01T05:30:00Z"),
        ("Australia/Lord_Howe", "2026-04-05T01:45:00", "2026-04-04T14:45:00Z"),
        ("America/Sao_Paulo", "2018-02-17T23:30:00", "2018-02-18T01:30:00Z"),
        ("America/St_Johns", "2010-11-06T23:30:00", "2010-11-07T02:00:00Z"),
        ("America/St_Johns", "2010-11-07T00:00:00", "2010-11-07T02:30:00Z"),
        // Juneau, sold from Russia to the United States, and the west coast's war time.
        ("America/Juneau", "1983-10-30T01:30:00", "1983-10-30T08:30:00Z"),
        ("America/Juneau", "1942-02-09T02:30:00", "1942-02-09T10:00:00Z"),
        ("Europe/Dublin", "2026-03-29T01:30:00", "2026-03-29T01:00:00Z"),
        ("Asia/Kolkata", "2026-03-04T00:00:00", "2026-03-03T18:30:00Z"),
        ("UTC", "2026-03-29T01:30:00", "2026-03-29T01:30:00Z"),
    ])
    func `local times become instants`(name: String, local: String, expected: String) throws {
        let zone = try #require(Zone(name))
        let face = try #require(Instant(local + "Z"))
        let (date, secondsOfDay) = Zone.utc.local(face)
        #expect(zone.instant(date, secondsOfDay: secondsOfDay).text == expected)
    }

    @Test(arguments: [
        "Europe/Berlin", "Asia/Calcutta", "Asia/Kolkata", "US/Eastern", "EST", "EST5EDT", "Etc/GMT+3", "GMT0", "GMT",
        "UTC",
        "Zulu", "Etc/UTC", "America/Argentina/ComodRivadavia", "Pacific/Kanton", "Europe/Kyiv", "Europe/Kiev",
        "NZ-CHAT",
    ])
    func `names and links of the tz database are zones`(name: String) { #expect(Zone(name)?.name == name) }

    @Test(arguments: [
        "", "GMT+3", "UTC+1", "PDT", "CEST", "europe/berlin", "Europe/Berlin ", "Mars/Olympus", "+01:00", "Local",
        "posixrules",
        "../etc/passwd", "utc", "JST",
    ])
    func `abbreviations, offsets and inventions are no zones`(name: String) { #expect(Zone(name) == nil) }

    @Test func `Etc names count westward`() throws {
        #expect(try #require(Zone("Etc/GMT+3")).offset(at: .epoch) == -3 * 3600)
    }

    /// A wrong page would show here: seeded instants, and both sides of every change that Foundation lists.
    @Test(arguments: TimeZone.knownTimeZoneIdentifiers)
    func `offsets are those of Foundation from 1900 to 2200`(name: String) throws {
        let foundation = try #require(TimeZone(identifier: name))
        let zone = try #require(Zone(name))
        func check(_ second: Int64) {
            let expected = foundation.secondsFromGMT(for: Date(timeIntervalSince1970: Double(second)))
            #expect(zone.offset(at: Instant(seconds: second)) == expected, "\(name) at \(Instant(seconds: second))")
        }
        var sampler = Sampler(seed: 7)
        let from: Int64 = -2_208_988_800
        let to: Int64 = 7_258_118_400
        for _ in 0..<300 { check(.random(in: from..<to, using: &sampler)) }
        var date = Date(timeIntervalSince1970: 0)
        while let next = foundation.nextDaylightSavingTimeTransition(after: date),
            next.timeIntervalSince1970 < 4_102_444_800
        {
            let second = Int64(next.timeIntervalSince1970.rounded())
            check(second - 1)
            check(second)
            date = next
        }
    }

    @Test(arguments: TimeZone.knownTimeZoneIdentifiers)
    func `an instant is found again by its local time, or its twin is`(name: String) throws {
        let zone = try #require(Zone(name))
        var sampler = Sampler(seed: 11)
        for _ in 0..<300 {
            let instant = Instant(seconds: .random(in: -2_208_988_800..<7_258_118_400, using: &sampler))
            let wall = zone.wallTime(of: instant)
            let found = zone.instant(wall)
            #expect(found <= instant)
            #expect(zone.wallTime(of: found) == wall)
            #expect(zone.date(of: instant) == wall.date)
        }
    }

    @Test func `far past and far future have offsets too`() throws {
        let zone = try #require(Zone("Europe/Berlin"))
        #expect(zone.offset(at: Instant.writable.lowerBound) == 53 * 60 + 28)
        #expect(zone.offset(at: try #require(Instant("9999-07-01T00:00:00Z"))) == 7200)
        #expect(zone.offset(at: try #require(Instant("9999-12-31T00:00:00Z"))) == 3600)
    }
}
