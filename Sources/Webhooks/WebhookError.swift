package import Values

/// What webhooks refuse, beside input that is malformed.
package enum WebhookError: ProblemConvertible, Hashable {
    /// No endpoint has the id.
    case endpointNotFound(WebhookEndpointID)
    /// The id belongs to an endpoint made otherwise.
    case idTaken(WebhookEndpointID)
    /// There are as many endpoints as there may be.
    case tooManyEndpoints(limit: Int)
    /// A disabled endpoint is sent nothing.
    case disabled(WebhookEndpointID)
    /// No delivery has the id.
    case deliveryNotFound(WebhookDeliveryID)
    /// What is on its way already need not be asked for.
    case unfinished(WebhookDeliveryID, status: WebhookDeliveryStatus)

    package var problem: Problem {
        switch self {
        case .endpointNotFound(let id): Problem.notFound("webhook endpoint", id.text)
        case .idTaken(let id):
            Problem(.conflict, code: "id_taken", "the webhook endpoint \(id) already exists with other content")
        case .tooManyEndpoints(let limit):
            Problem(
                .conflict,
                code: "too_many_endpoints",
                "there are \(limit) webhook endpoints, as many as allowed; remove one first"
            )
        case .disabled(let id):
            Problem(
                .conflict,
                code: "endpoint_disabled",
                "the webhook endpoint \(id) is disabled and is sent nothing; enable it first"
            )
        case .deliveryNotFound(let id): Problem.notFound("webhook delivery", id.text)
        case .unfinished(let id, let status):
            Problem(
                .conflict,
                code: "delivery_unfinished",
                "the webhook delivery \(id) is \(status.rawValue) and will be sent anyway; only what was delivered or"
                    + " has failed can be sent again"
            )
        }
    }
}
