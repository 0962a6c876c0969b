package import Values

/// How a gateway is set up, without its secrets.
package struct GatewaySettings: Hashable, Sendable {
    /// Which.
    package let name: GatewayName
    /// Another address than the gateway's own.
    package let url: String?
    /// Whether its events can be believed: it has the secret that signs them.
    package let hasWebhookSecret: Bool
    /// When it was set up last.
    package let updatedAt: Instant
    /// When it was removed; nil while it is used.
    package let removedAt: Instant?

    /// As it leaves; never with a secret.
    package var json: JSONValue {
        [
            "name": .string(name.rawValue), "url": .optional(url), "webhooks": .bool(hasWebhookSecret),
            "updated_at": .string(updatedAt.text), "removed_at": .optional(removedAt?.text),
        ]
    }
}

/// What sets a gateway up.
package struct GatewayDraft: Sendable {
    /// Which.
    let name: GatewayName
    /// Its API key.
    let apiKey: String
    /// What it signs its events with; nil if it is not to send any.
    let webhookSecret: String?
    /// Another address than its own, without a slash at the end.
    let url: String?

    /// Makes a draft; what is wrong is named, and no secret is part of a message.
    package init(
        name: GatewayName,
        apiKey: String,
        webhookSecret: String? = nil,
        url: String? = nil
    ) throws(Problem) {
        guard name != .manual else {
            throw .invalid("gateway", "is manual, which has no settings; bank transfers work without any")
        }
        self.name = name
        self.apiKey = try Self.secret(apiKey, field: "api_key", form: "a secret key like sk_live_…", ["sk_", "rk_"])
        self.webhookSecret = try webhookSecret.map { secret throws(Problem) in
            try Self.secret(secret, field: "webhook_secret", form: "a signing secret like whsec_…", ["whsec_"])
        }
        if let url {
            guard url.hasPrefix("https://") || url.hasPrefix("http://"), !url.hasSuffix("/"), url.utf8.count <= 500,
                url.utf8.allSatisfy({ $0 > 32 && $0 < 127 })
            else { throw .invalid("url", "must be like https://host:port, without a slash at the end") }
        }
        self.url = url
    }

    private static func secret(
        _ text: String,
        field: String,
        form: String,
        _ prefixes: [String]
    ) throws(Problem) -> String {
        let line = String(text.drop(while: \.isWhitespace).prefix { !$0.isWhitespace })
        let rest = text.drop(while: \.isWhitespace).dropFirst(line.count)
        guard rest.allSatisfy(\.isWhitespace), (8...500).contains(line.utf8.count),
            line.utf8.allSatisfy({ $0 > 32 && $0 < 127 }), prefixes.contains(where: line.hasPrefix)
        else { throw .invalid(field, "is not \(form)") }
        return line
    }
}

/// What gateways refuse, beside input that is malformed.
package enum GatewayError: ProblemConvertible, Hashable {
    /// It is not set up on this installation, or was removed.
    case notSetUp(GatewayName)
    /// It sends events, but the secret that signs them was never given.
    case noWebhookSecret(GatewayName)

    package var problem: Problem {
        switch self {
        case .notSetUp(let name):
            Problem(
                .precondition,
                code: "gateway_not_set_up",
                "the gateway \(name.rawValue) is not set up here; staff do that with"
                    + " `abono payments gateways set \(name.rawValue)`"
            )
        case .noWebhookSecret(let name):
            Problem(
                .precondition,
                code: "gateway_without_webhook_secret",
                "the gateway \(name.rawValue) has no webhook secret, so its events cannot be believed"
            )
        }
    }
}
