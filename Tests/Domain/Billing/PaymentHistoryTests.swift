import Billing
import Jobs
import Ledger
import Postgres
import TestSupport
import Testing
import Values

/// Whatever happens to payments, the books balance and agree with what is stored.
@Suite struct PaymentHistoryTests {
    private struct Course {
        let world: PaymentFixture
        let invoices: [InvoiceID]
        var payments: [PaymentID] = []
        var disputes: [(payment: PaymentID, reference: String)] = []
        var random: SeededGenerator
        var number = 0

        /// Does one thing; what is refused changes nothing.
        mutating func step() async throws {
            number += 1
            let world = world
            let stamp = PaymentFixture.stamp()
            let invoice = invoices.randomElement(using: &random) ?? world.invoice.id
            let amount = Money(minor: Int64.random(in: 1...5_000, using: &random), currency: world.invoice.currency)
            let payment = payments.randomElement(using: &random)
            let choice = Int.random(in: 0..<11, using: &random)
            let isWhole = Bool.random(using: &random)
            switch (choice, payment) {
            case (0...2, _), (_, nil):
                let draft = try PaymentDraft(
                    amount: amount,
                    reference: "transfer \(number)",
                    invoices: isWhole ? [invoice] : [],
                    fee: choice == 0 ? Money(minor: amount.minor / 10, currency: amount.currency) : nil,
                    writesOffRest: choice == 2
                )
                try await attempt { transaction in
                    try await PaymentOperations.record(draft, of: world.tenant, by: stamp, in: transaction)
                }
            case (3...4, let id?):
                try await attempt { transaction in
                    try await PaymentOperations.match(
                        id,
                        to: invoice,
                        amount: isWhole ? nil : amount,
                        of: world.tenant,
                        by: stamp,
                        in: transaction
                    )
                }
            case (5...6, let id?):
                try await attempt { transaction in
                    try await PaymentOperations.refund(
                        id,
                        amount: isWhole ? nil : amount,
                        reason: "random",
                        of: world.tenant,
                        by: stamp,
                        in: transaction
                    )
                }
            case (7, let id?): try await dispute(id, "dp_\(number)", .open, amount)
            case (8, _):
                guard let open = disputes.randomElement(using: &random) else { return }
                try await dispute(open.payment, open.reference, isWhole ? .won : .lost, nil)
            default: try await end(invoice, voids: choice == 9)
            }
            try await refresh()
        }

        private func end(_ invoice: InvoiceID, voids: Bool) async throws {
            let tenant = world.tenant
            let stamp = PaymentFixture.stamp()
            try await attempt { transaction in
                guard voids else {
                    return try await InvoiceOperations.markUncollectible(
                        invoice,
                        of: tenant,
                        by: stamp,
                        in: transaction
                    )
                }
                return try await InvoiceOperations.void(invoice, of: tenant, by: stamp, in: transaction)
            }
        }

        private func attempt(_ body: (borrowing Transaction) async throws -> some Sendable) async throws {
            do { _ = try await world.act(body) } catch is PaymentError {} catch is InvoiceError {}
        }

        private mutating func dispute(
            _ id: PaymentID,
            _ reference: String,
            _ state: PaymentDispute.State,
            _ amount: Money?
        ) async throws {
            let world = world
            try await attempt { transaction in
                try await PaymentOperations.dispute(
                    reference,
                    of: id,
                    tenant: world.tenant,
                    state: state,
                    amount: amount,
                    reason: "random",
                    by: PaymentFixture.stamp(),
                    in: transaction
                )
            }
            if state == .open { disputes.append((id, reference)) }
        }

        private mutating func refresh() async throws {
            let world = world
            payments = try await world.act { transaction in
                try await PaymentQueries.list(of: world.tenant, limit: 200, in: transaction).map(\.id)
            }
        }
    }

    @Test(arguments: [1, 2, 3, 4, 5, 6] as [UInt64])
    func `random histories leave the books balanced and nothing to reconcile`(_ seed: UInt64) async throws {
        try await withDatabase { database in
            let world = try await PaymentFixture(database, billedUntil: BillingFixture.day(2026, 4, 5))
            var course = Course(
                world: world,
                invoices: try await world.book.invoices().map(\.id),
                random: SeededGenerator(seed: seed)
            )
            #expect(course.invoices.count == 4)
            for _ in 0..<60 { try await course.step() }
            let differences = try await world.book.differences()
            #expect(differences.isEmpty, "seed \(seed): \(differences.prefix(3).map(\.json.text))")
            for id in course.payments {
                let payment = try await world.payment(id)
                #expect(!payment.unapplied.isNegative, "seed \(seed): \(payment.json.text)")
            }
            for id in course.invoices {
                let invoice = try await world.current(id)
                #expect(!invoice.amountRemaining.isNegative)
                #expect((invoice.status == .paid) == (invoice.amountRemaining.isZero && invoice.status != .void))
            }
        }
    }
}
