import Values

/// A body of `multipart/form-data`, taken apart.
struct MultipartForm: Sendable {
    /// One field of the form.
    struct Part: Sendable {
        let name: String
        /// The name of the file; nil if it is no file.
        let filename: String?
        let content: ArraySlice<UInt8>

        /// The content as a text.
        var text: String { String(decoding: content, as: UTF8.self) }
    }

    /// A form of so many fields at most.
    private static let limit = 50

    let parts: [Part]

    /// Takes a body apart.
    ///
    /// - Throws: it is of another type, or has not the form.
    init(_ body: [UInt8], type: String?) throws(Problem) {
        guard let type, type.lowercased().hasPrefix("multipart/form-data") else {
            throw Problem(
                .invalid,
                code: "unsupported_media_type",
                "Content-Type is \(type ?? "missing"); send multipart/form-data"
            )
        }
        guard let boundary = Self.parameter("boundary", of: type), (1...200).contains(boundary.utf8.count) else {
            throw .invalid("Content-Type", "must name a boundary")
        }
        let mark = Array("--\(boundary)".utf8)
        guard var place = Self.find(mark, in: body[...]) else { throw .invalid("body", "has no part of the form") }
        var parts: [Part] = []
        while true {
            var rest = body[(place + mark.count)...]
            if rest.starts(with: "--".utf8) { break }
            guard rest.starts(with: "\r\n".utf8) else {
                throw .invalid("body", "has a boundary without an end of line")
            }
            rest = rest.dropFirst(2)
            guard let next = Self.find(Array("\r\n".utf8) + mark, in: rest) else {
                throw .invalid("body", "ends within a part of the form")
            }
            guard parts.count < Self.limit else { throw .invalid("body", "has more than \(Self.limit) fields") }
            parts.append(try Self.part(rest[..<next]))
            place = next + 2
        }
        self.parts = parts
    }

    /// The field with a name.
    subscript(name: String) -> Part? { parts.first { $0.name == name } }

    private static func part(_ bytes: ArraySlice<UInt8>) throws(Problem) -> Part {
        let end = Array("\r\n\r\n".utf8)
        let head: ArraySlice<UInt8>
        let content: ArraySlice<UInt8>
        guard let place = find(end, in: bytes) else {
            throw .invalid("body", "has a part without a name")
        }
        head = bytes[..<place]
        content = bytes[(place + end.count)...]
        for line in String(decoding: head, as: UTF8.self).split(whereSeparator: \.isNewline) {
            guard line.lowercased().hasPrefix("content-disposition:"), let name = parameter("name", of: String(line))
            else { continue }
            return Part(name: name, filename: parameter("filename", of: String(line)), content: content)
        }
        throw .invalid("body", "has a part without a name")
    }

    /// The value of a parameter like `name="file"`.
    private static func parameter(_ name: String, of header: String) -> String? {
        for piece in header.split(separator: ";").dropFirst() {
            let pair = piece.split(separator: "=", maxSplits: 1).map { part in
                String(part.drop { $0 == " " || $0 == "\t" })
            }
            guard pair.count == 2, pair[0].lowercased() == name else { continue }
            let value = pair[1]
            guard value.hasPrefix("\""), let end = value.dropFirst().firstIndex(of: "\"") else {
                return String(value.prefix { $0 != " " })
            }
            return String(value[value.index(after: value.startIndex)..<end])
        }
        return nil
    }

    private static func find(_ mark: [UInt8], in bytes: ArraySlice<UInt8>) -> Int? {
        guard let first = mark.first, bytes.count >= mark.count else { return nil }
        var from = bytes.startIndex
        let last = bytes.endIndex - mark.count
        while from <= last, let place = bytes[from...last].firstIndex(of: first) {
            if bytes[place..<place + mark.count].elementsEqual(mark) { return place }
            from = place + 1
        }
        return nil
    }
}
