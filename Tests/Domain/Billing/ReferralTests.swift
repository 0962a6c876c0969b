import Billing
import Jobs
import Plans
import Postgres
import Subscriptions
import Tenants
import TestSupport
import Testing
import Values

/// Who brings another is rewarded, once.
@Suite struct ReferralTests {
    private static let january = BillingFixture.start

    /// Two tenants; the second has redeemed the first one's code.
    private func referred(
        _ database: Database,
        reward: JSONObject
    ) async throws -> (referrer: BillingFixture, referred: BillingFixture) {
        let referrer = try await BillingFixture(database, name: "Acme")
        let referred = try await BillingFixture(database, name: "Globex")
        _ = try await CouponRedemptionTests.make(["code": "WELCOME", "percent": "50"], in: database)
        var json: JSONObject = ["code": "ACME-FRIENDS", "tenant": .string(referrer.tenant.text)]
        for (key, value) in reward { json[key] = value }
        _ = try await CouponRedemptionTests.code(.object(json), for: "WELCOME", in: database)
        try await referred.redeem("acme-friends", at: Self.january)
        return (referrer, referred)
    }

    private func settle(_ database: Database) async throws -> [Referral] {
        try await ReferralJobs.settleAll(database: database, time: FixedTime(testNow), author: .command)
    }

    private func pay(_ book: BillingFixture) async throws {
        try await book.run(until: Self.january)
        let invoice = try #require(try await book.invoices().first)
        #expect(invoice.discount.text == "17.50")
        _ = try await book.database.transaction(as: .tenant(book.tenant)) { transaction in
            try await InvoiceOperations.pay(
                invoice.id,
                of: book.tenant,
                reference: "bank 1",
                by: BillingFixture.stamp(),
                in: transaction
            )
        }
    }

    private func grants(of book: BillingFixture) async throws -> [CreditGrant] {
        try await book.database.transaction(as: .tenant(book.tenant)) { transaction in
            try await CreditQueries.list(of: book.tenant, limit: 10, now: testNow, in: transaction).map(\.grant)
        }
    }

    @Test func `the referring tenant gets its credit when the first invoice is paid, once`() async throws {
        try await withDatabase { database in
            let credit: JSONObject = ["reward_amount": ["amount": "25.00", "currency": "USD"]]
            let (referrer, referred) = try await referred(database, reward: credit)
            #expect(try await settle(database).isEmpty)
            try await pay(referred)
            let all = try await withThrowingTaskGroup(of: [Referral].self) { group in
                for _ in 0..<4 { group.addTask { try await settle(database) } }
                return try await group.reduce(into: []) { $0 += $1 }
            }
            #expect(all.allSatisfy { $0.status == .rewarded } && !all.isEmpty)
            #expect(try await settle(database).isEmpty)
            let granted = try await grants(of: referrer)
            #expect(granted.map(\.amount.text) == ["25.00"])
            #expect(all.first?.reward == granted.first?.id.text)
            #expect(try await grants(of: referred).isEmpty)
        }
    }

    @Test func `a reward coupon goes on the referring tenant's subscription`() async throws {
        try await withDatabase { database in
            _ = try await CouponRedemptionTests.make(["code": "THANKS", "percent": "20"], in: database)
            let (referrer, referred) = try await referred(database, reward: ["reward_coupon": "THANKS"])
            try await pay(referred)
            #expect(try await settle(database).map(\.status) == [.rewarded])
            try await referrer.run(until: BillingFixture.day(2026, 12, 5))
            // It counts from when it was given: the next invoice after testNow, or after what was invoiced by then.
            #expect(try await referrer.invoices().filter { $0.discount.minor != 0 }.count == 1)
        }
    }

    @Test func `an impossible reward is refused with the reason`() async throws {
        try await withDatabase { database in
            let credit: JSONObject = ["reward_amount": ["amount": "25.00", "currency": "EUR"]]
            let (referrer, referred) = try await referred(database, reward: credit)
            try await referrer.run(until: Self.january)
            try await pay(referred)
            let settled = try await settle(database)
            #expect(settled.map(\.status) == [.refused])
            #expect(settled.first?.reward?.contains("EUR") == true)
            #expect(try await grants(of: referrer).isEmpty)
        }
    }

    @Test func `nobody refers itself, and nobody comes twice`() async throws {
        try await withDatabase { database in
            let credit: JSONObject = ["reward_amount": ["amount": "25.00", "currency": "USD"]]
            let (referrer, referred) = try await referred(database, reward: credit)
            await #expect(throws: CouponError.refused(code: "ACME-FRIENDS", .ownReferral)) {
                try await referrer.redeem("ACME-FRIENDS", at: Self.january)
            }
            _ = try await CouponRedemptionTests.make(["code": "OTHER", "percent": "5"], in: database)
            _ = try await CouponRedemptionTests.code(
                [
                    "code": "MORE", "tenant": .string(referrer.tenant.text),
                    "reward_amount": ["amount": "1.00", "currency": "USD"],
                ],
                for: "OTHER",
                in: database
            )
            await #expect(throws: CouponError.refused(code: "MORE", .alreadyReferred)) {
                try await referred.redeem("MORE", at: Self.january)
            }
        }
    }
}

/// A clock that stands still.
private struct FixedTime: TimeSource {
    let instant: Instant

    init(_ instant: Instant) { self.instant = instant }

    func now() -> Instant { instant }
}
