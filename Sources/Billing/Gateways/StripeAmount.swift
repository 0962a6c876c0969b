import Values

/// Amounts as Stripe counts them: most in the minor unit of ISO 4217, some not.
///
/// After https://docs.stripe.com/currencies ("Zero-decimal currencies", "Special cases"): an ariary is counted whole;
/// krónur and Uganda shillings are counted in hundredths that must be whole; of currencies with three digits the last
/// one must be 0.
enum StripeAmount {
    /// The currencies that Stripe counts in whole units.
    private static let whole: Set<String> = [
        "BIF", "CLP", "DJF", "GNF", "JPY", "KMF", "KRW", "MGA", "PYG", "RWF", "VND", "VUV", "XAF", "XOF", "XPF",
    ]
    /// Those without minor units that are sent in hundredths all the same.
    private static let hundredths: Set<String> = ["ISK", "UGX"]
    /// Those with thousandths.
    private static let thousandths: Set<String> = ["BHD", "JOD", "KWD", "OMR", "TND"]

    /// How many digits an amount has there; nil if Stripe does not take the currency.
    static func digits(of currency: Currency) -> Int? {
        if whole.contains(currency.code) { return 0 }
        if hundredths.contains(currency.code) { return 2 }
        if thousandths.contains(currency.code) { return 3 }
        return currency.digits == 2 ? 2 : nil
    }

    /// The number that is sent.
    ///
    /// - Throws: Stripe cannot take exactly this amount, which is said before anything is sent.
    static func number(of amount: Money) throws(Problem) -> Int64 {
        guard let digits = digits(of: amount.currency) else {
            throw refusal(amount, "Stripe does not take \(amount.currency)")
        }
        guard amount.minor > 0 else { throw refusal(amount, "an amount above 0 is expected") }
        var number = amount.minor
        if digits > amount.currency.digits {
            for _ in 0..<(digits - amount.currency.digits) {
                let (product, overflow) = number.multipliedReportingOverflow(by: 10)
                guard !overflow else { throw refusal(amount, "it is too large") }
                number = product
            }
        } else if digits < amount.currency.digits {
            for _ in 0..<(amount.currency.digits - digits) {
                guard number % 10 == 0 else {
                    throw refusal(amount, "Stripe takes \(amount.currency) in whole units only")
                }
                number /= 10
            }
        }
        guard digits < 3 || number % 10 == 0 else {
            throw refusal(amount, "of \(amount.currency) Stripe takes amounts whose last digit is 0, like 5.120")
        }
        // Stripe's own bound: eight digits, for a few currencies twelve.
        guard number <= 999_999_999_999 else { throw refusal(amount, "it is too large") }
        return number
    }

    /// The amount that a number of theirs means; nil if there is no such currency or it has no such amount here.
    static func money(_ number: Int, currency code: String) -> Money? {
        guard let currency = Currency(code: code.uppercased()), let digits = digits(of: currency),
            var minor = Int64(exactly: number)
        else { return nil }
        if digits > currency.digits {
            for _ in 0..<(digits - currency.digits) {
                guard minor % 10 == 0 else { return nil }
                minor /= 10
            }
        } else {
            for _ in 0..<(currency.digits - digits) {
                let (product, overflow) = minor.multipliedReportingOverflow(by: 10)
                guard !overflow else { return nil }
                minor = product
            }
        }
        return Money(minor: minor, currency: currency)
    }

    private static func refusal(_ amount: Money, _ why: String) -> Problem {
        Problem(.precondition, code: "amount_not_chargeable", "\(amount) cannot be charged with Stripe: \(why)")
    }
}
