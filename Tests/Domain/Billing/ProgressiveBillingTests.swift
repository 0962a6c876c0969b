import Billing
import Metering
import Plans
import Postgres
import Subscriptions
import TestSupport
import Testing
import Values

/// Two tenants with the same story, one with a threshold and one without: what both pay in the end is the same.
@Suite struct ProgressiveBillingTests {
    private static let february = BillingFixture.day(2026, 2, 5)
    private static let march = BillingFixture.day(2026, 3, 5)

    private func usd(_ minor: Int64) -> Money { Money(minor: minor, currency: .usd) }

    private func setThreshold(_ minor: Int64?, _ book: BillingFixture) async throws {
        try await book.database.transaction(as: .tenant(book.tenant)) { transaction in
            try await ProgressiveBilling.setThreshold(
                minor.map { usd($0) },
                of: book.subscription,
                tenant: book.tenant,
                by: BillingFixture.stamp(),
                in: transaction
            )
        }
    }

    private func change(
        _ draft: SubscriptionChangeDraft,
        at instant: Instant,
        _ book: BillingFixture
    ) async throws {
        _ = try await book.database.transaction(as: .tenant(book.tenant)) { transaction in
            try await SubscriptionOperations.change(
                book.subscription,
                of: book.tenant,
                draft,
                by: BillingFixture.stamp(instant),
                in: transaction
            )
        }
    }

    private func redeem(_ code: String, after seconds: Int64, _ book: BillingFixture) async throws {
        _ = try await book.database.transaction(as: .tenant(book.tenant)) { transaction in
            try await CouponOperations.redeem(
                code,
                for: book.subscription,
                of: book.tenant,
                by: BillingFixture.stamp(BillingFixture.start.adding(seconds: seconds)),
                in: transaction
            )
        }
    }

    /// All lines in short.
    private func story(_ book: BillingFixture) async throws -> String {
        try await book.invoices().map { invoice in
            let lines = invoice.lines.map { line in
                "\(line.price ?? "minimum") \(line.kind) \(line.start)–\(line.end) \(line.quantity): "
                    + "\(line.amount) −\(line.discount) +\(line.tax)\(line.isCorrection ? " c" : "")"
            }
            return "\(invoice.reason) \(invoice.issuedAt)\n  " + lines.joined(separator: "\n  ")
        }.joined(separator: "\n")
    }

    /// What all invoices come to by price and kind of line: quantity, amount, discount, tax.
    private func sums(_ book: BillingFixture) async throws -> [String: [String]] {
        var sums: [String: (Decimal12, Int64, Int64, Int64)] = [:]
        for line in try await book.invoices().flatMap(\.lines) {
            let key = "\(line.price ?? line.kind.rawValue)"
            let sum = sums[key] ?? (.zero, 0, 0, 0)
            let quantity = line.kind == .usage ? try sum.0.adding(line.quantity) : sum.0
            sums[key] = (quantity, sum.1 + line.amount, sum.2 + line.discount, sum.3 + line.tax)
        }
        return sums.mapValues { ["\($0.0)", "\($0.1)", "\($0.2)", "\($0.3)"] }
    }

    @Test func `usage beyond the threshold is invoiced at once, and the rest at the end`() async throws {
        try await withDatabase { database in
            let book = try await BillingFixture(database)
            try await setThreshold(500, book)
            try await book.use(2_900_000, BillingFixture.day(2026, 1, 9))
            try await book.run(until: BillingFixture.day(2026, 1, 10))
            #expect(try await book.invoices().map(\.reason) == [.start])
            try await book.use(100_000, BillingFixture.day(2026, 1, 11))
            for _ in 0..<2 { try await book.run(until: BillingFixture.day(2026, 1, 12)) }
            let invoices = try await book.invoices()
            #expect(invoices.map(\.reason) == [.start, .threshold])
            let early = try #require(invoices.last)
            #expect(early.short == ["tokens 3000000 500"] && early.status == .open && early.total == usd(500))
            #expect(early.issuedAt == BillingFixture.day(2026, 1, 12))
            #expect(try await book.differences().isEmpty)
            try await book.use(1_000_000, BillingFixture.day(2026, 1, 20))
            try await book.run(until: BillingFixture.day(2026, 1, 21))
            #expect(try await book.invoices().count == 2)
            try await book.run(until: Self.february)
            #expect(try await book.invoices().last?.short == ["base 1 2000", "seats 3 1500", "tokens 1000000 200"])
            #expect(try await book.differences().isEmpty)
            try await setThreshold(nil, book)
            try await book.use(90_000_000, BillingFixture.day(2026, 2, 10))
            try await book.run(until: BillingFixture.day(2026, 2, 11))
            #expect(try await book.invoices().count == 3)
        }
    }

    @Test func `a period of which everything was invoiced before makes no empty invoice`() async throws {
        let plan: JSONValue = [
            "code": "metered", "currency": "USD", "interval": ["unit": "month"],
            "prices": [["code": "tokens", "meter": "tokens", "model": "per_unit", "unit_amount": "0.01"]],
        ]
        try await withDatabase { database in
            let book = try await BillingFixture(database, plan: plan, quantities: [:])
            try await setThreshold(100, book)
            try await book.use(300, BillingFixture.day(2026, 1, 9))
            try await book.run(until: BillingFixture.day(2026, 1, 10))
            try await book.run(until: Self.february)
            #expect(try await book.invoices().map(\.short) == [["tokens 300 300"]])
            try await book.use(50, BillingFixture.day(2026, 2, 9), recordedAt: testNow.adding(seconds: 60))
            try await book.run(until: Self.march, recordedAt: testNow.adding(seconds: 120))
            #expect(try await book.invoices().map(\.short) == [["tokens 300 300"], ["tokens 50 50"]])
            #expect(try await book.differences().isEmpty)
        }
    }

    /// Coupons of both kinds, a tax, graduated tiers, a minimum commitment, and a change of plan in the middle.
    @Test(arguments: [false, true])
    func `the sum of all is that of undisturbed billing, to the cent`(changesPlan: Bool) async throws {
        let plan: JSONValue = [
            "code": "committed", "currency": "USD", "interval": ["unit": "month"], "minimum_commitment": "60.00",
            "prices": [
                ["code": "base", "model": "flat", "amount": "19.99"],
                [
                    "code": "tokens", "meter": "tokens", "model": "graduated",
                    "tiers": [
                        ["up_to": "1000", "unit_amount": "0.0133"],
                        ["up_to": nil, "unit_amount": "0.0071", "flat_amount": "0.77"],
                    ],
                ],
            ],
        ]
        let larger: JSONValue = [
            "code": "larger", "currency": "USD", "interval": ["unit": "month"],
            "prices": [
                ["code": "base", "model": "flat", "amount": "49.99"],
                ["code": "tokens", "meter": "tokens", "model": "per_unit", "unit_amount": "0.0049"],
            ],
        ]
        try await withDatabase { database in
            try await BillingFixture.publish(larger, in: database)
            try await database.transaction(as: .admin) { transaction in
                let stamp = BillingFixture.stamp(BillingFixture.start)
                _ = try await TaxOperations.put(
                    try TaxDraft(code: "vat", rate: Exact(19, 100)),
                    by: stamp,
                    in: transaction
                )
                let coupons: [JSONValue] = [
                    ["code": "TENTH", "percent": "10", "duration": "forever"],
                    [
                        "code": "FIVE", "amount": ["amount": "5.00", "currency": "USD"], "duration": "repeating",
                        "periods": 2,
                    ],
                ]
                for json in coupons {
                    var fields = try JSONFields(json)
                    let terms = try CouponTerms(json: &fields, in: .utc)
                    _ = try await CouponOperations.create(terms, by: stamp, in: transaction)
                }
            }
            let book = try await BillingFixture(database, plan: plan, quantities: [:])
            let plain = try await BillingFixture(database, name: "Plain", plan: plan, quantities: [:])
            try await setThreshold(400, book)
            for one in [book, plain] {
                // Coupons are applied in the order in which they were redeemed.
                try await redeem("TENTH", after: 0, one)
                try await redeem("FIVE", after: 1, one)
            }
            var recorded = testNow
            for day in [7, 9, 13, 17, 22, 29] {
                recorded = recorded.adding(seconds: 60)
                for one in [book, plain] {
                    try await one.use(Decimal12(217 + 31 * day), BillingFixture.day(2026, 1, day), recordedAt: recorded)
                }
                try await book.run(until: BillingFixture.day(2026, 1, day + 1), recordedAt: recorded.adding(seconds: 1))
                if changesPlan, day == 17 {
                    for one in [book, plain] {
                        try await change(
                            SubscriptionChangeDraft(plan: "larger", timing: .immediately),
                            at: BillingFixture.day(2026, 1, 19),
                            one
                        )
                    }
                }
            }
            for until in [Self.february, Self.march] {
                recorded = recorded.adding(seconds: 60)
                try await book.run(until: until, recordedAt: recorded)
            }
            let early = try await book.invoices().filter { $0.reason == .threshold }
            #expect(early.count >= 2)
            #expect(try await plain.invoices().allSatisfy { $0.reason != .threshold })
            let (own, other) = (try await sums(book), try await sums(plain))
            let stories = try await story(book) + "\n" + story(plain)
            #expect(own == other, "\(stories)")
            func total(_ book: BillingFixture) async throws -> Int64 {
                try await book.invoices().reduce(0) { $0 + $1.total.minor - $1.credited.minor }
            }
            #expect(try await total(book) == total(plain))
            #expect(try await book.differences().isEmpty)
        }
    }
}
