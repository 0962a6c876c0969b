/// A strict reader of one JSON text (RFC 8259).
///
/// Stricter than the standard asks for in four ways, each of which would otherwise bite later: a key that comes twice,
/// nesting deeper than 64, an exponent beyond 9,999 and the character U+0000 (PostgreSQL cannot store it) are errors.
struct JSONParser {
    /// Arrays and objects may nest so deep.
    static let maximumDepth = 64

    private let bytes: [UInt8]
    private var index = 0

    init(_ bytes: [UInt8]) { self.bytes = bytes }

    /// Reads the only value of the text.
    mutating func document() throws(Problem) -> JSONValue {
        let value = try value(depth: 0)
        skipSpace()
        guard index == bytes.count else { throw failure("there is more after the end of the value") }
        return value
    }

    private mutating func value(depth: Int) throws(Problem) -> JSONValue {
        skipSpace()
        guard index < bytes.count else { throw failure("the text ends where a value should be") }
        switch bytes[index] {
        case UInt8(ascii: "{"): return try .object(object(depth: depth + 1))
        case UInt8(ascii: "["): return try .array(array(depth: depth + 1))
        case UInt8(ascii: "\""): return try .string(string())
        case UInt8(ascii: "-"), UInt8(ascii: "0")...UInt8(ascii: "9"): return try .number(number())
        case UInt8(ascii: "t"): return try word("true", .bool(true))
        case UInt8(ascii: "f"): return try word("false", .bool(false))
        case UInt8(ascii: "n"): return try word("null", .null)
        default: throw failure("there should be a value")
        }
    }

    private mutating func object(depth: Int) throws(Problem) -> JSONObject {
        try enter(depth)
        var object = JSONObject()
        if take(UInt8(ascii: "}")) { return object }
        while true {
            skipSpace()
            let start = index
            guard index < bytes.count, bytes[index] == UInt8(ascii: "\"") else {
                throw failure("there should be a key in quotation marks")
            }
            let key = try string()
            guard object.position(of: key) == nil else {
                index = start
                throw failure("the key \(JSONValue.string(key).seen) comes twice")
            }
            guard take(UInt8(ascii: ":")) else { throw failure("there should be a colon after the key") }
            object.append(key, try value(depth: depth))
            if take(UInt8(ascii: ",")) { continue }
            guard take(UInt8(ascii: "}")) else { throw failure("there should be a comma or the object's end") }
            return object
        }
    }

    private mutating func array(depth: Int) throws(Problem) -> [JSONValue] {
        try enter(depth)
        var elements: [JSONValue] = []
        if take(UInt8(ascii: "]")) { return elements }
        while true {
            elements.append(try value(depth: depth))
            if take(UInt8(ascii: ",")) { continue }
            guard take(UInt8(ascii: "]")) else { throw failure("there should be a comma or the array's end") }
            return elements
        }
    }

    private mutating func enter(_ depth: Int) throws(Problem) {
        guard depth <= JSONParser.maximumDepth else {
            throw failure("values must not nest deeper than \(JSONParser.maximumDepth)")
        }
        index += 1
    }

    private mutating func number() throws(Problem) -> JSONNumber {
        let start = index
        do {
            index = try JSONNumber.end(of: bytes, from: start)
        } catch {
            index = error.index
            throw failure(error.reason)
        }
        return JSONNumber(checked: String(decoding: bytes[start..<index], as: UTF8.self))
    }

    private mutating func word(_ text: StaticString, _ value: JSONValue) throws(Problem) -> JSONValue {
        let expected = text.description.utf8
        guard bytes[index...].starts(with: expected) else { throw failure("there should be the word \(text)") }
        index += expected.count
        return value
    }

    private mutating func skipSpace() {
        while index < bytes.count {
            switch bytes[index] {
            case 0x20, 0x0A, 0x0D, 0x09: index += 1
            default: return
            }
        }
    }

    private mutating func take(_ byte: UInt8) -> Bool {
        skipSpace()
        guard index < bytes.count, bytes[index] == byte else { return false }
        index += 1
        return true
    }

    private func failure(_ reason: String) -> Problem {
        .invalid("input", "is not valid JSON: \(reason), at byte \(index)")
    }
}

extension JSONParser {
    private mutating func string() throws(Problem) -> String {
        index += 1
        let start = index
        while index < bytes.count {
            switch bytes[index] {
            case UInt8(ascii: "\""):
                let text = try text(bytes[start..<index], from: start)
                index += 1
                return text
            case UInt8(ascii: "\\"):
                return try stringWithEscapes(from: start)
            case 0..<0x20:
                throw failure("a control character in a string must be escaped")
            default:
                index += 1
            }
        }
        throw failure("the text ends inside a string")
    }

    private mutating func stringWithEscapes(from start: Int) throws(Problem) -> String {
        var unescaped = Array(bytes[start..<index])
        while index < bytes.count {
            let byte = bytes[index]
            switch byte {
            case UInt8(ascii: "\""):
                let text = try text(unescaped[...], from: start)
                index += 1
                return text
            case UInt8(ascii: "\\"):
                try escape(into: &unescaped)
            case 0..<0x20:
                throw failure("a control character in a string must be escaped")
            default:
                unescaped.append(byte)
                index += 1
            }
        }
        throw failure("the text ends inside a string")
    }

    private mutating func text(_ utf8: ArraySlice<UInt8>, from start: Int) throws(Problem) -> String {
        guard let text = String(validating: utf8, as: UTF8.self) else {
            index = start
            throw failure("the string that begins here is not valid UTF-8")
        }
        return text
    }

    private mutating func escape(into unescaped: inout [UInt8]) throws(Problem) {
        index += 1
        guard index < bytes.count else { throw failure("the text ends inside a string") }
        switch bytes[index] {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): unescaped.append(bytes[index])
        case UInt8(ascii: "b"): unescaped.append(0x08)
        case UInt8(ascii: "f"): unescaped.append(0x0C)
        case UInt8(ascii: "n"): unescaped.append(0x0A)
        case UInt8(ascii: "r"): unescaped.append(0x0D)
        case UInt8(ascii: "t"): unescaped.append(0x09)
        case UInt8(ascii: "u"): return try unicodeEscape(into: &unescaped)
        default: throw failure("there is no such escape")
        }
        index += 1
    }

    /// Reads `uXXXX` and, for a leading surrogate, the `\uXXXX` that must follow it.
    private mutating func unicodeEscape(into unescaped: inout [UInt8]) throws(Problem) {
        let start = index
        var code = try hexadecimal()
        if code & 0xFC00 == 0xD800 {
            guard index + 1 < bytes.count, bytes[index] == UInt8(ascii: "\\"), bytes[index + 1] == UInt8(ascii: "u")
            else {
                index = start
                throw failure("a surrogate stands alone")
            }
            index += 1
            let second = try hexadecimal()
            guard second & 0xFC00 == 0xDC00 else {
                index = start
                throw failure("a surrogate stands alone")
            }
            code = 0x10000 + (code & 0x3FF) << 10 + second & 0x3FF
        }
        guard let scalar = Unicode.Scalar(code) else {
            index = start
            throw failure("a surrogate stands alone")
        }
        guard code != 0 else {
            index = start
            throw failure("the character U+0000 cannot be stored")
        }
        unescaped.append(contentsOf: UTF8.encode(scalar).map(Array.init) ?? [])
    }

    private mutating func hexadecimal() throws(Problem) -> UInt32 {
        index += 1
        var code: UInt32 = 0
        for _ in 0..<4 {
            guard index < bytes.count, let digit = Character(Unicode.Scalar(bytes[index])).hexDigitValue,
                bytes[index] < 0x80
            else { throw failure("there should be four hexadecimal digits") }
            code = code << 4 | UInt32(digit)
            index += 1
        }
        return code
    }
}
