import Jobs
package import Postgres
import Subscriptions
import Tenants
package import Values

/// That one tenant came by another's code, and what became of the reward.
package struct Referral: Hashable, Sendable {
    /// How far it is.
    package enum Status: String, CaseIterable, Sendable {
        /// The referred tenant has not paid its first invoice, or the referring one has nothing that the reward goes on.
        case pending
        /// The reward was given.
        case rewarded
        /// There is none, and why.
        case refused
    }

    /// Who came.
    package let tenant: TenantID
    /// By whose code.
    package let referrer: TenantID
    /// That code.
    package let code: String
    /// When.
    package let referredAt: Instant
    /// How far it is.
    package let status: Status
    /// When it was rewarded, or refused.
    package let settledAt: Instant?
    /// The grant or the redemption that is the reward; why there is none.
    package let reward: String?

    /// As it leaves over HTTP.
    package var json: JSONValue {
        [
            "tenant": .string(tenant.text), "referrer": .string(referrer.text), "code": .string(code),
            "referred_at": .string(referredAt.text), "status": .string(status.rawValue),
            "settled_at": .optional(settledAt?.text), "reward": .optional(reward),
        ]
    }
}

/// Rewarding those who brought others.
package enum ReferralOperations {
    /// Referrals in the order of the tenants that came.
    ///
    /// `after`: the last of these tenants of the page before.
    package static func list(
        limit: Int,
        after: TenantID? = nil,
        in transaction: borrowing Transaction
    ) async throws -> [Referral] {
        try await transaction.query(
            """
            SELECT \(fragment: columns) WHERE (\(after)::uuid IS NULL OR r.tenant_id > \(after))
            ORDER BY r.tenant_id LIMIT \(limit)
            """,
            referral
        )
    }

    /// Tenants whose referral can be rewarded: they have paid an invoice with money.
    package static func due(
        limit: Int,
        after: TenantID? = nil,
        in transaction: borrowing Transaction
    ) async throws -> [TenantID] {
        try await transaction.query(
            """
            SELECT r.tenant_id FROM app.referrals r
            WHERE r.status = 'pending' AND (\(after)::uuid IS NULL OR r.tenant_id > \(after)) AND EXISTS (
                SELECT 1 FROM app.invoices i
                WHERE i.tenant_id = r.tenant_id AND i.status = 'paid' AND i.amount_paid_minor > 0)
            ORDER BY r.tenant_id LIMIT \(limit)
            """
        ) { row in try row.next() }
    }

    /// Rewards who brought a tenant, once: whoever comes second finds it done.
    ///
    /// What makes the reward impossible is kept as the reason. A reward coupon waits for a subscription of the referring
    /// tenant.
    ///
    /// - Returns: the referral as it is then; nil if there is none, or another is at it.
    @discardableResult
    package static func settle(
        _ tenant: TenantID,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Referral? {
        let found = try await transaction.first(
            """
            SELECT \(fragment: columns) WHERE r.tenant_id = \(tenant) FOR UPDATE OF r SKIP LOCKED
            """,
            referral
        )
        guard let found, found.status == .pending,
            let code = try await CouponQueries.code(found.code, in: transaction), let reward = code.reward
        else { return found }
        guard let referrer = try await TenantQueries.find(found.referrer, in: transaction),
            let referred = try await TenantQueries.find(tenant, in: transaction)
        else { return found }
        let stamp = referrer.stamped(stamp)
        var outcome: (status: Referral.Status, text: String)?
        do {
            guard (referrer.testClock == nil) == (referred.testClock == nil) else {
                throw Problem(.precondition, "one of the two tenants is in test mode and the other is not")
            }
            outcome = try await transaction.savepoint {
                try await give(reward, for: found, by: stamp, in: transaction).map { (.rewarded, $0) }
            }
        } catch let error as any ProblemConvertible where !(error is PostgresError) {
            outcome = (.refused, String(error.problem.message.prefix(500)))
        }
        guard let outcome else { return found }
        try await transaction.execute(
            """
            UPDATE app.referrals SET status = \(outcome.status.rawValue), settled_at = \(stamp.at),
                   reward = \(outcome.text)
            WHERE tenant_id = \(tenant)
            """
        )
        let settled = Referral(
            tenant: tenant,
            referrer: found.referrer,
            code: found.code,
            referredAt: found.referredAt,
            status: outcome.status,
            settledAt: stamp.at,
            reward: outcome.text
        )
        try await Activity.record(
            "referral.\(outcome.status.rawValue)",
            object: code.id.text,
            tenant: found.referrer,
            details: ["code": .string(found.code), "reward": .string(outcome.text)],
            by: stamp,
            in: transaction
        )
        return settled
    }

    /// - Returns: the id of what was given; nil if it has to wait.
    private static func give(
        _ reward: CouponCode.Reward,
        for referral: Referral,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> String? {
        switch reward {
        case .credit(let money):
            let draft = try CreditGrantDraft(amount: money, memo: "referral \(referral.code)")
            return try await CreditOperations.grant(draft, to: referral.referrer, by: stamp, in: transaction).id.text
        case .coupon(let coupon):
            let open = try await SubscriptionQueries.list(of: referral.referrer, limit: 200, in: transaction)
            guard let oldest = open.first(where: { $0.endedAt == nil }) else { return nil }
            let holder = try await CouponOperations.lock(oldest.id, of: referral.referrer, in: transaction)
            return try await CouponOperations.reward(
                coupon,
                for: holder,
                referred: referral.tenant,
                by: stamp,
                in: transaction
            ).id.text
        }
    }

    private static let columns: SQL =
        """
        r.tenant_id, r.referrer_id, c.code, r.referred_at, r.status, r.settled_at, r.reward
        FROM app.referrals r JOIN app.coupon_codes c ON c.id = r.code_id
        """

    private static func referral(_ row: inout RowReader) throws -> Referral {
        let tenant: TenantID = try row.next()
        let referrer: TenantID = try row.next()
        let code: String = try row.next()
        let referredAt: Instant = try row.next()
        let status: String = try row.next()
        return Referral(
            tenant: tenant,
            referrer: referrer,
            code: code,
            referredAt: referredAt,
            status: Referral.Status(rawValue: status) ?? .pending,
            settledAt: try row.next(),
            reward: try row.next()
        )
    }
}
