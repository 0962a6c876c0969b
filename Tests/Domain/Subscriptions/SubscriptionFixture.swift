import Plans
import Postgres
import Subscriptions
import Tenants
import TestSupport
import Values

/// What tests of subscriptions begin with: plans, and a tenant.
enum SubscriptionFixture {
    static func instant(_ text: String) throws -> Instant {
        guard let instant = Instant(text) else { throw Problem.invalid("instant", text) }
        return instant
    }

    static func stamp(_ text: String) throws -> Stamp {
        Stamp(now: try instant(text), author: .command)
    }

    @discardableResult
    static func publish(_ text: String, in database: Database) async throws -> PlanVersion {
        let draft = try PlanDraft(json: JSONValue(parsing: text))
        return try await database.transaction(as: .admin) { transaction in
            try await PlanOperations.publish(draft, by: Stamp(now: testNow, author: .command), in: transaction)
        }
    }

    /// 20 a month and 5 a seat, output tokens priced, one million of them allowed; 14 days of trial if asked for.
    @discardableResult
    static func publishPro(trialDays: Int = 0, code: String = "pro", in database: Database) async throws -> PlanVersion
    {
        try await publish(
            """
            {"code": "\(code)", "currency": "USD", "interval": {"unit": "month"}, "trial_days": \(trialDays),
             "prices": [
                {"code": "base", "model": "flat", "amount": "20.00"},
                {"code": "seats", "model": "per_unit", "unit_amount": "5.00", "quantity": "seats"},
                {"code": "tokens", "model": "per_unit", "meter": "tokens.output", "unit_amount": "0.000002"}],
             "features": {"chat": {"meter": "tokens.output", "limit": "1000000", "hard": true}}}
            """,
            in: database
        )
    }

    /// 10 a month and nothing else, with half a million tokens allowed.
    @discardableResult
    static func publishSmall(in database: Database) async throws -> PlanVersion {
        try await publish(
            """
            {"code": "small", "currency": "USD", "interval": {"unit": "month"},
             "prices": [{"code": "base", "model": "flat", "amount": "10.00"}],
             "features": {"chat": {"meter": "tokens.output", "limit": "500000"}}}
            """,
            in: database
        )
    }

    static func tenant(
        _ name: String = "Acme",
        zone: String = "UTC",
        currency: Currency? = nil,
        in database: Database
    ) async throws -> TenantID {
        try await database.transaction(as: .admin) { transaction in
            try await TenantOperations.create(
                try TenantDraft(name: name, timeZone: Zone(zone) ?? .utc, currency: currency),
                by: Stamp(now: testNow, author: .command),
                in: transaction
            ).id
        }
    }

    @discardableResult
    static func create(
        _ draft: SubscriptionDraft,
        for tenant: TenantID,
        at instant: String = "2026-03-01T00:00:00Z",
        in database: Database
    ) async throws -> Subscription {
        let stamp = try stamp(instant)
        return try await database.transaction(as: .tenant(tenant)) { transaction in
            try await SubscriptionOperations.create(draft, for: tenant, by: stamp, in: transaction)
        }
    }

    /// A tenant subscribed to `pro` with three seats from `testNow` on.
    static func subscribed(trialDays: Int = 0, in database: Database) async throws -> Subscription {
        try await publishPro(trialDays: trialDays, in: database)
        try await publishSmall(in: database)
        return try await create(
            SubscriptionDraft(plan: "pro", quantities: ["seats": 3]),
            for: tenant(in: database),
            in: database
        )
    }

    @discardableResult
    static func change(
        _ subscription: Subscription,
        _ draft: SubscriptionChangeDraft,
        at instant: String,
        in database: Database
    ) async throws -> Subscription {
        let stamp = try stamp(instant)
        return try await database.transaction(as: .tenant(subscription.tenant)) { transaction in
            try await SubscriptionOperations.change(
                subscription.id,
                of: subscription.tenant,
                draft,
                by: stamp,
                in: transaction
            )
        }
    }

    @discardableResult
    static func cancel(
        _ subscription: Subscription,
        when timing: SubscriptionChange.Timing,
        at instant: String,
        in database: Database
    ) async throws -> Subscription {
        let stamp = try stamp(instant)
        return try await database.transaction(as: .tenant(subscription.tenant)) { transaction in
            try await SubscriptionOperations.cancel(
                subscription.id,
                of: subscription.tenant,
                when: timing,
                refund: .credit,
                by: stamp,
                in: transaction
            )
        }
    }

    @discardableResult
    static func advance(
        _ subscription: Subscription,
        until instant: String,
        in database: Database
    ) async throws -> Subscription {
        let stamp = try stamp(instant)
        return try await database.transaction(as: .system) { transaction in
            try await SubscriptionOperations.advance(
                subscription.id,
                of: subscription.tenant,
                until: stamp.at,
                by: stamp,
                in: transaction
            )
        }
    }

    static func invoiced(_ subscription: Subscription, until instant: String, in database: Database) async throws {
        let until = try self.instant(instant)
        try await database.transaction(as: .system) { transaction in
            try await SubscriptionOperations.markInvoiced(
                subscription.id,
                of: subscription.tenant,
                until: until,
                nextBillingAt: subscription.currentPeriod.end,
                in: transaction
            )
        }
    }

    static func find(_ subscription: Subscription, in database: Database) async throws -> Subscription? {
        try await database.transaction(as: .tenant(subscription.tenant)) { transaction in
            try await SubscriptionQueries.find(subscription.id, of: subscription.tenant, in: transaction)
        }
    }

    /// The stretches that are written.
    static func phases(_ subscription: Subscription, in database: Database) async throws -> [SubscriptionPhase] {
        try await database.transaction(as: .finance) { transaction in
            try await SubscriptionQueries.phases(of: subscription.id, tenant: subscription.tenant, in: transaction)
        }
    }

    /// The allowances in force of a feature: `limit` and the window's bounds.
    static func allowance(
        _ tenant: TenantID,
        at instant: String,
        in database: Database
    ) async throws -> (limit: String, start: String, end: String)? {
        let at = try self.instant(instant)
        let found: (Decimal12, Instant, Instant)? = try await database.transaction(as: .tenant(tenant)) { transaction in
            try await transaction.first(
                """
                SELECT allowance, window_start, window_end FROM app.quotas
                WHERE tenant_id = \(tenant) AND ended_at IS NULL AND during @> \(at)::timestamptz
                """
            ) { row in (try row.next(), try row.next(), try row.next()) }
        }
        return found.map { ($0.0.text, $0.1.text, $0.2.text) }
    }
}
