import BigInt

extension Exact {
    /// Decimals longer than this are refused, so that no input can make arithmetic slow.
    static let maximumDecimalLength = 1_000

    /// Reads a decimal: an optional `-`, digits, an optional fraction; no `+`, no exponent, no spaces.
    package init?(decimal text: String) {
        guard let decimal = DecimalText(text) else { return nil }
        if let unscaled = decimal.unscaled, decimal.fractionDigits < Divisor.powersOfTen.count {
            self = Exact.reduced(unscaled, Divisor.powersOfTen[decimal.fractionDigits])
        } else {
            guard let magnitude = BigInt(decimal.digits) else { return nil }
            self.init(
                decimal.isNegative ? -magnitude : magnitude,
                BigInt(10).power(decimal.fractionDigits)
            )
        }
    }

    /// Reads a fraction of two whole numbers like `10/31`, or a decimal; nil also if the denominator is 0.
    package init?(fraction text: String) {
        let parts = text.split(separator: "/", maxSplits: 1, omittingEmptySubsequences: false).map(String.init)
        guard let numerator = Exact(decimal: parts[0]) else { return nil }
        guard parts.count == 2 else {
            self = numerator
            return
        }
        guard let denominator = Exact(decimal: parts[1]), numerator.isWhole, denominator.isWhole, denominator > .zero,
            !text.utf8.contains(UInt8(ascii: "."))
        else { return nil }
        self = numerator / denominator
    }

    /// The value as a decimal, rounded to at most so many fraction digits, without trailing zeros.
    package func decimalText(maximumDigits: Int = 12) -> String {
        if case .small(let numerator, 1) = storage { return String(numerator) }
        return DecimalText.write(scaledWhole(digits: maximumDigits), digits: maximumDigits, trimmed: true)
    }

    /// The value as a decimal with exactly so many fraction digits, rounded half away from zero.
    package func decimalText(digits: Int) -> String {
        DecimalText.write(scaledWhole(digits: digits), digits: digits, trimmed: false)
    }

    /// The value as a fraction in lowest terms, like `16/31`; a whole number stands alone.
    package var fractionText: String {
        switch storage {
        case .small(let numerator, 1): String(numerator)
        case .small(let numerator, let denominator): "\(numerator)/\(denominator)"
        case .big(let numerator, let denominator): denominator == 1 ? "\(numerator)" : "\(numerator)/\(denominator)"
        }
    }

    /// The nearest binary number, or one beside it; for statistics and charts, never for money.
    package var double: Double {
        if case .small(let numerator, let denominator) = storage { return Double(numerator) / Double(denominator) }
        let (numerator, denominator) = parts
        if numerator.isZero { return 0 }
        // A quotient of at least 64 bits holds all that a Double can show.
        let shift = max(0, 64 + denominator.magnitude.bitWidth - numerator.magnitude.bitWidth)
        let quotient = (numerator.magnitude << shift) / denominator.magnitude
        let excess = max(0, quotient.bitWidth - 64)
        let significand = Double(UInt64(truncatingIfNeeded: quotient >> excess))
        return Double(
            sign: numerator.sign == .minus ? .minus : .plus,
            exponent: excess - shift,
            significand: significand
        )
    }
}

extension Exact: CustomStringConvertible {
    package var description: String { fractionText }
}

/// The text of a decimal taken apart, and the way back.
struct DecimalText {
    let isNegative: Bool
    /// All digits, those before the point and those after it.
    let digits: String
    let fractionDigits: Int
    /// The signed value of all digits, if it has few enough to fit surely.
    let unscaled: Int128?

    init?(_ text: String) {
        let utf8 = text.utf8
        guard utf8.count <= Exact.maximumDecimalLength else { return nil }
        var rest = utf8[...]
        isNegative = rest.first == UInt8(ascii: "-")
        if isNegative { rest = rest.dropFirst() }
        var digits: [UInt8] = []
        digits.reserveCapacity(rest.count)
        var pointAt: Int?
        var value: Int128 = 0
        for byte in rest {
            if byte == UInt8(ascii: "."), pointAt == nil, !digits.isEmpty {
                pointAt = digits.count
                continue
            }
            guard byte &- UInt8(ascii: "0") < 10 else { return nil }
            if digits.count < 38 { value = value * 10 + Int128(byte - UInt8(ascii: "0")) }
            digits.append(byte)
        }
        guard !digits.isEmpty, pointAt != digits.count else { return nil }
        fractionDigits = pointAt.map { digits.count - $0 } ?? 0
        unscaled = digits.count <= 38 ? (isNegative ? -value : value) : nil
        self.digits = String(decoding: digits, as: UTF8.self)
    }

    static func write(_ unscaled: Exact.Whole, digits: Int, trimmed: Bool) -> String {
        var text: [UInt8]
        let isNegative: Bool
        switch unscaled {
        case .small(let value):
            text = Array(String(value.magnitude).utf8)
            isNegative = value < 0
        case .big(let value):
            text = Array(String(value.magnitude).utf8)
            isNegative = value.sign == .minus
        }
        if text.count <= digits {
            text.insert(contentsOf: repeatElement(UInt8(ascii: "0"), count: digits + 1 - text.count), at: 0)
        }
        var fraction = text.suffix(digits)
        if trimmed { while fraction.last == UInt8(ascii: "0") { fraction.removeLast() } }
        let whole = text.prefix(text.count - digits)
        let sign: [UInt8] = isNegative ? [UInt8(ascii: "-")] : []
        let point: [UInt8] = fraction.isEmpty ? [] : [UInt8(ascii: ".")]
        return String(decoding: sign + whole + point + fraction, as: UTF8.self)
    }
}
