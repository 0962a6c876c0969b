import Crypto
import Foundation
import Metering
import Values

/// A file of events, read part by part: NDJSON, or CSV with a header.
struct UsageFile {
    /// How a file is written.
    enum Form: String, CaseIterable {
        case ndjson, csv
    }

    /// One event of the file, or why it is none.
    typealias Record = (line: Int, input: UsageInput)

    private static let chunkBytes = 1 << 20
    /// An event has at most some 9,000 bytes; a longer line is another kind of file.
    private static let lineBytes = 1 << 18

    /// How many bytes the file has; nil of a pipe.
    let byteCount: Int?
    /// How many of them were taken.
    private(set) var bytesRead = 0

    /// The SHA-256 of the file and of how it is read, by which an import finds where it stopped; nil of a pipe.
    let hash: [UInt8]?

    private let handle: FileHandle
    private let form: Form
    private let zone: Zone
    private var rest: [UInt8] = []
    /// Where in `rest` the next line begins.
    private var start = 0
    private var isAtEnd = false
    private var line = 0
    private var columns: [String]?

    /// Opens a file; `-` is standard input.
    ///
    /// `form`: nil goes by the name: `.csv` is CSV, all else NDJSON.
    ///
    /// `zone`: where a bare date is midnight.
    init(_ name: String, form: Form?, zone: Zone) throws {
        self.form = form ?? (name.lowercased().hasSuffix(".csv") ? .csv : .ndjson)
        self.zone = zone
        guard name != "-" else {
            handle = .standardInput
            byteCount = nil
            hash = nil
            return
        }
        guard let opened = FileHandle(forReadingAtPath: name) else {
            throw Problem.invalid("FILE", "\(name) cannot be read")
        }
        handle = opened
        byteCount = try? FileManager.default.attributesOfItem(atPath: name)[.size] as? Int
        hash = try? Self.hash(of: opened, "\(self.form.rawValue) \(zone.name)")
    }

    /// Reads all of a file, and goes back to its beginning; throws of what cannot go back.
    private static func hash(of handle: FileHandle, _ form: String) throws -> [UInt8] {
        try handle.seek(toOffset: 0)
        var digest = SHA256()
        digest.update(data: Data(form.utf8))
        while let chunk = try handle.read(upToCount: chunkBytes), !chunk.isEmpty { digest.update(data: chunk) }
        try handle.seek(toOffset: 0)
        return Array(digest.finalize())
    }

    /// Where the next event begins.
    var position: Int { bytesRead - (rest.count - start) }

    /// Goes on where an import stopped; a header is read first.
    mutating func resume(at offset: Int, line: Int) throws {
        while form == .csv, columns == nil, let text = try nextLine() {
            let cells = try CSVRecord.cells(try wholeRecord(text), line: self.line)
            if cells.contains(where: { !$0.isEmpty }) { columns = try UsageColumns.checked(cells) }
        }
        try handle.seek(toOffset: UInt64(offset))
        rest = []
        start = 0
        isAtEnd = false
        bytesRead = offset
        self.line = line
    }

    /// How many lines were taken.
    var linesRead: Int { line }

    /// The next events, at most as many as asked for; none at the end.
    mutating func next(_ limit: Int) throws -> [Record] {
        var records: [Record] = []
        while records.count < limit, let text = try nextLine() {
            let number = line
            switch form {
            case .ndjson:
                guard text.contains(where: { $0 != UInt8(ascii: " ") }) else { continue }
                records.append((number, UsageInput(line: text, in: zone)))
            case .csv:
                let cells = try CSVRecord.cells(try wholeRecord(text), line: number)
                guard cells.contains(where: { !$0.isEmpty }) else { continue }
                guard let columns else {
                    self.columns = try UsageColumns.checked(cells)
                    continue
                }
                records.append((number, UsageColumns.input(cells, columns, in: zone)))
            }
        }
        return records
    }

    /// Takes the lines that belong to a quoted cell with line ends in it.
    private mutating func wholeRecord(_ first: [UInt8]) throws -> [UInt8] {
        var record = first
        while record.count(where: { $0 == UInt8(ascii: "\"") }) % 2 == 1 {
            guard record.count <= Self.lineBytes, let more = try nextLine() else {
                throw Problem.invalid("FILE", "line \(line): a quotation mark is not closed")
            }
            record.append(UInt8(ascii: "\n"))
            record += more
        }
        return record
    }

    private mutating func nextLine() throws -> [UInt8]? {
        var searched = start
        while true {
            if let end = rest[searched...].firstIndex(of: UInt8(ascii: "\n")) {
                let text = rest[start..<end]
                start = end + 1
                line += 1
                return Array(text.last == UInt8(ascii: "\r") ? text.dropLast() : text)
            }
            // What was taken goes away once a chunk, not once a line.
            rest.removeFirst(start)
            start = 0
            guard !isAtEnd else {
                guard !rest.isEmpty else { return nil }
                defer { rest = [] }
                line += 1
                return rest
            }
            guard rest.count <= Self.lineBytes else {
                throw Problem.invalid(
                    "FILE",
                    "line \(line + 1) is longer than \(Self.lineBytes) bytes; one event a line is expected"
                )
            }
            searched = rest.count
            let chunk = try handle.read(upToCount: Self.chunkBytes) ?? Data()
            isAtEnd = chunk.isEmpty
            bytesRead += chunk.count
            rest += chunk
        }
    }
}

/// A line of CSV as RFC 4180 has it.
enum CSVRecord {
    static func cells(_ record: [UInt8], line: Int) throws(Problem) -> [String] {
        var cells: [String] = []
        var cell: [UInt8] = []
        var isQuoted = false
        var index = 0
        while index < record.count {
            let byte = record[index]
            index += 1
            switch byte {
            case UInt8(ascii: "\"") where isQuoted:
                if index < record.count, record[index] == byte {
                    cell.append(byte)
                    index += 1
                } else {
                    isQuoted = false
                }
            case UInt8(ascii: "\"") where cell.isEmpty: isQuoted = true
            case UInt8(ascii: ",") where !isQuoted:
                cells.append(String(decoding: cell, as: UTF8.self))
                cell = []
            default: cell.append(byte)
            }
        }
        guard !isQuoted else { throw .invalid("FILE", "line \(line): a quotation mark is not closed") }
        cells.append(String(decoding: cell, as: UTF8.self))
        return cells
    }
}

/// What the columns of a CSV file of events mean.
private enum UsageColumns {
    private static let known = ["id", "meter", "at", "value", "subject", "subscription", "properties"]
    private static let prefix = "properties."

    static func checked(_ header: [String]) throws(Problem) -> [String] {
        let columns = header.map { $0.filter { $0 != " " && $0 != "\u{FEFF}" } }
        if let bad = columns.first(where: { !known.contains($0) && !$0.hasPrefix(prefix) }) {
            throw .invalid(
                "FILE",
                "the column \"\(bad)\" is not known; there are \(known.joined(separator: ", ")) and properties.NAME"
            )
        }
        for name in ["id", "meter", "at"] where !columns.contains(name) {
            throw .invalid("FILE", "the header has no column \(name)")
        }
        return columns
    }

    static func input(_ cells: [String], _ columns: [String], in zone: Zone) -> UsageInput {
        var object = JSONObject()
        var properties = JSONObject()
        guard cells.count == columns.count else {
            return .malformed(
                id: nil,
                .invalid("input", "has \(cells.count) cells; the header has \(columns.count)")
            )
        }
        for (name, cell) in zip(columns, cells) where !cell.isEmpty {
            if name.hasPrefix(prefix) {
                properties[String(name.dropFirst(prefix.count))] = .string(cell)
            } else if name == "properties" {
                guard let json = try? JSONValue(parsing: cell), let members = json.object else {
                    return .malformed(id: object["id"]?.string, .invalid("properties", "must be a JSON object"))
                }
                for (key, value) in members { properties[key] = value }
            } else {
                object[name] = .string(cell)
            }
        }
        if !properties.isEmpty { object["properties"] = .object(properties) }
        return UsageInput(json: .object(object), in: zone)
    }
}
