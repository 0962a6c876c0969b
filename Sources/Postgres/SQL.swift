/// A statement and its binds, written as a string literal: every `\(value)` becomes a bind `$n`, never text.
///
/// Raw text is spelled `\(unescaped:)` and another statement is spliced in with `\(fragment:)`.
package struct SQL: ExpressibleByStringInterpolation, Sendable {
    /// The text with `$1`, `$2`, … where values were interpolated.
    package private(set) var text: String

    /// The values in the order of their numbers; nil is NULL.
    package private(set) var binds: [String?]

    package init(stringLiteral value: String) {
        text = value
        binds = []
    }

    package init(stringInterpolation interpolation: StringInterpolation) {
        text = interpolation.text
        binds = interpolation.binds
    }

    /// Makes a statement of trusted text, such as a migration file.
    package init(unescaped text: String) {
        self.text = text
        binds = []
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
        var binds: [String?] = []

        package init(literalCapacity: Int, interpolationCount: Int) {
            text.reserveCapacity(literalCapacity + interpolationCount * 3)
            binds.reserveCapacity(interpolationCount)
        }

        package mutating func appendLiteral(_ literal: String) {
            text += literal
        }

        package mutating func appendInterpolation(_ value: some SQLEncodable) {
            binds.append(value.sqlText)
            text += "$\(binds.count)"
        }

        package mutating func appendInterpolation<Value: SQLEncodable>(_ value: Value?) {
            binds.append(value?.sqlText)
            text += "$\(binds.count)"
        }

        package mutating func appendInterpolation(unescaped raw: String) {
            text += raw
        }

        /// Splices a statement in: its binds are numbered anew.
        package mutating func appendInterpolation(fragment: SQL) {
            let offset = binds.count
            binds += fragment.binds
            guard offset > 0, !fragment.binds.isEmpty else {
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
