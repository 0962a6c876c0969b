import Foundation
import Testing
import Values

@Suite struct TilingTests {
    /// The last boundary is that of January 2100.
    private static let months = 130 * 12

    @Test(arguments: TimeZone.knownTimeZoneIdentifiers)
    func `monthly periods tile time from 1970 to 2100 in every zone for anchors on days 28 to 31`(name: String) throws {
        let zone = try #require(Zone(name))
        for day in 28...31 {
            let date = try #require(CalendarDate(year: 1970, month: 1, day: day))
            let cycle = BillingCycle(
                Moment(date, in: zone),
                interval: Interval(.month),
                zone: zone,
                alignment: .anniversary
            )
            var bounds: [Instant] = []
            for n in 0...TilingTests.months { bounds.append(try cycle.boundary(n)) }
            for n in 1...TilingTests.months {
                // No month is empty or longer than 31 days and a change of clocks.
                let hours = (bounds[n] - bounds[n - 1]) / 3_600_000_000
                guard (27 * 24...32 * 24).contains(hours) else {
                    Issue.record("\(name), day \(day): period \(n - 1) from \(bounds[n - 1]) lasts \(hours) hours")
                    return
                }
                let local = zone.wallTime(of: bounds[n])
                let expected = WallTime(date.adding(months: n))
                guard local == expected || local > expected && isSkipped(expected, in: zone) else {
                    Issue.record("\(name), day \(day): boundary \(n) is \(local), not \(expected)")
                    return
                }
            }
        }
    }

    /// Whether no instant near shows this local time.
    private func isSkipped(_ wall: WallTime, in zone: Zone) -> Bool {
        let face = Zone.utc.instant(wall).seconds
        return (-16 * 4...16 * 4).allSatisfy { quarter in
            zone.wallTime(of: Instant(seconds: face + Int64(quarter) * 900)) != wall
        }
    }

    @Test(arguments: TimeZone.knownTimeZoneIdentifiers)
    func `an instant is in the one period that holds it, for every unit and alignment`(name: String) throws {
        let zone = try #require(Zone(name))
        var sampler = Sampler(seed: 3)
        for unit in Interval.Unit.allCases {
            for alignment in Alignment.allCases {
                let anchor = Instant(seconds: .random(in: -2_000_000_000...2_000_000_000, using: &sampler))
                let interval = Interval(unit, count: Int.random(in: 1...5, using: &sampler))
                let cycle = BillingCycle(
                    anchor: anchor,
                    anchorIsDate: false,
                    interval: interval,
                    zone: zone,
                    alignment: alignment
                )
                for _ in 0..<3 {
                    let instant = anchor.adding(seconds: .random(in: 0...4_000_000_000, using: &sampler))
                    let found = try #require(try cycle.period(containing: instant))
                    #expect(found.period.contains(instant))
                    #expect(try cycle.period(found.index) == found.period)
                    #expect(found.whole.start <= found.period.start && found.whole.end == found.period.end)
                    #expect(try cycle.period(after: found.index).period.start == found.period.end)
                }
            }
        }
    }
}
