/// The gateways there are.
package enum GatewayName: String, CaseIterable, Sendable {
    /// Bank transfers that people record and match.
    case manual
    /// Stripe, over its HTTP interface.
    case stripe
}
