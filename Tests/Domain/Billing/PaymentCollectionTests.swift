import Billing
import Jobs
import Ledger
import Postgres
import TestSupport
import Testing
import Values

/// Invoices that are collected with a saved payment method: never twice.
@Suite struct PaymentCollectionTests {
    private let down = GatewayOutcome.unavailable(message: "no answer", retryAfterSeconds: nil)
    private let refusal = GatewayOutcome.declined(
        reference: "pi_x",
        code: "insufficient_funds",
        message: "the card has no funds",
        isFinal: false
    )

    private func begin(_ world: PaymentFixture) async throws -> PaymentAttempt? {
        try await world.act { transaction in
            try await PaymentAttemptOperations.begin(
                world.invoice.id,
                of: world.tenant,
                by: PaymentFixture.stamp(),
                in: transaction
            )
        }
    }

    private func settle(
        _ attempt: PaymentAttempt,
        _ outcome: GatewayOutcome,
        in world: PaymentFixture
    ) async throws -> PaymentAttempt {
        try await world.act { transaction in
            try await PaymentAttemptOperations.settle(
                attempt.id,
                of: world.tenant,
                with: outcome,
                by: PaymentFixture.stamp(),
                in: transaction
            )
        }
    }

    @Test func `a charge pays the invoice under a key of its own`() async throws {
        try await withDatabase { database in
            let world = try await PaymentFixture(database)
            try await world.addCard()
            let gateway = ScriptedGateway()
            let attempt = try #require(try await world.collect(gateway))
            #expect(attempt.state == .succeeded && gateway.keys == [attempt.id.text])
            let charge = try #require(gateway.charges.first)
            #expect(charge.amount.text == "35.00" && charge.customer == "cus_1" && charge.method == "pm_1")
            #expect(charge.description == "Invoice INV-2026-000001")
            #expect(charge.metadata["invoice"] == world.invoice.id.text)
            #expect(try await world.current().status == .paid)
            #expect(try await world.collect(gateway) == nil)
            #expect(gateway.taken == 3_500)
            #expect(try await world.book.differences().isEmpty)
        }
    }

    @Test func `killed before, while or after the gateway is asked, it is charged once`() async throws {
        try await withDatabase { database in
            // Before: the attempt is written, and nobody was asked. While: the gateway took it, and nobody wrote it.
            for hasAsked in [false, true] {
                let world = try await PaymentFixture(database, name: "Acme \(hasAsked)")
                try await world.addCard()
                let gateway = ScriptedGateway()
                let begun = try #require(try await begin(world))
                if hasAsked {
                    _ = await gateway.charge(
                        GatewayCharge(
                            amount: begun.amount,
                            customer: begun.customer,
                            method: begun.method,
                            idempotencyKey: begun.id.text,
                            description: "",
                            metadata: [:]
                        )
                    )
                }
                let ended = try #require(try await world.collect(gateway))
                #expect(ended.id == begun.id && ended.state == .succeeded)
                #expect(Set(gateway.keys) == [begun.id.text] && gateway.taken == 3_500)
                // After: the answer is written again, by the job's next run and by the gateway's own event.
                let outcome = GatewayOutcome.succeeded(reference: "pi_\(begun.id.text)", fee: nil)
                #expect(try await settle(begun, outcome, in: world) == ended)
                #expect(try await world.attempts().count == 1)
                #expect(try await world.balance(.cash) == 3_500)
            }
            let book = try await PaymentFixture(database, name: "Last").book
            #expect(try await book.differences().isEmpty)
        }
    }

    @Test func `two that collect at once charge once`() async throws {
        try await withDatabase { database in
            let world = try await PaymentFixture(database)
            try await world.addCard()
            let gateway = ScriptedGateway()
            try await withThrowingTaskGroup(of: Void.self) { group in
                for _ in 0..<4 { group.addTask { try await world.collect(gateway) } }
                try await group.waitForAll()
            }
            #expect(Set(gateway.keys).count == 1 && gateway.taken == 3_500)
            #expect(try await world.attempts().map(\.state) == [.succeeded])
            #expect(try await world.book.differences().isEmpty)
        }
    }

    @Test func `an outage leaves the invoice open and is asked again under the same key`() async throws {
        try await withDatabase { database in
            let world = try await PaymentFixture(database)
            try await world.addCard()
            let gateway = ScriptedGateway()
            gateway.answer(down, .unavailable(message: "busy", retryAfterSeconds: 7_200), down)
            let first = try #require(try await world.collect(gateway))
            #expect(first.state == .sent && first.tries == 1)
            #expect(first.nextTryAt == BillingFixture.start.adding(seconds: 60))
            let second = try #require(try await world.collect(gateway))
            #expect(second.id == first.id && second.nextTryAt == BillingFixture.start.adding(seconds: 7_200))
            #expect(try await world.current().status == .open)
            // Far past the due date: while the gateway does not answer no customer is blamed for it.
            try await world.dun(until: BillingFixture.day(2026, 3, 1))
            #expect(try await world.steps().isEmpty)
            #expect(try await world.collect(gateway)?.tries == 3)
            #expect(try await world.collect(gateway)?.state == .succeeded)
            #expect(Set(gateway.keys) == [first.id.text] && gateway.keys.count == 4)
            #expect(try await world.book.differences().isEmpty)
        }
    }

    @Test func `a gateway that is not set up is like one that does not answer`() async throws {
        struct Nothing: GatewaySource {
            func gateway(named name: String) async throws -> any PaymentGateway {
                throw PaymentError.gatewayMissing(name)
            }
        }
        try await withDatabase { database in
            let world = try await PaymentFixture(database)
            try await world.addCard()
            let attempt = try await PaymentCollection.collect(
                world.invoice.id,
                of: world.tenant,
                database: database,
                gateways: Nothing(),
                time: ManualTime(testNow)
            )
            #expect(attempt?.state == .sent && attempt?.errorMessage?.contains("stripe") == true)
        }
    }

    @Test func `what a gateway tells later ends what it began, and what it took after all counts`() async throws {
        try await withDatabase { database in
            let world = try await PaymentFixture(database)
            try await world.addCard()
            let gateway = ScriptedGateway()
            gateway.answer(.pending(reference: "pi_1"))
            let pending = try #require(try await world.collect(gateway))
            #expect(pending.state == .pending)
            #expect(try await world.collect(gateway) == nil)
            let found = try await database.transaction(as: .system) { transaction in
                try await PaymentAttemptOperations.find(gateway: "stripe", reference: "pi_1", in: transaction)
            }
            #expect(found == pending)
            let declined = try await settle(pending, refusal, in: world)
            #expect(declined.state == .declined && declined.errorCode == "insufficient_funds")
            #expect(try await settle(pending, down, in: world) == declined)
            #expect(try await settle(pending, .pending(reference: "pi_1"), in: world) == declined)
            let again = try #require(try await world.collect(gateway))
            #expect(again.id != pending.id && again.state == .succeeded)
            // The first one came through in the end: the money is the tenant's.
            let late = try await settle(pending, .succeeded(reference: "pi_1", fee: nil), in: world)
            let payment = try await world.payment(try #require(late.payment))
            #expect(payment.unapplied.text == "35.00" && payment.allocations.isEmpty)
            #expect(try await world.book.differences().isEmpty)
        }
    }

    @Test func `an invoice that was paid meanwhile is not charged any more`() async throws {
        try await withDatabase { database in
            let world = try await PaymentFixture(database)
            try await world.addCard()
            let gateway = ScriptedGateway()
            gateway.answer(down)
            try await world.collect(gateway)
            try await world.receive("35.00", "bank 1")
            #expect(try await world.collect(gateway) == nil)
            #expect(try await world.attempts().map(\.state) == [.failed])
            #expect(gateway.taken == 0)
        }
    }

    @Test func `finalized invoices are collected by a job, where there is a card`() async throws {
        try await withDatabase { database in
            let world = try await PaymentFixture(database)
            let without = try await PaymentFixture(database, name: "Globex")
            try await world.addCard()
            try await database.transaction(as: .system) { transaction in
                try await PaymentCollection.enqueue(
                    [world.invoice, without.invoice, world.invoice],
                    by: PaymentFixture.stamp(),
                    in: transaction
                )
            }
            let jobs = try await database.transaction(as: .finance) { transaction in
                try await transaction.query(
                    "SELECT payload ->> 'invoice' FROM app.jobs WHERE kind = 'payments.collect'"
                ) { row in try row.next() as String }
            }
            #expect(jobs == [world.invoice.id.text])
        }
    }
}
