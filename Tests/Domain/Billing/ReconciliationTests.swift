import Billing
import Plans
import Postgres
import Subscriptions
import TestSupport
import Testing
import Values

@Suite struct ReconciliationTests {
    /// A book in which everything happens: usage, a late event, credit, a payment, a voided invoice.
    private func book(_ database: Database) async throws -> BillingFixture {
        let book = try await BillingFixture(database)
        try await book.use(1_500_000, BillingFixture.day(2026, 1, 9))
        try await database.transaction(as: .admin) { transaction in
            _ = try await CreditOperations.grant(
                CreditGrantDraft(amount: Money(minor: 1_000, currency: .usd), kind: .prepaid),
                to: book.tenant,
                by: BillingFixture.stamp(BillingFixture.start),
                in: transaction
            )
        }
        try await book.run(until: BillingFixture.day(2026, 2, 5))
        try await book.use(100_000, BillingFixture.day(2026, 1, 10))
        try await book.run(until: BillingFixture.day(2026, 4, 5))
        let invoices = try await book.invoices()
        try await database.transaction(as: .tenant(book.tenant)) { transaction in
            _ = try await InvoiceOperations.pay(
                invoices[1].id,
                of: book.tenant,
                reference: "bank-1",
                by: BillingFixture.stamp(),
                in: transaction
            )
            _ = try await InvoiceOperations.void(
                invoices[3].id,
                of: book.tenant,
                by: BillingFixture.stamp(),
                in: transaction
            )
        }
        return book
    }

    @Test func `a book in which everything happened has no difference`() async throws {
        try await withDatabase { database in
            let book = try await book(database)
            #expect(try await book.invoices().map(\.status) == [.open, .paid, .open, .void])
            #expect(try await book.differences().isEmpty)
            let own = try await database.transaction(as: .finance, isolation: .snapshot) { transaction in
                try await Reconciliation.differences(tenant: book.tenant, in: transaction)
            }
            #expect(own.isEmpty)
        }
    }

    @Test(arguments: [
        ("UPDATE app.usage_rollups SET sum = sum + 1", ReconciliationDifference.Kind.usage),
        (
            "UPDATE app.invoice_lines SET quantity = quantity + 1 WHERE kind = 'usage' AND NOT is_correction",
            .lineQuantity
        ),
        ("UPDATE app.invoice_lines SET amount_minor = amount_minor + 1 WHERE price = 'base'", .invoiceAmounts),
        ("UPDATE app.credit_uses SET amount_minor = amount_minor - 1", .invoiceAmounts),
        (
            """
            UPDATE app.journals SET amounts = ARRAY(
                SELECT amount * 2 FROM unnest(amounts) WITH ORDINALITY AS a (amount, n) ORDER BY n)
            WHERE posting_key LIKE 'invoice:%:finalized'
            """, .journal
        ),
        ("UPDATE app.journals SET posting_key = 'invoice:x:finalized' WHERE posting_key LIKE 'payment:%'", .journal),
        ("DELETE FROM app.payment_allocations", .payment),
        (
            """
            ALTER TABLE app.payments DROP CONSTRAINT payments_parts;
            UPDATE app.payments SET amount_minor = amount_minor - 1
            """, .payment
        ),
        ("UPDATE app.journals SET accounts = array_replace(accounts, 'receivable', 'cash')", .receivable),
        ("UPDATE app.invoice_counters SET last_number = last_number + 1", .numbers),
        (
            """
            ALTER TABLE app.journals DROP CONSTRAINT journals_balance;
            UPDATE app.journals SET amounts[1] = amounts[1] + 1
            """, .ledger
        ),
    ])
    func `each kind of damage is found, with its ids`(
        _ damage: String,
        _ kind: ReconciliationDifference.Kind
    ) async throws {
        try await withDatabase { database in
            let book = try await book(database)
            try await book.damage(damage)
            let found = try await book.differences()
            let difference = try #require(found.first { $0.kind == kind })
            #expect(difference.json["kind"] == .string(kind.rawValue))
            switch kind {
            case .numbers: #expect(difference.json["legal_entity"] != nil)
            case .ledger: break
            default: #expect(difference.json["tenant"] == .string(book.tenant.text))
            }
            if kind == .lineQuantity {
                #expect(difference.json["billed"] == "1600001" && difference.json["used"] == "1600000")
                #expect(difference.json["invoices"]?.array?.count == 2)
            }
        }
    }

    @Test func `late usage that no invoice will bill is a difference`() async throws {
        try await withDatabase { database in
            let book = try await BillingFixture(database)
            try await book.use(1_500_000, BillingFixture.day(2026, 1, 9))
            try await database.transaction(as: .tenant(book.tenant)) { transaction in
                try await SubscriptionOperations.cancel(
                    book.subscription,
                    of: book.tenant,
                    when: .immediately,
                    refund: .none,
                    by: BillingFixture.stamp(BillingFixture.day(2026, 1, 20)),
                    in: transaction
                )
            }
            try await book.run(until: BillingFixture.day(2026, 2, 5))
            #expect(try await book.differences().isEmpty)
            try await book.use(9, BillingFixture.day(2026, 1, 10), recordedAt: testNow.adding(seconds: 1))
            #expect(try await book.differences().map(\.kind) == [.lineQuantity])
        }
    }
}
