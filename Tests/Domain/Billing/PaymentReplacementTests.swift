import Billing
import Jobs
import Ledger
import Postgres
import TestSupport
import Testing
import Values

/// A charge that waits for its customer gives way to another: only once its gateway has ended it.
@Suite struct PaymentReplacementTests {
    private let down = GatewayOutcome.unavailable(message: "no answer", retryAfterSeconds: nil)
    private let waiting = GatewayOutcome.needsAction(reference: "pi_1", url: "https://bank.example/1")

    /// A tenant with a card whose first charge waits for it.
    private func world(_ database: Database, _ gateway: ScriptedGateway) async throws -> PaymentFixture {
        let world = try await PaymentFixture(database)
        try await world.addCard()
        gateway.answer(waiting)
        try await world.collect(gateway)
        #expect(try await world.attempts().map(\.state) == [.needsAction])
        return world
    }

    private func replace(_ world: PaymentFixture, _ gateway: ScriptedGateway) async throws -> PaymentAttempt? {
        try await PaymentCollection.collect(
            world.invoice.id,
            of: world.tenant,
            at: testNow,
            replaces: true,
            database: world.database,
            gateways: gateway,
            time: ManualTime(testNow)
        )
    }

    private func states(_ world: PaymentFixture) async throws -> Set<PaymentAttempt.State> {
        Set(try await world.attempts().map(\.state))
    }

    @Test func `it is ended at the gateway before the new one is charged`() async throws {
        try await withDatabase { database in
            let gateway = ScriptedGateway()
            let world = try await world(database, gateway)
            // Nobody asks for another one: the customer may still confirm it.
            #expect(try await world.collect(gateway) == nil && gateway.ended.isEmpty)
            let other = try #require(try await replace(world, gateway))
            #expect(gateway.ended == ["pi_1"])
            #expect(other.state == .succeeded && gateway.taken == 3_500)
            #expect(try await states(world) == [.failed, .succeeded])
            #expect(try await world.attempts().first { $0.state == .failed }?.isFinal == false)
            #expect(try await world.current().status == .paid)
            #expect(try await world.book.differences().isEmpty)
        }
    }

    @Test func `one that succeeded meanwhile pays the invoice, and nothing else is charged`() async throws {
        try await withDatabase { database in
            let gateway = ScriptedGateway()
            let world = try await world(database, gateway)
            gateway.end(.succeeded(reference: "pi_1", fee: nil))
            let old = try #require(try await replace(world, gateway))
            #expect(old.reference == "pi_1" && old.state == .succeeded)
            #expect(gateway.charges.count == 1)
            #expect(try await world.current().status == .paid)
            #expect(try await world.balance(.cash) == 3_500)
            #expect(try await world.book.differences().isEmpty)
        }
    }

    @Test func `one that is being paid just now is waited for`() async throws {
        try await withDatabase { database in
            let gateway = ScriptedGateway()
            let world = try await world(database, gateway)
            gateway.end(.pending(reference: "pi_1"))
            #expect(try await replace(world, gateway)?.state == .pending)
            #expect(try await replace(world, gateway) == nil)
            #expect(gateway.charges.count == 1 && gateway.ended.count == 1)
        }
    }

    @Test func `while the gateway has not ended it nothing is charged, and it is asked again`() async throws {
        try await withDatabase { database in
            let gateway = ScriptedGateway()
            let world = try await world(database, gateway)
            gateway.end(down, waiting)
            let old = try #require(try await replace(world, gateway))
            #expect(old.state == .needsAction && old.isToBeCancelled && old.tries == 1)
            #expect(old.actionURL == "https://bank.example/1")
            // Its own job goes on with it, though it does not ask for a replacement.
            #expect(try await world.collect(gateway, at: testNow)?.tries == 2)
            #expect(gateway.charges.count == 1)
            #expect(try await world.collect(gateway, at: testNow)?.state == .succeeded)
            #expect(gateway.ended == ["pi_1", "pi_1", "pi_1"] && gateway.taken == 3_500)
            let told = try await world.act { transaction in
                try await Activity.list(tenant: world.tenant, object: old.id.text, limit: 50, in: transaction)
            }
            #expect(told.filter { $0.verb == "payment_attempt.action_needed" }.count == 1)
            #expect(try await world.book.differences().isEmpty)
        }
    }

    @Test func `killed after it was asked for, the sweep takes it up`() async throws {
        try await withDatabase { database in
            let gateway = ScriptedGateway()
            let world = try await world(database, gateway)
            // A retry of dunning writes what is to be done, and its job is lost.
            let begun = try await world.act { transaction in
                try await PaymentAttemptOperations.begin(
                    world.invoice.id,
                    of: world.tenant,
                    replaces: true,
                    by: PaymentFixture.stamp(),
                    in: transaction
                )
            }
            #expect(begun?.isToBeCancelled == true && gateway.ended.isEmpty)
            let time = ManualTime(testNow.adding(seconds: 600))
            let worker = try await PaymentFixture.worker(database, gateway, time)
            _ = await worker.work()
            try await database.transaction(as: .system) { transaction in
                try await JobOperations.enqueue(
                    [JobRequest(kind: PaymentJobs.dunning, payload: [:], runAt: testNow, maxAttempts: 1)],
                    at: time.now(),
                    in: transaction
                )
            }
            for _ in 0..<3 { _ = await worker.work() }
            #expect(gateway.ended == ["pi_1"])
            #expect(try await world.current().status == .paid)
        }
    }

    @Test func `what waits for its customer is ended once the invoice is paid otherwise`() async throws {
        try await withDatabase { database in
            let gateway = ScriptedGateway()
            let world = try await world(database, gateway)
            try await world.receive("35.00", "bank 1")
            #expect(try await world.collect(gateway)?.state == .failed)
            #expect(gateway.ended == ["pi_1"] && gateway.charges.count == 1)
            #expect(try await world.collect(gateway) == nil)
        }
    }

    @Test func `of an invoice that was given up money is welcome still`() async throws {
        try await withDatabase { database in
            let gateway = ScriptedGateway()
            let world = try await world(database, gateway)
            try await world.act { transaction in
                _ = try await InvoiceOperations.markUncollectible(
                    world.invoice.id,
                    of: world.tenant,
                    by: PaymentFixture.stamp(),
                    in: transaction
                )
            }
            #expect(try await world.collect(gateway) == nil && gateway.ended.isEmpty)
        }
    }

    @Test func `a retry of dunning ends it first`() async throws {
        try await withDatabase { database in
            let gateway = ScriptedGateway()
            let world = try await PaymentFixture(database)
            try await world.addCard()
            gateway.answer(waiting)
            try await world.dun(until: BillingFixture.start, gateway)
            #expect(gateway.ended.isEmpty)
            try await world.dun(until: BillingFixture.start.adding(seconds: 86_400), gateway)
            #expect(gateway.ended == ["pi_1"] && gateway.charges.count == 2)
            #expect(try await world.current().status == .paid)
        }
    }

    @Test func `that it was ended may be told before it is answered`() async throws {
        try await withDatabase { database in
            let gateway = ScriptedGateway()
            let world = try await world(database, gateway)
            gateway.end(down)
            let old = try #require(try await replace(world, gateway))
            let told = try await world.act { transaction in
                try await PaymentAttemptOperations.settle(
                    old.id,
                    of: world.tenant,
                    with: .declined(reference: "pi_1", code: "requested", message: "cancelled", isFinal: true),
                    by: PaymentFixture.stamp(),
                    in: transaction
                )
            }
            // Nothing is wrong with the card.
            #expect(told.state == .failed && !told.isFinal)
            #expect(try await world.collect(gateway, at: testNow)?.state == .succeeded)
            #expect(gateway.ended.count == 1)
        }
    }
}
