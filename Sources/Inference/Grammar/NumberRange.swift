import Values

/// Grammars of the numbers between two bounds.
///
/// Pure.
enum NumberRange {
    /// The largest whole number in magnitude: what a binary number of 64 bits holds exactly.
    static let largest = 999_999_999_999_999
    private static let digit = GrammarPart.characters(.digits)
    /// Most digits after the point.
    private static let fractionDigits = 15

    /// A decimal number: whole part and digits of the fraction, without zeros at its end.
    struct Decimal: Hashable {
        var isNegative: Bool
        var whole: Int
        var fraction: [Int]

        var isZero: Bool { whole == 0 && fraction.isEmpty }
        var negated: Decimal { Decimal(isNegative: !isNegative && !isZero, whole: whole, fraction: fraction) }

        /// Reads a JSON number; nil if it has more digits than grammars are made for.
        init?(_ number: JSONNumber) {
            let parts = number.text.lowercased().split(separator: "e", omittingEmptySubsequences: false)
            guard let exponent = parts.count == 1 ? 0 : Int(parts[1]), abs(exponent) <= 30 else { return nil }
            let text = parts[0].drop { $0 == "-" }
            let halves = text.split(separator: ".", omittingEmptySubsequences: false)
            var digits = halves.joined().compactMap(\.wholeNumberValue)
            var point = halves[0].count + exponent
            if point < 0 {
                digits = Array(repeating: 0, count: -point) + digits
                point = 0
            }
            while digits.count < point { digits.append(0) }
            var fraction = Array(digits[point...])
            while fraction.last == 0 { fraction.removeLast() }
            let wholeDigits = digits[..<point].drop { $0 == 0 }
            guard wholeDigits.count <= 15, fraction.count <= NumberRange.fractionDigits else { return nil }
            whole = wholeDigits.reduce(0) { $0 * 10 + $1 }
            self.fraction = fraction
            isNegative = number.text.hasPrefix("-") && !(whole == 0 && fraction.isEmpty)
        }

        init(isNegative: Bool = false, whole: Int, fraction: [Int] = []) {
            self.isNegative = isNegative
            self.whole = whole
            self.fraction = fraction
        }

        static func isLess(_ left: Decimal, _ right: Decimal) -> Bool {
            if left.isNegative != right.isNegative { return left.isNegative }
            if left.isNegative { return isLess(right.negated, left.negated) }
            if left.whole != right.whole { return left.whole < right.whole }
            return left.fraction.lexicographicallyPrecedes(right.fraction)
        }
    }

    /// A bound and whether the number may be it.
    struct Bound: Hashable {
        var value: Decimal
        var isIncluded: Bool

        var negated: Bound { Bound(value: value.negated, isIncluded: isIncluded) }
    }

    // MARK: - Whole numbers

    /// Whole numbers from `low` to `high`, at most 15 digits each; nil if there are none.
    static func integers(_ low: Int, _ high: Int) -> GrammarPart? {
        let low = max(low, -largest)
        let high = min(high, largest)
        guard low <= high else { return nil }
        var choices: [GrammarPart] = []
        if low < 0 {
            let from = high < 0 ? -high : 1
            choices.append(.sequence([.literal("-"), naturals(from, -low)]))
        }
        if high >= 0 { choices.append(naturals(max(low, 0), high)) }
        return choices.count == 1 ? choices[0] : .choice(choices)
    }

    /// Numbers of as many digits as both bounds have, length by length.
    private static func naturals(_ low: Int, _ high: Int) -> GrammarPart {
        var choices: [GrammarPart] = []
        var first = low
        while first <= high {
            let width = String(first).count
            let last = min(high, power(width) - 1)
            choices.append(between(digits(first), digits(last)))
            first = last + 1
        }
        return choices.count == 1 ? choices[0] : .choice(choices)
    }

    private static func power(_ exponent: Int) -> Int { (0..<exponent).reduce(1) { product, _ in product * 10 } }

    private static func digits(_ number: Int) -> [Int] { String(number).compactMap(\.wholeNumberValue) }

    /// Texts of digits from `low` to `high`, all of one length.
    private static func between(_ low: [Int], _ high: [Int]) -> GrammarPart {
        guard let first = low.first, let last = high.first else { return .nothing }
        let restLow = Array(low.dropFirst())
        let restHigh = Array(high.dropFirst())
        if first == last {
            return joined(some(first, first), between(restLow, restHigh))
        }
        let isLowOpen = restLow.allSatisfy { $0 == 0 }
        let isHighOpen = restHigh.allSatisfy { $0 == 9 }
        let free = any(restLow.count)
        var choices: [GrammarPart] = []
        if !isLowOpen {
            let nines = Array(repeating: 9, count: restLow.count)
            choices.append(joined(some(first, first), between(restLow, nines)))
        }
        let from = isLowOpen ? first : first + 1
        let to = isHighOpen ? last : last - 1
        if from <= to { choices.append(joined(some(from, to), free)) }
        if !isHighOpen {
            let zeros = Array(repeating: 0, count: restHigh.count)
            choices.append(joined(some(last, last), between(zeros, restHigh)))
        }
        return choices.count == 1 ? choices[0] : .choice(choices)
    }

    private static func joined(_ left: GrammarPart, _ right: GrammarPart) -> GrammarPart {
        right == .nothing ? left : .sequence([left, right])
    }

    private static func some(_ low: Int, _ high: Int) -> GrammarPart {
        .characters(CharacterRanges([UInt32(48 + low)...UInt32(48 + high)]))
    }

    private static func any(_ count: Int) -> GrammarPart {
        switch count {
        case 0: .nothing
        case 1: digit
        default: .repeated(digit, min: count, max: count)
        }
    }

    // MARK: - Numbers with fractions

    /// Any number; small exponents, so that no reader finds it infinite.
    static let any: GrammarPart = .sequence([
        .optional(.literal("-")), naturals(0, largest),
        .optional(.sequence([.literal("."), .repeated(digit, min: 1, max: fractionDigits)])),
        .optional(.sequence([.characters("eE"), .optional(.characters("+-")), .repeated(digit, min: 1, max: 2)])),
    ])

    /// Numbers between two bounds, written without exponent; nil if there are none.
    static func numbers(_ low: Bound?, _ high: Bound?) -> GrammarPart? {
        guard low != nil || high != nil else { return any }
        let end = Bound(value: Decimal(whole: largest), isIncluded: true)
        let low = low ?? end.negated
        let high = high ?? end
        if low.value == high.value {
            guard low.isIncluded, high.isIncluded else { return nil }
        } else if !Decimal.isLess(low.value, high.value) {
            return nil
        }
        let zero = Bound(value: Decimal(whole: 0), isIncluded: true)
        var choices: [GrammarPart] = []
        if low.value.isNegative {
            // Zero is among the numbers that are not negative.
            let from = high.value.isNegative ? high.negated : Bound(value: zero.value, isIncluded: false)
            if let part = positives(from, low.negated) { choices.append(.sequence([.literal("-"), part])) }
        }
        if !high.value.isNegative, let part = positives(low.value.isNegative ? zero : low, high) {
            choices.append(part)
        }
        return choices.isEmpty ? nil : choices.count == 1 ? choices[0] : .choice(choices)
    }

    private static func positives(_ low: Bound, _ high: Bound) -> GrammarPart? {
        let first = low.value.whole
        let last = high.value.whole
        var choices: [GrammarPart] = []
        if first == last {
            return fractions(low, high).map { .sequence([naturals(first, first), $0]) }
        }
        if let part = fractions(low, nil) { choices.append(.sequence([naturals(first, first), part])) }
        if first + 1 <= last - 1 {
            let fraction = GrammarPart.sequence([.literal("."), .repeated(digit, min: 1, max: fractionDigits)])
            choices.append(.sequence([naturals(first + 1, last - 1), .optional(fraction)]))
        }
        if let part = fractions(nil, high) { choices.append(.sequence([naturals(last, last), part])) }
        return choices.isEmpty ? nil : choices.count == 1 ? choices[0] : .choice(choices)
    }

    /// What may follow a whole part, beginning with the point: fractions between those of the bounds.
    private static func fractions(_ low: Bound?, _ high: Bound?) -> GrammarPart? {
        let from = low?.value.fraction ?? []
        let to = high?.value.fraction
        var choices: [GrammarPart] = []
        // The whole number itself.
        if from.isEmpty, low?.isIncluded ?? true, to.map({ !$0.isEmpty || high?.isIncluded == true }) ?? true {
            choices.append(.nothing)
        }
        let width = max(from.count, to?.count ?? 0, 1)
        let lowDigits = from + Array(repeating: 0, count: width - from.count)
        let nines = Array(repeating: 9, count: width)
        let highDigits = to.map { $0 + Array(repeating: 0, count: width - $0.count) } ?? nines
        if let part = openFractions(lowDigits, highDigits, low: low, isTop: to == nil) {
            choices.append(.sequence([.literal("."), part]))
        }
        if let high, high.isIncluded, !highDigits.allSatisfy({ $0 == 0 }), let to, to != from || low == nil {
            choices.append(.sequence([.literal("."), exactly(to)]))
        }
        if let low, low.isIncluded, !from.isEmpty {
            choices.append(.sequence([.literal("."), exactly(from)]))
        }
        return choices.isEmpty ? nil : choices.count == 1 ? choices[0] : .choice(choices)
    }

    private static func exactly(_ digits: [Int]) -> GrammarPart {
        .literal(digits.map(String.init).joined())
    }

    /// Fractions that begin with digits from `low` up to, not with, `high` (with it if `isTop`), and are above
    /// the lower bound itself.
    private static func openFractions(_ low: [Int], _ high: [Int], low bound: Bound?, isTop: Bool) -> GrammarPart? {
        guard let last = isTop ? high : decremented(high), !last.lexicographicallyPrecedes(low) else { return nil }
        let width = low.count
        let more = GrammarPart.repeated(digit, min: 0, max: max(fractionDigits - width, 1))
        let above = GrammarPart.sequence([
            .repeated(.literal("0"), min: 0, max: 3), .characters("123456789"),
            .repeated(digit, min: 0, max: 3),
        ])
        guard bound != nil else { return .sequence([between(low, last), more]) }
        var choices = [GrammarPart.sequence([between(low, low), above])]
        if let next = incremented(low), !last.lexicographicallyPrecedes(next) {
            choices.append(.sequence([between(next, last), more]))
        }
        return choices.count == 1 ? choices[0] : .choice(choices)
    }

    private static func decremented(_ digits: [Int]) -> [Int]? { stepped(digits, by: -1, limit: 0, wrap: 9) }

    private static func incremented(_ digits: [Int]) -> [Int]? { stepped(digits, by: 1, limit: 9, wrap: 0) }

    private static func stepped(_ digits: [Int], by step: Int, limit: Int, wrap: Int) -> [Int]? {
        var digits = digits
        for place in digits.indices.reversed() {
            if digits[place] != limit {
                digits[place] += step
                return digits
            }
            digits[place] = wrap
        }
        return nil
    }
}
