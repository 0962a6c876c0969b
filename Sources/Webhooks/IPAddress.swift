/// An address of the Internet, version 4 or 6, without a zone.
package enum IPAddress: Hashable, Sendable {
    case v4(UInt32)
    case v6(UInt128)

    /// Reads the usual forms: four decimal numbers with dots, or groups of hexadecimal digits with colons.
    ///
    /// Other ways to write an address, which some systems understand (`0x7f.1`, `2130706433`, `010.0.0.1`), and zones
    /// (`fe80::1%eth0`) are refused.
    package init?(_ text: String) {
        if text.contains(":") {
            guard let value = Self.parse6(text) else { return nil }
            self = .v6(value)
        } else {
            guard let value = Self.parse4(text) else { return nil }
            self = .v4(value)
        }
    }

    /// Takes the four or sixteen bytes of an address, first to last.
    package init?(bytes: [UInt8]) {
        switch bytes.count {
        case 4: self = .v4(bytes.reduce(0) { $0 << 8 | UInt32($1) })
        case 16: self = .v6(bytes.reduce(0) { $0 << 8 | UInt128($1) })
        default: return nil
        }
    }

    /// Reads what old systems take for an address of version 4 (inet_aton): one to four numbers with dots, decimal,
    /// octal after 0 or hexadecimal after 0x, the last of which fills what is left.
    package static func lenient(_ text: String) -> IPAddress? {
        var parts = text.split(separator: ".", omittingEmptySubsequences: false)
        if parts.last == "", parts.count > 1 { parts.removeLast() }
        guard (1...4).contains(parts.count) else { return nil }
        var value: UInt64 = 0
        for (index, part) in parts.enumerated() {
            guard let number = lenientNumber(part) else { return nil }
            let isLast = index == parts.count - 1
            let room = isLast ? 8 * UInt64(4 - index) : 8
            guard number < 1 << room else { return nil }
            value = value << room | number
        }
        return .v4(UInt32(value))
    }

    private static func lenientNumber(_ text: Substring) -> UInt64? {
        let lower = text.lowercased()
        if lower.hasPrefix("0x") { return lower.count == 2 ? 0 : number(lower.dropFirst(2), radix: 16) }
        if lower.hasPrefix("0"), lower.count > 1 { return number(lower.dropFirst(), radix: 8) }
        return number(lower[...], radix: 10)
    }

    private static func number(_ digits: Substring, radix: Int) -> UInt64? {
        guard !digits.isEmpty, digits.utf8.allSatisfy({ $0 != UInt8(ascii: "+") && $0 != UInt8(ascii: "-") }) else {
            return nil
        }
        return UInt64(digits, radix: radix)
    }

    private static func parse4(_ text: String) -> UInt32? {
        let parts = text.split(separator: ".", omittingEmptySubsequences: false)
        guard parts.count == 4 else { return nil }
        var value: UInt32 = 0
        for part in parts {
            guard (1...3).contains(part.utf8.count), part.utf8.allSatisfy(isDigit), part == "0" || !part.hasPrefix("0"),
                let byte = UInt8(part)
            else { return nil }
            value = value << 8 | UInt32(byte)
        }
        return value
    }

    private static func parse6(_ text: String) -> UInt128? {
        guard let gap = text.firstRange(of: "::") else {
            guard let groups = groups(text[...]), groups.count == 8 else { return nil }
            return join(groups)
        }
        guard let head = groups(text[..<gap.lowerBound], isEnd: false), let tail = groups(text[gap.upperBound...]),
            head.count + tail.count <= 7
        else { return nil }
        return join(head + Array(repeating: 0, count: 8 - head.count - tail.count) + tail)
    }

    /// Groups of 16 bits; the last two of an address may be written as one of version 4.
    private static func groups(_ text: Substring, isEnd: Bool = true) -> [UInt16]? {
        guard !text.isEmpty else { return [] }
        var groups: [UInt16] = []
        let parts = text.split(separator: ":", omittingEmptySubsequences: false)
        for (index, part) in parts.enumerated() {
            if part.contains("."), isEnd, index == parts.count - 1 {
                guard let value = parse4(String(part)) else { return nil }
                groups += [UInt16(value >> 16), UInt16(value & 0xFFFF)]
                continue
            }
            guard (1...4).contains(part.utf8.count), part.utf8.allSatisfy(isHexadecimal),
                let group = UInt16(part, radix: 16)
            else { return nil }
            groups.append(group)
        }
        return groups
    }

    private static func join(_ groups: [UInt16]) -> UInt128 { groups.reduce(0) { $0 << 16 | UInt128($1) } }

    private static func isDigit(_ byte: UInt8) -> Bool { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte) }

    private static func isHexadecimal(_ byte: UInt8) -> Bool {
        isDigit(byte) || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte | 0x20)
    }
}

extension IPAddress: CustomStringConvertible {
    /// The usual text; the groups of version 6 are not shortened.
    package var description: String {
        switch self {
        case .v4(let value): (0..<4).map { String(value >> (24 - 8 * UInt32($0)) & 0xFF) }.joined(separator: ".")
        case .v6(let value):
            (0..<8).map { String(UInt16(truncatingIfNeeded: value >> (112 - 16 * UInt128($0))), radix: 16) }
                .joined(separator: ":")
        }
    }
}
