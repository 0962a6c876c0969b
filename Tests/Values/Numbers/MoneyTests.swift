import Testing
import Values

@Suite struct Decimal12Tests {
    @Test(arguments: [
        "0", "1", "-1", "0.5", "-0.000000000001", "12.5", "99999999999999999999999999.999999999999",
        "-99999999999999999999999999.999999999999",
    ])
    func `text round-trips`(text: String) throws {
        let value = try #require(Decimal12(text))
        #expect(value.text == text)
        #expect(try Decimal12(rounding: value.exact) == value)
    }

    @Test(arguments: ["1.0000000000000", "100000000000000000000000000", "", "1e3", "+1", "abc", "0.0000000000001"])
    func `what does not fit the column is refused`(text: String) {
        #expect(Decimal12(text) == nil)
    }

    @Test func `fractions are rounded half away from zero and bounded`() throws {
        #expect(try Decimal12(rounding: Exact(2, 3)).text == "0.666666666667")
        #expect(try Decimal12(rounding: Exact(-1, 2_000_000_000_000)).text == "-0.000000000001")
        let limit = try #require(Exact(decimal: "1" + String(repeating: "0", count: 26)))
        #expect(throws: Problem.self) { try Decimal12(rounding: limit) }
        #expect(throws: Problem.self) { try Decimal12(rounding: limit - Exact(1, 10_000_000_000_000)) }
        let most = try Decimal12(rounding: limit - Exact(1, 1_000_000_000_000))
        #expect(throws: Problem.self) { try most.adding(most) }
    }

    @Test func `sums, signs and order`() throws {
        let half = try #require(Decimal12("0.5"))
        #expect((half + 1).text == "1.5")
        #expect((half - 1).text == "-0.5")
        #expect(-half < .zero)
        #expect(try half.adding(half) == 1)
    }
}

@Suite struct CurrencyTests {
    @Test func `the table is the whole of list one`() {
        #expect(Currency.all.count == 139 + 7 + 17 + 2)
        #expect(Currency.all.allSatisfy { $0.code.utf8.count == 3 })
    }

    @Test(arguments: [("USD", 2), ("JPY", 0), ("KWD", 3), ("CLF", 4), ("UYW", 4), ("UYI", 0), ("XCG", 2), ("XOF", 0)])
    func `minor digits are those of ISO 4217`(code: String, digits: Int) {
        #expect(Currency(code: code)?.digits == digits)
        #expect(Currency.simulated(code)?.digits == digits)
    }

    @Test(arguments: ["usd", "XAU", "XXX", "HRK", "US", "USDX", "", "ÄÖÜ"])
    func `codes that are not active currencies are refused`(code: String) {
        #expect(Currency(code: code) == nil)
    }

    @Test func `the simulator takes any three capitals with two digits`() {
        #expect(Currency.simulated("XAU")?.digits == 2)
        #expect(Currency.simulated("QQQ")?.digits == 2)
        for code in ["usd", "US", "USDX", "U1D", "ÄÖÜ", ""] { #expect(Currency.simulated(code) == nil) }
        #expect(Currency.simulated("USD") == .usd)
    }
}

@Suite struct MoneyTests {
    @Test(arguments: [
        ("13.625", "USD", "13.63"), ("-13.625", "USD", "-13.63"), ("0.5", "JPY", "1"), ("1.0005", "KWD", "1.001"),
        ("0", "USD", "0.00"), ("-0.004", "USD", "0.00"), ("0.05", "USD", "0.05"), ("-0.05", "USD", "-0.05"),
        ("2", "CLF", "2.0000"),
    ])
    func `exact amounts are rounded once to the minor unit`(exact: String, code: String, text: String) throws {
        let currency = try #require(Currency(code: code))
        let money = try Money(#require(Exact(decimal: exact)), currency: currency)
        #expect(money.text == text)
        #expect(money.exact == Exact(decimal: text))
    }

    @Test func `sums are checked`() throws {
        let most = Money(minor: .max, currency: .usd)
        let one = Money(minor: 1, currency: .usd)
        #expect(try one.adding(one).minor == 2)
        #expect(try one.subtracting(most).minor == 1 - .max)
        #expect(throws: Problem.self) { try most.adding(one) }
        #expect(throws: Problem.self) { try one.adding(Money(minor: 1, currency: .eur)) }
        #expect(throws: Problem.self) { try Money(minor: .min, currency: .usd).negated() }
        #expect(throws: Problem.self) { try Money(Exact(Int64.max), currency: .usd) }
        #expect(Money(minor: .min, currency: .usd).text == "-92233720368547758.08")
    }

    @Test func `the wire form round-trips and is strict`() throws {
        let money = Money(minor: -1234, currency: .eur)
        #expect(money.json.text == #"{"amount":"-12.34","currency":"EUR"}"#)
        #expect(try Money(json: money.json) == money)
        let bad: [(JSONValue, String)] = [
            (["amount": "1.234", "currency": "USD"], "price.amount"),
            (["amount": 1, "currency": "USD"], "price.amount"),
            (["amount": "1", "currency": "usd"], "price.currency"), (["amount": "1"], "price.currency"),
            (["amount": "1", "currency": "USD", "x": 1], "price.x"), ("1.00", "price"),
            (["amount": "99999999999999999999", "currency": "USD"], "price.amount"),
        ]
        for (json, field) in bad {
            let problem = #expect(throws: Problem.self) { try Money(json: json, path: "price") }
            #expect(problem?.errors.map(\.field) == [field])
        }
        #expect(try Money(json: ["amount": "1.10", "currency": "USD"]).minor == 110)
    }
}
