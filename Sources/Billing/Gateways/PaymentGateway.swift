package import Values

/// Whoever takes money from customers for us: a bank transfer that people record, or a provider over the network.
///
/// A gateway knows nothing of invoices and writes nothing to the database. What it did under an idempotency key it
/// does not do again: the same key yields the outcome of the first time.
package protocol PaymentGateway: Sendable {
    /// What payment methods and payments call it: `manual`, `stripe`.
    var name: String { get }

    /// Takes money with a saved payment method.
    func charge(_ charge: GatewayCharge) async -> GatewayOutcome
}

/// A gateway that moves the money itself; of one that is no provider people give money back.
package protocol PaymentProvider: PaymentGateway {
    /// Gives money of an earlier charge back.
    func refund(_ refund: GatewayRefund) async -> GatewayOutcome

    /// Ends a charge that waits for the customer, so that it cannot succeed any more.
    ///
    /// `reference`: what the gateway calls it.
    ///
    /// - Returns: what became of it: declined if it is ended, or what came before it could be.
    func cancel(_ reference: String, idempotencyKey: String) async -> GatewayOutcome
}

/// Money to be taken with a saved payment method.
package struct GatewayCharge: Hashable, Sendable {
    /// How much; above zero.
    package let amount: Money
    /// What the gateway calls the customer; nil where it has none.
    package let customer: String?
    /// What the gateway calls the payment method.
    package let method: String
    /// Under which a repetition is the same charge: never the same for two of them.
    package let idempotencyKey: String
    /// What the customer reads on the statement.
    package let description: String
    /// Ids of ours that the gateway keeps with the charge.
    package let metadata: [String: String]
    /// Whether it may have been asked before without an answer: gateways forget idempotency keys after a day or so, and
    /// then look for it before they charge.
    package let mayHaveBeenSent: Bool

    /// Makes a charge of its parts.
    package init(
        amount: Money,
        customer: String?,
        method: String,
        idempotencyKey: String,
        description: String,
        metadata: [String: String],
        mayHaveBeenSent: Bool = false
    ) {
        self.amount = amount
        self.customer = customer
        self.method = method
        self.idempotencyKey = idempotencyKey
        self.description = description
        self.metadata = metadata
        self.mayHaveBeenSent = mayHaveBeenSent
    }
}

/// Money of an earlier charge to be given back.
package struct GatewayRefund: Hashable, Sendable {
    /// What the gateway calls the charge.
    package let payment: String
    /// How much; above zero, and no more than is left of the charge.
    package let amount: Money
    /// Under which a repetition is the same refund.
    package let idempotencyKey: String
    /// Ids of ours that the gateway keeps with the refund.
    package let metadata: [String: String]

    /// Makes a refund of its parts.
    package init(payment: String, amount: Money, idempotencyKey: String, metadata: [String: String]) {
        self.payment = payment
        self.amount = amount
        self.idempotencyKey = idempotencyKey
        self.metadata = metadata
    }
}

/// What a gateway made of a charge or a refund.
package enum GatewayOutcome: Hashable, Sendable {
    /// Done: `reference` is what the gateway calls it, `fee` what it keeps and `received` what came, if it says so.
    case succeeded(reference: String, fee: Money?, received: Money? = nil)
    /// Begun; the gateway tells later how it ended.
    case pending(reference: String)
    /// The customer has to confirm it, at the address if there is one.
    case needsAction(reference: String, url: String?)
    /// Refused; `isFinal` if another try with the same payment method has no prospect.
    case declined(reference: String?, code: String, message: String, isFinal: Bool)
    /// Nobody answered, or not to the point: it may or may not have happened, and is to be asked again under the same
    /// key.
    case unavailable(message: String, retryAfterSeconds: Int64?)
}

/// Where gateways are found by their names, as they are set up at the moment they are asked for.
package protocol GatewaySource: Sendable {
    /// The gateway that payment methods and payments call by this name.
    ///
    /// - Throws: that there is none, or that it is not set up.
    func gateway(named name: String) async throws -> any PaymentGateway
}

extension GatewaySource {
    /// The gateway of this name that gives money back and ends charges.
    ///
    /// - Throws: what `gateway(named:)` throws; `PaymentError.gatewayMissing` if people do that for it.
    func provider(named name: String) async throws -> any PaymentProvider {
        guard let provider = try await gateway(named: name) as? any PaymentProvider else {
            throw PaymentError.gatewayMissing(name)
        }
        return provider
    }
}

extension Gateways: GatewaySource {}
