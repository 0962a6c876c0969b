import Jobs
import Plans
package import Postgres
import Tenants
package import Values

/// The catalogue of coupons and their codes.
package enum CouponOperations {
    /// Makes a coupon; its own code can be typed, too.
    ///
    /// The same again yields the one that is there.
    ///
    /// - Throws: `CouponError.codeTaken`, `CouponError.planNotFound`, `CouponError.priceNotFound`.
    @discardableResult
    package static func create(
        _ terms: CouponTerms,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Coupon {
        if let known = try await CouponQueries.find(terms.code, in: transaction) {
            guard known.terms == terms else { throw CouponError.codeTaken(terms.code) }
            return known
        }
        for plan in terms.plans ?? [] where try await PlanQueries.latest(plan, in: transaction) == nil {
            throw CouponError.planNotFound(plan)
        }
        if let unknown = try await CouponQueries.unknownPrices(terms.prices ?? [], in: transaction).first {
            throw CouponError.priceNotFound(unknown)
        }
        let coupon = Coupon(
            id: .make(at: stamp.recordedAt),
            terms: terms,
            redemptions: 0,
            createdAt: stamp.at,
            archivedAt: nil
        )
        let own = code(terms.code, of: coupon, kind: .coupon, by: stamp)
        guard try await transaction.execute(CouponQueries.insert(coupon, by: stamp)) == 1,
            try await transaction.execute(CouponQueries.insert(own, reward: nil, by: stamp)) == 1
        else { throw CouponError.codeTaken(terms.code) }
        try await record("coupon.created", coupon.id.text, coupon.json, by: stamp, in: transaction)
        return coupon
    }

    /// Makes a code for a coupon: a promotion's; with a reward a referral's.
    ///
    /// - Throws: `CouponError.notFound` of the coupon or the reward, `CouponError.codeTaken`,
    ///   `CouponError.tenantNotFound`.
    @discardableResult
    package static func addCode(
        _ draft: CouponCodeDraft,
        to coupon: String,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> CouponCode {
        guard let coupon = try await CouponQueries.find(coupon, in: transaction) else {
            throw CouponError.notFound(coupon)
        }
        if let owner = draft.owner, try await TenantQueries.find(owner, in: transaction) == nil {
            throw CouponError.tenantNotFound(owner)
        }
        var reward: CouponID?
        if case .coupon(let other) = draft.reward {
            guard let found = try await CouponQueries.find(other, in: transaction) else {
                throw CouponError.notFound(other)
            }
            reward = found.id
        }
        let kind: CouponCode.Kind = draft.reward == nil ? .promotion : .referral
        let code = code(draft.code, of: coupon, kind: kind, like: draft, by: stamp)
        guard try await transaction.execute(CouponQueries.insert(code, reward: reward, by: stamp)) == 1 else {
            throw CouponError.codeTaken(draft.code)
        }
        try await record("coupon.code_added", coupon.id.text, code.json, by: stamp, in: transaction)
        return code
    }

    /// Takes a coupon, or one of its promotion or referral codes, off the market; who has redeemed it keeps it.
    ///
    /// Doing so again is no work.
    ///
    /// - Returns: the coupon, or the code, as it leaves over HTTP.
    /// - Throws: `CouponError.notFound`.
    @discardableResult
    package static func archive(
        _ code: String,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> JSONValue {
        guard let found = try await CouponQueries.code(code, in: transaction) else { throw CouponError.notFound(code) }
        let isCoupon = found.kind == .coupon
        let statement: SQL =
            isCoupon
            ? """
            UPDATE app.coupons SET archived_at = \(stamp.at) WHERE id = \(found.coupon) AND archived_at IS NULL
            """
            : "UPDATE app.coupon_codes SET archived_at = \(stamp.at) WHERE id = \(found.id) AND archived_at IS NULL"
        if try await transaction.execute(statement) == 1 {
            try await record(
                isCoupon ? "coupon.archived" : "coupon.code_archived",
                found.coupon.text,
                ["code": .string(found.code)],
                by: stamp,
                in: transaction
            )
        }
        if isCoupon { return try await CouponQueries.find(code, in: transaction)?.json ?? .null }
        return try await CouponQueries.code(code, in: transaction)?.json ?? .null
    }

    private static func code(
        _ text: String,
        of coupon: Coupon,
        kind: CouponCode.Kind,
        like draft: CouponCodeDraft? = nil,
        by stamp: Stamp
    ) -> CouponCode {
        CouponCode(
            id: .make(at: stamp.recordedAt),
            coupon: coupon.id,
            couponCode: coupon.terms.code,
            code: text,
            kind: kind,
            maxRedemptions: draft?.maxRedemptions,
            expiresAt: draft?.expiresAt,
            owner: draft?.owner,
            reward: draft?.reward,
            redemptions: 0,
            createdAt: stamp.at,
            archivedAt: nil
        )
    }

    private static func record(
        _ verb: String,
        _ object: String,
        _ details: JSONValue,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws {
        try await Activity.record(verb, object: object, tenant: nil, details: details, by: stamp, in: transaction)
    }
}
