/// A body of `application/x-www-form-urlencoded`, with members of members in brackets: `metadata[invoice]=inv_…`.
struct FormBody: Sendable {
    /// Names and values in the order they were added.
    private(set) var pairs: [(name: String, value: String)] = []

    /// Adds a value.
    mutating func add(_ name: String, _ value: String) { pairs.append((name, value)) }

    /// Adds a value, if there is one.
    mutating func add(_ name: String, _ value: String?) {
        if let value { pairs.append((name, value)) }
    }

    /// Adds an object's members in the order of their names, so that the same object is always the same bytes.
    mutating func add(_ name: String, _ members: [String: String]) {
        for (key, value) in members.sorted(by: { $0.key < $1.key }) { pairs.append(("\(name)[\(key)]", value)) }
    }

    /// As it is sent.
    var text: String {
        pairs.map { "\(FormBody.encode($0.name))=\(FormBody.encode($0.value))" }.joined(separator: "&")
    }

    /// Percent-encodes all but the unreserved characters; a space becomes `%20`, which every reader takes.
    static func encode(_ text: String) -> String {
        var encoded: [UInt8] = []
        for byte in text.utf8 {
            switch byte {
            case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "A")...UInt8(ascii: "Z"),
                UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"), UInt8(ascii: "_"), UInt8(ascii: "."),
                UInt8(ascii: "~"):
                encoded.append(byte)
            default:
                encoded += [UInt8(ascii: "%"), hexadecimal[Int(byte >> 4)], hexadecimal[Int(byte & 15)]]
            }
        }
        return String(decoding: encoded, as: UTF8.self)
    }

    private static let hexadecimal = Array("0123456789ABCDEF".utf8)
}
