import Billing
import Jobs
import Ledger
import Postgres
import TestSupport
import Testing
import Values

@Suite struct CreditPurchaseTests {
    private let now = BillingFixture.stamp(testNow)

    private func usd(_ minor: Int64) -> Money { Money(minor: minor, currency: .usd) }

    /// A tenant that pays by bank transfer, and packages of 100.00 for 80.00, and of 30.00.
    private func book(_ database: Database) async throws -> BillingFixture {
        let book = try await BillingFixture(database)
        try await database.transaction(as: .admin) { transaction in
            let packages = [
                try CreditPackageDraft(code: "big", price: usd(8_000), credit: usd(10_000), expiresAfterDays: 30),
                try CreditPackageDraft(code: "small", price: usd(3_000)),
            ]
            for package in packages { try await CreditPackageOperations.put(package, by: now, in: transaction) }
        }
        return book
    }

    private func addMethod(_ book: BillingFixture) async throws {
        let draft = try PaymentMethodDraft(gateway: .manual, reference: "account 1", isDefault: true)
        try await book.database.transaction(as: .tenant(book.tenant)) { transaction in
            _ = try await PaymentMethodOperations.add(
                draft,
                PaymentMethodDetails(transfer: draft.reference),
                for: book.tenant,
                by: now,
                in: transaction
            )
        }
    }

    private func buy(_ code: String, _ book: BillingFixture) async throws -> CreditPurchase {
        try await book.database.transaction(as: .tenant(book.tenant)) { transaction in
            try await CreditPurchaseOperations.buy(code, for: book.tenant, by: now, in: transaction)
        }
    }

    private func settle(
        _ purchase: CreditPurchase,
        _ outcome: GatewayOutcome,
        at instant: Instant = testNow,
        _ book: BillingFixture
    ) async throws -> CreditPurchase {
        try await book.database.transaction(as: .tenant(book.tenant)) { transaction in
            try await CreditPurchaseOperations.settle(
                purchase.id,
                of: book.tenant,
                with: outcome,
                by: BillingFixture.stamp(instant),
                in: transaction
            )
        }
    }

    private func grants(_ book: BillingFixture) async throws -> [CreditGrant] {
        try await book.database.transaction(as: .tenant(book.tenant)) { transaction in
            try await CreditQueries.list(of: book.tenant, limit: 50, now: testNow, in: transaction).map(\.grant)
        }
    }

    private func balance(_ account: Account, of book: BillingFixture) async throws -> Int64 {
        try await book.database.transaction(as: .tenant(book.tenant)) { transaction in
            let balances = try await LedgerQueries.balances(of: book.tenant, in: transaction)
            return balances.first { $0.account == account }?.balance.minor ?? 0
        }
    }

    @Test func `the money grants the credit once: the price is bought, the rest is given`() async throws {
        try await withDatabase { database in
            let book = try await book(database)
            await #expect(throws: CreditError.noPaymentMethod(book.tenant)) { try await buy("big", book) }
            try await addMethod(book)
            let asked = try await buy("big", book)
            #expect(asked.status == .pending && asked.gateway == "manual")
            #expect(try await grants(book).isEmpty)
            #expect(try await settle(asked, .pending(reference: "r1"), book).status == .pending)
            for _ in 0..<2 {
                let done = try await settle(asked, .succeeded(reference: "r1", fee: usd(100)), book)
                #expect(done.status == .succeeded && done.reference == "r1")
            }
            let made = try await grants(book).sorted { $0.amount.minor < $1.amount.minor }
            #expect(made.map(\.amount) == [usd(2_000), usd(8_000)])
            #expect(made.map(\.kind) == [.promotional, .prepaid])
            #expect(made.allSatisfy { $0.expiresAt == testNow.adding(seconds: 30 * 86_400) })
            #expect(try await balance(.cash, of: book) == 7_900)
            #expect(try await balance(.prepaidCredit, of: book) == -8_000)
            #expect(try await balance(.paymentFees, of: book) == 100)
            #expect(try await book.differences().isEmpty)
        }
    }

    @Test func `a purchase that is refused grants nothing, unless the money comes after all`() async throws {
        try await withDatabase { database in
            let book = try await book(database)
            try await addMethod(book)
            let asked = try await buy("small", book)
            let declined = GatewayOutcome.declined(reference: "r", code: "card", message: "no", isFinal: true)
            let failed = try await settle(asked, declined, book)
            #expect(failed.status == .failed && failed.failure == "card: no")
            #expect(try await grants(book).isEmpty)
            #expect(try await settle(asked, .succeeded(reference: "r", fee: nil), book).status == .succeeded)
            #expect(try await settle(asked, declined, book).status == .succeeded)
            #expect(try await grants(book).map(\.amount) == [usd(3_000)])
        }
    }

    @Test func `a transfer is booked once under its reference`() async throws {
        try await withDatabase { database in
            let book = try await book(database)
            func paid(_ code: String) async throws -> CreditPurchase {
                try await database.transaction(as: .tenant(book.tenant)) { transaction in
                    try await CreditPurchaseOperations.buyPaid(
                        code,
                        reference: "transfer 7",
                        for: book.tenant,
                        by: now,
                        in: transaction
                    )
                }
            }
            let first = try await paid("small")
            #expect(first.status == .succeeded && first.source == .staff)
            #expect(try await paid("small") == first)
            await #expect(throws: CreditError.referenceTaken("transfer 7")) { try await paid("big") }
            #expect(try await balance(.cash, of: book) == 3_000)
            try await database.transaction(as: .admin) { transaction in
                _ = try await CreditPackageOperations.archive("small", by: now, in: transaction)
            }
            await #expect(throws: CreditError.packageArchived("small")) { try await paid("small") }
        }
    }

    @Test func `credit is bought by itself when it goes down, up to the month's limit, never two at once`() async throws
    {
        try await withDatabase(connections: 4) { database in
            let book = try await book(database)
            try await addMethod(book)
            func limit(_ minor: Int64) async throws {
                let rule = try TopUpRuleDraft(threshold: usd(1_000), package: "small", monthlyLimit: usd(minor))
                try await database.transaction(as: .tenant(book.tenant)) { transaction in
                    _ = try await TopUpOperations.set(rule, of: book.tenant, by: now, in: transaction)
                }
            }
            try await limit(5_000)
            let time = ManualTime(testNow)
            await withTaskGroup(of: Void.self) { group in
                for _ in 0..<4 {
                    group.addTask {
                        try? await CreditJobs.topUp(at: testNow, database: database, time: time)
                    }
                }
            }
            func purchases() async throws -> [CreditPurchase] {
                try await database.transaction(as: .tenant(book.tenant)) { transaction in
                    try await CreditPurchaseQueries.list(of: book.tenant, limit: 20, in: transaction)
                }
            }
            let first = try #require(try await purchases().first)
            #expect(try await purchases().count == 1 && first.source == .topUp)
            _ = try await settle(first, .succeeded(reference: "a", fee: nil), book)
            try await CreditJobs.topUp(at: testNow, database: database, time: time)
            #expect(try await purchases().count == 1)
            // The next invoice, over 35.00, takes it all.
            try await book.run(until: BillingFixture.day(2026, 4, 5))
            try await CreditJobs.topUp(at: testNow, database: database, time: time)
            #expect(try await purchases().count == 1)
            try await limit(7_000)
            try await CreditJobs.topUp(at: testNow, database: database, time: time)
            let second = try #require(try await purchases().first { $0.id != first.id })
            #expect(try await purchases().count == 2)
            let declined = GatewayOutcome.declined(reference: nil, code: "card", message: "no", isFinal: false)
            _ = try await settle(second, declined, book)
            try await CreditJobs.topUp(at: testNow.adding(seconds: 60), database: database, time: time)
            #expect(try await purchases().count == 2)
            let tomorrow = testNow.adding(seconds: 86_400)
            try await CreditJobs.topUp(at: tomorrow, database: database, time: time)
            #expect(try await purchases().count == 3)
        }
    }

    @Test func `bought credit that expires is kept once, and a late invoice takes none of it`() async throws {
        try await withDatabase { database in
            let book = try await book(database)
            let expiry = BillingFixture.day(2026, 1, 20)
            let grant = try await database.transaction(as: .tenant(book.tenant)) { transaction in
                try await CreditOperations.grant(
                    CreditGrantDraft(amount: usd(10_000), kind: .prepaid, expiresAt: expiry),
                    to: book.tenant,
                    by: BillingFixture.stamp(BillingFixture.start),
                    in: transaction
                )
            }
            let time = ManualTime(testNow)
            // The first invoice is still to come, and may take of it.
            try await CreditJobs.expire(at: testNow, database: database, time: time)
            #expect(try await balance(.breakageRevenue, of: book) == 0)
            try await book.run(until: BillingFixture.day(2026, 1, 21))
            #expect(try await book.invoices().first?.creditsApplied == usd(3_500))
            for _ in 0..<2 {
                try await CreditJobs.expire(at: testNow, database: database, time: time)
                #expect(try await balance(.breakageRevenue, of: book) == -6_500)
                #expect(try await balance(.prepaidCredit, of: book) == 0)
            }
            let expired = try #require(try await grants(book).first { $0.id == grant.id })
            #expect(expired.left.isZero && expired.expired == usd(6_500) && expired.used == usd(3_500))
            #expect(try await book.differences().isEmpty)
        }
    }
}
