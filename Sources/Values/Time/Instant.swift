/// A point in time, to the microsecond.
package struct Instant: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Microseconds since 1970-01-01T00:00:00Z, without leap seconds.
    package let microseconds: Int64

    private static let perSecond: Int64 = 1_000_000

    /// The instant so many microseconds after 1970 began in UTC.
    package init(microseconds: Int64) { self.microseconds = microseconds }

    /// The instant so many seconds after 1970 began in UTC.
    package init(seconds: Int64) { microseconds = seconds * Instant.perSecond }

    /// 1970-01-01T00:00:00Z.
    package static let epoch = Instant(microseconds: 0)

    /// The first and the last instant that can be written: years 1 to 9999 of UTC.
    package static let writable =
        Instant(seconds: -62_135_596_800)...Instant(microseconds: 253_402_300_799_999_999)

    /// Reads RFC 3339 with an offset, years 0001–9999 (also in UTC); fractions are cut to microseconds.
    ///
    /// Leap seconds (`:60`) are refused, as this scale does not have them.
    package init?(_ rfc3339: String) {
        let utf8 = Array(rfc3339.utf8)
        guard utf8.count >= 20, let date = CalendarDate(utf8[..<10]) else { return nil }
        var reader = DigitReader(utf8[10...])
        guard reader.take("T") || reader.take("t"), let hour = reader.number(2), reader.take(":"),
            let minute = reader.number(2), reader.take(":"), let second = reader.number(2),
            hour < 24, minute < 60, second < 60
        else { return nil }
        var fraction = 0
        if reader.take(".") {
            guard let millionths = reader.millionths() else { return nil }
            fraction = millionths
        }
        guard let offset = Instant.offset(&reader), reader.rest.isEmpty else { return nil }
        let seconds = date.daysSinceEpoch * 86_400 + hour * 3600 + minute * 60 + second - offset
        let instant = Instant(microseconds: Int64(seconds) * Instant.perSecond + Int64(fraction))
        guard Instant.writable.contains(instant) else { return nil }
        self = instant
    }

    /// Reads `Z` or `+05:30`, in seconds.
    private static func offset(_ reader: inout DigitReader) -> Int? {
        if reader.take("Z") || reader.take("z") { return 0 }
        let isWest = reader.take("-")
        guard isWest || reader.take("+"), let hours = reader.number(2), reader.take(":"),
            let minutes = reader.number(2),
            hours < 24, minutes < 60
        else { return nil }
        let seconds = hours * 3600 + minutes * 60
        return isWest ? -seconds : seconds
    }

    /// The instant in UTC, like `2026-03-01T00:00:00Z`; a fraction only if there is one, without trailing zeros.
    package var text: String {
        let seconds = self.seconds
        let date = CalendarDate(daysSinceEpoch: Int(seconds.floorQuotient(86_400)))
        let ofDay = Int(seconds - seconds.floorQuotient(86_400) * 86_400)
        var writer = DigitWriter()
        writer.write(date)
        writer.write("T")
        writer.write(ofDay / 3600, digits: 2)
        writer.write(":")
        writer.write(ofDay / 60 % 60, digits: 2)
        writer.write(":")
        writer.write(ofDay % 60, digits: 2)
        var fraction = Int(microseconds - seconds * Instant.perSecond)
        if fraction > 0 {
            var digits = 6
            while fraction % 10 == 0 {
                fraction /= 10
                digits -= 1
            }
            writer.write(".")
            writer.write(fraction, digits: digits)
        }
        writer.write("Z")
        return writer.text
    }

    package var description: String { text }

    /// Whole seconds since 1970, rounded down.
    package var seconds: Int64 { microseconds.floorQuotient(Instant.perSecond) }

    /// The instant cut to whole seconds.
    package var wholeSeconds: Instant { Instant(seconds: seconds) }

    /// The instant so many seconds later.
    package func adding(seconds: Int64) -> Instant {
        Instant(microseconds: microseconds + seconds * Instant.perSecond)
    }

    /// The instant so many microseconds later.
    package func adding(microseconds other: Int64) -> Instant { Instant(microseconds: microseconds + other) }

    /// The instant in UTC as JSON.
    package var json: JSONValue { .string(text) }

    package static func < (lhs: Instant, rhs: Instant) -> Bool { lhs.microseconds < rhs.microseconds }

    /// The microseconds from the second to the first.
    package static func - (lhs: Instant, rhs: Instant) -> Int64 { lhs.microseconds - rhs.microseconds }
}
