import Crypto
import Foundation
import Values

/// The content of events as bytes: two events have the same bytes if and only if they say the same.
///
/// The order of members does not matter, nor how a number or an instant is written. The hash is kept for good, so this
/// form can never change: another would make every repetition of an old event a conflict.
enum UsageContent {
    /// How many bytes of the SHA-256 are kept.
    static let hashLength = 16

    /// The hash of everything but tenant and id.
    static func hash(_ event: UsageEvent) -> [UInt8] {
        var writer = CanonicalWriter()
        writer.write(event.meter)
        writer.write(event.at.microseconds)
        writer.write(event.value.text)
        writer.write(event.properties)
        writer.write(.optional(event.subject))
        writer.write(.optional(event.subscription?.uuidText))
        return Array(SHA256.hash(data: writer.bytes).prefix(hashLength))
    }

    /// A value as bytes that are the same for what is equal in JSON, and only for that.
    static func canonical(_ value: JSONValue) -> [UInt8] {
        var writer = CanonicalWriter()
        writer.write(value)
        return writer.bytes
    }

    /// Bytes as hexadecimal digits.
    static func hexadecimal(_ bytes: [UInt8]) -> String {
        let digits = Array("0123456789abcdef".utf8)
        var text: [UInt8] = []
        text.reserveCapacity(bytes.count * 2)
        for byte in bytes {
            text.append(digits[Int(byte >> 4)])
            text.append(digits[Int(byte & 15)])
        }
        return String(decoding: text, as: UTF8.self)
    }
}

/// A number's value apart from how it is written: digits without zeros at either end, times a power of ten.
struct CanonicalNumber {
    private(set) var isNegative = false
    /// Empty for zero.
    private(set) var digits: [UInt8] = []
    private(set) var exponent = 0

    /// The power of ten of the first digit.
    var magnitude: Int { exponent + digits.count - 1 }

    init(_ number: JSONNumber) {
        var isFraction = false
        var rest = number.text.utf8[...]
        if rest.first == UInt8(ascii: "-") {
            isNegative = true
            rest = rest.dropFirst()
        }
        while let byte = rest.popFirst() {
            if byte == UInt8(ascii: ".") {
                isFraction = true
            } else if byte | 0x20 == UInt8(ascii: "e") {
                exponent += Int(String(Substring(rest))) ?? 0
                break
            } else {
                if isFraction { exponent -= 1 }
                if byte != UInt8(ascii: "0") || !digits.isEmpty { digits.append(byte) }
            }
        }
        while digits.last == UInt8(ascii: "0") {
            digits.removeLast()
            exponent += 1
        }
        if digits.isEmpty { (isNegative, exponent) = (false, 0) }
    }
}

/// Writes values so that no two different ones have the same bytes: a letter for the kind, and lengths before contents.
private struct CanonicalWriter {
    private(set) var bytes: [UInt8] = []

    mutating func write(_ value: JSONValue) {
        switch value {
        case .null: bytes.append(UInt8(ascii: "n"))
        case .bool(let isTrue): bytes.append(UInt8(ascii: isTrue ? "t" : "f"))
        case .number(let number):
            let canonical = CanonicalNumber(number)
            bytes.append(UInt8(ascii: canonical.isNegative ? "-" : "+"))
            append(length: canonical.digits.count)
            bytes += canonical.digits
            append(length: canonical.exponent)
        case .string(let text): write(text)
        case .array(let elements):
            bytes.append(UInt8(ascii: "a"))
            append(length: elements.count)
            for element in elements { write(element) }
        case .object(let object):
            bytes.append(UInt8(ascii: "o"))
            append(length: object.count)
            for member in object.sorted(by: { $0.key.utf8.lexicographicallyPrecedes($1.key.utf8) }) {
                write(member.key)
                write(member.value)
            }
        }
    }

    /// A whole number, as `write(.int(number))` would, without its JSON.
    mutating func write(_ number: Int64) {
        var digits = Array(String(number.magnitude).utf8)
        var exponent = 0
        while digits.count > 1, digits.last == UInt8(ascii: "0") {
            digits.removeLast()
            exponent += 1
        }
        if number == 0 { digits = [] }
        bytes.append(UInt8(ascii: number < 0 ? "-" : "+"))
        append(length: digits.count)
        bytes += digits
        append(length: exponent)
    }

    mutating func write(_ text: String) {
        bytes.append(UInt8(ascii: "s"))
        append(length: text.utf8.count)
        bytes.append(contentsOf: text.utf8)
    }

    private mutating func append(length: Int) {
        bytes.append(contentsOf: String(length).utf8)
        bytes.append(UInt8(ascii: ":"))
    }
}
