import Jobs
import Tenants
import Values

/// A delivery that a node sends now, with what it needs for it.
struct WebhookClaim: Sendable {
    let id: WebhookDeliveryID
    let owner: TenantID?
    let endpoint: WebhookEndpointID
    let url: WebhookURL
    /// Sealed: the present secret, and the one before while it is valid.
    let secrets: [[UInt8]]
    let event: WebhookEvent
    /// The number of this attempt, from 1.
    let attempt: Int
    /// How often it was tried since it was asked for, with this one.
    let tries: Int
    let firstTriedAt: Instant
    /// Who holds it: the fence of what is written about it.
    let lease: NodeLease

    /// The secrets, opened.
    ///
    /// - Throws: they do not open with this installation's key.
    func opened(with box: SecretBox) throws(Problem) -> [WebhookSecret] {
        var opened: [WebhookSecret] = []
        for sealed in secrets {
            opened.append(WebhookSecret(bytes: try box.open(sealed, context: WebhookSealing.context(endpoint))))
        }
        return opened
    }
}
