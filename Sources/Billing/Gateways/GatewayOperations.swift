import Jobs
package import Postgres
package import Tenants
package import Values

/// Setting gateways up; for `.admin`.
package enum GatewayOperations {
    /// Keeps a gateway's secrets, sealed; used from the next request on, without a restart.
    ///
    /// A webhook secret that the draft leaves out stays as it was.
    ///
    /// - Throws: `SecretBox.missing` if there is no secret key to seal them with.
    @discardableResult
    package static func set(
        _ draft: GatewayDraft,
        sealedIn box: SecretBox?,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> GatewaySettings {
        guard let box else { throw SecretBox.missing }
        let apiKey = try box.seal(Array(draft.apiKey.utf8), context: context(draft.name, "api_key"))
        let webhookSecret = try draft.webhookSecret.map { secret throws(Problem) in
            try box.seal(Array(secret.utf8), context: context(draft.name, "webhook_secret"))
        }
        try await transaction.execute(
            GatewayQueries.put(draft, apiKey: apiKey, webhookSecret: webhookSecret, by: stamp)
        )
        let settings = try await required(draft.name, in: transaction)
        try await record("set", settings, by: stamp, in: transaction)
        return settings
    }

    /// Forgets a gateway's secrets: nothing is collected with it any more, and its events are refused.
    ///
    /// - Throws: `GatewayError.notSetUp`.
    @discardableResult
    package static func remove(
        _ name: GatewayName,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> GatewaySettings {
        guard try await transaction.execute(GatewayQueries.remove(name, by: stamp)) == 1 else {
            throw GatewayError.notSetUp(name)
        }
        let settings = try await required(name, in: transaction)
        try await record("removed", settings, by: stamp, in: transaction)
        return settings
    }

    /// The names of the gateways whose secrets do not open; for `.system`.
    package static func unreadable(
        with box: SecretBox?,
        in transaction: borrowing Transaction
    ) async throws -> [String] {
        var names: [String] = []
        for name in GatewayName.allCases {
            guard let sealed = try await GatewayQueries.sealed(name, in: transaction) else { continue }
            let opened = try? box?.open(sealed.apiKey, context: context(name, "api_key"))
            if opened == nil { names.append(name.rawValue) }
        }
        return names
    }

    /// Names what a sealed secret is, so that it opens nowhere else.
    static func context(_ name: GatewayName, _ field: String) -> String { "gateway:\(name.rawValue):\(field)" }

    private static func required(
        _ name: GatewayName,
        in transaction: borrowing Transaction
    ) async throws -> GatewaySettings {
        guard let settings = try await GatewayQueries.list(in: transaction).first(where: { $0.name == name }) else {
            throw GatewayError.notSetUp(name)
        }
        return settings
    }

    private static func record(
        _ act: String,
        _ settings: GatewaySettings,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws {
        try await Activity.record(
            "gateway.\(act)",
            object: settings.name.rawValue,
            tenant: nil,
            details: settings.json,
            by: stamp,
            in: transaction
        )
    }
}
