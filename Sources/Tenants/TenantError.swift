package import Values

/// What tenants, members and keys refuse, beside input that is malformed.
package enum TenantError: ProblemConvertible, Hashable {
    /// No tenant has the id.
    case notFound(TenantID)
    /// The id belongs to a tenant made otherwise.
    case idTaken(TenantID)
    /// The tenant's status does not allow the change.
    case notChangeable(TenantID, status: TenantStatus)
    /// The tenant's currency is fixed and another.
    case currencyFixed(TenantID, is: Currency, asked: Currency)
    /// Something needs the tenant's currency, which is not fixed yet.
    case currencyMissing(TenantID)
    /// An amount is in another currency than the tenant's.
    case otherCurrency(TenantID, is: Currency, asked: Currency)
    /// A spend limit is below nothing.
    case negativeSpendLimit(Money)
    /// The zone's name in the table is not known to this machine.
    case unknownZone(String)
    /// No legal entity has the id.
    case entityNotFound(EntityID)
    /// Another legal entity has the name.
    case entityNameTaken(String)
    /// No member of the tenant has the id.
    case memberNotFound(MemberID)
    /// The address already belongs to a member of the tenant.
    case memberExists(String)
    /// A tenant that has an owner keeps one.
    case lastOwner(MemberID)
    /// No key has the id.
    case keyNotFound(KeyID)
    /// The tenant has as many keys as it may have.
    case tooManyKeys(limit: Int)
    /// A key cannot give what it does not have.
    case scopeNotHeld(KeyScope)
    /// A key would have expired before it was made.
    case expiresInPast(Instant)

    package var problem: Problem {
        switch self {
        case .notFound(let id): Problem.notFound("tenant", id.text)
        case .idTaken(let id):
            Problem(.conflict, code: "id_taken", "the tenant \(id) already exists with other content")
        case .notChangeable(let id, let status):
            Problem(.conflict, code: "tenant_\(status.rawValue)", "the tenant \(id) is \(status.rawValue)")
        case .currencyFixed(let id, let fixed, let asked):
            Problem(
                .conflict,
                code: "currency_fixed",
                "the currency of \(id) is fixed: it is \(fixed) and cannot become \(asked)"
            )
        case .currencyMissing(let id):
            Problem(
                .precondition,
                code: "currency_missing",
                "the tenant \(id) has no currency yet; set `currency` first, or with the same request"
            )
        case .otherCurrency(let id, let own, let asked):
            Problem.invalid("spend_limit.currency", "is \(asked); it must be the currency of \(id), which is \(own)")
        case .negativeSpendLimit(let limit):
            Problem.invalid("spend_limit.amount", "must not be negative, not \"\(limit.text)\"")
        case .unknownZone(let name):
            Problem(.internal, code: "unknown_zone", "the time zone \(name) is not known on this machine")
        case .entityNotFound(let id): Problem.notFound("legal entity", id.text)
        case .entityNameTaken(let name):
            Problem(.conflict, code: "name_taken", "another legal entity is named \(name)")
        case .memberNotFound(let id): Problem.notFound("member", id.text)
        case .memberExists(let email):
            Problem(.conflict, code: "member_exists", "\(email) is already a member of the tenant")
        case .lastOwner(let id):
            Problem(.conflict, code: "last_owner", "\(id) is the tenant's last owner; make another member owner first")
        case .keyNotFound(let id): Problem.notFound("key", id.text)
        case .tooManyKeys(let limit):
            Problem(
                .conflict,
                code: "too_many_keys",
                "there are \(limit) keys in use, as many as allowed; revoke one first"
            )
        case .scopeNotHeld(let scope):
            Problem(
                .forbidden,
                code: "scope_not_held",
                "the key cannot give the scope \(scope.rawValue), which it does not have itself"
            )
        case .expiresInPast(let instant):
            Problem.invalid("expires_at", "is \(instant), which is past; it must be in the future")
        }
    }
}
