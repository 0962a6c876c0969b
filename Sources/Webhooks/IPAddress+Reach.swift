extension IPAddress {
    /// Why an address is not one of the public Internet; nil if it is.
    ///
    /// After the registries of special-purpose addresses (RFC 6890 and what IANA added). An address of version 6 that
    /// carries one of version 4 (mapped, translated, 6to4, Teredo) is judged by what it carries.
    package var refusal: String? {
        switch self {
        case .v4(let value): Self.refusal4(value)
        case .v6(let value): Self.refusal6(value)
        }
    }

    private struct Block<Bits: FixedWidthInteger & Sendable>: Sendable {
        let first: Bits
        let length: Int
        let name: String

        func contains(_ value: Bits) -> Bool {
            length == 0 || value >> Bits(Bits.bitWidth - length) == first >> Bits(Bits.bitWidth - length)
        }
    }

    private static let blocks4: [Block<UInt32>] = [
        ("0.0.0.0", 8, "unspecified"), ("10.0.0.0", 8, "private"), ("100.64.0.0", 10, "carrier-grade NAT"),
        ("127.0.0.0", 8, "loopback"), ("169.254.0.0", 16, "link-local"), ("172.16.0.0", 12, "private"),
        ("192.0.0.0", 24, "reserved"), ("192.0.2.0", 24, "for documentation"), ("192.31.196.0", 24, "reserved"),
        ("192.52.193.0", 24, "reserved"), ("192.88.99.0", 24, "reserved"), ("192.168.0.0", 16, "private"),
        ("192.175.48.0", 24, "reserved"), ("198.18.0.0", 15, "for benchmarks"),
        ("198.51.100.0", 24, "for documentation"), ("203.0.113.0", 24, "for documentation"),
        ("224.0.0.0", 4, "multicast"), ("240.0.0.0", 4, "reserved"),
    ].compactMap { text, length, name in
        guard case .v4(let first) = IPAddress(text) else { return nil }
        return Block(first: first, length: length, name: name)
    }

    private static let blocks6: [Block<UInt128>] = [
        ("::", 128, "unspecified"), ("::1", 128, "loopback"), ("fc00::", 7, "private"), ("fe80::", 10, "link-local"),
        ("fec0::", 10, "private"), ("ff00::", 8, "multicast"), ("64:ff9b:1::", 48, "for local translation"),
        ("100::", 64, "reserved"), ("2001:db8::", 32, "for documentation"), ("3fff::", 20, "for documentation"),
        ("2001::", 23, "reserved"), ("2620:4f:8000::", 48, "reserved"),
    ].compactMap { text, length, name in
        guard case .v6(let first) = IPAddress(text) else { return nil }
        return Block(first: first, length: length, name: name)
    }

    private static let globalUnicast = Block<UInt128>(first: 1 << 125, length: 3, name: "global")

    private static func refusal4(_ value: UInt32) -> String? { blocks4.first { $0.contains(value) }?.name }

    private static func refusal6(_ value: UInt128) -> String? {
        if let carried = carried(by: value) {
            return refusal4(carried).map { "\($0) (\(IPAddress.v4(carried)) in another form)" }
        }
        if let block = blocks6.first(where: { $0.contains(value) }) { return block.name }
        return globalUnicast.contains(value) ? nil : "reserved"
    }

    /// The address of version 4 that one of version 6 stands for.
    private static func carried(by value: UInt128) -> UInt32? {
        let low = UInt32(truncatingIfNeeded: value)
        // Mapped (::ffff:0:0/96), its translated twin (::ffff:0:0:0/96) and the well-known NAT64 prefix.
        if [0xFFFF, 0xFFFF_0000, 0x64_FF9B << 64].contains(value >> 32) { return low }
        // Compatible (::/96), but for :: and ::1, which are their own.
        if value >> 32 == 0, low > 1 { return low }
        // 6to4.
        if value >> 112 == 0x2002 { return UInt32(truncatingIfNeeded: value >> 80) }
        // Teredo keeps the client's address inverted.
        if value >> 96 == 0x2001_0000 { return ~low }
        return nil
    }
}
