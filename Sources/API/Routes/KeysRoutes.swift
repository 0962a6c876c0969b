import HTTPTypes
import Tenants
import Values

/// The keys of the caller's tenant.
enum KeysRoutes {
    static let endpoints: [Endpoint] = [
        Endpoint(
            method: .post,
            path: "/v1/keys",
            summary: "Makes a key; shows its secret once. A key gives no more than it has.",
            access: .tenant(.keys, staff: Staff.admin),
            body: draft,
            isBodyRequired: false,
            isIdempotent: true,
            success: (201, created)
        ) { call in
            try await call.write(kept: withoutSecret) { authorized, transaction in
                var fields = try call.optionalFields()
                let draft = try KeyDraft(json: &fields)
                let held = authorized.caller.staff == nil ? authorized.caller.scopes : nil
                let made = try await KeyOperations.create(
                    draft,
                    for: try authorized.requiredTenant(),
                    within: held,
                    by: authorized.stamp,
                    in: transaction
                )
                return json(made.key, secret: made.secret)
            }
        },
        Endpoint(
            method: .get,
            path: "/v1/keys",
            summary: "The tenant's keys, revoked ones too.",
            access: .tenant(.keys, staff: Staff.all),
            parameters: Paging.parameters,
            success: (200, Schema.list(Schema.ref("Key")))
        ) { call in
            let limit = try call.limit()
            let after = try call.after(as: KeyID.self)
            let keys = try await call.transaction { authorized, transaction in
                try await KeyQueries.list(
                    of: try authorized.requiredTenant(),
                    limit: limit + 1,
                    after: after,
                    in: transaction
                )
            }
            return .page(keys, limit: limit, id: \.id.text, json: \.json)
        },
        Endpoint(
            method: .delete,
            path: "/v1/keys/{id}",
            summary: "Revokes a key: the next request that comes with it is refused.",
            access: .tenant(.keys, staff: Staff.admin),
            success: (200, Schema.ref("Key"))
        ) { call in
            .ok(
                try await call.transaction { authorized, transaction in
                    try await KeyOperations.revoke(
                        try call.id(as: KeyID.self),
                        of: try authorized.requiredTenant(),
                        by: authorized.stamp,
                        in: transaction
                    ).json
                }
            )
        },
    ]

    static let draft: JSONValue = Schema.object([
        "name": Schema.string, "scopes": Schema.array(Schema.choice(KeyScope.allCases.map(\.rawValue))),
        "expires_at": Schema.instant,
    ])

    static let created: JSONValue = [
        "allOf": [Schema.ref("Key"), Schema.object(["secret": Schema.nullable(Schema.string)])]
    ]

    /// A new key with its secret, which nothing else ever shows.
    static func json(_ key: APIKey, secret: String) -> JSONValue {
        var object = key.json.object ?? JSONObject()
        object["secret"] = .string(secret)
        return .object(object)
    }

    /// What is kept for a repetition: a secret is stored nowhere, so a repetition shows none.
    static func withoutSecret(_ answer: JSONValue) -> JSONValue {
        var object = answer.object ?? JSONObject()
        object["secret"] = .null
        return .object(object)
    }
}
