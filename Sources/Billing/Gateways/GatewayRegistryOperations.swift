package import Postgres
package import Tenants
package import Values

/// The gateways of this installation, as they are set up at the moment they are asked for.
///
/// Their secrets are read and opened at each use, so that a changed key works without a restart.
package struct Gateways: Sendable {
    let database: Database
    private let secretBox: SecretBox?

    /// `secretBox`: opens the secrets; without it only bank transfers work.
    package init(database: Database, secretBox: SecretBox?) {
        self.database = database
        self.secretBox = secretBox
    }

    /// The gateway that payment methods and payments call by this name.
    ///
    /// - Throws: `PaymentError.gatewayMissing` if there is none, `GatewayError.notSetUp` if it has no key,
    ///   `SecretBox.missing`.
    package func gateway(named name: String) async throws -> any PaymentGateway {
        guard let known = GatewayName(rawValue: name) else { throw PaymentError.gatewayMissing(name) }
        switch known {
        case .manual: return ManualGateway()
        case .stripe: return try await stripe()
        }
    }

    /// Stripe, with the key it has now.
    func stripe() async throws -> StripeGateway {
        let settings = try await settings(.stripe)
        return StripeGateway(key: settings.apiKey, url: settings.url)
    }

    /// What a gateway's events are signed with.
    ///
    /// - Throws: `GatewayError.notSetUp`, `.noWebhookSecret`; `SecretBox.missing`.
    func webhookSecret(of name: GatewayName) async throws -> String {
        guard let secret = try await settings(name).webhookSecret else { throw GatewayError.noWebhookSecret(name) }
        return secret
    }

    private func settings(
        _ name: GatewayName
    ) async throws -> (url: String?, apiKey: String, webhookSecret: String?) {
        let sealed = try await database.transaction(as: .system) { transaction in
            try await GatewayQueries.sealed(name, in: transaction)
        }
        guard let sealed else { throw GatewayError.notSetUp(name) }
        guard let secretBox else { throw SecretBox.missing }
        func open(_ secret: [UInt8], _ field: String) throws(Problem) -> String {
            String(
                decoding: try secretBox.open(secret, context: GatewayOperations.context(name, field)),
                as: UTF8.self
            )
        }
        return (
            url: sealed.url, apiKey: try open(sealed.apiKey, "api_key"),
            webhookSecret: try sealed.webhookSecret.map { secret throws(Problem) in
                try open(secret, "webhook_secret")
            }
        )
    }

    // MARK: - Payment methods

    /// Has a gateway save what a draft names, before it is stored by `PaymentMethodOperations.add`.
    ///
    /// Outside any transaction, because it may ask the gateway over the network: first for a customer of the tenant's, if it
    /// has none. Doing it again is harmless.
    ///
    /// - Throws: what the gateway refuses, named by the draft's field; `unavailable` if it does not answer.
    package func save(
        _ draft: PaymentMethodDraft,
        of tenant: TenantID,
        by stamp: Stamp
    ) async throws -> PaymentMethodDetails {
        switch draft.gateway {
        case .manual: return PaymentMethodDetails(transfer: draft.reference)
        case .stripe:
            let stripe = try await stripe()
            let customer = try await customer(of: tenant, at: stripe, by: stamp)
            return try await stripe.attach(draft.reference, to: customer, field: draft.field)
        }
    }

    /// Begins to save a card in the customer's browser, which confirms it with the client secret.
    ///
    /// `key`: under which a repetition is the same one.
    package func prepare(
        _ tenant: TenantID,
        key: String,
        by stamp: Stamp
    ) async throws -> (id: String, clientSecret: String) {
        let stripe = try await stripe()
        let customer = try await customer(of: tenant, at: stripe, by: stamp)
        return try await stripe.createSetup(for: customer, key: "setup:\(tenant):\(key)")
    }

    /// Has a gateway forget a method that was removed.
    func forget(_ method: String, at name: GatewayName) async throws {
        guard name == .stripe else { return }
        try await stripe().detach(method)
    }

    /// What Stripe calls a tenant; made when it is first needed.
    private func customer(of tenant: TenantID, at stripe: StripeGateway, by stamp: Stamp) async throws -> String {
        let (owner, known) = try await database.transaction(as: .tenant(tenant)) { transaction in
            let owner = try await TenantQueries.find(tenant, in: transaction)
            guard let owner else { throw InvoiceError.tenantNotFound(tenant) }
            return (owner, try await PaymentMethodQueries.customer(of: tenant, at: .stripe, in: transaction))
        }
        if let known { return known }
        let made = try await stripe.createCustomer(tenant, name: owner.name, email: owner.email)
        return try await database.transaction(as: .tenant(tenant)) { transaction in
            try await transaction.execute(
                PaymentMethodQueries.insertCustomer(made, of: tenant, at: .stripe, now: stamp.recordedAt)
            )
            // Another request may have been first; then its customer is the one.
            return try await PaymentMethodQueries.customer(of: tenant, at: .stripe, in: transaction) ?? made
        }
    }
}
