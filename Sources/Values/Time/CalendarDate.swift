/// A day of the proleptic Gregorian calendar, without a zone.
package struct CalendarDate: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The year; beyond 1…9999 only as a step of a calculation.
    package let year: Int
    /// The month, 1…12.
    package let month: Int
    /// The day of the month, from 1.
    package let day: Int

    private init(unchecked year: Int, _ month: Int, _ day: Int) {
        self.year = year
        self.month = month
        self.day = day
    }

    /// A date of the years 1…9999; nil if there is no such day.
    package init?(year: Int, month: Int, day: Int) {
        guard (1...9999).contains(year), (1...12).contains(month), day >= 1,
            day <= CalendarDate.days(inMonth: month, of: year)
        else { return nil }
        self.init(unchecked: year, month, day)
    }

    /// Reads `2026-03-01`.
    package init?(_ text: String) {
        let utf8 = Array(text.utf8)
        guard utf8.count == 10, let date = CalendarDate(utf8[...]) else { return nil }
        self = date
    }

    /// Reads the first ten bytes of a date or an instant.
    init?(_ utf8: ArraySlice<UInt8>) {
        var reader = DigitReader(utf8)
        guard let year = reader.number(4), reader.take("-"), let month = reader.number(2), reader.take("-"),
            let day = reader.number(2)
        else { return nil }
        self.init(year: year, month: month, day: day)
    }

    /// The date so many days after 1970-01-01.
    package init(daysSinceEpoch: Int) {
        // Days from 0000-03-01, so that a leap day ends its year (Hinnant, "chrono-compatible low-level date algorithms").
        let shifted = daysSinceEpoch + 719_468
        let era = shifted.floorQuotient(146_097)
        let dayOfEra = shifted - era * 146_097
        let yearOfEra = (dayOfEra - dayOfEra / 1_460 + dayOfEra / 36_524 - dayOfEra / 146_096) / 365
        let dayOfYear = dayOfEra - (365 * yearOfEra + yearOfEra / 4 - yearOfEra / 100)
        let shiftedMonth = (5 * dayOfYear + 2) / 153
        let month = shiftedMonth < 10 ? shiftedMonth + 3 : shiftedMonth - 9
        self.init(
            unchecked: yearOfEra + era * 400 + (month <= 2 ? 1 : 0),
            month,
            dayOfYear - (153 * shiftedMonth + 2) / 5 + 1
        )
    }

    /// The number of days since 1970-01-01.
    package var daysSinceEpoch: Int {
        let shiftedYear = month <= 2 ? year - 1 : year
        let era = shiftedYear.floorQuotient(400)
        let yearOfEra = shiftedYear - era * 400
        let dayOfYear = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1
        let dayOfEra = yearOfEra * 365 + yearOfEra / 4 - yearOfEra / 100 + dayOfYear
        return era * 146_097 + dayOfEra - 719_468
    }

    /// The number of months since January of year 0.
    package var monthNumber: Int { year * 12 + month - 1 }

    /// The day of the week by ISO 8601: Monday is 1, Sunday 7.
    package var weekday: Int {
        let days = daysSinceEpoch + 3
        return days - days.floorQuotient(7) * 7 + 1
    }

    /// The first day of the month.
    package var firstOfMonth: CalendarDate { CalendarDate(unchecked: year, month, 1) }

    /// The date so many days later.
    package func adding(days: Int) -> CalendarDate { CalendarDate(daysSinceEpoch: daysSinceEpoch + days) }

    /// The same day so many months later; the last of the month where the month is too short.
    package func adding(months: Int) -> CalendarDate {
        let number = monthNumber + months
        let year = number.floorQuotient(12)
        let month = number - year * 12 + 1
        return CalendarDate(unchecked: year, month, min(day, CalendarDate.days(inMonth: month, of: year)))
    }

    /// The same day so many years later; 29 February becomes the 28th where there is none.
    package func adding(years: Int) -> CalendarDate { adding(months: years * 12) }

    /// The number of days of a month.
    package static func days(inMonth month: Int, of year: Int) -> Int {
        switch month {
        case 2: year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 29 : 28
        case 4, 6, 9, 11: 30
        default: 31
        }
    }

    /// The date as `2026-03-01`.
    package var text: String {
        var writer = DigitWriter()
        writer.write(self)
        return writer.text
    }

    package var description: String { text }

    package static func < (lhs: CalendarDate, rhs: CalendarDate) -> Bool {
        (lhs.year, lhs.month, lhs.day) < (rhs.year, rhs.month, rhs.day)
    }
}

extension BinaryInteger {
    /// The quotient rounded down, for a positive divisor.
    func floorQuotient(_ divisor: Self) -> Self {
        let (quotient, remainder) = quotientAndRemainder(dividingBy: divisor)
        return remainder < 0 ? quotient - 1 : quotient
    }
}
