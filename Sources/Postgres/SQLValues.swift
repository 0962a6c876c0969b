package import Values

/// A value that can be bound to a statement, in PostgreSQL's text form.
package protocol SQLEncodable: Sendable {
    /// The text form; nil is NULL.
    var sqlText: String? { get }
}

/// A value that can be read from a column's text form.
package protocol SQLDecodable: Sendable {
    /// Reads the text form of a column that is not NULL.
    init(sqlText: String) throws(PostgresError)
}

extension String: SQLEncodable, SQLDecodable {
    package var sqlText: String? { self }
    package init(sqlText: String) { self = sqlText }
}

extension Bool: SQLEncodable, SQLDecodable {
    package var sqlText: String? { self ? "t" : "f" }

    package init(sqlText: String) throws(PostgresError) {
        switch sqlText {
        case "t", "true": self = true
        case "f", "false": self = false
        default: throw .decoding(sqlText, as: "boolean")
        }
    }
}

extension FixedWidthInteger where Self: SQLEncodable {
    package var sqlText: String? { String(self) }
}

extension FixedWidthInteger where Self: SQLDecodable {
    package init(sqlText: String) throws(PostgresError) {
        guard let value = Self(sqlText) else { throw .decoding(sqlText, as: "\(Self.self)") }
        self = value
    }
}

extension Int: SQLEncodable, SQLDecodable {}
extension Int64: SQLEncodable, SQLDecodable {}
extension Int32: SQLEncodable, SQLDecodable {}

extension Double: SQLEncodable, SQLDecodable {
    package var sqlText: String? { isNaN ? "NaN" : isInfinite ? (self < 0 ? "-Infinity" : "Infinity") : "\(self)" }

    package init(sqlText: String) throws(PostgresError) {
        guard let value = Double(sqlText) else { throw .decoding(sqlText, as: "double precision") }
        self = value
    }
}

extension Instant: SQLEncodable, SQLDecodable {
    package var sqlText: String? { text }

    package init(sqlText: String) throws(PostgresError) {
        guard let value = Instant(postgresText: sqlText) else { throw .decoding(sqlText, as: "timestamptz") }
        self = value
    }

    /// Reads `2026-11-24 14:13:13.5+00`, the form a session whose zone is UTC prints.
    private init?(postgresText text: String) {
        guard text.hasSuffix("+00") else { return nil }
        var rfc3339 = Array(text.utf8.dropLast(3))
        guard rfc3339.count >= 19, rfc3339[10] == UInt8(ascii: " ") else { return nil }
        rfc3339[10] = UInt8(ascii: "T")
        self.init(String(decoding: rfc3339, as: UTF8.self) + "Z")
    }
}

extension CalendarDate: SQLEncodable, SQLDecodable {
    package var sqlText: String? { text }

    package init(sqlText: String) throws(PostgresError) {
        guard let value = CalendarDate(sqlText) else { throw .decoding(sqlText, as: "date") }
        self = value
    }
}

extension Exact: SQLEncodable {
    package var sqlText: String? { decimalText(maximumDigits: 12) }
}

extension Decimal12: SQLEncodable, SQLDecodable {
    package var sqlText: String? { text }

    package init(sqlText: String) throws(PostgresError) {
        guard let value = Decimal12(sqlText) else { throw .decoding(sqlText, as: "numeric(38,12)") }
        self = value
    }
}

extension Currency: SQLEncodable, SQLDecodable {
    package var sqlText: String? { code }

    package init(sqlText: String) throws(PostgresError) {
        guard let value = Currency(code: sqlText) else { throw .decoding(sqlText, as: "currency") }
        self = value
    }
}

extension ID: SQLEncodable, SQLDecodable {
    package var sqlText: String? { uuidText }

    package init(sqlText: String) throws(PostgresError) {
        guard let value = Self(uuidText: sqlText) else { throw .decoding(sqlText, as: "uuid") }
        self = value
    }
}

extension JSONValue: SQLEncodable, SQLDecodable {
    package var sqlText: String? { text }

    package init(sqlText: String) throws(PostgresError) {
        do { self = try JSONValue(parsing: sqlText) } catch { throw .decoding(String(sqlText.prefix(40)), as: "json") }
    }
}

extension Author: SQLEncodable {
    package var sqlText: String? { text }
}

extension Optional: SQLEncodable where Wrapped: SQLEncodable {
    package var sqlText: String? { self?.sqlText }
}

/// Arrays bind as PostgreSQL array literals; `[UInt8]` is bytea.
extension Array: SQLEncodable where Element: SQLEncodable {
    package var sqlText: String? {
        // An empty array of any element can be cast to bytes.
        if Element.self == UInt8.self, let bytes = self as? [UInt8] { return SQLBytes.text(bytes) }
        var text = "{"
        for (index, element) in enumerated() {
            if index > 0 { text += "," }
            guard let item = element.sqlText else {
                text += "NULL"
                continue
            }
            SQLArray.appendQuoted(item, to: &text)
        }
        return text + "}"
    }
}

extension Array: SQLDecodable where Element: SQLDecodable {
    package init(sqlText: String) throws(PostgresError) {
        if Element.self == UInt8.self, let bytes = try SQLBytes.bytes(sqlText) as? [Element] {
            self = bytes
            return
        }
        var values: [Element] = []
        for item in try SQLArray.items(sqlText) {
            guard let item else { throw .decoding("NULL", as: "array element") }
            values.append(try Element(sqlText: item))
        }
        self = values
    }
}

extension UInt8: SQLEncodable, SQLDecodable {}
