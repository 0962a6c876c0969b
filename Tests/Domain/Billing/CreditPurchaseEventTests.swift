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
                try await CreditQueries.list(of: book.tenant, limit: 10, in: transaction)
            }
            #expect(grants.map(\.amount.text) == ["30.00"])
            #expect(try await book.differences().isEmpty)
        }
    }
}
