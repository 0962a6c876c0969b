import Billing
import Metering
import Plans
import Subscriptions
import Testing
import Values

/// Taxes that prices contain, and taxes that change.
@Suite struct InclusiveTaxTests {
    private static let start = Moment(CalendarDate("2026-04-01") ?? CalendarDate(daysSinceEpoch: 0), in: .utc)

    /// Fees in advance; the first of 100 is priced by what the test says.
    static func story(
        _ fees: [String],
        taxes: [InvoiceStory.Tax],
        coupons: [InvoiceCoupon] = [],
        changes: [InvoiceStory.Change] = [],
        until: String = "2026-04-01"
    ) throws -> InvoiceStory {
        let prices = fees.enumerated().map { index, amount -> JSONValue in
            ["code": .string("fee\(index)"), "model": "flat", "amount": .string(amount)]
        }
        let plan = try Plan(
            json: ["code": "a", "currency": "EUR", "interval": ["unit": "month"], "prices": .array(prices)],
            path: "plan"
        )
        let end = try #require(Instant("\(until)T00:00:00Z"))
        return InvoiceStory(
            plans: ["a": plan],
            currency: .eur,
            zone: .utc,
            start: Self.start,
            plan: "a",
            changes: changes,
            coupons: coupons,
            taxes: taxes,
            until: end
        )
    }

    static func run(_ story: InvoiceStory) throws -> [InvoiceDraft] {
        try InvoiceFunction.run(story) { _ in .quantity(.zero) }.invoices
    }

    private static func vat(
        _ rate: Exact,
        inclusive: Bool = true,
        from: String? = nil,
        until: String? = nil
    ) -> InvoiceStory.Tax {
        InvoiceStory.Tax(
            code: "vat",
            rate: rate,
            isInclusive: inclusive,
            from: from.flatMap { Instant("\($0)T00:00:00Z") },
            until: until.flatMap { Instant("\($0)T00:00:00Z") }
        )
    }

    @Test func `a price that contains its tax is the total, and its line is net`() throws {
        let invoice = try #require(try Self.run(try Self.story(["119.00"], taxes: [Self.vat(Exact(19, 100))])).first)
        #expect(invoice.subtotal == 10_000 && invoice.tax == 1_900 && invoice.total == 11_900)
        let line = try #require(invoice.lines.first)
        #expect(line.amount == 10_000 && line.exact == 100 && line.tax == 1_900)
        #expect(line.taxes.map(\.amount) == [1_900])
    }

    @Test func `a discount on it is net, too`() throws {
        let coupon = InvoiceCoupon(code: "HALF", value: .percent(50))
        let story = try Self.story(["119.00"], taxes: [Self.vat(Exact(19, 100))], coupons: [coupon])
        let invoice = try #require(try Self.run(story).first)
        #expect(invoice.subtotal == 10_000 && invoice.discount == 5_000 && invoice.tax == 950)
        #expect(invoice.total == 5_950)
        #expect(invoice.lines.first?.discounts.map(\.amount) == [5_000])
    }

    @Test func `beside a contained tax another is added to the net`() throws {
        let levy = InvoiceStory.Tax(code: "levy", rate: Exact(1, 10))
        let story = try Self.story(["119.00"], taxes: [levy, Self.vat(Exact(19, 100))])
        let invoice = try #require(try Self.run(story).first)
        #expect(invoice.subtotal == 10_000 && invoice.tax == 2_900 && invoice.total == 12_900)
    }

    @Test func `the unused rest is given back with its part of the contained tax`() throws {
        let cancel = InvoiceStory.Change(
            at: Moment(CalendarDate("2026-04-16") ?? CalendarDate(daysSinceEpoch: 0), in: .utc),
            .cancel(.credit)
        )
        let story = try Self.story(
            ["119.00"],
            taxes: [Self.vat(Exact(19, 100))],
            changes: [cancel],
            until: "2026-05-01"
        )
        let last = try #require(try Self.run(story).last)
        #expect(last.subtotal == -5_000 && last.tax == -950 && last.balanceAdded == 5_950)
    }

    @Test func `an invoice has the rate of its instant`() throws {
        let story = try Self.story(
            ["100.00"],
            taxes: [
                Self.vat(Exact(19, 100), inclusive: false, until: "2026-05-10"),
                Self.vat(Exact(16, 100), inclusive: false, from: "2026-05-10", until: "2026-07-01"),
            ],
            until: "2026-07-01"
        )
        #expect(try Self.run(story).map(\.tax) == [1_900, 1_900, 1_600, 0])
    }

    @Test(arguments: 1...200)
    func `what is paid is what the prices say, and parts sum to wholes`(seed: UInt64) throws {
        var random = Sampler(seed: seed)
        let fees = (0..<Int.random(in: 1...6, using: &random)).map { _ in
            Money(minor: Int64.random(in: 1...99_999, using: &random), currency: .eur).text
        }
        let taxes = (0..<Int.random(in: 1...3, using: &random)).map { index in
            InvoiceStory.Tax(
                code: "t\(index)",
                rate: Exact(Int.random(in: 0...3_000, using: &random), 10_000),
                isInclusive: true
            )
        }
        var coupons: [InvoiceCoupon] = []
        if Bool.random(using: &random) {
            coupons.append(InvoiceCoupon(code: "P", value: .percent(Exact(Int.random(in: 0...100, using: &random)))))
        }
        if Bool.random(using: &random) {
            let minor = Int64.random(in: 1...50_000, using: &random)
            coupons.append(InvoiceCoupon(code: "A", value: .amount(minor, carries: false), prices: ["fee0"]))
        }
        let plain = try #require(try Self.run(try Self.story(fees, taxes: [], coupons: coupons)).first)
        let taxed = try #require(try Self.run(try Self.story(fees, taxes: taxes, coupons: coupons)).first)
        #expect(taxed.total == plain.total)
        #expect(taxed.subtotal - taxed.discount + taxed.tax == taxed.total)
        #expect(taxed.lines.map(\.amount).reduce(0, +) == taxed.subtotal)
        for (line, old) in zip(taxed.lines, plain.lines) {
            #expect(line.amount - line.discount + line.tax == old.amount - old.discount)
            #expect(line.taxes.map(\.amount).reduce(0, +) == line.tax)
            #expect(line.discounts.map(\.amount).reduce(0, +) == line.discount)
        }
        // Each tax is rounded once for the invoice.
        let whole = taxes.reduce(Exact.one) { $0 + $1.rate }
        for tax in taxes {
            let share = taxed.lines.flatMap(\.taxes).filter { $0.code == tax.code }.map(\.amount).reduce(0, +)
            #expect(share == (Exact(plain.total) * tax.rate / whole).scaled(digits: 0))
        }
    }

    @Test func `a redeemed coupon leaves what was before it, and what is after it ended`() throws {
        let coupon = InvoiceCoupon(
            code: "TEN",
            value: .percent(10),
            duration: .forever,
            from: Instant("2026-04-20T00:00:00Z"),
            until: Instant("2026-06-20T00:00:00Z")
        )
        let story = try Self.story(["100.00"], taxes: [], coupons: [coupon], until: "2026-07-01")
        #expect(try Self.run(story).map(\.discount) == [0, 1_000, 1_000, 0])
    }

    @Test func `a repeating coupon counts its periods from its first use, and a removed amount carries nothing`() throws
    {
        let repeating = InvoiceCoupon(
            code: "TWO",
            value: .percent(10),
            duration: .repeating(periods: 2),
            from: Instant("2026-04-20T00:00:00Z")
        )
        let story = try Self.story(["100.00"], taxes: [], coupons: [repeating], until: "2026-08-01")
        #expect(try Self.run(story).map(\.discount) == [0, 1_000, 1_000, 0, 0])
        let carried = InvoiceCoupon(
            code: "BIG",
            value: .amount(15_000, carries: true),
            until: Instant("2026-05-20T00:00:00Z")
        )
        let removed = try Self.story(["40.00"], taxes: [], coupons: [carried], until: "2026-07-01")
        #expect(try Self.run(removed).map(\.discount) == [4_000, 4_000, 0, 0])
    }

    @Test func `a coupon for other plans discounts no line of this one`() throws {
        let coupon = InvoiceCoupon(code: "B", value: .percent(10), plans: ["b"])
        #expect(try Self.run(try Self.story(["100.00"], taxes: [], coupons: [coupon])).first?.discount == 0)
    }
}
