import Metering
import Postgres
import TestSupport
import Values

/// What tests of usage begin with.
///
/// Usage belongs to any tenant id: no row of a tenant is needed.
enum UsageFixture {
    static let stamp = Stamp(now: testNow, author: .command)

    /// The month after `testNow`.
    static var anyPeriod: Period {
        guard let period = Period(start: testNow, end: testNow.adding(seconds: 30 * 86_400)) else {
            preconditionFailure("a month is not empty")
        }
        return period
    }

    static func tenants(_ count: Int) -> [TenantID] {
        (0..<count).map { _ in TenantID.make(at: testNow) }
    }

    /// An event so many seconds after midnight of 1 March 2026.
    static func event(
        _ id: String,
        meter: String = "tokens.output",
        after seconds: Int64 = 0,
        value: Decimal12 = 1,
        properties: JSONValue = [:],
        subscription: SubscriptionID? = nil
    ) throws -> UsageEvent {
        try UsageEvent(
            id: id,
            meter: meter,
            at: testNow.adding(seconds: seconds),
            value: value,
            properties: properties,
            subscription: subscription
        )
    }

    @discardableResult
    static func ingest(
        _ events: [UsageEvent],
        for tenant: TenantID,
        as scope: Scope = .ingest,
        in database: Database
    ) async throws -> [IngestOutcome] {
        try await database.transaction(as: scope) { transaction in
            try await MeteringOperations.ingest(
                events.map { (tenant: tenant, event: $0) },
                recordedAt: testNow,
                in: transaction
            )
        }
    }

    static func totals(
        _ tenant: TenantID,
        meter: String = "tokens.output",
        subscription: SubscriptionID? = nil,
        from: Int64 = 0,
        to: Int64,
        in database: Database
    ) async throws -> UsageTotals {
        guard let period = Period(start: testNow.adding(seconds: from), end: testNow.adding(seconds: to)) else {
            return .empty
        }
        return try await database.transaction(as: .tenant(tenant)) { transaction in
            try await UsageQueries.totals(
                of: tenant,
                meter: meter,
                scope: subscription.map(UsageScope.named) ?? .all,
                during: period,
                in: transaction
            )
        }
    }

    static func differences(in database: Database) async throws -> [MeteringDifference] {
        try await database.transaction(as: .finance, isolation: .snapshot) { transaction in
            try await MeteringReconciliation.differences(in: transaction)
        }
    }

    /// The superuser's URL of a test's database, for what no role of ours may do.
    static func superuser(of database: Database) -> String {
        database.url.replacing("abono_app", with: "postgres")
    }
}
