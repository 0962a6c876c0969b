import Postgres
import Tenants
import TestSupport
import Values

/// What tests of tenants begin with.
enum TenantFixture {
    static let stamp = Stamp(now: testNow, author: .command)

    /// A stamp so many seconds later.
    static func stamp(after seconds: Int64) -> Stamp {
        Stamp(now: testNow.adding(seconds: seconds), author: .command)
    }

    @discardableResult
    static func tenant(
        _ name: String = "Acme",
        email: String? = nil,
        currency: Currency? = nil,
        in database: Database
    ) async throws -> Tenant {
        try await database.transaction(as: .admin) { transaction in
            try await TenantOperations.create(
                try TenantDraft(name: name, email: email, currency: currency),
                by: stamp,
                in: transaction
            )
        }
    }

    static func key(
        for tenant: TenantID,
        scopes: Set<KeyScope> = Set(KeyScope.allCases),
        expiresAt: Instant? = nil,
        in database: Database
    ) async throws -> (key: APIKey, secret: String) {
        try await database.transaction(as: .tenant(tenant)) { transaction in
            try await KeyOperations.create(
                try KeyDraft(name: "test", scopes: scopes, expiresAt: expiresAt),
                for: tenant,
                by: stamp,
                in: transaction
            )
        }
    }

    /// Who a secret belongs to at an instant, as a request finds out.
    static func caller(_ secret: String, at instant: Instant = testNow, in database: Database) async throws -> Caller? {
        try await database.request { transaction in
            try await Authentication.begin(secret: secret, at: instant, in: transaction)
        }
    }

    /// The superuser's URL of a test's database, for what no role of ours may do.
    static func superuser(of database: Database) -> String {
        database.url.replacing("abono_app", with: "postgres")
    }
}
