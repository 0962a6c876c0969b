import Foundation
import Testing
import Values

/// One line of `Cases/*.ndjson`: what a simulation is given, and what must be in its result.
struct SimulatorCase {
    let id: String
    let input: JSONValue
    let expected: JSONValue

    /// Reads all cases of a file.
    static func all(_ name: String) throws -> [SimulatorCase] {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "Cases/\(name)")
        return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map { line in
            let json = try JSONValue(parsing: String(line))
            return SimulatorCase(
                id: try #require(json["id"]?.string),
                input: try #require(json["input"]),
                expected: try #require(json["expect"])
            )
        }
    }

    /// Whether a result is as expected.
    func holds(in result: JSONValue) -> Bool { Self.holds(expected, in: result) }

    /// Of an object the named members are compared, of a list each item; anything else must be equal.
    private static func holds(_ expected: JSONValue, in result: JSONValue) -> Bool {
        switch (expected, result) {
        case (.object(let expected), .object(let result)):
            expected.allSatisfy { key, value in result[key].map { holds(value, in: $0) } ?? false }
        case (.array(let expected), .array(let result)):
            expected.count == result.count && zip(expected, result).allSatisfy { holds($0, in: $1) }
        default: expected == result
        }
    }
}
