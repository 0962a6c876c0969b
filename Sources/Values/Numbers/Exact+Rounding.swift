import BigInt

extension Exact {
    /// A whole number of either width.
    enum Whole {
        case small(Int128)
        case big(BigInt)

        var exact: Exact {
            switch self {
            case .small(let value): Exact(value)
            case .big(let value): Exact(value, 1)
            }
        }
    }

    /// The value × 10^digits, rounded half away from zero.
    func scaledWhole(digits: Int) -> Whole {
        precondition(digits >= 0, "the number of digits is negative")
        if case .small(let numerator, let denominator) = storage, digits < Divisor.powersOfTen.count {
            let (scaled, overflow) = numerator.multipliedReportingOverflow(by: Divisor.powersOfTen[digits])
            if !overflow { return .small(Exact.roundedQuotient(scaled, denominator)) }
        }
        let (numerator, denominator) = parts
        let scaled = numerator.magnitude * BigUInt(10).power(digits)
        let (quotient, remainder) = scaled.quotientAndRemainder(dividingBy: denominator.magnitude)
        let rounded = BigInt(remainder * 2 >= denominator.magnitude ? quotient + 1 : quotient)
        return .big(isNegative ? -rounded : rounded)
    }

    /// n/d rounded half away from zero; d is positive.
    private static func roundedQuotient(_ numerator: Int128, _ denominator: Int128) -> Int128 {
        if denominator == 1 { return numerator }
        let (quotient, remainder) = numerator.quotientAndRemainder(dividingBy: denominator)
        // remainder × 2 could overflow; the denominator is at least 2, so the quotient cannot.
        guard remainder.magnitude >= denominator.magnitude - remainder.magnitude else { return quotient }
        return numerator < 0 ? quotient - 1 : quotient + 1
    }

    /// The value rounded to so many fraction digits, half away from zero.
    package func rounded(toDigits digits: Int) -> Exact {
        if isWhole { return self }
        return scaledWhole(digits: digits).exact / Exact(BigInt(10).power(digits), 1)
    }

    /// The value in units of 10^-digits, rounded half away from zero; nil if that is beyond Int64.
    package func scaled(digits: Int) -> Int64? {
        switch scaledWhole(digits: digits) {
        case .small(let value): Int64(exactly: value)
        case .big(let value): value.int128.flatMap { Int64(exactly: $0) }
        }
    }

    /// The value in units of 10^-digits, rounded half away from zero; nil if that is beyond Int128.
    func scaled128(digits: Int) -> Int128? {
        switch scaledWhole(digits: digits) {
        case .small(let value): value
        case .big(let value): value.int128
        }
    }

    /// The greatest whole number that is not above the value.
    package func floor() -> Exact {
        if isWhole { return self }
        switch storage {
        case .small(let numerator, let denominator):
            let quotient = numerator / denominator
            return Exact(unchecked: numerator < 0 ? quotient - 1 : quotient, 1)
        case .big(let numerator, let denominator):
            let quotient = numerator / denominator
            return Exact(numerator.sign == .minus ? quotient - 1 : quotient, 1)
        }
    }

    /// The least whole number that is not below the value.
    package func ceiling() -> Exact { -(-self).floor() }
}
