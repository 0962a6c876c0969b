import Billing
import Foundation
import Testing
import Values

/// Cases that others publish in the tests and pages of their billing systems, put into our conventions.
@Suite struct RateCaseTests {
    /// One line of `Cases/rate.ndjson`.
    private struct Case {
        let id: String
        let input: JSONValue
        let expected: JSONValue
    }

    @Test func `the rates of other systems come out as they publish them`() throws {
        let cases = try Self.cases()
        #expect(cases.count >= 70)
        for one in cases {
            let result: JSONValue
            do throws(Problem) {
                result = try SimulatedRate.run(one.input)
            } catch {
                result = ["error": ["field": .string(error.errors.first?.field ?? "")]]
            }
            #expect(Self.holds(one.expected, in: result), "\(one.id): \(result.text), not \(one.expected.text)")
        }
    }

    private static func cases() throws -> [Case] {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Cases/rate.ndjson")
        return try String(contentsOf: file, encoding: .utf8).split(separator: "\n").map { line in
            let json = try JSONValue(parsing: String(line))
            return Case(
                id: try #require(json["id"]?.string),
                input: try #require(json["input"]),
                expected: try #require(json["expect"])
            )
        }
    }

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
