/// A statement and its binds, written as a string literal: every `\(value)` becomes a bind `$n`, never text.
///
/// Raw text is spelled `\(unescaped:)` and another statement is spliced in with `\(fragment:)`.
package struct SQL: ExpressibleByStringInterpolation, Sendable {
    /// The text with `$1`, `$2`, … where values were interpolated.
    package private(set) var text: String

    /// A value on its way to the server.
    package enum Bind: Sendable {
        case null
        case text(String)
        /// In PostgreSQL's binary form.
        case binary([UInt8])

        init(_ text: String?) { self = text.map(Bind.text) ?? .null }
    }

    /// The values in the order of their numbers.
    package private(set) var values: [Bind]

    /// The values that travel as text; nil is NULL, or one in binary form.
    package var binds: [String?] {
        values.map { value in
            guard case .text(let text) = value else { return nil }
            return text
        }
    }

    package init(stringLiteral value: String) {
        text = value
        values = []
    }

    package init(stringInterpolation interpolation: StringInterpolation) {
        text = interpolation.text
        values = interpolation.values
    }

    /// Makes a statement of trusted text, such as a migration file.
    package init(unescaped text: String) {
        self.text = text
        values = []
    }

    /// Joins statements' texts with a separator, keeping their binds.
    package init(joining parts: [SQL], separator: String) {
        var whole = StringInterpolation(literalCapacity: 0, interpolationCount: 0)
        for (index, part) in parts.enumerated() {
            if index > 0 { whole.appendLiteral(separator) }
            whole.appendInterpolation(fragment: part)
        }
        self.init(stringInterpolation: whole)
    }

    package struct StringInterpolation: StringInterpolationProtocol {
        var text = ""
        var values: [Bind] = []

        package init(literalCapacity: Int, interpolationCount: Int) {
            text.reserveCapacity(literalCapacity + interpolationCount * 3)
            values.reserveCapacity(interpolationCount)
        }

        package mutating func appendLiteral(_ literal: String) {
            text += literal
        }

        package mutating func appendInterpolation(_ value: some SQLEncodable) {
            append(Bind(value.sqlText))
        }

        package mutating func appendInterpolation<Value: SQLEncodable>(_ value: Value?) {
            append(Bind(value?.sqlText))
        }

        /// Binds an array in binary form: for many values, which then are neither written as text nor read.
        package mutating func appendInterpolation(binary array: SQLBinaryArray) {
            append(.binary(array.bytes))
        }

        private mutating func append(_ value: Bind) {
            values.append(value)
            text += "$\(values.count)"
        }

        package mutating func appendInterpolation(unescaped raw: String) {
            text += raw
        }

        /// Splices a statement in: its binds are numbered anew.
        package mutating func appendInterpolation(fragment: SQL) {
            let offset = values.count
            values += fragment.values
            guard offset > 0, !fragment.values.isEmpty else {
                text += fragment.text
                return
            }
            text += renumbered(fragment.text, by: offset)
        }

        private func renumbered(_ sql: String, by offset: Int) -> String {
            var result = ""
            var digits: String?
            for character in sql {
                if let number = digits {
                    if character.isASCII, character.isNumber {
                        digits = number + String(character)
                        continue
                    }
                    result += "$" + (Int(number).map { String($0 + offset) } ?? number)
                    digits = nil
                }
                if character == "$" { digits = "" } else { result.append(character) }
            }
            if let number = digits { result += "$" + (Int(number).map { String($0 + offset) } ?? number) }
            return result
        }
    }
}
