package import Values

/// One value a month, without gaps.
package struct MonthlySeries: Hashable, Sendable {
    /// The first month.
    package let start: Month
    /// The values, one a month from `start` on.
    package let values: [Double]

    /// The fewest months that can be forecast from.
    package static let minimumMonths = 4
    /// The most months that are read: five hundred years.
    package static let maximumMonths = 6_000
    /// The largest size of a value; beyond it a Double keeps no cents.
    package static let largestValue = 1e15

    /// Makes a series of values from a month on.
    package init(start: Month, values: [Double]) throws(Problem) {
        guard values.count >= Self.minimumMonths else {
            throw .invalid("values", "there are \(values.count) months; a forecast needs \(Self.minimumMonths)")
        }
        guard values.count <= Self.maximumMonths else {
            throw Problem(.tooLarge, "there are \(values.count) months; the most is \(Self.maximumMonths)")
        }
        for (place, value) in values.enumerated() {
            guard value.isFinite, abs(value) <= Self.largestValue else {
                throw .invalid("values[\(place)]", "\(value) is not a number between -1e15 and 1e15")
            }
        }
        guard start.adding(values.count + ForecastOptions.maximumHorizon).year <= 9999 else {
            throw .invalid("start", "\(start) is too late for a forecast")
        }
        self.start = start
        self.values = values
    }

    /// The month of the value at a place.
    package func month(_ place: Int) -> Month { start.adding(place) }
}

extension MonthlySeries {
    /// Reads a CSV text with the header `month,value` and a line a month, in order and without gaps.
    ///
    /// Every error names the line, counted from 1 with the header.
    package init(csv text: String) throws(Problem) {
        let unmarked = text.hasPrefix("\u{FEFF}") ? text.dropFirst() : Substring(text)
        var lines = unmarked.split(omittingEmptySubsequences: false, whereSeparator: \.isNewline)
        while let last = lines.last, Self.trimmed(last).isEmpty { lines.removeLast() }
        try Self.checkHeader(lines.first)
        guard lines.count - 1 <= Self.maximumMonths else {
            throw Problem(.tooLarge, "line \(Self.maximumMonths + 2): at most \(Self.maximumMonths) months are read")
        }
        var first: Month?
        var values: [Double] = []
        values.reserveCapacity(lines.count)
        for (place, line) in lines.enumerated().dropFirst() {
            let row = try Self.row(line, number: place + 1)
            if let first {
                try Self.check(row.month, after: first.adding(values.count - 1), number: place + 1)
            } else {
                first = row.month
            }
            values.append(row.value)
        }
        guard let first, values.count >= Self.minimumMonths else {
            throw Self.invalid(
                lines.count,
                "the series ends after \(values.count) months; a forecast needs at least \(Self.minimumMonths)"
            )
        }
        try self.init(start: first, values: values)
    }

    /// Reads the bytes of a CSV file; see `init(csv: String)`.
    package init(csv bytes: [UInt8]) throws(Problem) {
        guard let text = String(validating: bytes, as: UTF8.self) else {
            var line = 1
            var rest = bytes[...]
            while let end = rest.firstIndex(of: UInt8(ascii: "\n")),
                String(validating: rest[..<end], as: UTF8.self) != nil
            {
                line += 1
                rest = rest[(end + 1)...]
            }
            throw Self.invalid(line, "the text is not UTF-8")
        }
        try self.init(csv: text)
    }

    private static func checkHeader(_ line: Substring?) throws(Problem) {
        guard let line, !trimmed(line).isEmpty else {
            throw invalid(1, "the file is empty; it begins with the header month,value")
        }
        let names = line.split(separator: ",", omittingEmptySubsequences: false).map { unquoted($0).lowercased() }
        guard names == ["month", "value"] else {
            throw invalid(1, "the header is \(shown(line)); it must be month,value")
        }
    }

    private static func row(_ line: Substring, number: Int) throws(Problem) -> (month: Month, value: Double) {
        guard !trimmed(line).isEmpty else { throw invalid(number, "the line is empty; months have no gaps") }
        let cells = line.split(separator: ",", omittingEmptySubsequences: false).map(unquoted)
        guard cells.count == 2 else {
            throw invalid(number, "\(shown(line)) has \(cells.count) columns; there must be two, month and value")
        }
        guard let month = Month(cells[0]) else {
            throw invalid(number, "\(shown(cells[0])) is no month; write it as 2024-01")
        }
        guard let value = value(cells[1]) else {
            throw invalid(number, "\(shown(cells[1])) is no number; write it as 1234.5")
        }
        guard abs(value) <= largestValue else {
            throw invalid(number, "\(shown(cells[1])) is too large; values are between -1e15 and 1e15")
        }
        return (month, value)
    }

    private static func check(_ month: Month, after last: Month, number: Int) throws(Problem) {
        guard month != last else { throw invalid(number, "\(month) is repeated") }
        guard month > last else { throw invalid(number, "\(month) comes after \(last); months must be in order") }
        guard month == last.adding(1) else {
            throw invalid(number, "\(month) follows \(last): \(last.adding(1)) is missing")
        }
    }

    /// A decimal number, with an exponent if need be; Double alone would also read "inf", "nan" and hexadecimal.
    private static func value(_ text: Substring) -> Double? {
        let allowed = text.utf8.allSatisfy { byte in
            switch byte {
            case UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "."), UInt8(ascii: "-"), UInt8(ascii: "+"),
                UInt8(ascii: "e"), UInt8(ascii: "E"):
                true
            default: false
            }
        }
        guard allowed, let value = Double(text), value.isFinite else { return nil }
        return value
    }

    private static func trimmed(_ text: Substring) -> Substring {
        var text = text
        while text.first?.isWhitespace == true { text.removeFirst() }
        while text.last?.isWhitespace == true { text.removeLast() }
        return text
    }

    private static func unquoted(_ cell: Substring) -> Substring {
        let text = trimmed(cell)
        guard text.count >= 2, text.first == "\"", text.last == "\"" else { return text }
        return trimmed(text.dropFirst().dropLast())
    }

    private static func shown(_ text: Substring) -> String { "\"\(text.prefix(60))\"" }

    private static func invalid(_ line: Int, _ message: String) -> Problem { .invalid("line \(line)", message) }
}
