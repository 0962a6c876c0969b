import Billing
import Ledger
import Postgres
import Subscriptions
import TestSupport
import Testing
import Values

/// Money that was paid is given back once, whichever way: by a refund, a credit note or the customer's bank.
@Suite struct MoneyBackTests {
    @discardableResult
    private func credit(
        _ amount: String?,
        to destination: CreditNote.Destination,
        in world: PaymentFixture
    ) async throws -> CreditNote {
        let extent = try amount.map { CreditNoteDraft.Extent.amount(try PaymentFixture.dollars($0)) } ?? .whole
        return try await world.act { transaction in
            try await CreditNoteOperations.issue(
                CreditNoteDraft(extent, reason: "a mistake", to: destination),
                of: world.invoice.id,
                tenant: world.tenant,
                by: PaymentFixture.stamp(),
                in: transaction
            )
        }
    }

    @discardableResult
    private func refund(
        _ payment: Payment,
        _ amount: String? = nil,
        in world: PaymentFixture
    ) async throws -> PaymentRefund {
        let amount = try amount.map { try PaymentFixture.dollars($0) }
        return try await world.act { transaction in
            try await PaymentOperations.refund(
                payment.id,
                amount: amount,
                reason: "a mistake",
                of: world.tenant,
                by: PaymentFixture.stamp(),
                in: transaction
            )
        }
    }

    @Test(arguments: [CreditNote.Destination.balance, .refund])
    func `what a credit note gave back is not refunded`(to destination: CreditNote.Destination) async throws {
        try await withDatabase { database in
            let world = try await PaymentFixture(database)
            let payment = try await world.receive("35.00", "bank")
            try await credit("20.00", to: destination, in: world)
            await #expect(throws: PaymentError.self) { try await refund(payment, "15.01", in: world) }
            #expect(try await refund(payment, in: world).amount.text == "15.00")
            await #expect(throws: PaymentError.nothingLeft(payment.id)) { try await refund(payment, in: world) }
            #expect(try await world.book.differences().isEmpty)
        }
    }

    @Test(arguments: [CreditNote.Destination.balance, .refund])
    func `what was refunded is not given back by a credit note`(to destination: CreditNote.Destination) async throws {
        try await withDatabase { database in
            let world = try await PaymentFixture(database)
            let payment = try await world.receive("35.00", "bank")
            try await refund(payment, "20.00", in: world)
            await #expect(throws: CreditNoteError.self) { try await credit(nil, to: destination, in: world) }
            try await credit("15.00", to: destination, in: world)
            await #expect(throws: CreditNoteError.self) { try await credit("0.01", to: destination, in: world) }
            #expect(try await world.book.differences().isEmpty)
        }
    }

    @Test func `what the bank took back, or nobody paid, is not given back by a credit note`() async throws {
        try await withDatabase { database in
            let world = try await PaymentFixture(database)
            let payment = try await world.receive("34.50", "bank", writesOffRest: true)
            #expect(try await world.current().status == .paid)
            await #expect(throws: CreditNoteError.self) { try await credit(nil, to: .refund, in: world) }
            await #expect(throws: CreditNoteError.self) { try await credit(nil, to: .balance, in: world) }
            try await world.act { transaction in
                for state in [PaymentDispute.State.open, .lost] {
                    _ = try await PaymentOperations.dispute(
                        "dp_1",
                        of: payment.id,
                        tenant: world.tenant,
                        state: state,
                        amount: try PaymentFixture.dollars("30.00"),
                        reason: "fraudulent",
                        by: PaymentFixture.stamp(),
                        in: transaction
                    )
                }
            }
            await #expect(throws: CreditNoteError.self) { try await credit("4.51", to: .refund, in: world) }
            try await credit("4.50", to: .refund, in: world)
            #expect(try await world.book.differences().isEmpty)
        }
    }

    @Test func `a refund and a credit note at once do not both have the money`() async throws {
        try await withDatabase(connections: 4) { database in
            let world = try await PaymentFixture(database)
            let payment = try await world.receive("35.00", "bank")
            let given = await withTaskGroup(of: Int64.self) { group in
                group.addTask { (try? await credit(nil, to: .balance, in: world))?.total.minor ?? 0 }
                group.addTask { (try? await refund(payment, in: world))?.amount.minor ?? 0 }
                return await group.reduce(0, +)
            }
            #expect(given == 3_500)
            #expect(try await world.book.differences().isEmpty)
        }
    }

    @Test func `what a voided invoice billed is not credited when the subscription ends`() async throws {
        try await withDatabase { database in
            let world = try await PaymentFixture(database)
            try await world.act { transaction in
                try await InvoiceOperations.void(
                    world.invoice.id,
                    of: world.tenant,
                    by: PaymentFixture.stamp(),
                    in: transaction
                )
                try await SubscriptionOperations.cancel(
                    world.book.subscription,
                    of: world.tenant,
                    when: .immediately,
                    refund: .credit,
                    by: BillingFixture.stamp(BillingFixture.day(2026, 1, 20)),
                    in: transaction
                )
            }
            try await world.book.run(until: BillingFixture.day(2026, 2, 5))
            let credited = try await world.book.invoices().reduce(0) { $0 + $1.credited.minor }
            #expect(credited == 0)
            #expect(try await world.book.differences().isEmpty)
        }
    }
}
