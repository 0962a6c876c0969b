package import Values

/// Into what a range of usage is cut, on the clocks of a zone.
package enum UsageWindow: String, CaseIterable, Sendable {
    case hour
    case day
    case month

    /// The most windows of one answer.
    package static let limit = 10_000

    /// Cuts a range at the beginnings of local hours, days or months; the first and the last may be parts of one.
    ///
    /// An hour that clocks show twice makes two windows; a day that a zone leaves out makes none.
    package func windows(of range: Period, in zone: Zone) throws(MeteringError) -> [Period] {
        var windows: [Period] = []
        var start = range.start
        while start < range.end {
            guard windows.count < UsageWindow.limit else { throw .tooManyWindows(self, limit: UsageWindow.limit) }
            let end = min(next(after: start, in: zone), range.end)
            guard let window = Period(start: start, end: end) else { break }
            windows.append(window)
            start = end
        }
        return windows
    }

    /// The first beginning after an instant.
    private func next(after instant: Instant, in zone: Zone) -> Instant {
        let (date, secondsOfDay) = zone.local(instant)
        switch self {
        case .hour:
            return instant.wholeSeconds.adding(seconds: Int64(3600 - secondsOfDay % 3600))
        case .day:
            return UsageWindow.first(after: instant, from: date.adding(days: 1), in: zone) { $0.adding(days: 1) }
        case .month:
            let first = date.adding(days: 1 - date.day)
            return UsageWindow.first(after: instant, from: first.adding(months: 1), in: zone) { $0.adding(months: 1) }
        }
    }

    /// The first of some midnights after an instant; where clocks skip a day, its midnight is not after it.
    private static func first(
        after instant: Instant,
        from date: CalendarDate,
        in zone: Zone,
        step: (CalendarDate) -> CalendarDate
    ) -> Instant {
        var date = date
        var midnight = zone.instant(date)
        while midnight <= instant {
            date = step(date)
            midnight = zone.instant(date)
        }
        return midnight
    }
}
