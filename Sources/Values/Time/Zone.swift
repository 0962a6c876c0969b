/// A date and a time of day as a clock on the wall shows them.
package struct WallTime: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The date.
    package let date: CalendarDate
    /// Seconds since 00:00 on the clock's face, 0…86399.
    package let secondsOfDay: Int

    /// A time of day, by default 00:00.
    package init(_ date: CalendarDate, secondsOfDay: Int = 0) {
        self.date = date
        self.secondsOfDay = secondsOfDay
    }

    /// The same time of day so many days later.
    package func adding(days: Int) -> WallTime { WallTime(date.adding(days: days), secondsOfDay: secondsOfDay) }

    /// The same time of day so many months later; the last of the month where the month is too short.
    package func adding(months: Int) -> WallTime { WallTime(date.adding(months: months), secondsOfDay: secondsOfDay) }

    /// What the clock shows so many of its seconds later, without a change of the zone's offset in between.
    package func adding(seconds: Int64) -> WallTime {
        let sum = Int64(secondsOfDay) + seconds
        let days = sum.floorQuotient(86_400)
        return WallTime(date.adding(days: Int(days)), secondsOfDay: Int(sum - days * 86_400))
    }

    /// How many seconds later another time is on the clock; below 0 if it is earlier.
    package func seconds(until other: WallTime) -> Int64 {
        Int64(other.date.daysSinceEpoch - date.daysSinceEpoch) * 86_400 + Int64(other.secondsOfDay - secondsOfDay)
    }

    package var description: String {
        var writer = DigitWriter()
        writer.write(date)
        writer.write("T")
        writer.write(secondsOfDay / 3600, digits: 2)
        writer.write(":")
        writer.write(secondsOfDay / 60 % 60, digits: 2)
        writer.write(":")
        writer.write(secondsOfDay % 60, digits: 2)
        return writer.text
    }

    package static func < (lhs: WallTime, rhs: WallTime) -> Bool {
        (lhs.date, lhs.secondsOfDay) < (rhs.date, rhs.secondsOfDay)
    }
}

/// A time zone of the tz database.
///
/// All zone arithmetic of Abono happens here: PostgreSQL carries other zone data and is never asked.
package struct Zone: Hashable, Sendable, CustomStringConvertible {
    /// The name as it was given, like `Europe/Berlin`.
    package let name: String
    /// The zone's clock changes; nil for UTC.
    private let rules: ZoneRules?

    /// A zone by its IANA name; nil for abbreviations, offsets and whatever else is no such name.
    package init?(_ iana: String) {
        self.name = iana
        if ZoneNames.utc.contains(iana) {
            rules = nil
        } else {
            guard let rules = ZoneRules.named(iana) else { return nil }
            self.rules = rules
        }
    }

    private init(utc name: String) {
        self.name = name
        rules = nil
    }

    /// Coordinated universal time.
    package static let utc = Zone(utc: "UTC")

    /// The seconds by which clocks are ahead of UTC at an instant.
    package func offset(at instant: Instant) -> Int {
        guard let rules else { return 0 }
        return Int(rules.offset(at: instant.seconds))
    }

    /// What a clock on the wall shows, cut to whole seconds.
    package func local(_ instant: Instant) -> (date: CalendarDate, secondsOfDay: Int) {
        let local = instant.seconds + Int64(offset(at: instant))
        let days = local.floorQuotient(86_400)
        return (CalendarDate(daysSinceEpoch: Int(days)), Int(local - days * 86_400))
    }

    /// What a clock on the wall shows, cut to whole seconds.
    package func wallTime(of instant: Instant) -> WallTime {
        let (date, secondsOfDay) = local(instant)
        return WallTime(date, secondsOfDay: secondsOfDay)
    }

    /// The local date.
    package func date(of instant: Instant) -> CalendarDate { CalendarDate(daysSinceEpoch: daysSinceEpoch(of: instant)) }

    /// The number of the local date, counted from 1970-01-01.
    func daysSinceEpoch(of instant: Instant) -> Int {
        Int((instant.seconds + Int64(offset(at: instant))).floorQuotient(86_400))
    }

    /// The instant of a local time: the first of two if it comes twice, the first after the gap if it is skipped.
    package func instant(_ date: CalendarDate, secondsOfDay: Int = 0) -> Instant {
        let local = Int64(date.daysSinceEpoch) * 86_400 + Int64(secondsOfDay)
        guard let rules else { return Instant(seconds: local) }
        return Instant(seconds: rules.firstSecond(showing: local))
    }

    /// The instant of a local time: the first of two if it comes twice, the first after the gap if it is skipped.
    package func instant(_ wall: WallTime) -> Instant { instant(wall.date, secondsOfDay: wall.secondsOfDay) }

    package var description: String { name }

    package static func == (lhs: Zone, rhs: Zone) -> Bool { lhs.name == rhs.name }

    package func hash(into hasher: inout Hasher) { name.hash(into: &hasher) }
}
