/// The periods that an anchor, an interval and a zone make; a pure calendar without an end.
///
/// Boundary n is counted from the anchor, never from the boundary before, and boundaries never go back in time. A period
/// whose day does not exist in the zone is empty; it keeps its index but is not a period.
package struct BillingCycle: Hashable, Sendable {
    /// Where the first period begins, in whole seconds.
    package let anchor: Instant
    /// The local wall time that the boundaries keep.
    package let wall: WallTime
    /// How long the periods are.
    package let interval: Interval
    /// The zone of the wall times.
    package let zone: Zone
    /// Where the periods begin and end.
    package let alignment: Alignment
    /// The number of the grid period that holds the anchor; 0 without a grid.
    private let firstOnGrid: Int

    /// Makes a cycle; an anchor that was written as a bare date keeps 00:00, also where that midnight is skipped.
    ///
    /// A fraction of a second of the anchor is cut off: calendars know none.
    package init(anchor: Instant, anchorIsDate: Bool, interval: Interval, zone: Zone, alignment: Alignment) {
        let (date, secondsOfDay) = zone.local(anchor)
        let wall = WallTime(date, secondsOfDay: anchorIsDate ? 0 : secondsOfDay)
        self.init(anchor: anchor, wall: wall, interval: interval, zone: zone, alignment: alignment)
    }

    /// Makes a cycle of an anchor as it was written.
    package init(_ moment: Moment, interval: Interval, zone: Zone, alignment: Alignment) {
        self.init(anchor: moment.instant, wall: moment.wall, interval: interval, zone: zone, alignment: alignment)
    }

    /// Makes a cycle of an anchor and the wall time to keep.
    package init(anchor: Instant, wall: WallTime, interval: Interval, zone: Zone, alignment: Alignment) {
        self.anchor = anchor.wholeSeconds
        self.wall = wall
        self.interval = interval
        self.zone = zone
        self.alignment = alignment
        guard alignment == .calendar else {
            firstOnGrid = 0
            return
        }
        let grid = Grid(interval: interval)
        var number = grid.number(holding: zone.date(of: anchor))
        // Where clocks go back over midnight, the next day can have begun already.
        while let next = grid.date(number + 1).flatMap({ BillingCycle.instant(WallTime($0), in: zone) }),
            next <= anchor.wholeSeconds
        {
            number += 1
        }
        firstOnGrid = number
    }

    /// The n-th boundary; 0 is the anchor.
    ///
    /// One beyond the year 9999 is an error with field `input`.
    package func boundary(_ n: Int) throws(Problem) -> Instant {
        precondition(n >= 0, "boundaries are counted from the anchor on")
        if n == 0 { return anchor }
        switch alignment {
        case .calendar:
            return try gridBoundary(firstOnGrid + n)
        case .anniversary:
            let (steps, overflow) = n.multipliedReportingOverflow(by: interval.count)
            guard !overflow, let date = wall.date.adding(interval.unit, steps: steps),
                let instant = BillingCycle.instant(WallTime(date, secondsOfDay: wall.secondsOfDay), in: zone)
            else { throw BillingCycle.outOfCalendar }
            return instant
        }
    }

    /// The period between boundaries n and n + 1; nil if it is empty.
    package func period(_ index: Int) throws(Problem) -> Period? {
        try Period(start: boundary(index), end: boundary(index + 1))
    }

    /// The whole period of one with this index: the same, for a stub that of the grid; nil if it is empty.
    package func whole(_ index: Int) throws(Problem) -> Period? {
        guard index == 0, alignment == .calendar else { return try period(index) }
        return try Period(start: gridBoundary(firstOnGrid), end: gridBoundary(firstOnGrid + 1))
    }

    /// The period that holds an instant, found without a scan; nil before the anchor.
    package func period(
        containing instant: Instant
    ) throws(Problem) -> (index: Int, period: Period, whole: Period)? {
        guard instant >= anchor else { return nil }
        var index = max(0, estimatedIndex(of: zone.date(of: instant)))
        var start = try boundary(index)
        while start > instant {
            index -= 1
            start = try boundary(index)
        }
        var end = try boundary(index + 1)
        while end <= instant {
            index += 1
            (start, end) = (end, try boundary(index + 1))
        }
        guard let period = Period(start: start, end: end), let whole = try whole(index) else {
            preconditionFailure("the period that holds \(instant) is empty")
        }
        return (index, period, whole)
    }

    /// The first period after one of this index, leaving out empty ones; −1 asks for the first of all.
    package func period(after index: Int) throws(Problem) -> (index: Int, period: Period) {
        var next = index + 1
        while true {
            if let period = try period(next) { return (next, period) }
            next += 1
        }
    }

    /// So many periods from the one that holds an instant, or from the first of all if it is before the anchor.
    package func periods(from instant: Instant, count: Int) throws(Problem) -> [Period] {
        guard count > 0 else { return [] }
        let first: (index: Int, period: Period)
        if let found = try period(containing: instant) {
            first = (found.index, found.period)
        } else {
            first = try period(after: -1)
        }
        var periods = [first.period]
        var index = first.index
        while periods.count < count {
            let next = try period(after: index)
            periods.append(next.period)
            index = next.index
        }
        return periods
    }

    /// The index of the period that holds a local date, give or take one.
    private func estimatedIndex(of date: CalendarDate) -> Int {
        switch (alignment, interval.unit) {
        case (.calendar, _):
            Grid(interval: interval).number(holding: date) - firstOnGrid
        case (.anniversary, .day):
            (date.daysSinceEpoch - wall.date.daysSinceEpoch) / interval.count
        case (.anniversary, .week):
            (date.daysSinceEpoch - wall.date.daysSinceEpoch) / 7 / interval.count
        case (.anniversary, .month):
            (date.monthNumber - wall.date.monthNumber) / interval.count
        case (.anniversary, .year):
            (date.year - wall.date.year) / interval.count
        }
    }

    private func gridBoundary(_ number: Int) throws(Problem) -> Instant {
        let date = Grid(interval: interval).date(number)
        guard let instant = date.flatMap({ BillingCycle.instant(WallTime($0), in: zone) }) else {
            throw BillingCycle.outOfCalendar
        }
        return instant
    }

    /// The instant of a wall time; nil beyond the year 9999, or so far back that microseconds end.
    private static func instant(_ wall: WallTime, in zone: Zone) -> Instant? {
        guard (-200_000...9999).contains(wall.date.year) else { return nil }
        let instant = zone.instant(wall)
        return instant <= Instant.writable.upperBound ? instant : nil
    }

    private static let outOfCalendar = Problem.invalid("input", "a period's boundary lies beyond the year 9999")
}

/// The fixed boundaries of calendar alignment: months from January 2000, years from 2000, weeks from Monday 1970-01-05,
/// days from 1970-01-01.
private struct Grid {
    let interval: Interval

    /// The origin as a date: in days, months or years all others are counted from here.
    private var origin: CalendarDate {
        switch interval.unit {
        case .day: CalendarDate(daysSinceEpoch: 0)
        case .week: CalendarDate(daysSinceEpoch: 4)
        case .month, .year: CalendarDate(daysSinceEpoch: 10_957)
        }
    }

    /// The date of a boundary; nil far out of the calendar.
    func date(_ number: Int) -> CalendarDate? {
        let (steps, overflow) = number.multipliedReportingOverflow(by: interval.count)
        return overflow ? nil : origin.adding(interval.unit, steps: steps)
    }

    /// The number of the last boundary that is not after a date.
    func number(holding date: CalendarDate) -> Int {
        let units =
            switch interval.unit {
            case .day: date.daysSinceEpoch
            case .week: (date.daysSinceEpoch - origin.daysSinceEpoch).floorQuotient(7)
            case .month: date.monthNumber - origin.monthNumber
            case .year: date.year - origin.year
            }
        return units.floorQuotient(interval.count)
    }
}

extension CalendarDate {
    /// The date so many units later; nil for more than any calendar needs, before the arithmetic could overflow.
    fileprivate func adding(_ unit: Interval.Unit, steps: Int) -> CalendarDate? {
        guard steps.magnitude <= 4_000_000 else { return nil }
        return switch unit {
        case .day: adding(days: steps)
        case .week: adding(days: 7 * steps)
        case .month: adding(months: steps)
        case .year: adding(years: steps)
        }
    }
}
