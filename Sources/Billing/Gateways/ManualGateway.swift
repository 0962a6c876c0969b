/// Bank transfers: nothing is sent anywhere, money comes and goes when people record it.
///
/// A charge waits until a transfer is recorded and matched. Money goes back when people send it: it is no provider, and
/// what is given back of a transfer counts as sent at once.
package struct ManualGateway: PaymentGateway {
    package init() {}

    package var name: String { GatewayName.manual.rawValue }

    /// Pending under the charge's own key, so that a repetition is the same charge.
    package func charge(_ charge: GatewayCharge) async -> GatewayOutcome { .pending(reference: charge.idempotencyKey) }
}
