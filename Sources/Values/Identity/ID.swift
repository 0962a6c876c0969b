/// The id of a thing of one kind: a UUID, version 7 when we make it.
///
/// On the wire it is the kind's prefix, `_`, and 26 characters of lower-case Crockford base32, like
/// `ten_01h455vb4pex5vsknk084sn02q` (the TypeID form). Callers may bring any UUID. Ids made later compare greater.
package struct ID<E: Entity>: Hashable, Comparable, Sendable, CustomStringConvertible {
    /// The 128 bits.
    package let uuid: UUIDBytes

    /// Takes a UUID as it is.
    package init(uuid: UUIDBytes) { self.uuid = uuid }

    /// Makes a version 7 UUID (RFC 9562) of an instant and two random numbers.
    ///
    /// Beside the milliseconds the twelve bits `rand_a` hold the microseconds, so that ids sort by time within a
    /// millisecond too. An instant before 1970 counts as 1970.
    package init(at instant: Instant, random: (UInt64, UInt64)) {
        let microseconds = UInt64(max(0, instant.microseconds))
        let fraction = (microseconds % 1000) << 2 | random.0 & 0b11
        let high = (microseconds / 1000) << 16 | 0x7000 | fraction
        let low = random.1 & 0x3FFF_FFFF_FFFF_FFFF | 0x8000_0000_0000_0000
        uuid = UUIDBytes(high: high, low: low)
    }

    /// Makes a new id, with the system's randomness: the only place that uses it.
    package static func make(at instant: Instant) -> ID {
        var generator = SystemRandomNumberGenerator()
        return ID(at: instant, random: (generator.next(), generator.next()))
    }

    /// Reads the wire form; nil if it has another prefix or is malformed.
    package init?(_ wire: String) {
        let utf8 = Array(wire.utf8)
        let prefix = E.prefix.utf8
        guard utf8.count == prefix.count + 1 + Crockford.length, utf8.starts(with: prefix),
            utf8[prefix.count] == UInt8(ascii: "_"), let value = Crockford.decode(utf8.suffix(Crockford.length))
        else { return nil }
        uuid = UUIDBytes(value)
    }

    /// Reads the UUID's own text.
    package init?(uuidText: String) {
        guard let uuid = UUIDBytes(uuidText) else { return nil }
        self.uuid = uuid
    }

    /// The wire form.
    package var text: String { "\(E.prefix)_\(Crockford.encode(uuid.value))" }

    /// The UUID's own text, as PostgreSQL writes it.
    package var uuidText: String { uuid.text }

    /// The 16 bytes of the UUID.
    package var uuidBytes: [UInt8] { uuid.bytes }

    /// The wire form as JSON.
    package var json: JSONValue { .string(text) }

    package var description: String { text }

    package static func < (lhs: ID, rhs: ID) -> Bool { lhs.uuid < rhs.uuid }

    /// What an error message says an id should look like.
    static var form: String { "an id like \"\(E.prefix)_01h455vb4pex5vsknk084sn02q\"" }
}

/// Base32 in Crockford's alphabet, lower case only, for 128 bits in 26 characters.
enum Crockford {
    static let length = 26
    private static let alphabet = Array("0123456789abcdefghjkmnpqrstvwxyz".utf8)
    private static let values: [UInt8] = {
        var values = [UInt8](repeating: 0xFF, count: 256)
        for (value, byte) in alphabet.enumerated() { values[Int(byte)] = UInt8(value) }
        return values
    }()

    static func encode(_ value: UInt128) -> String {
        var characters = [UInt8](repeating: 0, count: length)
        var rest = value
        for index in stride(from: length - 1, through: 0, by: -1) {
            characters[index] = alphabet[Int(truncatingIfNeeded: rest & 31)]
            rest >>= 5
        }
        return String(decoding: characters, as: UTF8.self)
    }

    static func decode(_ characters: some Collection<UInt8>) -> UInt128? {
        // 26 characters hold 130 bits: the first may only use three of its five.
        guard characters.count == length, let first = characters.first, values[Int(first)] <= 7 else { return nil }
        var value: UInt128 = 0
        for character in characters {
            let digit = values[Int(character)]
            guard digit < 32 else { return nil }
            value = value << 5 | UInt128(digit)
        }
        return value
    }
}
