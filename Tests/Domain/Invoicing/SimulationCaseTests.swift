import Billing
import Testing
import Values

/// Cases that others publish in the tests and pages of their billing systems, and own ones, put into our conventions.
@Suite struct SimulationCaseTests {
    @Test(arguments: [(SimulationBatch.Kind.periods, 23), (.invoices, 94)])
    func `periods and invoices of other systems come out as they publish them`(
        kind: SimulationBatch.Kind,
        count: Int
    ) throws {
        let cases = try SimulatorCase.all("\(kind.rawValue).ndjson")
        #expect(cases.count == count)
        for one in cases {
            let result = SimulationBatch.run(kind, one.input).json
            #expect(one.holds(in: result), "\(one.id): \(result.text), not \(one.expected.text)")
        }
    }

    @Test func `the batch gives the same results, in order, and says that some failed`() throws {
        let cases = try SimulatorCase.all("invoices.ndjson")
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
            #expect(one.holds(in: result))
        }
    }
}
