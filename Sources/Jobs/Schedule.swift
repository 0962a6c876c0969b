package import Values

/// When something happens again and again: the five fields of cron, in UTC.
///
/// Fields are minute, hour, day of month, month, day of week (0 or 7 is Sunday); each is `*`, a number, a range `a-b`,
/// a list `a,b` or a step `*/n`. If both days are given, either suffices, as in cron.
package struct Schedule: Hashable, Sendable {
    /// The expression as written.
    package let text: String

    private let minutes: Set<Int>
    private let hours: Set<Int>
    private let days: Set<Int>
    private let months: Set<Int>
    private let weekdays: Set<Int>
    private let isDayFree: Bool
    private let isWeekdayFree: Bool

    /// Reads an expression.
    package init(_ text: String) throws(JobError) {
        let fields = text.split(separator: " ", omittingEmptySubsequences: true).map(String.init)
        guard fields.count == 5 else { throw .schedule(text, why: "needs five fields") }
        self.text = text
        minutes = try Self.parse(fields[0], 0...59, text)
        hours = try Self.parse(fields[1], 0...23, text)
        days = try Self.parse(fields[2], 1...31, text)
        months = try Self.parse(fields[3], 1...12, text)
        weekdays = Set(try Self.parse(fields[4], 0...7, text).map { $0 % 7 })
        isDayFree = fields[2] == "*"
        isWeekdayFree = fields[4] == "*"
    }

    /// The last slot at or before an instant; nil if there is none within five years.
    package func slot(atOrBefore instant: Instant) -> Instant? {
        var (date, seconds) = Zone.utc.local(instant)
        var minute = seconds / 60
        for _ in 0..<(5 * 366) {
            if matches(date) {
                while minute >= 0 {
                    if minutes.contains(minute % 60), hours.contains(minute / 60) {
                        return Zone.utc.instant(date, secondsOfDay: minute * 60)
                    }
                    minute -= 1
                }
            }
            date = date.adding(days: -1)
            minute = 24 * 60 - 1
        }
        return nil
    }

    private func matches(_ date: CalendarDate) -> Bool {
        guard months.contains(date.month) else { return false }
        let isDay = days.contains(date.day)
        // 1 January 1970 was a Thursday.
        let isWeekday = weekdays.contains(((date.daysSinceEpoch + 4) % 7 + 7) % 7)
        if isDayFree { return isWeekday }
        if isWeekdayFree { return isDay }
        return isDay || isWeekday
    }

    private static func parse(_ field: String, _ bounds: ClosedRange<Int>, _ text: String) throws(JobError) -> Set<Int>
    {
        var values: Set<Int> = []
        for part in field.split(separator: ",", omittingEmptySubsequences: false) {
            let pieces = part.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false)
            let step = pieces.count == 2 ? Int(pieces[1]) : 1
            guard let step, step > 0 else { throw .schedule(text, why: "\(part) has no valid step") }
            let range: ClosedRange<Int>
            let ends = pieces[0].split(separator: "-", omittingEmptySubsequences: false).map { Int($0) }
            if pieces[0] == "*" {
                range = bounds
            } else if ends.count == 1, let only = ends[0] {
                range = only...(pieces.count == 2 ? bounds.upperBound : only)
            } else if ends.count == 2, let low = ends[0], let high = ends[1], low <= high {
                range = low...high
            } else {
                throw .schedule(text, why: "\(part) is no number, range or *")
            }
            guard bounds.contains(range.lowerBound), bounds.contains(range.upperBound) else {
                throw .schedule(text, why: "\(part) is outside \(bounds.lowerBound)–\(bounds.upperBound)")
            }
            values.formUnion(stride(from: range.lowerBound, through: range.upperBound, by: step))
        }
        return values
    }
}
