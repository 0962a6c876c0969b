/// Integer arithmetic that fractions need.
enum Divisor {
    /// The greatest common divisor; of 0 and x it is x.
    static func greatestCommon(_ lhs: UInt128, _ rhs: UInt128) -> UInt128 {
        var large = max(lhs, rhs)
        var small = min(lhs, rhs)
        if small == 0 { return large }
        if small <= UInt128(UInt64.max) {
            if large > UInt128(UInt64.max) { large %= small }
            return UInt128(greatestCommon(UInt64(truncatingIfNeeded: large), UInt64(truncatingIfNeeded: small)))
        }
        let shift = (large | small).trailingZeroBitCount
        large >>= UInt128(large.trailingZeroBitCount)
        while small != 0 {
            small >>= UInt128(small.trailingZeroBitCount)
            if large > small { swap(&large, &small) }
            small -= large
        }
        return large << UInt128(shift)
    }

    /// Stein's binary algorithm: shifts and subtractions only.
    private static func greatestCommon(_ lhs: UInt64, _ rhs: UInt64) -> UInt64 {
        if lhs == 0 { return rhs }
        if rhs == 0 { return lhs }
        var large = lhs >> UInt64(lhs.trailingZeroBitCount)
        var small = rhs
        while small != 0 {
            small >>= UInt64(small.trailingZeroBitCount)
            if large > small { swap(&large, &small) }
            small -= large
        }
        return large << UInt64((lhs | rhs).trailingZeroBitCount)
    }

    /// The greatest common divisor as a signed number, for positive arguments below 2^127.
    static func greatestCommon(_ lhs: Int128, _ rhs: Int128) -> Int128 {
        if lhs == 1 || rhs == 1 { return 1 }
        return Int128(truncatingIfNeeded: greatestCommon(lhs.magnitude, rhs.magnitude))
    }

    /// 10 to the power of 0…38: all that fit.
    static let powersOfTen: [Int128] = (0...38).map { exponent in
        (0..<exponent).reduce(Int128(1)) { power, _ in power * 10 }
    }
}
