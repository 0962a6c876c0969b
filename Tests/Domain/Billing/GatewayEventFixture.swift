import Jobs
import Ledger
import Postgres
import TestSupport
import Values

@testable import Billing

extension BillingFixture {
    /// What Stripe tells.
    func tell(_ id: String, _ type: String, _ object: JSONValue, at instant: Instant = testNow) async throws {
        let event: JSONValue = ["id": .string(id), "type": .string(type), "data": ["object": object]]
        try await database.transaction(as: .system) { transaction in
            try await GatewayEventOperations.receive(
                try StripeEvent(body: event.text.utf8),
                body: Array(event.text.utf8),
                by: BillingFixture.stamp(instant),
                in: transaction
            )
        }
    }

    /// That somebody gave money of a charge back in Stripe's dashboard.
    func tellRefund(
        _ event: String,
        _ refund: String,
        of charge: String,
        _ minor: Int64,
        status: String = "succeeded",
        currency: String = "usd"
    ) async throws {
        try await tell(
            event,
            "refund.created",
            [
                "id": .string(refund), "payment_intent": .string(charge), "amount": .int(minor),
                "currency": .string(currency), "status": .string(status), "reason": "requested_by_customer",
            ]
        )
    }

    /// That a customer's bank takes a charge back, or has decided.
    func tellDispute(_ event: String, of charge: String, _ minor: Int64, status: String) async throws {
        try await tell(
            event,
            "charge.dispute.updated",
            [
                "id": "dp_1", "payment_intent": .string(charge), "amount": .int(minor), "currency": "usd",
                "status": .string(status), "reason": "fraudulent", "balance_transactions": [["fee": 1500]],
                "evidence_details": ["due_by": 1_773_000_000],
            ]
        )
    }

    /// Where the events stand that were told, in the order of their names.
    func eventStates() async throws -> [String] {
        try await database.transaction(as: .system) { transaction in
            try await transaction.query("SELECT state FROM app.gateway_events ORDER BY event_id") { row in
                try row.next() as String
            }
        }
    }

    /// Saves a card that Stripe keeps, as the default.
    func addCard() async throws {
        try await damage(
            """
            INSERT INTO app.payment_methods (tenant_id, id, gateway, customer, reference, kind, is_default, created_at,
                                             recorded_at, author)
            VALUES ('\(tenant.uuidText)', gen_random_uuid(), 'stripe', 'cus_1', 'pm_1', 'card', true, '2026-01-01',
                    '2026-01-01', 'command')
            """
        )
    }

    /// What stands on an account, debits less credits, in minor units.
    func balance(_ account: Account) async throws -> Int64 {
        try await database.transaction(as: .tenant(tenant)) { transaction in
            try await LedgerQueries.balances(of: tenant, in: transaction)
                .filter { $0.account == account }.reduce(0) { $0 + $1.balance.minor }
        }
    }

    func grants() async throws -> [CreditGrant] {
        try await database.transaction(as: .tenant(tenant)) { transaction in
            try await CreditQueries.list(of: tenant, limit: 50, now: testNow, in: transaction).map(\.grant)
        }
    }
}
