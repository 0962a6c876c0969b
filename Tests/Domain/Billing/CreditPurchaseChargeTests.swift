import Billing
import Jobs
import Ledger
import Postgres
import TestSupport
import Testing
import Values

/// Purchases of credit that a job charges.
@Suite struct CreditPurchaseChargeTests {
    private let now = BillingFixture.stamp(testNow)

    /// A tenant with a card that begins a purchase of 30.00.
    private func bought(_ database: Database) async throws -> (book: BillingFixture, purchase: CreditPurchaseID) {
        let book = try await BillingFixture(database)
        try await book.addCard()
        try await database.transaction(as: .admin) { transaction in
            let draft = try CreditPackageDraft(code: "small", price: Money(minor: 3_000, currency: .usd))
            try await CreditPackageOperations.put(draft, by: now, in: transaction)
        }
        let purchase = try await database.transaction(as: .tenant(book.tenant)) { transaction in
            try await CreditPurchaseOperations.buy("small", for: book.tenant, by: now, in: transaction)
        }
        return (book, purchase.id)
    }

    private func purchase(_ id: CreditPurchaseID, _ book: BillingFixture) async throws -> CreditPurchase? {
        try await book.database.transaction(as: .tenant(book.tenant)) { transaction in
            try await CreditPurchaseQueries.find(id, of: book.tenant, in: transaction)
        }
    }

    @Test func `the card is charged once, under the purchase's own key, and the credit granted`() async throws {
        try await withDatabase { database in
            let (book, id) = try await bought(database)
            let gateway = ScriptedGateway()
            gateway.answer(.unavailable(message: "no answer", retryAfterSeconds: nil))
            let time = ManualTime(testNow)
            let worker = try await PaymentFixture.worker(database, gateway, time)
            for minute: Int64 in 0..<5 {
                time.set(testNow.adding(seconds: minute * 3_600))
                _ = await worker.work()
            }
            #expect(gateway.keys == [id.text, id.text] && gateway.taken == 3_000)
            let charge = try #require(gateway.charges.last)
            #expect(charge.customer == "cus_1" && charge.method == "pm_1" && charge.mayHaveBeenSent)
            #expect(charge.metadata == ["tenant": book.tenant.text, "purchase": id.text])
            #expect(gateway.charges.first?.mayHaveBeenSent == false)
            #expect(try await purchase(id, book)?.status == .succeeded)
            #expect(try await book.grants().map(\.amount.text) == ["30.00"])
            #expect(try await book.differences().isEmpty)
        }
    }

    @Test func `a card that is declined grants nothing`() async throws {
        try await withDatabase { database in
            let (book, id) = try await bought(database)
            let gateway = ScriptedGateway()
            gateway.answer(.declined(reference: "pi_1", code: "lost_card", message: "no", isFinal: true))
            let worker = try await PaymentFixture.worker(database, gateway, ManualTime(testNow))
            for _ in 0..<2 { _ = await worker.work() }
            #expect(gateway.keys == [id.text])
            #expect(try await purchase(id, book)?.failure == "lost_card: no")
            #expect(try await book.grants().isEmpty)
        }
    }

    @Test func `an answer that tells of another amount than the price grants nothing`() async throws {
        try await withDatabase { database in
            let (book, id) = try await bought(database)
            let gateway = ScriptedGateway()
            let came = Money(minor: 300, currency: .usd)
            gateway.answer(.succeeded(reference: "pi_1", fee: Money(minor: 40, currency: .usd), received: came))
            let worker = try await PaymentFixture.worker(database, gateway, ManualTime(testNow))
            _ = await worker.work()
            #expect(try await purchase(id, book)?.status == .failed)
            #expect(try await book.grants().isEmpty)
            #expect(try await book.balance(.unappliedCash) == -300)
            #expect(try await book.balance(.cash) == 260)
            #expect(try await book.differences().isEmpty)
        }
    }
}
