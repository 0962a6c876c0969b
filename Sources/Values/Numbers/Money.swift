/// An amount in a currency, in whole minor units.
package struct Money: Hashable, Sendable, CustomStringConvertible {
    /// The number of minor units: cents of a dollar, yen.
    package let minor: Int64
    /// The currency.
    package let currency: Currency

    /// An amount of minor units.
    package init(minor: Int64, currency: Currency) {
        self.minor = minor
        self.currency = currency
    }

    /// Nothing, in a currency.
    package static func zero(_ currency: Currency) -> Money { Money(minor: 0, currency: currency) }

    /// Rounds an exact amount to the minor unit, half away from zero; too large an amount is refused.
    package init(_ exact: Exact, currency: Currency) throws(Problem) {
        guard let minor = exact.scaled(digits: currency.digits) else { throw Money.tooLarge(currency) }
        self.init(minor: minor, currency: currency)
    }

    /// The amount to compute with, in units of the currency.
    package var exact: Exact { Exact(numerator: Int128(minor), denominator: Int128(currency.minorUnits)) }

    /// The amount with exactly the currency's digits, like `12.34`.
    package var text: String { DecimalText.write(.small(Int128(minor)), digits: currency.digits, trimmed: false) }

    package var description: String { "\(text) \(currency)" }

    /// Whether this is nothing.
    package var isZero: Bool { minor == 0 }

    /// Whether this is below nothing.
    package var isNegative: Bool { minor < 0 }

    /// The sum; another currency or too large an amount is refused.
    package func adding(_ other: Money) throws(Problem) -> Money {
        try check(other)
        return try result(minor.addingReportingOverflow(other.minor))
    }

    /// The difference; another currency or too large an amount is refused.
    package func subtracting(_ other: Money) throws(Problem) -> Money {
        try check(other)
        return try result(minor.subtractingReportingOverflow(other.minor))
    }

    /// The amount with the other sign; the one amount that has none is refused.
    package func negated() throws(Problem) -> Money { try Money.zero(currency).subtracting(self) }

    private func check(_ other: Money) throws(Problem) {
        guard currency == other.currency else {
            throw Problem(.invalid, "\(self) and \(other) are of two currencies")
        }
    }

    private func result(_ sum: (partialValue: Int64, overflow: Bool)) throws(Problem) -> Money {
        guard !sum.overflow else { throw Money.tooLarge(currency) }
        return Money(minor: sum.partialValue, currency: currency)
    }

    private static func tooLarge(_ currency: Currency) -> Problem {
        Problem(.invalid, "the amount is too large: at most \(Money(minor: .max, currency: currency))")
    }
}

extension Money {
    /// The wire form: `{"amount": "12.34", "currency": "USD"}`.
    package var json: JSONValue { ["amount": .string(text), "currency": .string(currency.code)] }

    /// Reads the wire form to its end; more digits than the currency has are refused rather than rounded.
    package init(json fields: inout JSONFields) throws(Problem) {
        let amount = try fields.decimal("amount")
        let currency = try fields.currency("currency")
        try fields.finish()
        guard amount.rounded(toDigits: currency.digits) == amount else {
            throw fields.invalid("amount", "must have at most \(currency.digits) fraction digits for \(currency)")
        }
        guard let minor = amount.scaled(digits: currency.digits) else {
            throw fields.invalid("amount", "must not be beyond \(Money(minor: .max, currency: currency).text)")
        }
        self.init(minor: minor, currency: currency)
    }

    /// Reads the wire form.
    package init(json value: JSONValue, path: String = "") throws(Problem) {
        var fields = try JSONFields(value, path: path)
        try self.init(json: &fields)
    }
}
