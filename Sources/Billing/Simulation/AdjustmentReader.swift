import Plans
import Values

/// Reads what adjusts the amounts of a story: coupons, taxes and credits.
struct AdjustmentReader {
    let zone: Zone
    let currency: Currency
    /// The codes of the prices of all plans.
    let priceCodes: Set<String>

    func coupons(_ elements: [(value: JSONValue, path: String)]) throws(Problem) -> [InvoiceCoupon] {
        var codes: Set<String> = []
        var coupons: [InvoiceCoupon] = []
        for element in elements {
            let coupon = try coupon(element.value, element.path)
            guard codes.insert(coupon.code).inserted else {
                throw StoryReader.usedTwice(coupon.code, "\(element.path).code", "coupon")
            }
            coupons.append(coupon)
        }
        return coupons
    }

    private func coupon(_ json: JSONValue, _ path: String) throws(Problem) -> InvoiceCoupon {
        var fields = try JSONFields(json, path: path)
        let code = try fields.string("code")
        let value = try value(&fields)
        let duration = try duration(&fields)
        let prices = try prices(&fields)
        try fields.finish()
        return InvoiceCoupon(code: code, value: value, duration: duration, prices: prices)
    }

    private func value(_ fields: inout JSONFields) throws(Problem) -> InvoiceCoupon.Value {
        let percent = try fields.optionalNonNegative("percent")
        let amount = try fields.optionalNonNegative("amount")
        let carries = try fields.optionalBool("carry")
        switch (percent, amount) {
        case (let percent?, nil):
            guard percent <= 100 else {
                throw fields.invalid("percent", "must be from 0 to 100, not \(percent.decimalText())")
            }
            guard carries == nil else { throw fields.invalid("carry", "belongs to an amount, not to a percentage") }
            return .percent(percent)
        case (nil, let amount?):
            return .amount(try minor(amount, "amount", fields), carries: carries ?? false)
        case (.some, .some), (nil, nil):
            throw fields.invalid("percent", "a coupon has either percent or amount")
        }
    }

    /// The words of a coupon's duration.
    private enum DurationWord: String, CaseIterable {
        case once, repeating, forever
    }

    private func duration(_ fields: inout JSONFields) throws(Problem) -> InvoiceCoupon.Duration {
        let word = try fields.optionalChoice("duration", as: DurationWord.self) ?? .once
        if word == .repeating {
            let periods = try fields.int("periods")
            guard periods >= 1 else { throw fields.invalid("periods", "must be at least 1, not \(periods)") }
            return .repeating(periods: periods)
        }
        guard fields.value("periods") == nil else {
            throw fields.invalid("periods", "belongs to the duration \"repeating\" only")
        }
        return word == .forever ? .forever : .once
    }

    private func prices(_ fields: inout JSONFields) throws(Problem) -> Set<String>? {
        guard let elements = try fields.optionalArray("prices") else { return nil }
        var prices: Set<String> = []
        for element in elements {
            guard let code = element.value.string, priceCodes.contains(code) else {
                throw .invalid(element.path, "must be the code of a price of the plans, not \(element.value.seen)")
            }
            prices.insert(code)
        }
        return prices
    }

    func taxes(_ elements: [(value: JSONValue, path: String)]) throws(Problem) -> [InvoiceStory.Tax] {
        var codes: Set<String> = []
        var taxes: [InvoiceStory.Tax] = []
        for element in elements {
            var fields = try JSONFields(element.value, path: element.path)
            let tax = InvoiceStory.Tax(code: try fields.string("code"), rate: try fields.nonNegative("rate"))
            try fields.finish()
            guard codes.insert(tax.code).inserted else {
                throw StoryReader.usedTwice(tax.code, "\(element.path).code", "tax")
            }
            taxes.append(tax)
        }
        return taxes
    }

    func grants(_ elements: [(value: JSONValue, path: String)]) throws(Problem) -> [InvoiceStory.Grant] {
        var ids: Set<String> = []
        var grants: [InvoiceStory.Grant] = []
        for element in elements {
            var fields = try JSONFields(element.value, path: element.path)
            let years = SimulationBatch.years
            let amount = try fields.nonNegative("amount")
            let grant = InvoiceStory.Grant(
                id: try fields.string("id"),
                amount: try minor(amount, "amount", fields),
                grantedAt: try fields.instant("granted_at", in: zone, years: years).wholeSeconds,
                expiresAt: try fields.optionalInstant("expires_at", in: zone, years: years)?.wholeSeconds,
                priority: try fields.optionalInt("priority") ?? 1
            )
            try fields.finish()
            guard ids.insert(grant.id).inserted else {
                throw StoryReader.usedTwice(grant.id, "\(element.path).id", "grant")
            }
            grants.append(grant)
        }
        return grants
    }

    /// Rounds an amount to the minor unit.
    private func minor(_ amount: Exact, _ key: String, _ fields: JSONFields) throws(Problem) -> Int64 {
        guard let minor = amount.scaled(digits: currency.digits) else {
            throw fields.invalid(key, "must not be beyond \(Money(minor: .max, currency: currency).text)")
        }
        return minor
    }
}
