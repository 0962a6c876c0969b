package import Jobs
package import Values

/// What a tenant may do.
package enum TenantStatus: String, CaseIterable, Sendable {
    /// Everything.
    case active
    /// Read, and pay; nothing that uses or costs.
    case suspended
    /// Nothing: its keys are refused. There is no way back.
    case closed

    /// Whether a tenant may go from this to another status.
    func canBecome(_ other: TenantStatus) -> Bool {
        self != .closed && self != other
    }
}

/// A paying customer account: the unit of isolation and of billing.
package struct Tenant: Hashable, Sendable {
    /// Names it.
    package let id: TenantID
    /// What people call it.
    package let name: String
    /// Where mail about the account goes.
    package let email: String?
    /// Where its days and months begin.
    package let timeZone: Zone
    /// The currency of everything it is billed; nil until it is fixed.
    package let currency: Currency?
    /// What it may do.
    package let status: TenantStatus
    /// Who sells to it.
    package let legalEntity: EntityID
    /// What a month's usage may cost at most; in its currency.
    package let spendLimit: Money?
    /// What staff keeps about it.
    package let metadata: JSONValue
    /// When it became a customer, in business time.
    package let createdAt: Instant
    /// The test clock of a tenant in test mode.
    package let testClock: ClockID?
    /// The time that clock shows; nil: the tenant lives by the machine's clock.
    package let testTime: Instant?

    /// Makes a tenant of its parts.
    package init(
        id: TenantID,
        name: String,
        email: String?,
        timeZone: Zone,
        currency: Currency?,
        status: TenantStatus,
        legalEntity: EntityID,
        spendLimit: Money?,
        metadata: JSONValue,
        createdAt: Instant,
        testClock: ClockID? = nil,
        testTime: Instant? = nil
    ) {
        self.id = id
        self.name = name
        self.email = email
        self.timeZone = timeZone
        self.currency = currency
        self.status = status
        self.legalEntity = legalEntity
        self.spendLimit = spendLimit
        self.metadata = metadata
        self.createdAt = createdAt
        self.testClock = testClock
        self.testTime = testTime
    }

    /// The same stamp at the tenant's own time, if it is in test mode.
    package func stamped(_ stamp: Stamp) -> Stamp {
        var own = stamp
        own.at = testTime ?? stamp.at
        return own
    }

    /// As it leaves over HTTP.
    package var json: JSONValue {
        [
            "id": .string(id.text), "name": .string(name), "email": .optional(email),
            "timezone": .string(timeZone.name), "currency": .optional(currency?.code),
            "status": .string(status.rawValue), "legal_entity": .string(legalEntity.text),
            "spend_limit": spendLimit?.json ?? .null, "metadata": metadata, "created_at": .string(createdAt.text),
            "test_clock": .optional(testClock?.text),
        ]
    }

    /// Whether a limit can be this tenant's: it must be in its currency, and not below nothing.
    func checkSpendLimit(_ limit: Money) throws(TenantError) {
        guard let currency else { throw .currencyMissing(id) }
        guard limit.currency == currency else { throw .otherCurrency(id, is: currency, asked: limit.currency) }
        guard !limit.isNegative else { throw .negativeSpendLimit(limit) }
    }
}
