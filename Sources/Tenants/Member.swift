package import Values

/// What a member may do for the tenant.
package enum MemberRole: String, CaseIterable, Sendable {
    case owner
    case admin
    case developer
    case billing
    case viewer
}

/// Whether a member still belongs to the tenant.
package enum MemberStatus: String, CaseIterable, Sendable {
    case active
    case removed
}

/// A person who belongs to a tenant.
package struct Member: Hashable, Sendable {
    /// Whom they belong to.
    package let tenant: TenantID
    /// Names them.
    package let id: MemberID
    /// Where mail reaches them.
    package let email: String
    /// What they may do.
    package let role: MemberRole
    /// Whether they still belong to it.
    package let status: MemberStatus
    /// When they were added, in business time.
    package let createdAt: Instant

    /// As it leaves over HTTP.
    package var json: JSONValue {
        [
            "id": .string(id.text), "email": .string(email), "role": .string(role.rawValue),
            "status": .string(status.rawValue), "created_at": .string(createdAt.text),
        ]
    }
}

/// What is asked for when a member is added.
package struct MemberDraft: Hashable, Sendable {
    /// Where mail reaches them.
    package var email: String
    /// What they may do.
    package var role: MemberRole

    /// Makes a draft; the address is checked.
    package init(email: String, role: MemberRole) throws(Problem) {
        self.email = try Texts.email(email, at: "email")
        self.role = role
    }

    /// Reads the fields of a request to their end.
    package init(json fields: inout JSONFields) throws(Problem) {
        let email = try fields.string("email")
        let role = try fields.choice("role", as: MemberRole.self)
        try fields.finish()
        try self.init(email: email, role: role)
    }
}
