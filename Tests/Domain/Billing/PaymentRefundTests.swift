import Billing
import Jobs
import Ledger
import Postgres
import Subscriptions
import TestSupport
import Testing
import Values

/// Money that goes back, by refunds, payouts and disputes.
@Suite struct PaymentRefundTests {
    private func refund(
        _ id: PaymentID,
        _ amount: String?,
        in world: PaymentFixture,
        key: String? = nil
    ) async throws -> PaymentRefund {
        let amount = try amount.map { try PaymentFixture.dollars($0) }
        return try await world.act { transaction in
            try await PaymentOperations.refund(
                id,
                amount: amount,
                reason: "a mistake",
                key: key,
                of: world.tenant,
                by: PaymentFixture.stamp(),
                in: transaction
            )
        }
    }

    private func send(_ refund: PaymentRefund, _ gateway: ScriptedGateway, in world: PaymentFixture) async throws {
        try await PaymentCollection.sendRefund(
            refund.id,
            of: world.tenant,
            database: world.database,
            gateways: gateway,
            time: ManualTime(testNow)
        )
    }

    private func state(_ refund: PaymentRefund, in world: PaymentFixture) async throws -> PaymentRefund.State? {
        try await world.act { transaction in
            try await PaymentRefundQueries.find(refund.id, of: world.tenant, in: transaction)?.state
        }
    }

    @Test func `a refund takes first what no invoice took, and leaves the invoice paid`() async throws {
        try await withDatabase { database in
            let world = try await PaymentFixture(database)
            let payment = try await world.receive("50.00", "too much")
            let first = try await refund(payment.id, "20.00", in: world, key: "twice")
            #expect(first.shares == PaymentShares(unapplied: 1_500, applied: 500))
            #expect(first.state == .succeeded && first.amount.text == "20.00")
            #expect(try await refund(payment.id, "20.00", in: world, key: "twice") == first)
            #expect(try await world.balance(.unappliedCash) == 0)
            #expect(try await world.balance(.refunds) == 500)
            #expect(try await world.balance(.cash) == 3_000)
            #expect(try await world.balance(.refundPayable) == 0)
            #expect(try await world.current().status == .paid)
            await #expect(throws: PaymentError.self) { try await refund(payment.id, "30.01", in: world) }
            #expect(try await refund(payment.id, nil, in: world).amount.text == "30.00")
            await #expect(throws: PaymentError.nothingLeft(payment.id)) { try await refund(payment.id, nil, in: world) }
            #expect(try await world.balance(.cash) == 0)
            #expect(try await world.book.differences().isEmpty)
        }
    }

    @Test func `a gateway's refund is owed until it is sent, once, and not owed if it is refused`() async throws {
        try await withDatabase { database in
            let world = try await PaymentFixture(database)
            try await world.addCard()
            let gateway = ScriptedGateway()
            let attempt = try #require(try await world.collect(gateway))
            let payment = try #require(attempt.payment)
            let refund = try await refund(payment, "10.00", in: world)
            #expect(refund.state == .pending && refund.gateway == "stripe")
            #expect(try await world.balance(.refundPayable) == -1_000)
            #expect(try await world.balance(.cash) == 3_500)
            gateway.answer(.unavailable(message: "no answer", retryAfterSeconds: nil))
            for _ in 0..<3 { try await send(refund, gateway, in: world) }
            #expect(gateway.keys.suffix(2) == [refund.id.text, refund.id.text] && gateway.keys.count == 3)
            #expect(gateway.taken == 2_500 && gateway.refunds.first?.payment == attempt.reference)
            #expect(try await state(refund, in: world) == .succeeded)
            #expect(try await world.balance(.refundPayable) == 0)
            #expect(try await world.balance(.cash) == 2_500)
            let refused = try await self.refund(payment, "5.00", in: world)
            gateway.answer(.declined(reference: nil, code: "closed", message: "the card is closed", isFinal: true))
            try await send(refused, gateway, in: world)
            #expect(try await state(refused, in: world) == .failed)
            #expect(try await world.balance(.refunds) == 1_000)
            #expect(try await world.payment(payment).refunded.total == 1_000)
            #expect(try await world.book.differences().isEmpty)
        }
    }

    @Test func `what a cancelled invoice owes is paid out, and no more than that`() async throws {
        try await withDatabase { database in
            let world = try await PaymentFixture(database)
            let payment = try await world.receive("35.00", "bank 1")
            let cancelAt = BillingFixture.day(2026, 1, 20)
            try await world.act { transaction in
                try await SubscriptionOperations.cancel(
                    world.book.subscription,
                    of: world.tenant,
                    when: .immediately,
                    refund: .payout,
                    by: BillingFixture.stamp(cancelAt),
                    in: transaction
                )
            }
            try await world.book.run(until: BillingFixture.day(2026, 2, 5))
            let owed = -(try await world.balance(.refundPayable))
            #expect(owed > 0)
            let asked = Money(minor: owed + 1, currency: world.invoice.currency)
            func payOut(_ amount: Money?, by payment: PaymentID? = nil) async throws -> PaymentRefund {
                try await world.act { transaction in
                    try await PaymentOperations.payOut(
                        to: world.tenant,
                        currency: world.invoice.currency,
                        amount: amount,
                        by: payment,
                        reason: "cancelled",
                        by: PaymentFixture.stamp(),
                        in: transaction
                    )
                }
            }
            await #expect(throws: PaymentError.self) { try await payOut(asked) }
            let paid = try await payOut(nil, by: payment.id)
            #expect(paid.amount.minor == owed && paid.state == .succeeded && paid.shares.payable == owed)
            #expect(try await world.balance(.refundPayable) == 0)
            #expect(try await world.balance(.cash) == 3_500 - owed)
            #expect(try await world.payment(payment.id).refundable.minor == 3_500 - owed)
            await #expect(throws: PaymentError.self) { try await payOut(nil) }
            #expect(try await world.book.differences().isEmpty)
        }
    }

    @Test(arguments: [PaymentDispute.State.won, .lost])
    func `a dispute takes the money until it is decided, and is decided once`(
        _ end: PaymentDispute.State
    ) async throws {
        try await withDatabase { database in
            let world = try await PaymentFixture(database)
            let payment = try await world.receive("50.00", "too much")
            func tell(_ state: PaymentDispute.State) async throws -> PaymentDispute {
                try await world.act { transaction in
                    try await PaymentOperations.dispute(
                        "dp_1",
                        of: payment.id,
                        tenant: world.tenant,
                        state: state,
                        fee: PaymentFixture.dollars("15.00"),
                        reason: "fraudulent",
                        by: PaymentFixture.stamp(),
                        in: transaction
                    )
                }
            }
            for _ in 0..<2 { _ = try await tell(.open) }
            #expect(try await world.balance(.cash) == -1_500)
            #expect(try await world.balance(.receivable) == 3_500)
            #expect(try await world.balance(.unappliedCash) == 0)
            #expect(try await world.book.differences().isEmpty)
            for _ in 0..<2 { #expect(try await tell(end).state == end) }
            let other: PaymentDispute.State = end == .won ? .lost : .won
            await #expect(throws: PaymentError.disputeDecided("dp_1", state: end)) { try await tell(other) }
            #expect(try await world.balance(.receivable) == 0)
            #expect(try await world.balance(.cash) == (end == .won ? 3_500 : -1_500))
            #expect(try await world.balance(.badDebt) == (end == .won ? 0 : 3_500))
            #expect(try await world.balance(.unappliedCash) == (end == .won ? -1_500 : 0))
            #expect(try await world.current().status == .paid)
            #expect(try await world.book.differences().isEmpty)
        }
    }
}
