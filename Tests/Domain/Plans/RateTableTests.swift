import Billing
import Testing
import Values

/// An input of the simulator and all that must come out.
struct RateRow: Sendable, CustomTestStringConvertible {
    let input: String
    let output: String

    init(_ input: String, gives output: String) {
        self.input = input
        self.output = output
    }

    var testDescription: String { input }
}

/// The contract's rules, each with numbers worked out by hand from its text.
@Suite struct RateTableTests {
    @Test(arguments: RateTableTests.lines + RateTableTests.tiers + RateTableTests.billed)
    func `a quantity makes an amount`(_ row: RateRow) throws {
        #expect(try SimulatedRate.run(JSONValue(parsing: row.input)) == JSONValue(parsing: row.output))
    }

    @Test func `money has the digits of its currency`() throws {
        let input = #"{"price": {"model": "flat", "amount": "1.5"}, "currency": "JPY", "ratio": "1/1"}"#
        let output = #"{"quantity": "1", "exact": "1.5", "amount": "2"}"#
        #expect(try SimulatedRate.run(JSONValue(parsing: input)) == JSONValue(parsing: output))
    }

    /// The steps of a line: free units, model, ratio, discount, minimum, maximum.
    static let lines: [RateRow] = [
        // 20 × 16/31 × 90 % = 288/31 is below 30 × 16/31 = 480/31.
        RateRow(
            #"""
            {"price": {"model": "flat", "amount": "20", "discount_percent": "10", "minimum": "30", "maximum": "40"},
             "currency": "USD", "ratio": "16/31"}
            """#,
            gives: #"{"quantity": "1", "exact": "15.483870967742", "amount": "15.48"}"#
        ),
        // Usage is not made smaller by a ratio; a metered flat amount is charged in full, also without usage.
        RateRow(
            #"""
            {"price": {"model": "flat", "amount": "20", "meter": "m"}, "currency": "USD", "quantity": "0",
             "ratio": "1/2"}
            """#,
            gives: #"{"quantity": "0", "exact": "20", "amount": "20.00"}"#
        ),
        RateRow(
            #"""
            {"price": {"model": "per_unit", "unit_amount": "1", "meter": "m", "maximum": "50"}, "currency": "USD",
             "quantity": "100", "ratio": "1/2"}
            """#,
            gives: #"{"quantity": "100", "exact": "25", "amount": "25.00"}"#
        ),
        // The discount comes before the maximum: 100 − 50 % is below 60.
        RateRow(
            #"""
            {"price": {"model": "per_unit", "unit_amount": "10", "discount_percent": "50", "maximum": "60"},
             "currency": "USD", "quantity": "10"}
            """#,
            gives: #"{"quantity": "10", "exact": "50", "amount": "50.00"}"#
        ),
        RateRow(
            #"""
            {"price": {"model": "per_unit", "unit_amount": "1", "meter": "m", "minimum": "5",
             "discount_percent": "100"}, "currency": "USD", "quantity": "0"}
            """#,
            gives: #"{"quantity": "0", "exact": "5", "amount": "5.00"}"#
        ),
        // Free units are not made smaller by the ratio: (12 − 10) × 3 × 1/3.
        RateRow(
            #"""
            {"price": {"model": "per_unit", "unit_amount": "3", "free_units": "10", "quantity": "seats",
             "timing": "arrears"}, "currency": "EUR", "quantity": "12", "ratio": "1/3"}
            """#,
            gives: #"{"quantity": "12", "exact": "2", "amount": "2.00"}"#
        ),
        RateRow(
            #"""
            {"price": {"model": "per_unit", "unit_amount": "3", "free_units": "10"}, "currency": "EUR",
             "quantity": "9.5"}
            """#,
            gives: #"{"quantity": "9.5", "exact": "0", "amount": "0.00"}"#
        ),
        // (19 − 1) ÷ 10, rounded down.
        RateRow(
            #"""
            {"price": {"model": "package", "package_size": "10", "amount": "3", "round": "down", "free_units": "1"},
             "currency": "USD", "quantity": "19"}
            """#,
            gives: #"{"quantity": "19", "exact": "3", "amount": "3.00"}"#
        ),
        RateRow(
            #"""
            {"price": {"model": "flat", "amount": "9", "charge_at_zero": true}, "currency": "USD", "quantity": "0",
             "ratio": "0"}
            """#,
            gives: #"{"quantity": "0", "exact": "0", "amount": "0.00"}"#
        ),
    ]

    static let tiers: [RateRow] = [
        // 5 × 1 + 2 and 3 × 0.5 + 3.
        RateRow(
            #"""
            {"price": {"model": "graduated", "free_units": "2", "tiers": [
                {"up_to": "5", "unit_amount": "1", "flat_amount": "2"},
                {"up_to": "20", "unit_amount": "0.5", "flat_amount": "3"}, {"up_to": null, "unit_amount": "9"}]},
             "currency": "USD", "quantity": "10"}
            """#,
            gives: #"""
                {"quantity": "10", "exact": "11.5", "amount": "11.50", "tiers": [
                    {"quantity": "5", "exact": "7"}, {"quantity": "3", "exact": "4.5"},
                    {"quantity": "0", "exact": "0"}]}
                """#
        ),
        // A tier is left at its bound, not after it.
        RateRow(
            #"""
            {"price": {"model": "graduated", "tiers": [
                {"up_to": "5", "unit_amount": "1"}, {"up_to": null, "flat_amount": "3"}]},
             "currency": "USD", "quantity": "5"}
            """#,
            gives: #"""
                {"quantity": "5", "exact": "5", "amount": "5.00", "tiers": [
                    {"quantity": "5", "exact": "5"}, {"quantity": "0", "exact": "0"}]}
                """#
        ),
        // With nothing left after the free units the first tier's flat amount is charged only if the price says so.
        RateRow(
            #"""
            {"price": {"model": "graduated", "free_units": "5", "charge_at_zero": true, "tiers": [
                {"up_to": "10", "unit_amount": "1", "flat_amount": "2"}, {"up_to": null, "flat_amount": "3"}]},
             "currency": "USD", "quantity": "5"}
            """#,
            gives: #"""
                {"quantity": "5", "exact": "2", "amount": "2.00", "tiers": [
                    {"quantity": "0", "exact": "2"}, {"quantity": "0", "exact": "0"}]}
                """#
        ),
        RateRow(
            #"""
            {"price": {"model": "volume", "free_units": "5", "tiers": [
                {"up_to": "10", "unit_amount": "1", "flat_amount": "2"}, {"up_to": null, "flat_amount": "3"}]},
             "currency": "USD", "quantity": "5"}
            """#,
            gives: #"""
                {"quantity": "5", "exact": "0", "amount": "0.00", "tiers": [
                    {"quantity": "0", "exact": "0"}, {"quantity": "0", "exact": "0"}]}
                """#
        ),
        // Tiers show amounts before ratio, discount and maximum: (11 × 0.5 + 1) × 1/2 × 80 %.
        RateRow(
            #"""
            {"price": {"model": "volume", "discount_percent": "20", "maximum": "100", "tiers": [
                {"up_to": "10", "unit_amount": "1"}, {"up_to": null, "unit_amount": "0.5", "flat_amount": "1"}]},
             "currency": "USD", "quantity": "11", "ratio": "1/2"}
            """#,
            gives: #"""
                {"quantity": "11", "exact": "2.6", "amount": "2.60", "tiers": [
                    {"quantity": "0", "exact": "0"}, {"quantity": "11", "exact": "6.5"}]}
                """#
        ),
        RateRow(
            #"""
            {"price": {"model": "graduated_percentage", "meter": "m", "free_units": "100", "tiers": [
                {"up_to": "1000", "rate": "0.05", "flat_amount": "1"}, {"up_to": null, "rate": "0.01"}]},
             "currency": "USD", "quantity": "1600"}
            """#,
            gives: #"""
                {"quantity": "1600", "exact": "56", "amount": "56.00", "tiers": [
                    {"quantity": "1000", "exact": "51"}, {"quantity": "500", "exact": "5"}]}
                """#
        ),
    ]

    static let billed: [RateRow] = [
        // The example of the contract.
        RateRow(
            #"""
            {"price": {"model": "graduated", "tiers": [
                {"up_to": "10", "unit_amount": "0"}, {"up_to": null, "unit_amount": "0.125", "flat_amount": "2"}]},
             "currency": "USD", "quantity": "121", "already_billed": {"quantity": "12", "amount": "2.25"}}
            """#,
            gives: #"""
                {"quantity": "109", "exact": "13.625", "amount": "13.63", "tiers": [
                    {"quantity": "10", "exact": "0"}, {"quantity": "111", "exact": "15.875"}]}
                """#
        ),
        // The rounded total less what was billed: 0.02 − 0.01, where 0.005 of the exact 0.015 is new.
        RateRow(
            #"""
            {"price": {"model": "per_unit", "unit_amount": "0.005"}, "currency": "USD", "quantity": "3",
             "already_billed": {"quantity": "2", "amount": "0.01"}}
            """#,
            gives: #"{"quantity": "1", "exact": "0.005", "amount": "0.01"}"#
        ),
        RateRow(
            #"""
            {"price": {"model": "per_unit", "unit_amount": "1"}, "currency": "USD", "quantity": "3",
             "already_billed": {"amount": "-4.5"}}
            """#,
            gives: #"{"quantity": "3", "exact": "7.5", "amount": "7.50"}"#
        ),
        RateRow(
            #"""
            {"price": {"model": "per_unit", "unit_amount": "1"}, "currency": "USD", "quantity": "3",
             "already_billed": {"quantity": "5", "amount": "5"}}
            """#,
            gives: #"{"quantity": "-2", "exact": "-2", "amount": "-2.00"}"#
        ),
    ]
}
