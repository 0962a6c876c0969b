import Billing
import Testing
import Values

/// Cases that others publish in the tests and pages of their billing systems, put into our conventions.
@Suite struct RateCaseTests {
    @Test func `the rates of other systems come out as they publish them`() throws {
        let cases = try SimulatorCase.all("rate.ndjson")
        #expect(cases.count >= 70)
        for one in cases {
            let result: JSONValue
            do throws(Problem) {
                result = try SimulatedRate.run(one.input)
            } catch {
                result = ["error": ["field": .string(error.errors.first?.field ?? "")]]
            }
            #expect(one.holds(in: result), "\(one.id): \(result.text), not \(one.expected.text)")
        }
    }
}
