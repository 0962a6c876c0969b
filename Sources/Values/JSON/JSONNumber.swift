/// A JSON number that keeps the text it was written with.
///
/// Two numbers are equal if their values are: `1`, `1.0` and `1e0` are one number and hash alike.
package struct JSONNumber: Sendable, CustomStringConvertible {
    /// The text as written; always valid JSON.
    package let text: String

    /// Exponents beyond this are refused: no value of ours needs them, and they make arithmetic unbounded.
    static let maximumExponent = 9_999

    /// Reads the text of a JSON number; nil if it is not one.
    package init?(_ text: String) {
        let bytes = Array(text.utf8)
        guard let end = try? JSONNumber.end(of: bytes, from: 0), end == bytes.count else { return nil }
        self.text = text
    }

    /// Takes text that is known to be a number.
    init(checked text: String) { self.text = text }

    /// An integer.
    package init(_ value: some BinaryInteger) { text = String(value) }

    /// A finite number; nil if it is infinite or not a number.
    package init?(_ value: Double) {
        guard value.isFinite else { return nil }
        text = value.description
    }

    package var description: String { text }

    /// The value, if it is a whole number that fits.
    package var int: Int? {
        if let value = Int(text) { return value }
        let canonical = self.canonical
        guard canonical.exponent >= 0, canonical.digits.count + canonical.exponent <= 19 else { return nil }
        let zeros = [UInt8](repeating: UInt8(ascii: "0"), count: canonical.exponent)
        let digits = String(decoding: canonical.digits + zeros, as: UTF8.self)
        return digits.isEmpty ? 0 : Int((canonical.isNegative ? "-" : "") + digits)
    }

    /// The nearest binary number; infinite if out of range.
    package var double: Double { Double(text) ?? .nan }
}

extension JSONNumber: Hashable {
    package static func == (lhs: JSONNumber, rhs: JSONNumber) -> Bool {
        lhs.text == rhs.text || lhs.canonical == rhs.canonical
    }

    package func hash(into hasher: inout Hasher) { canonical.hash(into: &hasher) }

    /// The value as digits without zeros at either end × 10^exponent; zero has no digits.
    private struct Canonical: Hashable {
        var isNegative = false
        var digits: [UInt8] = []
        var exponent = 0
    }

    private var canonical: Canonical {
        var result = Canonical()
        var isFraction = false
        var bytes = text.utf8[...]
        if bytes.first == UInt8(ascii: "-") {
            result.isNegative = true
            bytes = bytes.dropFirst()
        }
        while let byte = bytes.popFirst() {
            if byte == UInt8(ascii: ".") {
                isFraction = true
            } else if byte | 0x20 == UInt8(ascii: "e") {
                result.exponent += Int(String(Substring(bytes))) ?? 0
                break
            } else {
                if isFraction { result.exponent -= 1 }
                if byte != UInt8(ascii: "0") || !result.digits.isEmpty { result.digits.append(byte) }
            }
        }
        while result.digits.last == UInt8(ascii: "0") {
            result.digits.removeLast()
            result.exponent += 1
        }
        return result.digits.isEmpty ? Canonical() : result
    }
}

extension JSONNumber {
    /// Why bytes are not a number, and where.
    struct Malformed: Error {
        var index: Int
        var reason: String
    }

    /// Finds the end of the number that starts at an index.
    static func end(of bytes: [UInt8], from start: Int) throws(Malformed) -> Int {
        var index = start
        func byte() -> UInt8 { index < bytes.count ? bytes[index] : 0 }
        func skipDigits() -> Int {
            let first = index
            while byte() &- UInt8(ascii: "0") < 10 { index += 1 }
            return index - first
        }
        if byte() == UInt8(ascii: "-") { index += 1 }
        let isZero = byte() == UInt8(ascii: "0")
        let whole = skipDigits()
        guard whole > 0 else { throw Malformed(index: index, reason: "a number needs digits") }
        guard !isZero || whole == 1 else {
            throw Malformed(index: start, reason: "a number must not begin with a superfluous 0")
        }
        if byte() == UInt8(ascii: ".") {
            index += 1
            guard skipDigits() > 0 else { throw Malformed(index: index, reason: "a fraction needs digits") }
        }
        if byte() | 0x20 == UInt8(ascii: "e") {
            index += 1
            if byte() == UInt8(ascii: "+") || byte() == UInt8(ascii: "-") { index += 1 }
            let first = index
            guard skipDigits() > 0 else { throw Malformed(index: index, reason: "an exponent needs digits") }
            let exponent = Int(String(decoding: bytes[first..<index], as: UTF8.self))
            guard let exponent, exponent <= maximumExponent else {
                throw Malformed(index: first, reason: "an exponent must not be beyond \(maximumExponent)")
            }
        }
        return index
    }
}
