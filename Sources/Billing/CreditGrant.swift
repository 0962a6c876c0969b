package import Values

/// Credit that was given or bought, of which invoices take until it is used up, expires or is voided.
package struct CreditGrant: Hashable, Sendable {
    /// Where it comes from, which decides how it is booked.
    package enum Kind: String, CaseIterable, Sendable {
        /// Given away: it costs revenue when it is used.
        case promotional
        /// Paid for: it is owed until it is used.
        case prepaid
    }

    /// Names it.
    package let id: GrantID
    /// Whose it is.
    package let tenant: TenantID
    /// Where it comes from.
    package let kind: Kind
    /// What was granted.
    package let amount: Money
    /// What invoices have taken.
    package let used: Money
    /// What nobody used in time, and was booked out.
    package let expired: Money
    /// When that was booked out; nil: nothing was.
    package let expiredAt: Instant?
    /// What was taken back, because the money for it went back.
    package let withdrawn: Money
    /// What invoices had taken when the money for it went back: should they give it back, it cannot be taken again.
    package let paidBack: Money
    /// The lowest is used first.
    package let priority: Int
    /// From when on it can be used.
    package let grantedAt: Instant
    /// From when on it can no longer be used; nil is never.
    package let expiresAt: Instant?
    /// When it was taken back; nil while it holds.
    package let voidedAt: Instant?
    /// A few words for people.
    package let memo: String

    /// What is left, whatever the time: nothing of one that was taken back or booked out.
    package var left: Money {
        let gone = max(used.minor, paidBack.minor) + expired.minor + withdrawn.minor
        return Money(minor: voidedAt == nil ? amount.minor - gone : 0, currency: amount.currency)
    }

    /// What is left at an instant of its tenant's time: nothing from its end on.
    package func left(at instant: Instant) -> Money {
        hasEnded(at: instant) ? .zero(amount.currency) : left
    }

    /// What nobody used in time as of an instant of its tenant's time, booked out or not.
    ///
    /// An invoice of a time before the end may still take of it, if it is made later.
    package func expired(at instant: Instant) -> Money {
        hasEnded(at: instant) ? Money(minor: expired.minor + left.minor, currency: amount.currency) : expired
    }

    private func hasEnded(at instant: Instant) -> Bool { expiresAt.map { $0 <= instant } ?? false }

    /// As it leaves over HTTP.
    ///
    /// `instant`: of its tenant's time, at which it is looked at.
    package func json(at instant: Instant) -> JSONValue {
        [
            "id": .string(id.text), "tenant": .string(tenant.text), "kind": .string(kind.rawValue),
            "amount": amount.json, "used": used.json, "expired": expired(at: instant).json,
            "withdrawn": withdrawn.json, "paid_back": paidBack.json, "left": left(at: instant).json,
            "priority": .int(priority),
            "granted_at": .string(grantedAt.text), "expires_at": .optional(expiresAt?.text),
            "voided_at": .optional(voidedAt?.text), "memo": .string(memo),
        ]
    }
}

/// What is asked for when credit is granted.
package struct CreditGrantDraft: Hashable, Sendable {
    /// Given or bought.
    package var kind: CreditGrant.Kind
    /// How much.
    package var amount: Money
    /// The lowest is used first.
    package var priority: Int
    /// From when on; nil is the moment of the grant.
    package var grantedAt: Instant?
    /// Until when; nil is for good.
    package var expiresAt: Instant?
    /// A few words for people.
    package var memo: String
    /// The caller's id, which makes asking twice harmless.
    package var id: GrantID?

    /// Makes a draft; amount, priority and memo are checked.
    package init(
        amount: Money,
        kind: CreditGrant.Kind = .promotional,
        priority: Int = 1,
        grantedAt: Instant? = nil,
        expiresAt: Instant? = nil,
        memo: String = "",
        id: GrantID? = nil
    ) throws(Problem) {
        guard amount.minor > 0 else { throw CreditError.notPositive(amount).problem }
        guard (0...1000).contains(priority) else {
            throw .invalid("priority", "must be from 0 to 1000, not \(priority)")
        }
        let length = memo.unicodeScalars.count
        guard length <= 500, !memo.utf8.contains(0) else {
            throw .invalid("memo", "has \(length) characters; at most 500 are allowed, and none is U+0000")
        }
        self.amount = amount
        self.kind = kind
        self.priority = priority
        self.grantedAt = grantedAt
        self.expiresAt = expiresAt
        self.memo = memo
        self.id = id
    }

    /// Reads the fields of a request to their end.
    ///
    /// `zone`: where a bare date is midnight.
    package init(json fields: inout JSONFields, in zone: Zone = .utc) throws(Problem) {
        let amount = try fields.money("amount")
        let kind = try fields.optionalChoice("kind", as: CreditGrant.Kind.self) ?? .promotional
        let priority = try fields.optionalInt("priority") ?? 1
        let grantedAt = try fields.optionalInstant("granted_at", in: zone, years: 1900...2199)
        let expiresAt = try fields.optionalInstant("expires_at", in: zone, years: 1900...2199)
        let memo = try fields.optionalString("memo") ?? ""
        let id = try fields.optionalID("id", of: Entities.Grant.self)
        try fields.finish()
        try self.init(
            amount: amount,
            kind: kind,
            priority: priority,
            grantedAt: grantedAt,
            expiresAt: expiresAt,
            memo: memo,
            id: id
        )
    }

    /// Whether a grant is what this draft asks for.
    func isSatisfied(by grant: CreditGrant) -> Bool {
        grant.amount == amount && grant.kind == kind && grant.priority == priority && grant.memo == memo
            && grant.expiresAt == expiresAt && (grantedAt == nil || grantedAt == grant.grantedAt)
    }
}
