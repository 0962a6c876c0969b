import BigInt

extension Exact: AdditiveArithmetic {
    package static func + (lhs: Exact, rhs: Exact) -> Exact {
        if case .small(let a, let b) = lhs.storage, case .small(let c, let d) = rhs.storage,
            let sum = smallSum(a, b, c, d)
        {
            return sum
        }
        let (a, b) = lhs.parts
        let (c, d) = rhs.parts
        return b == d ? Exact(a + c, b) : Exact(a * d + c * b, b * d)
    }

    package static func - (lhs: Exact, rhs: Exact) -> Exact { lhs + -rhs }

    package static prefix func - (value: Exact) -> Exact {
        switch value.storage {
        case .small(let numerator, let denominator): Exact(unchecked: -numerator, denominator)
        case .big(let numerator, let denominator): Exact(-numerator, denominator)
        }
    }

    package static func += (lhs: inout Exact, rhs: Exact) { lhs = lhs + rhs }

    package static func -= (lhs: inout Exact, rhs: Exact) { lhs = lhs - rhs }

    /// a/b + c/d in 128 bits; nil on overflow.
    private static func smallSum(_ a: Int128, _ b: Int128, _ c: Int128, _ d: Int128) -> Exact? {
        if b == d {
            let (sum, overflow) = a.addingReportingOverflow(c)
            return overflow || sum == .min ? nil : reduced(sum, b)
        }
        // Knuth 4.5.1: dividing by the common divisor first keeps the products small, and what is left to cancel
        // divides it.
        let common = Divisor.greatestCommon(b, d)
        let (bPart, dPart) = common == 1 ? (b, d) : (b / common, d / common)
        let (left, leftOverflow) = a.multipliedReportingOverflow(by: dPart)
        let (right, rightOverflow) = c.multipliedReportingOverflow(by: bPart)
        let (sum, sumOverflow) = left.addingReportingOverflow(right)
        guard !leftOverflow, !rightOverflow, !sumOverflow, sum != .min else { return nil }
        let rest = common == 1 ? 1 : Divisor.greatestCommon(sum, common)
        let (denominator, overflow) = bPart.multipliedReportingOverflow(by: d / rest)
        return overflow ? nil : Exact(unchecked: sum / rest, denominator)
    }
}

extension Exact {
    package static func * (lhs: Exact, rhs: Exact) -> Exact {
        if case .small(let a, let b) = lhs.storage, case .small(let c, let d) = rhs.storage,
            let product = smallProduct(a, b, c, d)
        {
            return product
        }
        let (a, b) = lhs.parts
        let (c, d) = rhs.parts
        return Exact(a * c, b * d)
    }

    /// The quotient; dividing by 0 is a mistake of the program, never of the input.
    package static func / (lhs: Exact, rhs: Exact) -> Exact { lhs * rhs.reciprocal }

    package static func *= (lhs: inout Exact, rhs: Exact) { lhs = lhs * rhs }

    package static func /= (lhs: inout Exact, rhs: Exact) { lhs = lhs / rhs }

    private var reciprocal: Exact {
        precondition(!isZero, "division by zero")
        switch storage {
        case .small(let numerator, let denominator):
            return numerator < 0
                ? Exact(unchecked: -denominator, -numerator)
                : Exact(unchecked: denominator, numerator)
        case .big(let numerator, let denominator):
            return Exact(denominator, numerator)
        }
    }

    /// a/b × c/d in 128 bits; nil on overflow.
    private static func smallProduct(_ a: Int128, _ b: Int128, _ c: Int128, _ d: Int128) -> Exact? {
        if a == 0 || c == 0 { return .zero }
        let first = d == 1 ? 1 : Divisor.greatestCommon(a, d)
        let second = b == 1 ? 1 : Divisor.greatestCommon(c, b)
        let (numerator, overflow) = quotient(a, first).multipliedReportingOverflow(by: quotient(c, second))
        guard !overflow, numerator != .min else { return nil }
        let (denominator, tooLarge) = quotient(b, second).multipliedReportingOverflow(by: quotient(d, first))
        return tooLarge ? nil : Exact(unchecked: numerator, denominator)
    }

    /// A division that costs nothing by 1.
    private static func quotient(_ value: Int128, _ divisor: Int128) -> Int128 {
        divisor == 1 ? value : value / divisor
    }
}

extension Exact: Comparable {
    package static func < (lhs: Exact, rhs: Exact) -> Bool {
        if case .small(let a, let b) = lhs.storage, case .small(let c, let d) = rhs.storage {
            if b == d { return a < c }
            let (left, leftOverflow) = a.multipliedReportingOverflow(by: d)
            let (right, rightOverflow) = c.multipliedReportingOverflow(by: b)
            if !leftOverflow, !rightOverflow { return left < right }
        }
        let (a, b) = lhs.parts
        let (c, d) = rhs.parts
        return a * d < c * b
    }
}
