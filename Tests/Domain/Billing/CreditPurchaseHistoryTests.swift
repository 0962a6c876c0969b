import Jobs
import Ledger
import Postgres
import TestSupport
import Testing
import Values

@testable import Billing

/// Random stories of credit that is bought, used, voided and paid back.
@Suite struct CreditPurchaseHistoryTests {
    private let now = BillingFixture.stamp(testNow)
    private static let price: Int64 = 5_000

    @Test(arguments: 1...6)
    func `whatever becomes of the money, the books agree`(_ seed: UInt64) async throws {
        try await withDatabase { database in
            let book = try await BillingFixture(database)
            try await book.addCard()
            try await database.transaction(as: .admin) { transaction in
                let draft = try CreditPackageDraft(
                    code: "big",
                    price: Money(minor: Self.price, currency: .usd),
                    credit: Money(minor: 6_000, currency: .usd)
                )
                try await CreditPackageOperations.put(draft, by: now, in: transaction)
            }
            var random = SeededGenerator(seed: seed)
            var story = Story(book: book)
            for step in 0..<25 {
                try await act(step, &story, &random)
                let told = story.told.joined(separator: ", ")
                #expect(try await book.differences().isEmpty, "\(seed): \(told)")
                for grant in try await book.grants() { #expect(grant.left.minor >= 0, "\(seed): \(told)") }
            }
            // What is left of the story is decided, and what was given back of it booked out.
            for (charge, dispute) in story.open { try await tell(dispute, of: charge, "won", "end \(dispute)", book) }
            try await CreditJobs.clearPaidBack(at: testNow, database: database, time: ManualTime(testNow))
            #expect(try await book.differences().isEmpty, "\(seed): \(story.told)")
            let held = try await book.grants().filter { $0.kind == .prepaid }.reduce(0) { $0 + $1.left.minor }
            let booked = -(try await book.balance(.prepaidCredit))
            #expect(booked == held, "\(seed): \(story.told)")
        }
    }

    private struct Story {
        let book: BillingFixture
        var charges: [String] = []
        var open: [(charge: String, dispute: String)] = []
        var month = 2
        var told: [String] = []
    }

    private func act(_ step: Int, _ story: inout Story, _ random: inout SeededGenerator) async throws {
        let book = story.book
        let charge = story.charges.randomElement(using: &random)
        switch Int.random(in: 0..<10, using: &random) {
        case 0, 1:
            let reference = "pi_\(step)"
            try await buy(reference, book)
            story.charges.append(reference)
            story.told.append("buys \(reference)")
        case 2, 3:
            story.month += 1
            guard story.month <= 12 else { return }
            try await book.run(until: BillingFixture.day(2026, story.month, 5))
            story.told.append("is billed")
        case 4, 5:
            guard let charge else { return }
            let minor = Int64.random(in: 1...Self.price, using: &random)
            let status = Bool.random(using: &random) ? "succeeded" : "pending"
            try await book.tellRefund("evt \(step)", "re_\(step)", of: charge, minor, status: status)
            if status == "pending" {
                let end = Bool.random(using: &random) ? "failed" : "succeeded"
                try await book.tellRefund("evt \(step) end", "re_\(step)", of: charge, minor, status: end)
            }
            story.told.append("\(charge) pays \(minor) back \(status)")
        case 6:
            guard let charge, !story.open.contains(where: { $0.charge == charge }) else { return }
            try await tell("dp_\(step)", of: charge, "needs_response", "evt \(step)", book)
            story.open.append((charge: charge, dispute: "dp_\(step)"))
            story.told.append("\(charge) is disputed")
        case 7:
            guard let (charge, dispute) = story.open.popLast() else { return }
            let end = Bool.random(using: &random) ? "won" : "lost"
            try await tell(dispute, of: charge, end, "evt \(step)", book)
            story.told.append("\(charge) is \(end)")
        case 8:
            let grants = try await book.grants().filter { $0.voidedAt == nil }
            guard let grant = grants.randomElement(using: &random) else { return }
            try await book.database.transaction(as: .tenant(book.tenant)) { transaction in
                _ = try await CreditOperations.void(grant.id, of: book.tenant, by: now, in: transaction)
            }
            story.told.append("a grant of \(grant.kind.rawValue) is voided")
        default:
            guard let invoice = try await book.invoices().filter({ $0.status == .open }).randomElement(using: &random)
            else { return }
            try await book.database.transaction(as: .tenant(book.tenant)) { transaction in
                _ = try await InvoiceOperations.void(invoice.id, of: book.tenant, by: now, in: transaction)
            }
            if Bool.random(using: &random) {
                try await CreditJobs.clearPaidBack(at: testNow, database: book.database, time: ManualTime(testNow))
            }
            story.told.append("an invoice is voided")
        }
    }

    private func buy(_ reference: String, _ book: BillingFixture) async throws {
        try await book.database.transaction(as: .system) { transaction in
            let bought = try await CreditPurchaseOperations.buy("big", for: book.tenant, by: now, in: transaction)
            try await CreditPurchaseOperations.settle(
                bought.id,
                of: book.tenant,
                with: .succeeded(reference: reference, fee: nil, received: bought.price),
                by: now,
                in: transaction
            )
        }
    }

    private func tell(
        _ dispute: String,
        of charge: String,
        _ status: String,
        _ event: String,
        _ book: BillingFixture
    ) async throws {
        try await book.tell(
            event,
            "charge.dispute.updated",
            [
                "id": .string(dispute), "payment_intent": .string(charge), "amount": .int(Self.price),
                "currency": "usd", "status": .string(status), "reason": "fraudulent",
            ]
        )
    }
}
