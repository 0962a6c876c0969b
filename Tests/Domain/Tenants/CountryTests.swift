import Tenants
import Testing
import Values

/// Countries are those that there are.
@Suite struct CountryTests {
    @Test func `all codes of ISO 3166-1 are known, and the union's members are among them`() throws {
        #expect(Country.codes.count == 249)
        #expect(Country.codes.allSatisfy { $0.utf8.count == 2 && $0 == $0.uppercased() })
        #expect(Country.europeanUnion.isSubset(of: Country.codes) && Country.europeanUnion.count == 27)
        for code in ["DE", "US", "JP", "CH", "GB", "TW", "ZA", "AX"] {
            #expect(try Country.checked(code, at: "country") == code)
        }
    }

    @Test(arguments: [
        ("ZZ", "two capitals"), ("XX", "two capitals"), ("AA", "two capitals"), ("", "two capitals"),
        ("DEU", "two capitals"), ("de", "\"DE\""), ("UK", "\"GB\""), ("EL", "\"GR\""), ("usa", "\"US\""),
    ])
    func `what is no country is refused with what would be right`(text: String, hint: String) {
        let problem = #expect(throws: Problem.self) { try Country.checked(text, at: "country") }
        #expect(problem?.errors.first?.field == "country")
        #expect(problem?.message.contains(hint) == true, "\(problem?.message ?? "taken")")
        #expect(throws: Problem.self) { try LegalEntityDraft(name: "Acme", country: text) }
        #expect(throws: Problem.self) {
            var fields = try JSONFields(["country": .string(text)])
            _ = try TaxDetailsChanges(json: &fields)
        }
    }
}
