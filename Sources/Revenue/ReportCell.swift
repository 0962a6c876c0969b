package import Values

/// Names a row of a report, or one figure of it: `2025-06`, `2025-06:tax`, `2025-06/vat/0.19:tax`.
///
/// First comes what names the row, its parts set apart by `/`; then a colon and the column. Parts that are left out,
/// from the end, are all there are.
package struct ReportCell: Hashable, Sendable, CustomStringConvertible {
    /// What names the row, like its month and its gateway.
    package let key: [String]
    /// The column; nil is the whole row.
    package let column: String?

    /// Takes both.
    package init(_ key: [String], column: String? = nil) {
        self.key = key
        self.column = column
    }

    /// Reads a cell.
    ///
    /// `columns`: those the report can explain; a colon before anything else belongs to the key.
    package init(parsing text: String, columns: [String]) throws(Problem) {
        guard !text.isEmpty, text.utf8.count <= 400 else {
            throw .invalid("explain", "has \(text.utf8.count) bytes; 1 to 400 are allowed")
        }
        // Names of columns may have colons themselves, like those of accounts.
        let named = columns.filter { text.hasSuffix(":\($0)") }.max { $0.count < $1.count }
        let rest = named.map { text.dropLast($0.count + 1) } ?? Substring(text)
        if named == nil, !columns.isEmpty, let colon = text.firstIndex(of: ":"), Month(text[..<colon]) != nil {
            throw .invalid(
                "explain",
                "names the column \"\(text[colon...].dropFirst().prefix(40))\"; one of "
                    + "\(columns.joined(separator: ", ")) is expected"
            )
        }
        key = rest.split(separator: "/", omittingEmptySubsequences: false).map(String.init)
        column = named
    }

    /// Reads the month that a key begins with.
    package func month() throws(Problem) -> Month {
        guard let first = key.first, let month = Month(first) else {
            throw .invalid(
                "explain",
                "is \"\(description.prefix(60))\"; a month, and perhaps a column, like 2025-06:total is expected"
            )
        }
        return month
    }

    /// Whether a row's own key begins with this one.
    package func matches(_ parts: [String]) -> Bool {
        key.count <= parts.count && zip(key, parts).allSatisfy(==)
    }

    package var description: String { key.joined(separator: "/") + (column.map { ":\($0)" } ?? "") }
}

extension ReportMonths {
    /// The month of a cell, which must be one of these.
    func month(of cell: ReportCell) throws(Problem) -> Month {
        let month = try cell.month()
        guard from <= month, month <= to else {
            throw .invalid("explain", "names \(month), outside \(from) to \(to)")
        }
        return month
    }

    /// Where what is behind a cell can be read over HTTP: the value of `explain` in the rows of JSON.
    ///
    /// `currency`: the only one; nil is all.
    ///
    /// `options`: what else the report was asked for.
    func link(
        _ report: String,
        _ cell: ReportCell,
        currency: Currency?,
        options: [(name: String, value: String)] = []
    ) -> JSONValue {
        let named = currency.map { [(name: "currency", value: $0.code)] } ?? []
        let texts = (named + options + [(name: "explain", value: cell.description)]).map { option in
            "&\(option.name)=\(ReportLink.escaped(option.value))"
        }
        return .string("/v1/reports/\(report)?from=\(from)&to=\(to)&as_of=\(asOf)\(texts.joined())")
    }
}

/// Writes addresses.
enum ReportLink {
    /// What may stand in a query as it is; all else is written as `%XX`.
    static func escaped(_ text: String) -> String {
        let digits = Array("0123456789ABCDEF")
        var escaped = ""
        for byte in text.utf8 {
            let scalar = Unicode.Scalar(byte)
            if scalar.properties.isASCIIHexDigit || ("a"..."z").contains(scalar) || ("A"..."Z").contains(scalar)
                || "-._~:/".unicodeScalars.contains(scalar)
            {
                escaped.unicodeScalars.append(scalar)
            } else {
                escaped += "%\(digits[Int(byte >> 4)])\(digits[Int(byte & 15)])"
            }
        }
        return escaped
    }
}
