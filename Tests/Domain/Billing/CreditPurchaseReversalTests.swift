import Jobs
import Ledger
import Postgres
import TestSupport
import Testing
import Values

@testable import Billing

/// Money of purchases of credit that goes back at Stripe, by refunds and disputes.
@Suite struct CreditPurchaseReversalTests {
    private let now = BillingFixture.stamp(testNow)
    private static let charge = "pi_1"

    /// A tenant that bought credit with a card: `plain` is 50.00 for 50.00, `big` 100.00 for 80.00.
    ///
    /// `used`: whether the next invoice, over 35.00, took of it.
    private func book(_ code: String, used: Bool, _ database: Database) async throws -> BillingFixture {
        let book = try await BillingFixture(database)
        try await book.addCard()
        try await database.transaction(as: .admin) { transaction in
            let packages = [
                try CreditPackageDraft(code: "plain", price: Money(minor: 5_000, currency: .usd)),
                try CreditPackageDraft(
                    code: "big",
                    price: Money(minor: 8_000, currency: .usd),
                    credit: Money(minor: 10_000, currency: .usd)
                ),
            ]
            for package in packages { try await CreditPackageOperations.put(package, by: now, in: transaction) }
        }
        try await database.transaction(as: .system) { transaction in
            let bought = try await CreditPurchaseOperations.buy(code, for: book.tenant, by: now, in: transaction)
            try await CreditPurchaseOperations.settle(
                bought.id,
                of: book.tenant,
                with: .succeeded(reference: Self.charge, fee: nil, received: bought.price),
                by: now,
                in: transaction
            )
        }
        try await book.run(until: BillingFixture.day(2026, used ? 3 : 2, 5))
        return book
    }

    private func left(_ book: BillingFixture, _ kind: CreditGrant.Kind) async throws -> Int64 {
        try await book.grants().filter { $0.kind == kind }.reduce(0) { $0 + $1.left.minor }
    }

    private func withdrawn(_ book: BillingFixture) async throws -> [Int64] {
        try await book.grants().map(\.withdrawn.minor).sorted()
    }

    private func disputes(_ book: BillingFixture) async throws -> [PaymentDispute] {
        try await book.database.transaction(as: .finance) { transaction in
            try await PaymentDisputeQueries.list(of: book.tenant, limit: 10, in: transaction).map(\.dispute)
        }
    }

    @Test func `a refund takes back what is unused, and what was used is paid back`() async throws {
        try await withDatabase { database in
            let book = try await book("plain", used: true, database)
            let before = try await book.balance(.cash)
            #expect(try await left(book, .prepaid) == 1_500)
            for event in ["evt_1", "evt_1", "evt_2"] {
                try await book.tellRefund(event, "re_1", of: Self.charge, 4_000)
            }
            #expect(try await left(book, .prepaid) == 0)
            #expect(try await withdrawn(book) == [1_500])
            #expect(try await book.balance(.prepaidCredit) == 0)
            #expect(try await book.balance(.refunds) == 2_500)
            #expect(try await book.balance(.refundPayable) == 0)
            #expect(try await book.balance(.cash) == before - 4_000)
            #expect(try await book.differences().isEmpty)
            // Only so much was paid; what is more than that is not booked.
            try await book.tellRefund("evt_3", "re_2", of: Self.charge, 1_001)
            try await book.tellRefund("evt_4", "re_3", of: Self.charge, 1_000)
            #expect(try await book.eventStates() == ["applied", "applied", "waiting", "applied"])
            #expect(try await book.balance(.cash) == before - 5_000)
            #expect(try await book.balance(.refunds) == 3_500)
            #expect(try await book.differences().isEmpty)
        }
    }

    @Test func `with the money goes its share of what was given on top, and no invoice takes either`() async throws {
        try await withDatabase { database in
            let book = try await book("big", used: false, database)
            try await book.tellRefund("evt_1", "re_1", of: Self.charge, 3_001)
            #expect(try await left(book, .prepaid) == 4_999)
            // A quarter of 30.01, rounded down.
            #expect(try await left(book, .promotional) == 1_250)
            #expect(try await book.differences().isEmpty)
            try await book.tellRefund("evt_2", "re_2", of: Self.charge, 4_999)
            #expect(try await left(book, .prepaid) == 0)
            #expect(try await left(book, .promotional) == 0)
            #expect(try await book.balance(.cash) == 0)
            #expect(try await book.balance(.refunds) == 0)
            try await book.run(until: BillingFixture.day(2026, 3, 5))
            #expect(try await book.invoices().last?.creditsApplied.isZero == true)
            #expect(try await book.differences().isEmpty)
        }
    }

    @Test func `a refund that fails gives the credit back`() async throws {
        try await withDatabase { database in
            let book = try await book("big", used: false, database)
            try await book.tellRefund("evt_1", "re_1", of: Self.charge, 8_000, status: "pending")
            #expect(try await withdrawn(book) == [2_000, 8_000])
            #expect(try await book.balance(.refundPayable) == -8_000)
            #expect(try await book.differences().isEmpty)
            try await book.tellRefund("evt_2", "re_1", of: Self.charge, 8_000, status: "failed")
            #expect(try await left(book, .prepaid) == 8_000)
            #expect(try await left(book, .promotional) == 2_000)
            #expect(try await book.balance(.prepaidCredit) == -8_000)
            #expect(try await book.balance(.cash) == 8_000)
            #expect(try await book.differences().isEmpty)
        }
    }

    @Test func `credit that was voided is owed, and the refund pays that debt`() async throws {
        try await withDatabase { database in
            let book = try await book("plain", used: true, database)
            let grant = try #require(try await book.grants().first)
            try await database.transaction(as: .tenant(book.tenant)) { transaction in
                _ = try await CreditOperations.void(grant.id, of: book.tenant, by: now, in: transaction)
            }
            #expect(try await book.balance(.refundPayable) == -1_500)
            try await book.tellRefund("evt_1", "re_1", of: Self.charge, 2_000)
            #expect(try await book.balance(.refundPayable) == 0)
            #expect(try await book.balance(.refunds) == 500)
            #expect(try await book.differences().isEmpty)
        }
    }

    @Test(arguments: ["won", "lost"])
    func `a dispute takes the credit until it is decided; what was used is a receivable, then a bad debt`(
        _ end: String
    ) async throws {
        try await withDatabase { database in
            let book = try await book("plain", used: true, database)
            let (cash, receivable) = (try await book.balance(.cash), try await book.balance(.receivable))
            for event in ["evt_1", "evt_2"] {
                try await book.tellDispute(event, of: Self.charge, 5_000, status: "needs_response")
            }
            #expect(try await left(book, .prepaid) == 0)
            #expect(try await book.balance(.prepaidCredit) == 0)
            #expect(try await book.balance(.receivable) == receivable + 3_500)
            #expect(try await book.balance(.cash) == cash - 5_000 - 1_500)
            #expect(try await book.balance(.paymentFees) == 1_500)
            let open = try await disputes(book)
            #expect(open.map(\.state) == [.open] && open.first?.payment == nil && open.first?.purchase != nil)
            #expect(open.map(\.evidenceDueAt) == [Instant(seconds: 1_773_000_000)])
            #expect(try await book.differences().isEmpty)
            for event in ["evt_3", "evt_4"] {
                try await book.tellDispute(event, of: Self.charge, 5_000, status: end)
            }
            let isWon = end == "won"
            #expect(try await disputes(book).map(\.state) == [isWon ? .won : .lost])
            #expect(try await left(book, .prepaid) == (isWon ? 1_500 : 0))
            #expect(try await book.balance(.prepaidCredit) == (isWon ? -1_500 : 0))
            #expect(try await book.balance(.receivable) == receivable)
            #expect(try await book.balance(.badDebt) == (isWon ? 0 : 3_500))
            #expect(try await book.balance(.cash) == (isWon ? cash - 1_500 : cash - 6_500))
            #expect(try await book.differences().isEmpty)
        }
    }

    @Test func `credit of a dispute that is won is owed if it was voided meanwhile`() async throws {
        try await withDatabase { database in
            let book = try await book("big", used: false, database)
            try await book.tellDispute("evt_1", of: Self.charge, 8_000, status: "needs_response")
            #expect(try await withdrawn(book) == [2_000, 8_000])
            for grant in try await book.grants() {
                try await database.transaction(as: .tenant(book.tenant)) { transaction in
                    _ = try await CreditOperations.void(grant.id, of: book.tenant, by: now, in: transaction)
                }
            }
            #expect(try await book.balance(.refundPayable) == 0)
            try await book.tellDispute("evt_2", of: Self.charge, 8_000, status: "won")
            #expect(try await book.balance(.refundPayable) == -8_000)
            #expect(try await book.balance(.prepaidCredit) == 0)
            #expect(try await book.differences().isEmpty)
        }
    }

    @Test func `what is told before the purchase is paid waits for it`() async throws {
        try await withDatabase { database in
            let book = try await book("plain", used: false, database)
            try await book.tellRefund("evt_1", "re_1", of: "pi_unknown", 100)
            #expect(try await book.eventStates() == ["waiting"])
            #expect(try await left(book, .prepaid) == 5_000)
        }
    }

    @Test(arguments: [false, true])
    func `credit that a voided invoice gives back after its money went back is not had once more`(
        isDispute: Bool
    ) async throws {
        try await withDatabase { database in
            let book = try await book("plain", used: false, database)
            // 20.00 of the next invoice, over 35.00, is taken of the credit; the rest of that went before.
            try await book.tellRefund("evt_0", "re_0", of: Self.charge, 3_000)
            try await book.run(until: BillingFixture.day(2026, 3, 5))
            let invoice = try #require(try await book.invoices().last)
            #expect(invoice.creditsApplied.text == "20.00" && invoice.status == .open)
            if isDispute {
                for (event, status) in [("evt_1", "needs_response"), ("evt_2", "lost")] {
                    try await book.tellDispute(event, of: Self.charge, 2_000, status: status)
                }
            } else {
                try await book.tellRefund("evt_1", "re_1", of: Self.charge, 2_000)
            }
            #expect(try await book.balance(isDispute ? .badDebt : .refunds) == 2_000)
            try await database.transaction(as: .tenant(book.tenant)) { transaction in
                _ = try await InvoiceOperations.void(invoice.id, of: book.tenant, by: now, in: transaction)
            }
            #expect(try await left(book, .prepaid) == 0)
            #expect(try await book.differences().isEmpty)
            for _ in 0..<2 {
                try await CreditJobs.clearPaidBack(at: testNow, database: database, time: ManualTime(testNow))
                #expect(try await book.balance(isDispute ? .badDebt : .refunds) == 0)
                #expect(try await book.balance(.prepaidCredit) == 0)
                #expect(try await left(book, .prepaid) == 0)
                #expect(try await book.differences().isEmpty)
            }
            #expect(try await book.balance(.refundPayable) == 0)
        }
    }

    @Test func `nothing is booked out while a dispute is not decided, and won it gives the credit back`() async throws {
        try await withDatabase { database in
            let book = try await book("plain", used: false, database)
            try await book.tellRefund("evt_0", "re_0", of: Self.charge, 3_000)
            try await book.run(until: BillingFixture.day(2026, 3, 5))
            let invoice = try #require(try await book.invoices().last)
            try await book.tellDispute("evt_1", of: Self.charge, 2_000, status: "needs_response")
            try await database.transaction(as: .tenant(book.tenant)) { transaction in
                _ = try await InvoiceOperations.void(invoice.id, of: book.tenant, by: now, in: transaction)
            }
            try await CreditJobs.clearPaidBack(at: testNow, database: database, time: ManualTime(testNow))
            #expect(try await left(book, .prepaid) == 0)
            #expect(try await book.differences().isEmpty)
            try await book.tellDispute("evt_2", of: Self.charge, 2_000, status: "won")
            #expect(try await left(book, .prepaid) == 2_000)
            try await CreditJobs.clearPaidBack(at: testNow, database: database, time: ManualTime(testNow))
            #expect(try await left(book, .prepaid) == 2_000)
            #expect(try await book.balance(.prepaidCredit) == -2_000)
            #expect(try await book.differences().isEmpty)
        }
    }
}
