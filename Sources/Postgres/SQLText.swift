/// The hexadecimal text form of bytea.
package enum SQLBytes {
    /// Writes `\x…`.
    package static func text(_ bytes: [UInt8]) -> String {
        var hex: [UInt8] = Array("\\x".utf8)
        hex.reserveCapacity(bytes.count * 2 + 2)
        let digits = Array("0123456789abcdef".utf8)
        for byte in bytes {
            hex.append(digits[Int(byte >> 4)])
            hex.append(digits[Int(byte & 15)])
        }
        return String(decoding: hex, as: UTF8.self)
    }

    /// Reads `\x…`.
    package static func bytes(_ text: String) throws(PostgresError) -> [UInt8] {
        let source = Array(text.utf8)
        guard source.count % 2 == 0, source.starts(with: "\\x".utf8) else {
            throw .decoding(String(text.prefix(20)), as: "bytea")
        }
        var bytes: [UInt8] = []
        bytes.reserveCapacity(source.count / 2 - 1)
        var index = 2
        while index < source.count {
            guard let high = nibble(source[index]), let low = nibble(source[index + 1]) else {
                throw .decoding(String(text.prefix(20)), as: "bytea")
            }
            bytes.append(high << 4 | low)
            index += 2
        }
        return bytes
    }

    private static func nibble(_ character: UInt8) -> UInt8? {
        switch character {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): character - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): character - UInt8(ascii: "a") + 10
        default: nil
        }
    }
}

/// The literal form of one-dimensional arrays.
enum SQLArray {
    /// Appends one element in quotes, which every element type accepts.
    static func appendQuoted(_ item: String, to text: inout String) {
        text += "\""
        if item.utf8.contains(where: { $0 == UInt8(ascii: "\"") || $0 == UInt8(ascii: "\\") }) {
            for character in item.unicodeScalars {
                if character == "\"" || character == "\\" { text.unicodeScalars.append("\\") }
                text.unicodeScalars.append(character)
            }
        } else {
            text += item
        }
        text += "\""
    }

    /// Reads `{a,"b \" c",NULL}` into its elements.
    static func items(_ text: String) throws(PostgresError) -> [String?] {
        let source = Array(text.utf8)
        guard source.first == UInt8(ascii: "{"), source.last == UInt8(ascii: "}") else {
            throw .decoding(String(text.prefix(40)), as: "array")
        }
        var items: [String?] = []
        var index = 1
        let end = source.count - 1
        while index < end {
            var item: [UInt8] = []
            let isQuoted = source[index] == UInt8(ascii: "\"")
            if isQuoted { index += 1 }
            while index < end {
                let byte = source[index]
                if isQuoted ? byte == UInt8(ascii: "\"") : byte == UInt8(ascii: ",") { break }
                if byte == UInt8(ascii: "\\"), index + 1 < end { index += 1 }
                item.append(source[index])
                index += 1
            }
            if isQuoted { index += 1 }
            let value = String(decoding: item, as: UTF8.self)
            items.append(!isQuoted && value == "NULL" ? nil : value)
            guard index < end else { break }
            guard source[index] == UInt8(ascii: ",") else { throw .decoding(String(text.prefix(40)), as: "array") }
            index += 1
        }
        return items
    }
}
