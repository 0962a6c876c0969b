import Billing
import Plans
import Postgres
import Subscriptions
import Tenants
import TestSupport
import Testing
import Values

/// Coupons in the database: who may redeem which, and what invoices make of it.
@Suite struct CouponRedemptionTests {
    private static let january = BillingFixture.start
    private static func day(_ month: Int, _ day: Int) -> Instant { BillingFixture.day(2026, month, day) }

    static func make(_ json: JSONValue, in database: Database) async throws -> Coupon {
        var fields = try JSONFields(json)
        let terms = try CouponTerms(json: &fields, in: .utc)
        return try await database.transaction(as: .admin) { transaction in
            try await CouponOperations.create(terms, by: BillingFixture.stamp(january), in: transaction)
        }
    }

    static func code(_ json: JSONValue, for coupon: String, in database: Database) async throws -> CouponCode {
        var fields = try JSONFields(json)
        let draft = try CouponCodeDraft(json: &fields, in: .utc)
        return try await database.transaction(as: .admin) { transaction in
            try await CouponOperations.addCode(draft, to: coupon, by: BillingFixture.stamp(january), in: transaction)
        }
    }

    /// Why a code cannot be redeemed; nil if it was.
    private func refusal(
        of code: String,
        _ book: BillingFixture,
        at instant: Instant = january
    ) async throws -> CouponRefusal? {
        do {
            try await book.redeem(code, at: instant)
            return nil
        } catch CouponError.refused(_, let refusal) { return refusal }
    }

    @Test func `a code counts for what is not invoiced yet, and what is stays`() async throws {
        try await withDatabase { database in
            let book = try await BillingFixture(database)
            _ = try await Self.make(["code": "TENTH", "percent": "10", "duration": "forever"], in: database)
            try await book.run(until: Self.day(2, 5))
            let redemption = try await book.redeem("tenth", at: Self.day(2, 5))
            #expect(redemption.redeemedAt == Self.day(2, 5).adding(seconds: 1))
            try await book.use(2_000_000, Self.day(1, 20))
            try await book.run(until: Self.day(4, 5))
            let removed = try await database.transaction(as: .tenant(book.tenant)) { transaction in
                try await CouponOperations.remove(
                    "Tenth",
                    from: book.subscription,
                    of: book.tenant,
                    by: BillingFixture.stamp(Self.day(4, 5)),
                    in: transaction
                )
            }
            #expect(removed.endedAt == Self.day(4, 5).adding(seconds: 1))
            try await book.use(3_000_000, Self.day(3, 20))
            try await book.run(until: Self.day(5, 5))
            let invoices = try await book.invoices()
            // The correction of January has no discount, that of March the one of its invoice.
            #expect(invoices.map(\.discount.text) == ["0.00", "0.00", "3.50", "3.50", "0.50"])
            #expect(invoices[2].lines.filter(\.isCorrection).map(\.discount) == [0])
            #expect(invoices[4].lines.filter(\.isCorrection).map(\.discount) == [50])
            #expect(try await book.differences().isEmpty)
            #expect(try await refusal(of: "TENTH", book, at: Self.day(5, 6)) == .alreadyRedeemed)
        }
    }

    @Test func `one redeemed before the first invoice counts from the start`() async throws {
        try await withDatabase { database in
            let book = try await BillingFixture(database)
            _ = try await Self.make(
                ["code": "HELLO", "amount": ["amount": "40.00", "currency": "USD"], "carry": true],
                in: database
            )
            try await book.redeem("HELLO", at: Self.january.adding(seconds: 30))
            try await book.run(until: Self.day(3, 5))
            #expect(try await book.invoices().map(\.discount.text) == ["35.00", "5.00", "0.00"])
        }
    }

    @Test func `of coupons that were redeemed at one instant the first takes first`() async throws {
        try await withDatabase { database in
            let book = try await BillingFixture(database)
            let codes = ["HALF", "TEN", "A", "B", "C", "D", "E"]
            for code in codes {
                let value: (String, JSONValue) =
                    code == "TEN"
                    ? ("amount", ["amount": "10.00", "currency": "USD"]) : ("percent", code == "HALF" ? "50" : "0")
                _ = try await Self.make(["code": .string(code), value.0: value.1], in: database)
            }
            for code in codes { try await book.redeem(code, at: Self.january) }
            let redeemed = try await database.transaction(as: .tenant(book.tenant)) { transaction in
                try await CouponQueries.redemptions(of: book.subscription, tenant: book.tenant, in: transaction)
            }
            #expect(redeemed.map(\.code) == codes && Set(redeemed.map(\.redeemedAt)).count == 1)
            try await book.run(until: Self.january)
            // Of 35.00 half, then 10.00: the other way round it would be 22.50.
            #expect(try await book.invoices().first?.discount.text == "27.50")
        }
    }

    @Test func `each limit refuses with its reason`() async throws {
        try await withDatabase { database in
            let book = try await BillingFixture(database)
            let other = try await BillingFixture(database, name: "Globex")
            let at = Self.day(1, 10)
            for (json, expected) in [
                (["code": "LATE", "percent": "5", "starts_at": "2026-02-01"], .notYet(Self.day(2, 1))),
                (["code": "GONE", "percent": "5", "expires_at": "2026-01-10"], .expired(at)),
                (["code": "EURO", "amount": ["amount": "5.00", "currency": "EUR"]], .otherCurrency(.eur, .usd)),
                (["code": "FINE", "percent": "5", "plans": ["pro"], "prices": ["base", "tokens"]], nil),
            ] as [(JSONValue, CouponRefusal?)] {
                let coupon = try await Self.make(json, in: database)
                #expect(try await refusal(of: coupon.terms.code, book, at: at) == expected)
            }
            try await BillingFixture.publish(
                [
                    "code": "team", "currency": "USD", "interval": ["unit": "month"],
                    "prices": [["code": "fee", "model": "flat", "amount": "9.00"]],
                ],
                in: database
            )
            _ = try await Self.make(["code": "TEAM", "percent": "5", "plans": ["team"]], in: database)
            #expect(try await refusal(of: "TEAM", book, at: at) == .notForPlan("pro", ["team"]))
            _ = try await Self.make(["code": "OLD", "percent": "5"], in: database)
            try await database.transaction(as: .admin) { transaction in
                _ = try await CouponOperations.archive("OLD", by: BillingFixture.stamp(), in: transaction)
            }
            #expect(try await refusal(of: "OLD", book, at: at) == .archived)
            #expect(try await refusal(of: "NONE", book, at: at) == .unknown)
            // A code for one tenant is none for others.
            let own: JSONValue = ["code": "JUST-YOU", "tenant": .string(book.tenant.text)]
            _ = try await Self.make(["code": "BASE", "percent": "5"], in: database)
            _ = try await Self.code(own, for: "BASE", in: database)
            #expect(try await refusal(of: "just-you", other, at: at) == .unknown)
            #expect(try await refusal(of: "just-you", book, at: at) == nil)
            // The code's own limit, and the tenant's.
            _ = try await Self.make(["code": "CAP", "percent": "5", "max_redemptions": 1], in: database)
            #expect(try await refusal(of: "CAP", book, at: at) == nil)
            #expect(try await refusal(of: "CAP", other, at: at) == .usedUp)
            _ = try await Self.make(["code": "FIRST", "percent": "5", "first_subscription_only": true], in: database)
            #expect(try await refusal(of: "FIRST", book, at: at) == nil)
        }
    }

    @Test func `however many redeem at once, no limit is exceeded`() async throws {
        try await withDatabase(connections: 8) { database in
            try await BillingFixture.publish(in: database)
            _ = try await Self.make(["code": "RACE", "percent": "5", "max_redemptions": 7], in: database)
            _ = try await Self.code(["code": "FAST", "max_redemptions": 5], for: "RACE", in: database)
            var books: [BillingFixture] = []
            for number in 0..<50 { books.append(try await BillingFixture(database, name: "Tenant \(number)")) }
            let outcomes = try await withThrowingTaskGroup(of: Bool.self) { group in
                for (number, book) in books.enumerated() {
                    group.addTask {
                        do {
                            try await book.redeem(number % 2 == 0 ? "FAST" : "RACE", at: Self.day(1, 10))
                            return true
                        } catch CouponError.refused(_, .usedUp) { return false }
                    }
                }
                return try await group.reduce(into: [Bool]()) { $0.append($1) }
            }
            #expect(outcomes.filter(\.self).count == 7)
            let (coupon, codes) = try await database.transaction(as: .finance) { transaction in
                let coupon = try #require(try await CouponQueries.find("RACE", in: transaction))
                return (coupon, try await CouponQueries.codes(of: coupon.id, limit: 10, in: transaction))
            }
            #expect(coupon.redemptions == 7 && codes.map(\.redemptions).reduce(0, +) == 7)
            let fast = codes.filter { $0.code == "FAST" }.map(\.redemptions)
            #expect(fast.count == 1 && fast.reduce(0, +) <= 5)
        }
    }

    @Test func `one tenant redeems no more often than it may, with many subscriptions at once`() async throws {
        try await withDatabase(connections: 8) { database in
            let flat: JSONValue = [
                "code": "flat", "currency": "USD", "interval": ["unit": "month"],
                "prices": [["code": "fee", "model": "flat", "amount": "9.00"]],
            ]
            let book = try await BillingFixture(database, plan: flat, quantities: [:])
            _ = try await Self.make(["code": "THRICE", "percent": "5", "per_tenant": 3], in: database)
            var subscriptions = [book.subscription]
            for _ in 0..<9 {
                let made = try await database.transaction(as: .tenant(book.tenant)) { transaction in
                    try await SubscriptionOperations.create(
                        SubscriptionDraft(plan: "flat"),
                        for: book.tenant,
                        by: BillingFixture.stamp(Self.january),
                        in: transaction
                    )
                }
                subscriptions.append(made.id)
            }
            let outcomes = try await withThrowingTaskGroup(of: Bool.self) { group in
                for subscription in subscriptions {
                    group.addTask {
                        do {
                            try await book.redeem("THRICE", for: subscription, at: Self.day(1, 10))
                            return true
                        } catch CouponError.refused(_, .usedUpByTenant(3)) { return false }
                    }
                }
                return try await group.reduce(into: [Bool]()) { $0.append($1) }
            }
            #expect(outcomes.filter(\.self).count == 3)
        }
    }

    @Test func `a coupon never changes, and its code is taken in any case`() async throws {
        try await withDatabase { database in
            let first = try await Self.make(["code": "Same", "percent": "5"], in: database)
            #expect(try await Self.make(["code": "Same", "percent": "5"], in: database) == first)
            await #expect(throws: CouponError.codeTaken("Same")) {
                try await Self.make(["code": "Same", "percent": "6"], in: database)
            }
            await #expect(throws: CouponError.codeTaken("SAME")) {
                try await Self.make(["code": "SAME", "percent": "5"], in: database)
            }
            await #expect(throws: CouponError.codeTaken("same")) {
                try await Self.code(["code": "same"], for: "Same", in: database)
            }
            await #expect(throws: CouponError.planNotFound("none")) {
                try await Self.make(["code": "P", "percent": "5", "plans": ["none"]], in: database)
            }
            await #expect(throws: CouponError.priceNotFound("none")) {
                try await Self.make(["code": "P", "percent": "5", "prices": ["none"]], in: database)
            }
        }
    }

    @Test(
        arguments: [
            (["percent": "5"], "code"), (["code": "A"], "percent"), (["code": "A", "percent": "101"], "percent"),
            (["code": "A", "percent": "5", "carry": true], "carry"),
            (["code": "A", "percent": "5", "periods": 2], "periods"),
            (["code": "A", "percent": "5", "duration": "repeating"], "periods"),
            (["code": "A", "percent": "5", "max_redemptions": 0], "max_redemptions"),
            (["code": "A", "percent": "5", "starts_at": "2026-02-01", "expires_at": "2026-02-01"], "expires_at"),
            (["code": "A", "percent": "5", "plans": []], "plans"), (["code": "A b", "percent": "5"], "code"),
            (["code": "A", "amount": ["amount": "0.00", "currency": "USD"]], "amount"),
        ] as [(JSONValue, String)]
    )
    func `what is no coupon is refused, and the field is named`(json: JSONValue, field: String) throws {
        let problem = #expect(throws: Problem.self) {
            var fields = try JSONFields(json)
            _ = try CouponTerms(json: &fields, in: .utc)
        }
        #expect(problem?.errors.map(\.field) == [field])
    }
}

extension BillingFixture {
    /// Redeems a code for the tenant's subscription, or another of it.
    @discardableResult
    func redeem(_ code: String, for other: SubscriptionID? = nil, at instant: Instant) async throws -> CouponRedemption
    {
        try await database.transaction(as: .tenant(tenant)) { transaction in
            try await CouponOperations.redeem(
                code,
                for: other ?? subscription,
                of: tenant,
                by: BillingFixture.stamp(instant),
                in: transaction
            )
        }
    }
}
