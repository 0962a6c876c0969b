import Jobs
package import Postgres
import Subscriptions
package import Values

extension CouponOperations {
    /// Redeems a code for a subscription: its coupon counts from now on, or from the start if nothing was invoiced yet.
    ///
    /// What was invoiced stays. The limits hold however many redeem at once: each counts under the locks of the code and
    /// the coupon.
    ///
    /// - Throws: `InvoiceError.subscriptionNotFound`; `CouponError.refused`, which says why.
    @discardableResult
    package static func redeem(
        _ code: String,
        for subscription: SubscriptionID,
        of tenant: TenantID,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> CouponRedemption {
        let holder = try await lock(subscription, of: tenant, in: transaction)
        guard let found = try await CouponQueries.code(code, in: transaction),
            let coupon = try await CouponQueries.find(found.couponCode, in: transaction)
        else { throw CouponError.refused(code: code, .unknown) }
        let admission = try await admission(of: found, coupon, for: holder, in: transaction)
        if let refusal = admission.refusal(at: stamp.at) { throw CouponError.refused(code: code, refusal) }
        guard try await isCounted(found, in: transaction) else { throw CouponError.refused(code: code, .usedUp) }
        // From here on nobody else redeems the coupon before this transaction ends.
        if let limit = coupon.terms.perTenant,
            try await CouponQueries.count(of: coupon.id, tenant: tenant, in: transaction) >= limit
        {
            throw CouponError.refused(code: code, .usedUpByTenant(limit))
        }
        let redemption = CouponRedemption(
            id: .make(at: stamp.recordedAt),
            tenant: tenant,
            subscription: subscription,
            coupon: coupon.id,
            couponCode: coupon.terms.code,
            code: found.code,
            redeemedAt: try await start(for: holder, at: stamp.at, in: transaction),
            endedAt: nil
        )
        try await transaction.execute(CouponQueries.insert(redemption, by: found.id, stamp: stamp))
        if found.kind == .referral { try await refer(by: found, redemption, stamp, in: transaction) }
        try await record("coupon.redeemed", redemption, by: stamp, in: transaction)
        return redemption
    }

    /// Takes a coupon away from a subscription from now on; what was invoiced stays.
    ///
    /// Doing so again is no work.
    ///
    /// `name`: the coupon's code, the code that was typed, or the redemption's id.
    ///
    /// - Throws: `InvoiceError.subscriptionNotFound`, `CouponError.notRedeemed`.
    @discardableResult
    package static func remove(
        _ name: String,
        from subscription: SubscriptionID,
        of tenant: TenantID,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> CouponRedemption {
        _ = try await lock(subscription, of: tenant, in: transaction)
        let named = try await CouponQueries.redemptions(of: subscription, tenant: tenant, in: transaction)
            .filter { $0.isNamed(name) }
        guard let last = named.last else { throw CouponError.notRedeemed(name) }
        guard let open = named.first(where: { $0.endedAt == nil }) else { return last }
        let invoiced = try await CouponQueries.lastInvoice(of: subscription, tenant: tenant, in: transaction)
        let end = [stamp.at, open.redeemedAt, invoiced?.adding(seconds: 1)].compactMap(\.self).max() ?? stamp.at
        try await transaction.execute(
            """
            UPDATE app.coupon_redemptions SET ended_at = \(end)
            WHERE tenant_id = \(tenant) AND id = \(open.id) AND ended_at IS NULL
            """
        )
        let ended = open.ended(at: end)
        try await record("coupon.removed", ended, by: stamp, in: transaction)
        return ended
    }

    /// Gives a referring tenant's subscription its reward coupon.
    static func reward(
        _ coupon: String,
        for holder: Subscription,
        referred: TenantID,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> CouponRedemption {
        guard let found = try await CouponQueries.code(coupon, in: transaction),
            let terms = try await CouponQueries.find(coupon, in: transaction)?.terms
        else { throw CouponError.notFound(coupon) }
        if let own = terms.currency, own != holder.currency {
            throw CouponError.refused(code: coupon, .otherCurrency(own, holder.currency))
        }
        guard try await isCounted(found, in: transaction) else { throw CouponError.refused(code: coupon, .usedUp) }
        let redemption = CouponRedemption(
            id: .make(at: stamp.recordedAt),
            tenant: holder.tenant,
            subscription: holder.id,
            coupon: found.coupon,
            couponCode: found.couponCode,
            code: found.code,
            redeemedAt: try await start(for: holder, at: stamp.at, in: transaction),
            endedAt: nil
        )
        try await transaction.execute(
            CouponQueries.insert(redemption, by: found.id, referred: referred, stamp: stamp)
        )
        try await record("coupon.redeemed", redemption, by: stamp, in: transaction)
        return redemption
    }

    /// The subscription, which is not billed until the transaction ends.
    static func lock(
        _ subscription: SubscriptionID,
        of tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> Subscription {
        try await transaction.execute(
            "SELECT id FROM app.subscriptions WHERE tenant_id = \(tenant) AND id = \(subscription) FOR UPDATE"
        )
        guard let found = try await SubscriptionQueries.find(subscription, of: tenant, in: transaction) else {
            throw InvoiceError.subscriptionNotFound(subscription)
        }
        return found
    }

    private static func admission(
        of code: CouponCode,
        _ coupon: Coupon,
        for holder: Subscription,
        in transaction: borrowing Transaction
    ) async throws -> CouponAdmission {
        let (tenant, subscription) = (holder.tenant, holder.id)
        let state = try await transaction.first(
            """
            SELECT EXISTS (SELECT 1 FROM app.coupon_redemptions WHERE tenant_id = \(tenant)
                             AND subscription_id = \(subscription) AND coupon_id = \(coupon.id) AND referred_id IS NULL),
                   NOT EXISTS (SELECT 1 FROM app.subscriptions WHERE tenant_id = \(tenant) AND id <> \(subscription)),
                   EXISTS (SELECT 1 FROM app.referrals WHERE tenant_id = \(tenant))
            """
        ) { row in
            (isRedeemed: try row.next() as Bool, isFirst: try row.next() as Bool, isReferred: try row.next() as Bool)
        }
        return CouponAdmission(
            coupon: coupon,
            code: code,
            tenant: tenant,
            plan: holder.planCode,
            currency: holder.currency,
            hasEnded: holder.endedAt != nil,
            ofTenant: try await CouponQueries.count(of: coupon.id, tenant: tenant, in: transaction),
            isRedeemed: state?.isRedeemed ?? false,
            isFirstSubscription: state?.isFirst ?? false,
            isReferred: state?.isReferred ?? false
        )
    }

    private static func isCounted(_ code: CouponCode, in transaction: borrowing Transaction) async throws -> Bool {
        try await transaction.first("SELECT app.count_redemption(\(code.id))") { row in try row.next() } ?? false
    }

    /// From when on a coupon can count without altering an invoice.
    private static func start(
        for holder: Subscription,
        at now: Instant,
        in transaction: borrowing Transaction
    ) async throws -> Instant {
        if let last = try await CouponQueries.lastInvoice(of: holder.id, tenant: holder.tenant, in: transaction) {
            return max(now, last.adding(seconds: 1))
        }
        // What was billed elsewhere is none of its business.
        return holder.billedUntil == nil ? min(now, holder.startsAt.wholeSeconds) : now
    }

    private static func refer(
        by code: CouponCode,
        _ redemption: CouponRedemption,
        _ stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws {
        guard let owner = code.owner else { return }
        let written = try await transaction.execute(
            """
            INSERT INTO app.referrals (tenant_id, code_id, referrer_id, redemption_id, referred_at, status, recorded_at)
            VALUES (\(redemption.tenant), \(code.id), \(owner), \(redemption.id), \(stamp.at), 'pending',
                    \(stamp.recordedAt))
            ON CONFLICT (tenant_id) DO NOTHING
            """
        )
        guard written == 1 else { throw CouponError.refused(code: code.code, .alreadyReferred) }
    }

    private static func record(
        _ verb: String,
        _ redemption: CouponRedemption,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws {
        try await Activity.record(
            verb,
            object: redemption.subscription.text,
            tenant: redemption.tenant,
            details: redemption.json,
            by: stamp,
            in: transaction
        )
    }
}

extension CouponRedemption {
    /// Whether a text means this one, in whatever case.
    fileprivate func isNamed(_ name: String) -> Bool {
        let wanted = name.uppercased()
        return id.text == name || code.uppercased() == wanted || couponCode.uppercased() == wanted
    }

    fileprivate func ended(at instant: Instant) -> CouponRedemption {
        CouponRedemption(
            id: id,
            tenant: tenant,
            subscription: subscription,
            coupon: coupon,
            couponCode: couponCode,
            code: code,
            redeemedAt: redeemedAt,
            endedAt: instant
        )
    }
}
