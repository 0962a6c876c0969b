package import Values

/// A one-dimensional array in PostgreSQL's binary form.
///
/// It is bound by `\(binary:)`, to a parameter of exactly its type: `\(binary: .texts(names))::text[]`. It is made of
/// arrays, not of collections of any kind: generic code of another module is not specialised, and ingest is made of it.
package struct SQLBinaryArray: Sendable {
    /// The elements' types by their ids in the server's catalogue, which never change.
    private enum Element: UInt32 {
        case bytea = 17, bigint = 20, text = 25, timestamptz = 1184, numeric = 1700, uuid = 2950, jsonb = 3802
    }

    /// Microseconds from 1970 to 2000, where the server's time begins.
    private static let epoch: Int64 = 946_684_800_000_000

    private(set) var bytes: [UInt8]

    private init(_ element: Element, count: Int, size: Int) {
        bytes = []
        bytes.reserveCapacity(20 + count * (4 + size))
        append(UInt32(count == 0 ? 0 : 1))
        // Whether there are NULLs: only a hint, so it may be said where there are none.
        append(UInt32(1))
        append(element.rawValue)
        guard count > 0 else { return }
        append(UInt32(count))
        append(UInt32(1))
    }

    /// `uuid[]`; nil is NULL.
    package static func uuids(_ uuids: [UUIDBytes?]) -> SQLBinaryArray {
        var array = SQLBinaryArray(.uuid, count: uuids.count, size: 16)
        for uuid in uuids {
            guard let uuid else {
                array.appendNull()
                continue
            }
            array.append(UInt32(16))
            array.append(uuid.high)
            array.append(uuid.low)
        }
        return array
    }

    /// `text[]`; nil is NULL.
    ///
    /// A text with a NUL character is refused by the server.
    package static func texts(_ texts: [String?]) -> SQLBinaryArray {
        var array = SQLBinaryArray(.text, count: texts.count, size: 32)
        for text in texts {
            guard let text else {
                array.appendNull()
                continue
            }
            array.append(UInt32(text.utf8.count))
            array.bytes.append(contentsOf: text.utf8)
        }
        return array
    }

    /// `bytea[]`.
    package static func bytes(_ values: [[UInt8]]) -> SQLBinaryArray {
        var array = SQLBinaryArray(.bytea, count: values.count, size: 16)
        for value in values {
            array.append(UInt32(value.count))
            array.bytes.append(contentsOf: value)
        }
        return array
    }

    /// `timestamptz[]`.
    package static func instants(_ instants: [Instant]) -> SQLBinaryArray {
        var array = SQLBinaryArray(.timestamptz, count: instants.count, size: 8)
        for instant in instants {
            array.append(UInt32(8))
            array.append(UInt64(bitPattern: instant.microseconds - epoch))
        }
        return array
    }

    /// `bigint[]`.
    package static func integers(_ values: [Int]) -> SQLBinaryArray {
        var array = SQLBinaryArray(.bigint, count: values.count, size: 8)
        for value in values {
            array.append(UInt32(8))
            array.append(UInt64(bitPattern: Int64(value)))
        }
        return array
    }

    /// `jsonb[]`.
    package static func json(_ values: [JSONValue]) -> SQLBinaryArray {
        var array = SQLBinaryArray(.jsonb, count: values.count, size: 64)
        for value in values {
            let text = value.utf8
            array.append(UInt32(text.count + 1))
            // The version of the form.
            array.bytes.append(1)
            array.bytes.append(contentsOf: text)
        }
        return array
    }

    /// `numeric[]` with twelve digits after the point.
    package static func decimals(_ values: [Decimal12]) -> SQLBinaryArray {
        var array = SQLBinaryArray(.numeric, count: values.count, size: 18)
        for value in values { array.append(unscaled: value.unscaled) }
        return array
    }

    /// `numeric[]` of whole numbers of 10^-12.
    package static func decimals(unscaled values: [Int128]) -> SQLBinaryArray {
        var array = SQLBinaryArray(.numeric, count: values.count, size: 18)
        for value in values { array.append(unscaled: value) }
        return array
    }

    /// Groups of four digits, the last three after the point; zeros at the ends are left out.
    private mutating func append(unscaled: Int128) {
        var groups: [UInt16] = []
        groups.reserveCapacity(10)
        var rest = unscaled.magnitude
        while rest > UInt128(UInt64.max) {
            let (quotient, group) = rest.quotientAndRemainder(dividingBy: 10_000)
            groups.append(UInt16(truncatingIfNeeded: group))
            rest = quotient
        }
        var small = UInt64(truncatingIfNeeded: rest)
        while small > 0 {
            let (quotient, group) = small.quotientAndRemainder(dividingBy: 10_000)
            groups.append(UInt16(truncatingIfNeeded: group))
            small = quotient
        }
        let zeros = groups.prefix { $0 == 0 }.count
        append(UInt32(8 + 2 * (groups.count - zeros)))
        append(UInt16(groups.count - zeros))
        append(UInt16(bitPattern: groups.isEmpty ? 0 : Int16(groups.count - 4)))
        append(UInt16(unscaled < 0 ? 0x4000 : 0))
        append(UInt16(12))
        for group in groups.dropFirst(zeros).reversed() { append(group) }
    }

    private mutating func appendNull() { append(UInt32.max) }

    private mutating func append(_ value: some FixedWidthInteger) {
        unsafe withUnsafeBytes(of: value.bigEndian) { unsafe bytes.append(contentsOf: $0) }
    }
}
