import Billing
import Jobs
import Ledger
import Postgres
import Subscriptions
import TestSupport
import Testing
import Values

/// Payments in the background: collecting, asking again, sending money back, dunning.
@Suite struct PaymentJobTests {
    @Test func `what is finalized is collected, asked for again after an outage, and given back`() async throws {
        try await withDatabase { database in
            let world = try await PaymentFixture(database)
            try await world.addCard()
            let gateway = ScriptedGateway()
            gateway.answer(.unavailable(message: "no answer", retryAfterSeconds: nil))
            let time = ManualTime(testNow)
            let worker = try await PaymentFixture.worker(database, gateway, time)
            try await database.transaction(as: .system) { transaction in
                try await PaymentCollection.enqueue([world.invoice], by: PaymentFixture.stamp(), in: transaction)
            }
            _ = await worker.work()
            #expect(gateway.keys.count == 1)
            #expect(try await world.current().status == .open)
            time.set(testNow.adding(seconds: 59))
            _ = await worker.work()
            #expect(gateway.keys.count == 1)
            time.set(testNow.adding(seconds: 60))
            _ = await worker.work()
            #expect(gateway.keys.count == 2 && Set(gateway.keys).count == 1)
            #expect(try await world.current().status == .paid)
            let payment = try #require(try await world.attempts().first?.payment)
            let refund = try await world.act { transaction in
                try await PaymentOperations.refund(
                    payment,
                    reason: "a mistake",
                    of: world.tenant,
                    by: PaymentFixture.stamp(testNow.adding(seconds: 60)),
                    in: transaction
                )
            }
            #expect(refund.state == .pending)
            _ = await worker.work()
            #expect(try await world.balance(.cash) == 0)
            #expect(try await world.book.differences().isEmpty)
        }
    }

    @Test func `the sweep does what is due, and takes up what nobody answered`() async throws {
        try await withDatabase { database in
            let world = try await PaymentFixture(database)
            let other = try await PaymentFixture(database, name: "Globex")
            try await other.addCard()
            let gateway = ScriptedGateway()
            // Killed after the attempt was written, and its job is gone.
            let begun = try await other.act { transaction in
                try await PaymentAttemptOperations.begin(
                    other.invoice.id,
                    of: other.tenant,
                    by: PaymentFixture.stamp(),
                    in: transaction
                )
            }
            let time = ManualTime(testNow.adding(seconds: 600))
            let worker = try await PaymentFixture.worker(database, gateway, time)
            _ = await worker.work()
            #expect(try await world.subscription().status == .cancelled)
            #expect(gateway.keys == [begun?.id.text])
            #expect(try await other.current().status == .paid)
            #expect(try await other.subscription().status == .active)
        }
    }
}
