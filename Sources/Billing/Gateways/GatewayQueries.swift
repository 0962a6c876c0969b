package import Postgres
import Values

/// Reading how gateways are set up.
package enum GatewayQueries {
    /// All that ever were, without secrets; for `.finance`, `.system` and `.admin`.
    package static func list(in transaction: borrowing Transaction) async throws -> [GatewaySettings] {
        // Whether there is a webhook secret is for those who may read the column; to finance it is no question.
        let canRead = transaction.scope != .finance
        return try await transaction.query(
            """
            SELECT name, url, \(unescaped: canRead ? "webhook_secret IS NOT NULL" : "true"), updated_at, removed_at
            FROM app.gateways ORDER BY name
            """
        ) { row in
            let name: String = try row.next()
            return GatewaySettings(
                // The table holds that it is one of the set.
                name: GatewayName(rawValue: name) ?? .stripe,
                url: try row.next(),
                hasWebhookSecret: try row.next(),
                updatedAt: try row.next(),
                removedAt: try row.next()
            )
        }
    }

    /// The sealed secrets of a gateway that is set up; for `.system`.
    static func sealed(
        _ name: GatewayName,
        in transaction: borrowing Transaction
    ) async throws -> (url: String?, apiKey: [UInt8], webhookSecret: [UInt8]?)? {
        try await transaction.first(
            """
            SELECT url, api_key, webhook_secret FROM app.gateways
            WHERE name = \(name.rawValue) AND removed_at IS NULL
            """
        ) { row in (url: try row.next(), apiKey: try row.next(), webhookSecret: try row.next()) }
    }

    static func put(
        _ draft: GatewayDraft,
        apiKey: [UInt8],
        webhookSecret: [UInt8]?,
        by stamp: Stamp
    ) -> SQL {
        """
        INSERT INTO app.gateways (name, url, api_key, webhook_secret, updated_at, removed_at, recorded_at)
        VALUES (\(draft.name.rawValue), \(draft.url), \(apiKey), \(webhookSecret), \(stamp.at), NULL,
                \(stamp.recordedAt))
        ON CONFLICT (name) DO UPDATE
        SET url = excluded.url, api_key = excluded.api_key,
            webhook_secret = coalesce(excluded.webhook_secret, gateways.webhook_secret),
            updated_at = excluded.updated_at, removed_at = NULL, recorded_at = excluded.recorded_at
        """
    }

    static func remove(_ name: GatewayName, by stamp: Stamp) -> SQL {
        """
        UPDATE app.gateways
        SET api_key = NULL, webhook_secret = NULL, updated_at = \(stamp.at), removed_at = \(stamp.at),
            recorded_at = \(stamp.recordedAt)
        WHERE name = \(name.rawValue) AND removed_at IS NULL
        """
    }
}
