import BigInt
import Testing
import Values

/// A fraction that is never brought to lowest terms: slow, and too simple to be wrong.
private struct Reference {
    var numerator: BigInt
    var denominator: BigInt

    func equals(_ exact: Exact) -> Bool {
        let parts = exact.fractionText.split(separator: "/")
        guard let top = BigInt(String(parts[0])), let bottom = parts.count == 1 ? 1 : BigInt(String(parts[1])) else {
            return false
        }
        return top * denominator == numerator * bottom && bottom > 0 && top.greatestCommonDivisor(with: bottom) == 1
    }

    static func + (lhs: Reference, rhs: Reference) -> Reference {
        Reference(
            numerator: lhs.numerator * rhs.denominator + rhs.numerator * lhs.denominator,
            denominator: lhs.denominator * rhs.denominator
        )
    }

    static func * (lhs: Reference, rhs: Reference) -> Reference {
        Reference(numerator: lhs.numerator * rhs.numerator, denominator: lhs.denominator * rhs.denominator)
    }

    var negated: Reference { Reference(numerator: -numerator, denominator: denominator) }

    var reciprocal: Reference {
        numerator < 0
            ? Reference(numerator: -denominator, denominator: -numerator)
            : Reference(numerator: denominator, denominator: numerator)
    }
}

extension Sampler {
    /// A number of 1 to so many bits, each width as likely as any other, and sometimes the extreme.
    fileprivate mutating func wide(bits: Int) -> Int128 {
        let width = Int.random(in: 1...bits, using: &self)
        if Int.random(in: 0..<20, using: &self) == 0 {
            return (Int128(1) << Int128(width - 1)) - 1 + Int128(1) << Int128(width - 1)
        }
        let value = UInt128(next()) << 64 | UInt128(next())
        return Int128(value >> UInt128(128 - width))
    }

    fileprivate mutating func fraction() -> (exact: Exact, reference: Reference) {
        let sign: Int128 = Bool.random(using: &self) ? 1 : -1
        let numerator = wide(bits: 126) * sign
        let denominator = max(1, Bool.random(using: &self) ? 1 : wide(bits: 126))
        return (
            Exact(numerator: numerator, denominator: denominator),
            Reference(numerator: BigInt(numerator), denominator: BigInt(denominator))
        )
    }
}

@Suite struct ExactTests {
    @Test(arguments: 1...8)
    func `arithmetic agrees with unreduced big fractions, below and above 128 bits`(seed: UInt64) {
        var sampler = Sampler(seed: seed)
        for _ in 0..<400 {
            let (a, x) = sampler.fraction()
            let (b, y) = sampler.fraction()
            #expect(x.equals(a))
            #expect((x + y).equals(a + b), "\(a) + \(b)")
            #expect((x + y.negated).equals(a - b), "\(a) - \(b)")
            #expect((x * y).equals(a * b), "\(a) * \(b)")
            if !b.isZero { #expect((x * y.reciprocal).equals(a / b), "\(a) / \(b)") }
            #expect((a < b) == (x.numerator * y.denominator < y.numerator * x.denominator), "\(a) < \(b)")
        }
    }

    @Test(arguments: 1...4)
    func `values that grew beyond 128 bits come back equal and hash alike`(seed: UInt64) {
        var sampler = Sampler(seed: seed)
        for _ in 0..<200 {
            let a = sampler.fraction().exact
            let b = sampler.fraction().exact
            let c = sampler.fraction().exact
            #expect(a + b - b == a)
            #expect((a + b - b).hashValue == a.hashValue)
            #expect(a * (b + c) == a * b + a * c)
            if !b.isZero { #expect(a * b * b / b / b == a) }
            #expect(-(-a) == a)
            #expect((a - a).isZero)
        }
    }

    @Test func `the extremes of the built-in integers are exact`() {
        let least = Exact(Int128.min)
        #expect(least.fractionText == "-170141183460469231731687303715884105728")
        #expect(-least == Exact(Int128.max) + 1)
        #expect(least.magnitude == Exact(Int128.max) + .one)
        #expect(Exact(numerator: .min, denominator: .min) == 1)
        #expect(Exact(numerator: .min, denominator: -1) == -least)
        #expect(Exact(UInt64.max).fractionText == "18446744073709551615")
        #expect(Exact(6, -4) == Exact(-3, 2))
        #expect(Exact(0, -7) == 0)
    }

    @Test(arguments: [
        ("0.5", 0, "1"), ("-0.5", 0, "-1"), ("0.49999", 0, "0"), ("1.5", 0, "2"), ("2.5", 0, "3"), ("-2.5", 0, "-3"),
        ("13.625", 2, "13.63"), ("-13.625", 2, "-13.63"), ("13.624999999999", 2, "13.62"), ("0.004", 2, "0"),
        ("0.005", 2, "0.01"),
        ("123456789012345678901234567890123456789.5", 0, "123456789012345678901234567890123456790"),
        ("7", 12, "7"), ("99.995", 2, "100"), ("0.99999", 4, "1"),
    ])
    func `rounding goes half away from zero`(text: String, digits: Int, expected: String) throws {
        let value = try #require(Exact(decimal: text))
        #expect(value.rounded(toDigits: digits).decimalText(maximumDigits: 30) == expected)
    }

    @Test(arguments: [
        (-240, 31, "-7.741935483871"), (400, 31, "12.903225806452"), (20, 1, "20"), (1, 3, "0.333333333333"),
        (2, 3, "0.666666666667"), (-2, 3, "-0.666666666667"), (1, 8, "0.125"), (0, 5, "0"),
        (5, 10_000_000, "0.0000005"),
        (1, 3_000_000_000_000, "0"), (-1, 3_000_000_000_000, "0"), (1, 2_000_000_000_000, "0.000000000001"),
    ])
    func `decimal text has twelve digits and no trailing zeros`(numerator: Int, denominator: Int, expected: String) {
        #expect(Exact(numerator, denominator).decimalText() == expected)
    }

    @Test(arguments: [("7/2", "3", "4"), ("-7/2", "-4", "-3"), ("4", "4", "4"), ("-1/3", "-1", "0"), ("1/3", "0", "1")])
    func `floor and ceiling are the whole numbers around`(text: String, floor: String, ceiling: String) throws {
        let value = try #require(Exact(fraction: text))
        #expect(value.floor().fractionText == floor)
        #expect(value.ceiling().fractionText == ceiling)
    }

    @Test(arguments: 1...4)
    func `floor and rounding of large fractions stay within their bounds`(seed: UInt64) {
        var sampler = Sampler(seed: seed)
        for _ in 0..<200 {
            let value = sampler.fraction().exact * sampler.fraction().exact
            let rest = value - value.floor()
            #expect(rest >= 0 && rest < 1)
            #expect(value.ceiling() - value.floor() == (value.isWhole ? 0 : 1))
            let digits = Int.random(in: 0...15, using: &sampler)
            let error = (value.rounded(toDigits: digits) - value).magnitude * power(digits)
            #expect(error <= Exact(1, 2))
            #expect((-value).rounded(toDigits: digits) == -value.rounded(toDigits: digits))
        }
    }

    @Test(arguments: 1...4)
    func `decimal text round-trips`(seed: UInt64) throws {
        var sampler = Sampler(seed: seed)
        for _ in 0..<500 {
            let digits = Int.random(in: 0...45, using: &sampler)
            let value = Exact(sampler.wide(bits: 126) * (Bool.random(using: &sampler) ? 1 : -1)) / power(digits)
            let text = value.decimalText(maximumDigits: 50)
            #expect(Exact(decimal: text) == value, "\(text)")
            #expect(Exact(decimal: text)?.decimalText(maximumDigits: 50) == text)
            #expect(Exact(fraction: value.fractionText) == value)
        }
    }

    @Test(arguments: [
        ("0", "0"), ("-0", "0"), ("007", "7"), ("0.000002", "1/500000"), ("-12.50", "-25/2"), ("1.0", "1"),
        ("0.00000000000000000000000000000000000000001", "1/100000000000000000000000000000000000000000"),
    ])
    func `decimals are read`(text: String, fraction: String) {
        #expect(Exact(decimal: text)?.fractionText == fraction)
    }

    @Test(arguments: [
        "", "-", ".", "5.", ".5", "-.5", "+1", "1e3", "1E3", " 1", "1 ", "1.2.3", "0x10", "1,5", "--1", "٣", "NaN",
        "1_000",
        String(repeating: "9", count: 1_001),
    ])
    func `what is no decimal is refused`(text: String) {
        #expect(Exact(decimal: text) == nil)
    }

    @Test(arguments: ["1/0", "1/", "/2", "1/-2", "1.5/2", "1/2/3", "a/b", ""])
    func `what is no fraction is refused`(text: String) {
        #expect(Exact(fraction: text) == nil)
    }

    @Test func `a scaled value says when it does not fit`() {
        #expect(Exact(Int64.max).scaled(digits: 0) == .max)
        #expect(Exact(Int64.min).scaled(digits: 0) == .min)
        #expect((Exact(Int64.max) + 1).scaled(digits: 0) == nil)
        #expect((Exact(Int64.max) + Exact(49, 100)).scaled(digits: 0) == .max)
        #expect(Exact(Int128.max).scaled(digits: 12) == nil)
        #expect(Exact(5, 2).scaled(digits: 2) == 250)
    }

    @Test func `the binary number is near, also for large fractions`() {
        #expect(Exact(1, 3).double == 1.0 / 3)
        let large = Exact(Int128.max) * Exact(Int128.max)
        #expect(abs((large / (large + 1)).double - 1) < 1e-15)
        #expect(abs((large / 7).double / 4.135_4e75 - 1) < 1e-3)
        #expect((.zero - large).double < -1e76)
        #expect((.one / large).double > 0)
        #expect((.one / large).double < 1e-76)
    }

    private func power(_ digits: Int) -> Exact { (0..<digits).reduce(Exact.one) { power, _ in power * 10 } }
}
