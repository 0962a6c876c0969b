import Billing
import Ledger
import Postgres
import Subscriptions
import TestSupport
import Testing
import Values

/// Money that people give back in Stripe's dashboard: what is owed is not paid twice.
@Suite struct ForeignRefundTests {
    /// A tenant whose invoice of 35.00 was paid by card, and what Stripe calls the charge.
    private func paid(_ database: Database) async throws -> (world: PaymentFixture, charge: String) {
        let world = try await PaymentFixture(database)
        try await world.addCard()
        let attempt = try #require(try await world.collect(ScriptedGateway()))
        return (world, try #require(attempt.reference))
    }

    private func payOut(_ world: PaymentFixture) async throws -> PaymentRefund {
        try await world.act { transaction in
            try await PaymentOperations.payOut(
                to: world.tenant,
                currency: .usd,
                by: nil,
                reason: "what was owed",
                by: PaymentFixture.stamp(),
                in: transaction
            )
        }
    }

    private func credit(_ amount: String, _ world: PaymentFixture) async throws {
        let draft = try CreditNoteDraft(.amount(PaymentFixture.dollars(amount)), reason: "a mistake", to: .refund)
        try await world.act { transaction in
            _ = try await CreditNoteOperations.issue(
                draft,
                of: world.invoice.id,
                tenant: world.tenant,
                by: PaymentFixture.stamp(),
                in: transaction
            )
        }
    }

    @Test func `what a cancelled invoice owes is settled by it, and the rest is a refund`() async throws {
        try await withDatabase { database in
            let (world, charge) = try await paid(database)
            try await world.act { transaction in
                try await SubscriptionOperations.cancel(
                    world.book.subscription,
                    of: world.tenant,
                    when: .immediately,
                    refund: .payout,
                    by: BillingFixture.stamp(BillingFixture.day(2026, 1, 20)),
                    in: transaction
                )
            }
            try await world.book.run(until: BillingFixture.day(2026, 2, 5))
            let owed = -(try await world.balance(.refundPayable))
            #expect(owed > 0)
            // Whether it is told once or twice, and by several events.
            for event in ["evt_1", "evt_1", "evt_2"] {
                try await world.book.tellRefund(event, "re_1", of: charge, owed + 500)
            }
            #expect(try await world.balance(.refundPayable) == 0)
            #expect(try await world.balance(.refunds) == 500)
            #expect(try await world.balance(.cash) == 3_500 - owed - 500)
            await #expect(throws: PaymentError.self) { try await payOut(world) }
            let payment = try #require(try await world.attempts().first?.payment)
            #expect(try await world.payment(payment).refunded == PaymentShares(applied: 500, payable: owed))
            #expect(try await world.book.differences().isEmpty)
        }
    }

    @Test func `what a credit note owes is settled in parts, and no more is paid out than is left`() async throws {
        try await withDatabase { database in
            let (world, charge) = try await paid(database)
            try await credit("20.00", world)
            #expect(try await world.balance(.refundPayable) == -2_000)
            try await world.book.tellRefund("evt_1", "re_1", of: charge, 1_500)
            #expect(try await world.balance(.refundPayable) == -500)
            #expect(try await world.balance(.refunds) == 0)
            #expect(try await payOut(world).amount.text == "5.00")
            #expect(try await world.balance(.refundPayable) == 0)
            // Nothing is owed any more: what is given back now is a refund.
            try await world.book.tellRefund("evt_2", "re_2", of: charge, 700)
            #expect(try await world.balance(.refunds) == 700)
            #expect(try await world.balance(.cash) == 800)
            #expect(try await world.book.eventStates() == ["applied", "applied"])
            #expect(try await world.book.differences().isEmpty)
        }
    }

    @Test func `one that fails in the end leaves the debt as it was`() async throws {
        try await withDatabase { database in
            let (world, charge) = try await paid(database)
            try await credit("20.00", world)
            try await world.book.tellRefund("evt_1", "re_1", of: charge, 2_500, status: "pending")
            #expect(try await world.balance(.refundPayable) == -2_500)
            await #expect(throws: PaymentError.self) { try await payOut(world) }
            #expect(try await world.book.differences().isEmpty)
            for event in ["evt_2", "evt_3"] {
                try await world.book.tellRefund(event, "re_1", of: charge, 2_500, status: "failed")
            }
            #expect(try await world.balance(.refundPayable) == -2_000)
            #expect(try await world.balance(.refunds) == 0)
            #expect(try await payOut(world).amount.text == "20.00")
            #expect(try await world.book.differences().isEmpty)
        }
    }

    @Test func `more than was paid is not booked`() async throws {
        try await withDatabase { database in
            let (world, charge) = try await paid(database)
            try await world.book.tellRefund("evt_1", "re_1", of: charge, 3_501)
            try await world.book.tellRefund("evt_2", "re_2", of: charge, 100, currency: "eur")
            #expect(try await world.book.eventStates() == ["waiting", "waiting"])
            #expect(try await world.balance(.cash) == 3_500)
            #expect(try await world.book.differences().isEmpty)
        }
    }
}
