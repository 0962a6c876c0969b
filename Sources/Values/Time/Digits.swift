/// Reads fixed fields of digits.
struct DigitReader {
    private(set) var rest: ArraySlice<UInt8>

    init(_ bytes: ArraySlice<UInt8>) { rest = bytes }

    /// Reads exactly so many digits.
    mutating func number(_ count: Int) -> Int? {
        guard rest.count >= count else { return nil }
        var value = 0
        for byte in rest.prefix(count) {
            guard byte &- UInt8(ascii: "0") < 10 else { return nil }
            value = value * 10 + Int(byte - UInt8(ascii: "0"))
        }
        rest = rest.dropFirst(count)
        return value
    }

    /// Reads one or more digits as a fraction, cut to millionths.
    mutating func millionths() -> Int? {
        var value = 0
        var count = 0
        while let byte = rest.first, byte &- UInt8(ascii: "0") < 10 {
            if count < 6 { value = value * 10 + Int(byte - UInt8(ascii: "0")) }
            count += 1
            rest = rest.dropFirst()
        }
        guard count > 0 else { return nil }
        for _ in min(count, 6)..<6 { value *= 10 }
        return value
    }

    /// Reads one given character, if it is next.
    mutating func take(_ character: Unicode.Scalar) -> Bool {
        guard rest.first == UInt8(ascii: character) else { return false }
        rest = rest.dropFirst()
        return true
    }
}

/// Writes fixed fields of digits.
struct DigitWriter {
    private var bytes: [UInt8] = []

    init() { bytes.reserveCapacity(27) }

    var text: String { String(decoding: bytes, as: UTF8.self) }

    mutating func write(_ character: Unicode.Scalar) { bytes.append(UInt8(ascii: character)) }

    /// Writes a number with at least so many digits.
    mutating func write(_ value: Int, digits: Int) {
        if value < 0 { write("-") }
        var rest = value.magnitude
        let start = bytes.count
        while rest > 0 || bytes.count - start < digits {
            bytes.append(UInt8(ascii: "0") + UInt8(rest % 10))
            rest /= 10
        }
        bytes[start...].reverse()
    }

    mutating func write(_ date: CalendarDate) {
        write(date.year, digits: 4)
        write("-")
        write(date.month, digits: 2)
        write("-")
        write(date.day, digits: 2)
    }
}
