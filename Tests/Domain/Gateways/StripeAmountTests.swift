import Testing
import Values

@testable import Billing

@Suite struct StripeAmountTests {
    private func money(_ text: String, _ code: String) throws -> Money {
        try Money(json: ["amount": .string(text), "currency": .string(code)])
    }

    @Test(arguments: [
        ("12.34", "USD", 1234), ("500", "JPY", 500), ("5", "ISK", 500), ("5", "UGX", 500), ("5.120", "KWD", 5120),
        ("1.230", "BHD", 1230), ("7.00", "MGA", 7), ("10.45", "HUF", 1045), ("800.45", "TWD", 80_045),
        ("3", "XPF", 3),
    ])
    func `amounts are counted as Stripe counts them`(text: String, code: String, number: Int) throws {
        let amount = try money(text, code)
        #expect(try StripeAmount.number(of: amount) == Int64(number))
        #expect(StripeAmount.money(number, currency: code.lowercased()) == amount)
    }

    @Test(arguments: [
        ("5.124", "KWD"), ("0.001", "BHD"), ("7.01", "MGA"), ("1.000", "IQD"), ("1.000", "LYD"), ("1.0000", "CLF"),
        ("0.00", "USD"), ("90000000000.00", "USD"),
    ])
    func `what Stripe cannot take exactly is refused`(text: String, code: String) throws {
        let amount = try money(text, code)
        let error = #expect(throws: Problem.self) { try StripeAmount.number(of: amount) }
        #expect(error?.code == "amount_not_chargeable")
        #expect(error?.message.contains(code) == true)
    }

    @Test func `a number that is no amount here is nothing`() {
        #expect(StripeAmount.money(501, currency: "isk") == nil)
        #expect(StripeAmount.money(1, currency: "zzz") == nil)
        #expect(StripeAmount.money(.max, currency: "mga") == nil)
    }

    @Test func `every currency that is taken comes back as it was`() throws {
        for currency in Currency.all {
            guard StripeAmount.digits(of: currency) != nil else { continue }
            let amount = Money(minor: 123_400, currency: currency)
            let number = try StripeAmount.number(of: amount)
            #expect(StripeAmount.money(Int(number), currency: currency.code) == amount, "\(currency)")
        }
    }
}

@Suite struct FormBodyTests {
    @Test func `all but letters, digits and four signs is encoded`() {
        var form = FormBody()
        form.add("a b", "x&y=z+ü~-_.")
        form.add("none", nil as String?)
        form.add("metadata", ["tenant": "ten_1", "attempt": "pat_1"])
        #expect(
            form.text
                == "a%20b=x%26y%3Dz%2B%C3%BC~-_.&metadata%5Battempt%5D=pat_1&metadata%5Btenant%5D=ten_1"
        )
    }
}
