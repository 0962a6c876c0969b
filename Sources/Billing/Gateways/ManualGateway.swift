/// Bank transfers: nothing is sent anywhere, money comes and goes when people record it.
///
/// A charge waits until a transfer is recorded and matched, a refund until somebody confirms that it was sent.
package struct ManualGateway: PaymentGateway {
    package init() {}

    package var name: String { GatewayName.manual.rawValue }

    /// Pending under the charge's own key, so that a repetition is the same charge.
    package func charge(_ charge: GatewayCharge) async -> GatewayOutcome { .pending(reference: charge.idempotencyKey) }

    /// Pending likewise, until it is confirmed.
    package func refund(_ refund: GatewayRefund) async -> GatewayOutcome { .pending(reference: refund.idempotencyKey) }
}
