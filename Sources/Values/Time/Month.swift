/// A calendar month, like 2024-01, of the years 1 to 9999.
package struct Month: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// Months since January of the year 0.
    package let index: Int

    /// The month with this number since January of the year 0.
    package init(index: Int) {
        self.index = index
    }

    /// A month of a year; nil if there is none.
    package init?(year: Int, month: Int) {
        guard (1...9999).contains(year), (1...12).contains(month) else { return nil }
        index = year * 12 + month - 1
    }

    /// The month of a day.
    package init(of date: CalendarDate) {
        index = date.monthNumber
    }

    /// Reads `2024-01`, and nothing else.
    package init?(_ text: some StringProtocol) {
        let bytes = Array(text.utf8)
        guard bytes.count == 7, bytes[4] == UInt8(ascii: "-") else { return nil }
        var digits: [Int] = []
        for (place, byte) in bytes.enumerated() where place != 4 {
            guard (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) else { return nil }
            digits.append(Int(byte) - 48)
        }
        self.init(
            year: digits[0] * 1000 + digits[1] * 100 + digits[2] * 10 + digits[3],
            month: digits[4] * 10 + digits[5]
        )
    }

    /// The year.
    package var year: Int { index / 12 }

    /// The month of the year, from 1.
    package var month: Int { index % 12 + 1 }

    /// The month so many months later.
    package func adding(_ months: Int) -> Month { Month(index: index + months) }

    /// Its first instant in a zone.
    package func start(in zone: Zone) -> Instant {
        zone.instant(CalendarDate(daysSinceEpoch: 0).adding(months: index - 1970 * 12))
    }

    /// As it is read and written: `2024-01`.
    package var text: String {
        let year = String(year)
        let month = String(month)
        return String(repeating: "0", count: max(0, 4 - year.count)) + year + (month.count == 1 ? "-0" : "-") + month
    }

    package var description: String { text }

    package static func < (left: Month, right: Month) -> Bool { left.index < right.index }
}
