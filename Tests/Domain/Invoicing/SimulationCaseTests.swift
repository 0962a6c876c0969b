import Billing
import Foundation
import Testing
import Values

/// Cases that others publish in the tests and pages of their billing systems, and own ones, put into our conventions.
@Suite struct SimulationCaseTests {
    /// One line of `Cases/*.ndjson`.
    private struct Case {
        let id: String
        let input: JSONValue
        let expected: JSONValue
    }

    @Test(arguments: [(SimulationBatch.Kind.periods, 23), (.invoices, 94)])
    func `periods and invoices of other systems come out as they publish them`(
        kind: SimulationBatch.Kind,
        count: Int
    ) throws {
        let cases = try Self.cases("\(kind.rawValue).ndjson")
        #expect(cases.count == count)
        for one in cases {
            let result = SimulationBatch.run(kind, one.input).json
            #expect(Self.holds(one.expected, in: result), "\(one.id): \(result.text), not \(one.expected.text)")
        }
    }

    @Test func `the batch gives the same results, in order, and says that some failed`() throws {
        let cases = try Self.cases("invoices.ndjson")
        var lines: [UInt8] = []
        for one in cases {
            var input = try #require(one.input.object)
            input["id"] = .string(one.id)
            lines += JSONValue.object(input).utf8 + [UInt8(ascii: "\n")]
        }
        let (output, hasFailed) = SimulationBatch.run(.invoices, lines)
        let results = output.split(separator: UInt8(ascii: "\n"))
        #expect(hasFailed)
        #expect(results.count == cases.count)
        for (result, one) in zip(results, cases) {
            let result = try JSONValue(parsing: result)
            #expect(result["id"]?.string == one.id)
            #expect(Self.holds(one.expected, in: result))
        }
    }

    private static func cases(_ name: String) throws -> [Case] {
        let file = URL(filePath: #filePath).deletingLastPathComponent().appending(path: "../Cases/\(name)")
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
