/// A decimal as it is stored, `numeric(38,12)`: quantities and unit prices.
///
/// Only for keeping: what is computed is computed in `Exact`.
package struct Decimal12: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The value in units of 10^-12; below 10^38 in magnitude.
    package var unscaled: Int128 { word.value }

    private let word: Word128

    /// The number of fraction digits.
    package static let digits = 12
    private static let limit = Divisor.powersOfTen[38]
    private static let unit = Divisor.powersOfTen[digits]

    /// 0.
    package static let zero = Decimal12(unchecked: 0)

    private init(unchecked unscaled: Int128) { word = Word128(unscaled) }

    private init?(unscaled: Int128) {
        guard unscaled > -Decimal12.limit, unscaled < Decimal12.limit else { return nil }
        word = Word128(unscaled)
    }

    /// Reads a decimal; nil if it is none, or has more than 12 digits after or 26 before the point.
    package init?(_ text: String) {
        if let value = Decimal12.small(text) {
            self.init(unchecked: value)
            return
        }
        guard let decimal = DecimalText(text), decimal.fractionDigits <= Decimal12.digits,
            let value = Exact(decimal: text),
            let unscaled = value.scaled128(digits: Decimal12.digits)
        else { return nil }
        self.init(unscaled: unscaled)
    }

    /// Reads what has at most 18 digits, as nearly all has: without fractions to bring to lowest terms.
    private static func small(_ text: String) -> Int128? {
        guard text.utf8.count <= 19 else { return nil }
        var value: Int64 = 0
        var digits = 0
        var fraction: Int?
        var isNegative = false
        for byte in text.utf8 {
            if byte == UInt8(ascii: "-"), digits == 0, !isNegative, fraction == nil {
                isNegative = true
            } else if byte == UInt8(ascii: "."), fraction == nil, digits > 0 {
                fraction = 0
            } else {
                guard byte &- UInt8(ascii: "0") < 10 else { return nil }
                value = value * 10 + Int64(byte - UInt8(ascii: "0"))
                digits += 1
                fraction = fraction.map { $0 + 1 }
            }
        }
        guard (1...18).contains(digits), fraction != 0, fraction ?? 0 <= Decimal12.digits else { return nil }
        return Int128(isNegative ? -value : value) * Divisor.powersOfTen[Decimal12.digits - (fraction ?? 0)]
    }

    /// A whole number.
    package init(_ value: Int) { word = Word128(Int128(value) * Decimal12.unit) }

    /// Rounds a fraction to 12 digits, half away from zero; too large a number is refused.
    package init(rounding exact: Exact) throws(Problem) {
        guard let value = exact.scaled128(digits: Decimal12.digits).flatMap(Decimal12.init(unscaled:)) else {
            throw Problem(
                .invalid,
                "the number \(exact.decimalText()) is too large: at most 26 digits before the point"
            )
        }
        self = value
    }

    /// The same number, to compute with.
    package var exact: Exact { Exact(numerator: unscaled, denominator: Decimal12.unit) }

    /// The decimal without trailing zeros.
    package var text: String { DecimalText.write(.small(unscaled), digits: Decimal12.digits, trimmed: true) }

    /// Whether this is 0.
    package var isZero: Bool { unscaled == 0 }

    /// Whether this is below 0.
    package var isNegative: Bool { unscaled < 0 }

    package var description: String { text }

    package static func < (lhs: Decimal12, rhs: Decimal12) -> Bool { lhs.unscaled < rhs.unscaled }

    /// The sum; too large a one is refused.
    package func adding(_ other: Decimal12) throws(Problem) -> Decimal12 {
        try Decimal12(rounding: exact + other.exact)
    }

    /// The sum, where it is known to fit; otherwise use `adding`.
    package static func + (lhs: Decimal12, rhs: Decimal12) -> Decimal12 { known(lhs.unscaled + rhs.unscaled) }

    /// The difference, where it is known to fit.
    package static func - (lhs: Decimal12, rhs: Decimal12) -> Decimal12 { known(lhs.unscaled - rhs.unscaled) }

    /// The number with the other sign.
    package static prefix func - (value: Decimal12) -> Decimal12 { Decimal12(unchecked: -value.unscaled) }

    private static func known(_ unscaled: Int128) -> Decimal12 {
        guard let value = Decimal12(unscaled: unscaled) else {
            preconditionFailure("a sum of decimals is beyond 26 digits")
        }
        return value
    }
}

extension Decimal12: ExpressibleByIntegerLiteral {
    package init(integerLiteral value: Int) { self.init(value) }
}

/// A number of units: tokens, seats, bytes.
package typealias Quantity = Decimal12
