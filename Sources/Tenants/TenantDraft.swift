package import Jobs
package import Values

/// What is asked for when a tenant is made.
package struct TenantDraft: Hashable, Sendable {
    /// The id that the caller brings, which then makes asking twice harmless.
    package var id: TenantID?
    /// What people call it.
    package var name: String
    /// Where mail about the account goes; also the first owner.
    package var email: String?
    /// Where its days and months begin.
    package var timeZone: Zone
    /// The currency, if it is fixed from the start.
    package var currency: Currency?
    /// Who sells to it; nil is the default entity.
    package var legalEntity: EntityID?
    /// What a month's usage may cost at most.
    package var spendLimit: Money?
    /// What staff keeps about it.
    package var metadata: JSONValue
    /// The test clock it is to live by; it then is in test mode for good, and sold to by an entity of its own.
    package var testClock: ClockID?

    /// Makes a draft; the texts are checked.
    package init(
        id: TenantID? = nil,
        name: String,
        email: String? = nil,
        timeZone: Zone = .utc,
        currency: Currency? = nil,
        legalEntity: EntityID? = nil,
        spendLimit: Money? = nil,
        metadata: JSONValue = [:],
        testClock: ClockID? = nil
    ) throws(Problem) {
        self.id = id
        self.testClock = testClock
        guard testClock == nil || legalEntity == nil else {
            throw .invalid("legal_entity", "is not taken beside `test_clock`: test mode has an entity of its own")
        }
        self.name = try Texts.name(name, at: "name")
        self.email = if let email { try Texts.email(email, at: "email") } else { nil }
        self.timeZone = timeZone
        self.currency = currency
        self.legalEntity = legalEntity
        self.spendLimit = spendLimit
        self.metadata = try Texts.metadata(metadata, at: "metadata")
        guard let spendLimit else { return }
        guard spendLimit.currency == currency else {
            throw .invalid(
                "spend_limit.currency",
                "is \(spendLimit.currency); it must be `currency`, which is \(currency?.code ?? "not given")"
            )
        }
        guard !spendLimit.isNegative else {
            throw .invalid("spend_limit.amount", "must not be negative, not \"\(spendLimit.text)\"")
        }
    }

    /// Reads the fields of a request to their end.
    package init(json fields: inout JSONFields) throws(Problem) {
        let id = try fields.optionalID("id", of: Entities.Tenant.self)
        let name = try fields.string("name")
        let email = try fields.optionalString("email")
        let timeZone = try fields.optionalZone("timezone")
        let currency = try fields.optionalCurrency("currency")
        let legalEntity = try fields.optionalID("legal_entity", of: Entities.LegalEntity.self)
        let spendLimit = try fields.optionalMoney("spend_limit")
        let metadata = fields.value("metadata")
        let testClock = try fields.optionalID("test_clock", of: Entities.Clock.self)
        try fields.finish()
        try self.init(
            id: id,
            name: name,
            email: email,
            timeZone: timeZone ?? .utc,
            currency: currency,
            legalEntity: legalEntity,
            spendLimit: spendLimit,
            metadata: metadata ?? [:],
            testClock: testClock
        )
    }

    /// Whether a tenant is what this draft asks for.
    func isSatisfied(by tenant: Tenant) -> Bool {
        name == tenant.name && email == tenant.email && timeZone == tenant.timeZone
            && (currency == nil || currency == tenant.currency) && spendLimit == tenant.spendLimit
            && (legalEntity == nil || legalEntity == tenant.legalEntity) && metadata == tenant.metadata
            && testClock == tenant.testClock
    }
}

/// What a change does with a field that may be empty.
package enum FieldChange<Value: Hashable & Sendable>: Hashable, Sendable {
    /// Leaves it.
    case keep
    /// Empties it.
    case clear
    /// Puts another value in its place.
    case set(Value)

    /// The value after the change.
    package func applied(to old: Value?) -> Value? {
        switch self {
        case .keep: old
        case .clear: nil
        case .set(let new): new
        }
    }
}

/// What is to be changed about a tenant; what is not named stays.
package struct TenantChanges: Hashable, Sendable {
    /// Another name.
    package var name: String?
    /// Another address, or none.
    package var email: FieldChange<String> = .keep
    /// Another zone; what is already subscribed to keeps its own.
    package var timeZone: Zone?
    /// The currency, where none is fixed yet.
    package var currency: Currency?
    /// Another status.
    package var status: TenantStatus?
    /// Another limit, or none.
    package var spendLimit: FieldChange<Money> = .keep
    /// What takes the place of all metadata.
    package var metadata: JSONValue?

    /// Changes nothing.
    package init() {}

    /// Reads the fields of a request to their end; `null` empties a field that may be empty.
    package init(json fields: inout JSONFields) throws(Problem) {
        if let name = try fields.optionalString("name") { self.name = try Texts.name(name, at: fields.path("name")) }
        if fields.valueOrNull("email")?.isNull == true {
            email = .clear
        } else if let text = try fields.optionalString("email") {
            email = .set(try Texts.email(text, at: fields.path("email")))
        }
        timeZone = try fields.optionalZone("timezone")
        currency = try fields.optionalCurrency("currency")
        status = try fields.optionalChoice("status", as: TenantStatus.self)
        if fields.valueOrNull("spend_limit")?.isNull == true {
            spendLimit = .clear
        } else if let limit = try fields.optionalMoney("spend_limit") {
            spendLimit = .set(limit)
        }
        if let metadata = fields.value("metadata") {
            self.metadata = try Texts.metadata(metadata, at: fields.path("metadata"))
        }
        try fields.finish()
    }

    /// The tenant after the change; throws what cannot be changed so.
    func applied(to tenant: Tenant) throws(TenantError) -> Tenant {
        if let currency, let fixed = tenant.currency, currency != fixed {
            throw .currencyFixed(tenant.id, is: fixed, asked: currency)
        }
        if let status, status != tenant.status, !tenant.status.canBecome(status) {
            throw .notChangeable(tenant.id, status: tenant.status)
        }
        guard tenant.status != .closed else { throw .notChangeable(tenant.id, status: .closed) }
        let changed = Tenant(
            id: tenant.id,
            name: name ?? tenant.name,
            email: email.applied(to: tenant.email),
            timeZone: timeZone ?? tenant.timeZone,
            currency: currency ?? tenant.currency,
            status: status ?? tenant.status,
            legalEntity: tenant.legalEntity,
            spendLimit: spendLimit.applied(to: tenant.spendLimit),
            metadata: metadata ?? tenant.metadata,
            createdAt: tenant.createdAt,
            testClock: tenant.testClock,
            testTime: tenant.testTime
        )
        if case .set(let limit) = spendLimit { try changed.checkSpendLimit(limit) }
        return changed
    }
}
