import Values

/// The levels of a subscription as one text, a line each: they are read by the ten thousand.
///
/// Pure. What is written is read back as it was; what cannot be written so is nil.
enum RecurringLevelText {
    /// Another number where levels are made or written otherwise: what was kept before then no longer counts.
    static let rule = 1

    /// Writes levels in their order.
    static func text(of levels: [RecurringLevel]) -> String? {
        var lines: [String] = []
        for level in levels {
            guard let plan = level.plan, !plan.isEmpty, plan.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F }) else {
                return nil
            }
            let fraction = level.monthly.fractionText
            guard fraction.utf8.count <= 18 else { return nil }
            let change = level.change.map(\.uuidText) ?? "-"
            lines.append("\(level.at.microseconds) \(fraction) \(level.currency) \(change) \(plan)")
        }
        return lines.joined(separator: "\n")
    }

    /// Reads levels, without those after an instant; nil if it is no such text.
    ///
    /// `words`: what came last, since the same comes again and again.
    static func levels(_ text: String, until asOf: Instant, _ words: inout Words) -> [RecurringLevel]? {
        var reader = Reader(Array(text.utf8))
        var levels: [RecurringLevel] = []
        while !reader.isAtEnd {
            guard let at = reader.integer(), reader.skip(0x20), let monthly = reader.fraction(), reader.skip(0x20),
                let currency = reader.word(&words.currency, { Currency(code: $0) }), reader.skip(0x20),
                let change = reader.change(), reader.skip(0x20), let plan = reader.word(&words.plan, { $0 }),
                reader.skip(0x0A) || reader.isAtEnd
            else { return nil }
            let instant = Instant(microseconds: at)
            // What is known to come has not happened.
            guard levels.isEmpty || instant <= asOf else { break }
            levels.append(
                RecurringLevel(at: instant, currency: currency, monthly: monthly, change: change.id, plan: plan)
            )
        }
        return levels.isEmpty ? nil : levels
    }

    /// The words that came last, with their bytes.
    struct Words {
        fileprivate var currency = Word<Currency>()
        fileprivate var plan = Word<String>()

        /// None yet.
        init() {}
    }

    fileprivate struct Word<Value> {
        var bytes: ArraySlice<UInt8> = []
        var value: Value?
    }

    /// A change that is there or not.
    private struct Change {
        let id: ChangeID?
    }

    /// Reads from the front.
    private struct Reader {
        private let bytes: [UInt8]
        private var place = 0

        init(_ bytes: [UInt8]) { self.bytes = bytes }

        var isAtEnd: Bool { place == bytes.count }

        mutating func skip(_ byte: UInt8) -> Bool {
            guard place < bytes.count, bytes[place] == byte else { return false }
            place += 1
            return true
        }

        mutating func integer() -> Int64? {
            let isNegative = skip(0x2D)
            let first = place
            var value: Int64 = 0
            while place < bytes.count, (0x30...0x39).contains(bytes[place]) {
                guard place - first < 18 else { return nil }
                value = value * 10 + Int64(bytes[place] - 0x30)
                place += 1
            }
            guard place > first else { return nil }
            return isNegative ? -value : value
        }

        mutating func fraction() -> Exact? {
            guard let numerator = integer() else { return nil }
            guard skip(0x2F) else { return Exact(Int(numerator)) }
            guard let denominator = integer(), denominator > 0 else { return nil }
            return Exact(numerator: Int128(numerator), denominator: Int128(denominator))
        }

        mutating func word<Value>(_ last: inout Word<Value>, _ make: (String) -> Value?) -> Value? {
            let first = place
            while place < bytes.count, bytes[place] > 0x20 { place += 1 }
            let found = bytes[first..<place]
            guard !found.isEmpty else { return nil }
            if let value = last.value, last.bytes == found { return value }
            last.bytes = found
            last.value = make(String(decoding: found, as: UTF8.self))
            return last.value
        }

        /// A change's id as a UUID, or a dash for none.
        mutating func change() -> Change? {
            if skip(0x2D) { return Change(id: nil) }
            var halves: (UInt64, UInt64) = (0, 0)
            var digits = 0
            while place < bytes.count, bytes[place] > 0x20 {
                let byte = bytes[place]
                place += 1
                guard byte != 0x2D else { continue }
                let digit: UInt8
                switch byte {
                case 0x30...0x39: digit = byte - 0x30
                case 0x61...0x66: digit = byte - 0x57
                default: return nil
                }
                if digits < 16 {
                    halves.0 = halves.0 << 4 | UInt64(digit)
                } else {
                    halves.1 = halves.1 << 4 | UInt64(digit)
                }
                digits += 1
            }
            guard digits == 32 else { return nil }
            return Change(id: ChangeID(uuid: UUIDBytes(high: halves.0, low: halves.1)))
        }
    }
}
