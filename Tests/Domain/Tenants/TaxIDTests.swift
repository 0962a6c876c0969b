import Tenants
import Testing
import Values

/// Numbers made by the countries' published rules, each checked by an independent implementation of them.
@Suite struct TaxIDTests {
    @Test(arguments: [
        "ATU86091390", "ATU11471049", "BE0836152272", "BE0504592020", "BG504962377", "BG8535632660", "CY79800094T",
        "CZ20292899", "DE683361910", "DE299662502", "DK16641677", "DK22516795", "EE602913333", "EE962432208",
        "ESR34989012", "ESQ77783553", "FI62313117", "FI73951827", "FR11278681226", "FR44934687484", "EL939292977",
        "EL334810764", "HR19723995445", "HR60979169060", "HU88021489", "HU15583116", "IE6572099VH", "IE7945850VV",
        "IT89764840669", "IT31793880746", "LT340779612", "LU22135613", "LU93577327", "LV62327537151", "MT48685265",
        "MT15005813", "NL561218596B19", "NL088409375B29", "PL6343382978", "PL1374686932", "PT474503682",
        "PT195089391", "RO9592682", "RO9935861", "SE976168107201", "SE931809143701", "SI56393156", "SI26445174",
        "SK2271766838", "SK7036235261",
    ])
    func `a member's VAT number is known by its letters`(text: String) throws {
        let id = try TaxID(text, at: "tax_id")
        #expect(id.kind == .euVAT && id.value == text)
        #expect(id.memberState == (text.hasPrefix("EL") ? "GR" : String(text.prefix(2))))
        // As people write it.
        let spaced = try TaxID(" \(text.prefix(2)) \(text.dropFirst(2))".lowercased(), at: "tax_id")
        #expect(spaced == id)
    }

    @Test(arguments: [
        "ATU26018159", "BE1923661698", "DE328423461", "DE103974018", "DK31312423", "EE091918074", "FI91739837",
        "FR75861153426", "EL537836524", "HR42486734933", "HU76472569", "IT64990185485", "LU65548975", "MT34560473",
        "NL090700851B91", "NL561218596B00", "PL9036546775", "PT057697965", "RO1180471205", "SE977590992101",
        "SI28229679", "SK6558616947", "DE12345678", "DE1234567890", "ATU1234567A", "GR939292977", "FRX", "DE",
    ])
    func `wrong check digits and forms are refused, and what would be right is said`(text: String) {
        let problem = #expect(throws: Problem.self) { try TaxID(text, kind: .euVAT, at: "tax_ids[0].value") }
        #expect(problem?.errors.first?.field == "tax_ids[0].value")
        #expect(problem?.message.contains(text) == true)
    }

    @Test(arguments: [
        ("GB487694237", TaxID.Kind.gbVAT), ("GB664432182", .gbVAT), ("CHE-640.536.043 MWST", .chVAT),
        ("CHE342328347", .chVAT), ("202997570", .noVAT), ("563676132MVA", .noVAT), ("59 238 470 322", .auABN),
        ("12-3456789", .usEIN), ("anything 1/2", .other),
    ])
    func `other countries' numbers`(text: String, kind: TaxID.Kind) throws {
        #expect(try TaxID(text, kind: kind, at: "x").memberState == nil)
    }

    @Test(arguments: [
        ("GB181987634", TaxID.Kind.gbVAT), ("CHE927390811", .chVAT), ("484446953", .noVAT), ("78402067568", .auABN),
        ("12-345678", .usEIN), ("", .other), (String(repeating: "9", count: 51), .other),
    ])
    func `other countries' wrong numbers`(text: String, kind: TaxID.Kind) {
        #expect(throws: Problem.self) { try TaxID(text, kind: kind, at: "x") }
    }

    @Test func `details are changed field by field`() throws {
        var fields = try JSONFields(["country": "DE", "tax_ids": ["DE683361910"], "tax_exempt": true])
        let first = try TaxDetailsChanges(json: &fields).applied(to: .unknown, from: nil)
        #expect(first.country == "DE" && first.taxIDs.map(\.kind) == [.euVAT] && first.isExempt)
        fields = try JSONFields(["country": nil, "tax_exempt": false])
        let second = try TaxDetailsChanges(json: &fields).applied(to: first, from: nil)
        #expect(second.country == nil && second.taxIDs == first.taxIDs && !second.isExempt)
        let wrong: [JSONValue] = [
            ["country": "de"], ["country": "GER"], ["tax_ids": ["DE1"]], ["tax_ids": "DE683361910"],
        ]
        for json in wrong {
            #expect(throws: Problem.self) {
                var fields = try JSONFields(json)
                _ = try TaxDetailsChanges(json: &fields)
            }
        }
    }
}
