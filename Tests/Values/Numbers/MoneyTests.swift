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

    @Test(arguments: 1...4)
    func `any text that the column can hold round-trips`(seed: UInt64) throws {
        var sampler = Sampler(seed: seed)
        for _ in 0..<500 {
            let whole = (0..<Int.random(in: 1...26, using: &sampler)).map { _ in Int.random(in: 0...9, using: &sampler)
            }
            let rest = (0..<Int.random(in: 0...12, using: &sampler)).map { _ in Int.random(in: 0...9, using: &sampler) }
            let sign = Bool.random(using: &sampler) ? "-" : ""
            let written =
                sign + whole.map(String.init).joined() + (rest.isEmpty ? "" : "." + rest.map(String.init).joined())
            let value = try #require(Decimal12(written))
            #expect(value.exact == Exact(decimal: written))
            #expect(Decimal12(value.text) == value)
            #expect(value.text == Exact(decimal: written)?.decimalText(maximumDigits: 12))
            #expect(try Decimal12(rounding: value.exact) == value)
        }
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
    /// The codes of SIX's list one of 2026-01-01 (table.xml in PyPI's iso4217 1.16.20260101) and the digits of their
    /// minor units, sorted by code: written out a second time, in another order than the table.
    private static let published = """
        AED2 AFN2 ALL2 AMD2 AOA2 ARS2 AUD2 AWG2 AZN2 BAM2 BBD2 BDT2 BHD3 BIF0 BMD2 BND2 BOB2 BOV2 BRL2 BSD2 BTN2 BWP2
        BYN2 BZD2 CAD2 CDF2 CHE2 CHF2 CHW2 CLF4 CLP0 CNY2 COP2 COU2 CRC2 CUP2 CVE2 CZK2 DJF0 DKK2 DOP2 DZD2 EGP2 ERN2
        ETB2 EUR2 FJD2 FKP2 GBP2 GEL2 GHS2 GIP2 GMD2 GNF0 GTQ2 GYD2 HKD2 HNL2 HTG2 HUF2 IDR2 ILS2 INR2 IQD3 IRR2 ISK0
        JMD2 JOD3 JPY0 KES2 KGS2 KHR2 KMF0 KPW2 KRW0 KWD3 KYD2 KZT2 LAK2 LBP2 LKR2 LRD2 LSL2 LYD3 MAD2 MDL2 MGA2 MKD2
        MMK2 MNT2 MOP2 MRU2 MUR2 MVR2 MWK2 MXN2 MXV2 MYR2 MZN2 NAD2 NGN2 NIO2 NOK2 NPR2 NZD2 OMR3 PAB2 PEN2 PGK2 PHP2
        PKR2 PLN2 PYG0 QAR2 RON2 RSD2 RUB2 RWF0 SAR2 SBD2 SCR2 SDG2 SEK2 SGD2 SHP2 SLE2 SOS2 SRD2 SSP2 STN2 SVC2 SYP2
        SZL2 THB2 TJS2 TMT2 TND3 TOP2 TRY2 TTD2 TWD2 TZS2 UAH2 UGX0 USD2 USN2 UYI0 UYU2 UYW4 UZS2 VED2 VES2 VND0 VUV0
        WST2 XAD2 XAF0 XCD2 XCG2 XOF0 XPF0 YER2 ZAR2 ZMW2 ZWG2
        """

    @Test func `the table is the whole of list one`() {
        let published = Self.published.split { $0 == " " || $0 == "\n" }.map(String.init)
        #expect(published.count == 165)
        #expect(Currency.all.map { "\($0.code)\($0.digits)" } == published)
    }

    @Test func `every currency's minor units are those of its digits`() throws {
        for currency in Currency.all {
            let smallest = Money(minor: 1, currency: currency)
            #expect(smallest.exact * Exact(currency.minorUnits) == 1)
            #expect(smallest.text.split(separator: ".").dropFirst().first?.utf8.count ?? 0 == currency.digits)
        }
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

    @Test(arguments: 1...4)
    func `text and wire form of any amount in any currency round-trip`(seed: UInt64) throws {
        var sampler = Sampler(seed: seed)
        for currency in Currency.all {
            let bits = Int.random(in: 1...63, using: &sampler)
            let size = Int64.random(in: 0...(.max >> (63 - bits)), using: &sampler)
            let money = Money(minor: Bool.random(using: &sampler) ? size : -size, currency: currency)
            #expect(try Money(#require(Exact(decimal: money.text)), currency: currency) == money)
            #expect(try Money(json: JSONValue(parsing: money.json.text)) == money)
            #expect(try Money(money.exact, currency: currency) == money)
        }
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
