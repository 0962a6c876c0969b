import HTTPTypes
import HummingbirdTesting
import Jobs
import Postgres
import Tenants
import Values

@testable import API
@testable import Billing

extension World {
    /// What the gateway's events are signed with in tests.
    static let webhookSecret = "whsec_of_tests"

    /// Sets Stripe up at an address.
    func setStripe(url: String) async throws {
        let draft = try GatewayDraft(
            name: .stripe,
            apiKey: "sk_test_local",
            webhookSecret: Self.webhookSecret,
            url: url
        )
        let box = services.secretBox
        try await database.transaction(as: .admin) { transaction in
            _ = try await GatewayOperations.set(draft, sealedIn: box, by: Self.stamp, in: transaction)
        }
    }

    /// Collects an invoice now, as the job does.
    func collect(_ invoice: Invoice) async throws -> PaymentAttempt? {
        try await PaymentCollection.collect(
            invoice.id,
            of: invoice.tenant,
            database: database,
            gateways: services.gateways,
            time: time
        )
    }

    /// The invoice as it stands.
    func current(_ invoice: Invoice) async throws -> Invoice? {
        try await database.transaction(as: .tenant(invoice.tenant)) { transaction in
            try await InvoiceQueries.find(invoice.id, of: invoice.tenant, in: transaction)
        }
    }

    /// The attempt as it stands.
    func current(_ attempt: PaymentAttempt) async throws -> PaymentAttempt? {
        try await database.transaction(as: .system) { transaction in
            try await PaymentAttemptQueries.find(attempt.id, of: attempt.tenant, in: transaction)
        }
    }

    /// A tenant's payments.
    func payments(of tenant: TenantID) async throws -> [Payment] {
        try await database.transaction(as: .tenant(tenant)) { transaction in
            try await PaymentQueries.list(of: tenant, limit: 100, in: transaction)
        }
    }

    /// Does the jobs of gateways and of purchases of credit that are due.
    func work() async throws {
        let keeper = NodeKeeper(url: database.url, name: "jobs", time: time, logger: logger)
        try await keeper.register()
        let worker = JobWorker(database: database, keeper: keeper, time: time, logger: logger)
        GatewayJobs.install(on: worker, gateways: services.gateways)
        try CreditJobs.install(on: worker, database: database, time: time, gateways: services.gateways)
        await worker.work()
    }

    /// Has a tenant buy credit for 30.00, and returns the purchase's id.
    func buyCredit(_ customer: WorldCustomer, _ client: any TestClientProtocol) async throws -> CreditPurchaseID {
        let small: JSONValue = ["code": "small", "price": ["amount": "30.00", "currency": "USD"]]
        let put = try await client.send(.post, "/v1/credit-packages", as: secret(.admin), body: small)
        let bought = try await client.send(.post, "/v1/credits", as: customer.secret, body: ["package": "small"])
        guard let id = bought.json["id"]?.string.flatMap({ CreditPurchaseID($0) }) else {
            throw Problem(.internal, "\(put.text) \(bought.text)")
        }
        return id
    }

    /// The purchase as it stands, and the credit that the tenant has.
    func credit(
        _ purchase: CreditPurchaseID,
        of tenant: TenantID
    ) async throws -> (purchase: CreditPurchase?, prepaid: Money) {
        try await database.transaction(as: .tenant(tenant)) { transaction in
            (
                purchase: try await CreditPurchaseQueries.find(purchase, of: tenant, in: transaction),
                prepaid: try await CreditQueries.prepaid(of: tenant, currency: .usd, at: time.now(), in: transaction)
            )
        }
    }

    /// Stores a card as a payment method without asking anybody.
    func card(_ reference: String, of tenant: TenantID) async throws -> PaymentMethod {
        let object: JSONValue = [
            "type": "card", "card": ["brand": "visa", "last4": "4242", "exp_year": 2035, "exp_month": 6],
        ]
        let details = PaymentMethodDetails(stripe: object, reference: reference, customer: "cus_1")
        let draft = try PaymentMethodDraft(gateway: .stripe, reference: reference)
        return try await database.transaction(as: .tenant(tenant)) { transaction in
            try await PaymentMethodOperations.add(draft, details, for: tenant, by: Self.stamp, in: transaction)
        }
    }
}

/// Waits until something holds, for as long as a loaded machine may need.
func eventually(_ condition: () async throws -> Bool) async throws -> Bool {
    let deadline = ContinuousClock.now.advanced(by: .seconds(60))
    while ContinuousClock.now < deadline {
        if try await condition() { return true }
        try await Task.sleep(for: .milliseconds(50))
    }
    return false
}
