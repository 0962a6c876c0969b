import Billing
import Jobs
import Ledger
import Postgres
import TestSupport
import Testing
import Values

/// Money that comes in, whole, in parts, too much and too little.
@Suite struct PaymentTests {
    @Test func `payments in parts leave the invoice open until nothing remains`() async throws {
        try await withDatabase { database in
            let world = try await PaymentFixture(database)
            let first = try await world.receive("20.00", "part 1")
            #expect(first.applied.text == "20.00" && first.unapplied.isZero)
            var invoice = try await world.current()
            #expect(invoice.status == .open && invoice.amountPaid.text == "20.00")
            #expect(invoice.amountRemaining.text == "15.00" && invoice.paidAt == nil)
            #expect(try await world.receive("20.00", "part 1") == world.payment(first.id))
            #expect(try await world.balance(.receivable) == 1_500)
            try await world.receive("15.00", "part 2")
            invoice = try await world.current()
            #expect(invoice.status == .paid && invoice.amountPaid.text == "35.00")
            #expect(try await world.balance(.receivable) == 0)
            #expect(try await world.balance(.cash) == 3_500)
            #expect(try await world.book.differences().isEmpty)
        }
    }

    @Test func `what is paid too much is the tenant's, for other invoices`() async throws {
        try await withDatabase { database in
            let world = try await PaymentFixture(database, billedUntil: BillingFixture.day(2026, 2, 5))
            let second = try #require(try await world.book.invoices().last)
            #expect(second.id != world.invoice.id && second.amountDue.text == "35.00")
            let payment = try await world.receive("50.00", "too much", fee: "1.00")
            #expect(payment.unapplied.text == "15.00")
            #expect(try await world.balance(.unappliedCash) == -1_500)
            #expect(try await world.balance(.cash) == 4_900)
            #expect(try await world.balance(.paymentFees) == 100)
            try await world.act { transaction in
                let stamp = PaymentFixture.stamp()
                await #expect(throws: PaymentError.self) {
                    try await PaymentOperations.match(
                        payment.id,
                        to: second.id,
                        amount: PaymentFixture.dollars("15.01"),
                        of: world.tenant,
                        by: stamp,
                        in: transaction
                    )
                }
            }
            for _ in 0..<2 {
                let matched = try await world.act { transaction in
                    try await PaymentOperations.match(
                        payment.id,
                        to: second.id,
                        of: world.tenant,
                        by: PaymentFixture.stamp(),
                        in: transaction
                    )
                }
                #expect(matched.unapplied.isZero && matched.allocations.count == 2)
            }
            #expect(try await world.current(second.id).amountRemaining.text == "20.00")
            #expect(try await world.balance(.unappliedCash) == 0)
            #expect(try await world.book.differences().isEmpty)
        }
    }

    @Test func `a small rest is written off when that is said, a large one never`() async throws {
        try await withDatabase { database in
            let world = try await PaymentFixture(database)
            await #expect(throws: PaymentError.self) {
                try await world.receive("30.00", "much too little", writesOffRest: true)
            }
            #expect(try await world.current().amountPaid.isZero)
            try await world.receive("34.50", "bank fee", writesOffRest: true)
            let invoice = try await world.current()
            #expect(invoice.status == .paid && invoice.amountRemaining.isZero)
            #expect(try await world.balance(.writeOff) == 50)
            #expect(try await world.balance(.receivable) == 0)
            #expect(try await world.book.differences().isEmpty)
        }
    }

    @Test func `money for an invoice that takes none is kept for the tenant`() async throws {
        try await withDatabase { database in
            let world = try await PaymentFixture(database)
            try await world.receive("35.00", "first")
            let again = try await world.receive("35.00", "second")
            #expect(again.allocations.isEmpty && again.unapplied.text == "35.00")
            await #expect(throws: PaymentError.nothingToPay(world.invoice.id, status: .paid)) {
                try await world.act { transaction in
                    try await PaymentOperations.match(
                        again.id,
                        to: world.invoice.id,
                        of: world.tenant,
                        by: PaymentFixture.stamp(),
                        in: transaction
                    )
                }
            }
            #expect(try await world.book.differences().isEmpty)
        }
    }

    @Test func `a voided invoice gives back what was paid of it in part`() async throws {
        try await withDatabase { database in
            let world = try await PaymentFixture(database)
            let payment = try await world.receive("10.00", "part")
            try await world.act { transaction in
                try await InvoiceOperations.void(
                    world.invoice.id,
                    of: world.tenant,
                    by: PaymentFixture.stamp(),
                    in: transaction
                )
            }
            #expect(try await world.payment(payment.id).unapplied.text == "10.00")
            #expect(try await world.balance(.unappliedCash) == -1_000)
            #expect(try await world.balance(.receivable) == 0)
            #expect(try await world.book.differences().isEmpty)
        }
    }

    @Test func `what was given up and is paid after all is no bad debt any more`() async throws {
        try await withDatabase { database in
            let world = try await PaymentFixture(database)
            try await world.receive("5.00", "part")
            try await world.act { transaction in
                try await InvoiceOperations.markUncollectible(
                    world.invoice.id,
                    of: world.tenant,
                    by: PaymentFixture.stamp(),
                    in: transaction
                )
            }
            #expect(try await world.balance(.badDebt) == 3_000)
            try await world.receive("30.00", "late")
            #expect(try await world.current().status == .paid)
            #expect(try await world.balance(.badDebt) == 0)
            #expect(try await world.book.differences().isEmpty)
        }
    }

    @Test func `another tenant's payments and invoices are not there`() async throws {
        try await withDatabase { database in
            let world = try await PaymentFixture(database)
            let other = try await PaymentFixture(database, name: "Globex")
            let payment = try await world.receive("50.00", "too much")
            await #expect(throws: InvoiceError.notFound(world.invoice.id)) {
                try await other.receive("35.00", "theirs", for: [world.invoice.id])
            }
            await #expect(throws: PaymentError.notFound(payment.id)) {
                try await other.act { transaction in
                    try await PaymentOperations.match(
                        payment.id,
                        to: other.invoice.id,
                        of: other.tenant,
                        by: PaymentFixture.stamp(),
                        in: transaction
                    )
                }
            }
            let seen = try await other.act { transaction in
                try await PaymentQueries.list(of: nil, limit: 10, in: transaction)
            }
            #expect(seen.isEmpty)
        }
    }

    @Test func `what cannot have been received is refused, with the field named`() async throws {
        try await withDatabase { database in
            let world = try await PaymentFixture(database)
            let future = testNow.adding(seconds: 1)
            let draft = try PaymentDraft(
                amount: PaymentFixture.dollars("1.00"),
                reference: "x",
                receivedAt: future
            )
            await #expect(throws: PaymentError.inFuture(future)) {
                try await world.act { transaction in
                    try await PaymentOperations.record(
                        draft,
                        of: world.tenant,
                        by: PaymentFixture.stamp(),
                        in: transaction
                    )
                }
            }
            let euros = try PaymentDraft(
                amount: Money(json: ["amount": "1.00", "currency": "EUR"]),
                reference: "x"
            )
            await #expect(throws: PaymentError.self) {
                try await world.act { transaction in
                    try await PaymentOperations.record(
                        euros,
                        of: world.tenant,
                        by: PaymentFixture.stamp(),
                        in: transaction
                    )
                }
            }
            #expect(throws: Problem.self) {
                try PaymentDraft(amount: PaymentFixture.dollars("0.00"), reference: "x")
            }
            #expect(throws: Problem.self) { try PaymentDraft(amount: PaymentFixture.dollars("1.00"), reference: "") }
        }
    }

    @Test func `nobody can change or delete what was received`() async throws {
        try await withDatabase { database in
            let world = try await PaymentFixture(database)
            try await world.receive("35.00", "first")
            let forbidden: [SQL] = [
                "UPDATE app.payments SET amount_minor = 1", "DELETE FROM app.payment_allocations",
                "UPDATE app.payment_allocations SET amount_minor = 1", "DELETE FROM app.payment_attempts",
                "UPDATE app.payment_attempts SET amount_minor = 1", "UPDATE app.refunds SET payable_minor = 1",
                "DELETE FROM app.dunning_steps",
            ]
            for statement in forbidden {
                for scope in [Scope.tenant(world.tenant), .system, .admin, .finance] {
                    await #expect(throws: PostgresError.self) {
                        try await database.transaction(as: scope) { try await $0.execute(statement) }
                    }
                }
            }
        }
    }
}
