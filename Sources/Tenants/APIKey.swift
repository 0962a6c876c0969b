package import Values

/// A key that requests come with; its secret was shown once and is not kept.
package struct APIKey: Hashable, Sendable {
    /// Whose key it is.
    package enum Owner: Hashable, Sendable {
        case tenant(TenantID)
        case staff(StaffRole)
    }

    /// Names it.
    package let id: KeyID
    /// Whose it is.
    package let owner: Owner
    /// What people call it.
    package let name: String
    /// The first characters of the secret.
    package let prefix: String
    /// What it may do; for staff the role says that.
    package let scopes: [KeyScope]
    /// When it stops to work.
    package let expiresAt: Instant?
    /// When it was used last, give or take the seconds for which uses are gathered.
    package let lastUsedAt: Instant?
    /// When it was revoked.
    package let revokedAt: Instant?
    /// When it was made, in business time.
    package let createdAt: Instant

    /// The tenant whose it is.
    package var tenant: TenantID? {
        guard case .tenant(let id) = owner else { return nil }
        return id
    }

    /// The role, if it is a staff key.
    package var staffRole: StaffRole? {
        guard case .staff(let role) = owner else { return nil }
        return role
    }

    /// As it leaves over HTTP; the secret is never among it.
    package var json: JSONValue {
        [
            "id": .string(id.text), "tenant": .optional(tenant?.text), "staff_role": .optional(staffRole?.rawValue),
            "name": .string(name), "prefix": .string(prefix),
            "scopes": .array(scopes.map { .string($0.rawValue) }), "expires_at": .optional(expiresAt?.text),
            "last_used_at": .optional(lastUsedAt?.text), "revoked_at": .optional(revokedAt?.text),
            "created_at": .string(createdAt.text),
        ]
    }
}

/// What is asked for when a key is made.
package struct KeyDraft: Hashable, Sendable {
    /// What people call it.
    package var name: String
    /// What it may do; for a staff key without meaning.
    package var scopes: Set<KeyScope>
    /// When it stops to work; nil is never.
    package var expiresAt: Instant?

    private static let defaultName = "API key"

    /// Makes a draft; without scopes it may do everything.
    package init(
        name: String? = nil,
        scopes: Set<KeyScope> = Set(KeyScope.allCases),
        expiresAt: Instant? = nil
    ) throws(Problem) {
        self.name = try Texts.name(name ?? KeyDraft.defaultName, at: "name")
        guard !scopes.isEmpty else {
            throw .invalid("scopes", "must not be empty: one or more of \(KeyDraft.scopeList)")
        }
        self.scopes = scopes
        self.expiresAt = expiresAt
    }

    /// Reads the fields of a request to their end.
    package init(json fields: inout JSONFields) throws(Problem) {
        let name = try fields.optionalString("name")
        let expiresAt = try fields.optionalInstant("expires_at")
        var scopes = Set(KeyScope.allCases)
        if let elements = try fields.optionalArray("scopes") {
            scopes = []
            for (value, path) in elements {
                guard let scope = value.string.flatMap(KeyScope.init(rawValue:)) else {
                    throw .invalid(path, "must be one of \(KeyDraft.scopeList), not \(value.seen)")
                }
                scopes.insert(scope)
            }
        }
        try fields.finish()
        try self.init(name: name, scopes: scopes, expiresAt: expiresAt)
    }

    /// Reads scopes separated by commas, as a command line has them.
    package static func scopes(_ text: String) throws(Problem) -> Set<KeyScope> {
        var scopes: Set<KeyScope> = []
        for word in text.split(separator: ",") {
            guard let scope = KeyScope(rawValue: word.filter { $0 != " " }) else {
                throw .invalid("scopes", "\(JSONValue.string(String(word)).seen) is none of \(scopeList)")
            }
            scopes.insert(scope)
        }
        return scopes
    }

    private static var scopeList: String { KeyScope.allCases.map(\.rawValue).joined(separator: ", ") }
}
