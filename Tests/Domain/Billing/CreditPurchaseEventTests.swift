import Ledger
import Postgres
import TestSupport
import Testing
import Values

@testable import Billing

/// What Stripe tells of charges for credit.
@Suite struct CreditPurchaseEventTests {
    private let now = BillingFixture.stamp(testNow)

    @Test(arguments: [false, true])
    func `a charge whose answer was lost grants what was bought, once`(wasGivenUp: Bool) async throws {
        try await withDatabase { database in
            let book = try await BillingFixture(database)
            try await book.damage(
                """
                INSERT INTO app.payment_methods (tenant_id, id, gateway, customer, reference, kind, is_default,
                                                 created_at, recorded_at, author)
                VALUES ('\(book.tenant.uuidText)', gen_random_uuid(), 'stripe', 'cus_1', 'pm_1', 'card', true,
                        '2026-01-01', '2026-01-01', 'command')
                """
            )
            try await database.transaction(as: .admin) { transaction in
                let draft = try CreditPackageDraft(code: "small", price: Money(minor: 3_000, currency: .usd))
                try await CreditPackageOperations.put(draft, by: now, in: transaction)
            }
            let purchase = try await database.transaction(as: .system) { transaction in
                let bought = try await CreditPurchaseOperations.buy("small", for: book.tenant, by: now, in: transaction)
                guard wasGivenUp else { return bought }
                let outcome = GatewayOutcome.declined(reference: nil, code: "unanswered", message: "no", isFinal: false)
                return try await CreditPurchaseOperations.settle(
                    bought.id,
                    of: book.tenant,
                    with: outcome,
                    by: now,
                    in: transaction
                )
            }
            #expect(purchase.status == (wasGivenUp ? .failed : .pending))
            for id in ["evt_1", "evt_2"] {
                let body: JSONValue = [
                    "id": .string(id), "type": "payment_intent.succeeded",
                    "data": [
                        "object": [
                            "id": "pi_1", "status": "succeeded", "currency": "usd", "amount_received": 3000,
                            "metadata": ["tenant": .string(book.tenant.text), "purchase": .string(purchase.id.text)],
                        ]
                    ],
                ]
                try await database.transaction(as: .system) { transaction in
                    try await GatewayEventOperations.receive(
                        try StripeEvent(body: body.text.utf8),
                        body: Array(body.text.utf8),
                        by: now,
                        in: transaction
                    )
                }
            }
            let grants = try await database.transaction(as: .tenant(book.tenant)) { transaction in
                try await CreditQueries.list(of: book.tenant, limit: 10, now: testNow, in: transaction).map(\.grant)
            }
            #expect(grants.map(\.amount.text) == ["30.00"])
            #expect(try await book.differences().isEmpty)
        }
    }

    @Test(arguments: [("usd", 2_999, "29.99"), ("usd", 3_001, "30.01"), ("eur", 3_000, "30.00")])
    func `money that is not the price grants nothing and is the tenant's`(
        currency: String,
        minor: Int64,
        text: String
    ) async throws {
        try await withDatabase { database in
            let book = try await BillingFixture(database)
            try await book.run(until: BillingFixture.start)
            try await book.addCard()
            try await database.transaction(as: .admin) { transaction in
                let draft = try CreditPackageDraft(code: "small", price: Money(minor: 3_000, currency: .usd))
                try await CreditPackageOperations.put(draft, by: now, in: transaction)
            }
            let purchase = try await database.transaction(as: .system) { transaction in
                try await CreditPurchaseOperations.buy("small", for: book.tenant, by: now, in: transaction)
            }
            for event in ["evt_1", "evt_2"] {
                try await book.tell(
                    event,
                    "payment_intent.succeeded",
                    [
                        "id": "pi_1", "status": "succeeded", "currency": .string(currency),
                        "amount_received": .int(minor),
                        "metadata": ["tenant": .string(book.tenant.text), "purchase": .string(purchase.id.text)],
                    ]
                )
            }
            let (failed, payments) = try await database.transaction(as: .tenant(book.tenant)) { transaction in
                (
                    try await CreditPurchaseQueries.find(purchase.id, of: book.tenant, in: transaction),
                    try await PaymentQueries.list(of: book.tenant, limit: 10, in: transaction)
                )
            }
            #expect(failed?.status == .failed)
            #expect(failed?.failure?.contains(text) == true && failed?.failure?.contains("30.00") == true)
            #expect(try await book.grants().isEmpty)
            #expect(payments.map(\.unapplied.text) == [text] && payments.map(\.reference) == ["pi_1"])
            #expect(payments.first?.amount.currency.code == currency.uppercased())
            #expect(try await book.eventStates() == ["applied", "applied"])
            #expect(try await book.differences().isEmpty)
            // It can be given back.
            try await book.tellRefund("evt_3", "re_1", of: "pi_1", minor, currency: currency)
            #expect(try await book.balance(.unappliedCash) == 0)
            #expect(try await book.balance(.cash) == 0)
            #expect(try await book.differences().isEmpty)
        }
    }
}
