import Jobs
import Postgres
import Tenants
import TestSupport
import Testing
import Values

@testable import Billing

@Suite struct GatewaySettingsTests {
    private static let stamp = Stamp(now: testNow, author: .command)

    private func box(_ text: String = "a secret key of enough characters") throws -> SecretBox {
        try SecretBox(key: text)
    }

    private func set(_ draft: GatewayDraft, _ box: SecretBox?, in database: Database) async throws {
        try await database.transaction(as: .admin) { transaction in
            _ = try await GatewayOperations.set(draft, sealedIn: box, by: Self.stamp, in: transaction)
        }
    }

    private func code(_ body: () async throws -> Void) async -> String? {
        do {
            try await body()
            return nil
        } catch { return Problem.of(error).code }
    }

    @Test func `secrets are sealed, and a changed one is used at once`() async throws {
        try await withDatabase { database in
            let box = try box()
            let gateways = Gateways(database: database, secretBox: box)
            #expect(await code { _ = try await gateways.gateway(named: "stripe") } == "gateway_not_set_up")
            #expect(await code { _ = try await gateways.gateway(named: "paypal") } == "gateway_missing")
            #expect(try await gateways.gateway(named: "manual").name == "manual")
            try await set(
                try GatewayDraft(name: .stripe, apiKey: " sk_test_first\n", webhookSecret: "whsec_first"),
                box,
                in: database
            )
            #expect(try await gateways.gateway(named: "stripe").name == "stripe")
            #expect(try await gateways.webhookSecret(of: .stripe) == "whsec_first")
            // Without a new webhook secret the old one stays.
            try await set(try GatewayDraft(name: .stripe, apiKey: "sk_test_second"), box, in: database)
            #expect(try await gateways.webhookSecret(of: .stripe) == "whsec_first")
            try await set(
                try GatewayDraft(name: .stripe, apiKey: "sk_test_second", webhookSecret: "whsec_second"),
                box,
                in: database
            )
            #expect(try await gateways.webhookSecret(of: .stripe) == "whsec_second")
            let stored = try await database.transaction(as: .system) { transaction in
                try await GatewayQueries.sealed(.stripe, in: transaction)
            }
            let bytes = try #require(stored).apiKey
            #expect(!String(decoding: bytes, as: UTF8.self).contains("sk_test"))
        }
    }

    @Test func `without the key nothing is stored, and with another nothing opens`() async throws {
        try await withDatabase { database in
            let draft = try GatewayDraft(name: .stripe, apiKey: "sk_test_first", webhookSecret: "whsec_first")
            #expect(await code { try await set(draft, nil, in: database) } == "secret_key_missing")
            try await set(draft, try box(), in: database)
            let other = try box("another secret key of enough characters")
            for (box, expected) in [(nil, "secret_key_missing"), (other, "secret_unreadable")] as [(SecretBox?, String)]
            {
                let gateways = Gateways(database: database, secretBox: box)
                #expect(await code { _ = try await gateways.gateway(named: "stripe") } == expected)
            }
            let unreadable = try await database.transaction(as: .system) { transaction in
                try await GatewayOperations.unreadable(with: other, in: transaction)
            }
            #expect(unreadable == ["stripe"])
        }
    }

    @Test func `a removed gateway has no secrets, and nothing shows any`() async throws {
        try await withDatabase { database in
            let draft = try GatewayDraft(name: .stripe, apiKey: "sk_test_first", webhookSecret: "whsec_first")
            try await set(draft, try box(), in: database)
            try await database.transaction(as: .admin) { transaction in
                _ = try await GatewayOperations.remove(.stripe, by: Self.stamp, in: transaction)
            }
            let gateways = Gateways(database: database, secretBox: try box())
            #expect(await code { _ = try await gateways.gateway(named: "stripe") } == "gateway_not_set_up")
            let (settings, trail) = try await database.transaction(as: .admin) { transaction in
                (
                    try await GatewayQueries.list(in: transaction),
                    try await Activity.list(tenant: nil, object: "stripe", limit: 10, in: transaction)
                )
            }
            #expect(settings.map(\.hasWebhookSecret) == [false])
            #expect(trail.map(\.verb).sorted() == ["gateway.removed", "gateway.set"])
            let shown = settings.map(\.json.text).joined() + trail.map(\.details.text).joined()
            #expect(!shown.contains("sk_test"))
            #expect(!shown.contains("whsec_first"))
        }
    }

    @Test func `tenants and finance read no sealed secret`() async throws {
        try await withDatabase { database in
            try await set(try GatewayDraft(name: .stripe, apiKey: "sk_test_first"), try box(), in: database)
            for scope in [Scope.finance, .ingest, .tenant(.make(at: testNow))] {
                await #expect(throws: PostgresError.self) {
                    try await database.transaction(as: scope) { transaction in
                        _ = try await transaction.first("SELECT api_key FROM app.gateways") { row in
                            try row.next() as [UInt8]
                        }
                    }
                }
            }
            let listed = try await database.transaction(as: .finance) { transaction in
                try await GatewayQueries.list(in: transaction)
            }
            #expect(listed.map(\.name) == [.stripe])
        }
    }

    @Test(
        arguments: [
            ("pk_live_public", nil, nil, "api_key"), ("", nil, nil, "api_key"), ("sk_one two", nil, nil, "api_key"),
            ("sk_test_right", "secret", nil, "webhook_secret"), ("sk_test_right", nil, "ftp://x", "url"),
            ("sk_test_right", nil, "https://x/", "url"),
        ] as [(String, String?, String?, String)]
    )
    func `secrets of another form are refused without being shown`(
        key: String,
        secret: String?,
        url: String?,
        field: String
    ) {
        let error = #expect(throws: Problem.self) {
            try GatewayDraft(name: .stripe, apiKey: key, webhookSecret: secret, url: url)
        }
        #expect(error?.errors.map(\.field) == [field])
        if !key.isEmpty { #expect(error?.message.contains(key) == false) }
    }

    @Test func `a bank transfer waits under the key of its charge`() async {
        let charge = GatewayCharge(
            amount: Money(minor: 100, currency: .usd),
            customer: nil,
            method: "DE01",
            idempotencyKey: "pat_1",
            description: "Invoice 1",
            metadata: [:]
        )
        #expect(await ManualGateway().charge(charge) == .pending(reference: "pat_1"))
    }

    @Test func `who asks bank transfers to send money back is told that people do that`() async throws {
        try await withDatabase { database in
            let gateways = Gateways(database: database, secretBox: try box())
            #expect(await code { _ = try await gateways.provider(named: "manual") } == "gateway_missing")
            try await set(try GatewayDraft(name: .stripe, apiKey: "sk_test_first"), try box(), in: database)
            #expect(try await gateways.provider(named: "stripe").name == "stripe")
        }
    }
}
