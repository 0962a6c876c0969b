import HTTPTypes
import Values

@testable import API

/// What tests know of each route: the ids and the bodies to call it with.
///
/// A route that is not in here fails the tests that go through all of them, so that none is forgotten.
enum RouteInputs {
    /// Paths whose parameter is no tenant's: the same for all, or staff's.
    static let common: Set<String> = [
        "/v1/plans/{code}", "/v1/models/{id}", "/v1/reports/{name}", "/v1/tasks/{name}", "/v1/tenants/{id}",
        "/v1/tenants/{id}/keys", "/v1/entitlements/{feature}", "/v1/entitlements/{feature}/consume",
    ]

    /// A valid body of each route that takes one.
    static let bodies: [String: JSONValue] = [
        "POST /v1/tenants": ["name": "Initech"],
        "PATCH /v1/tenants/{id}": ["name": "Renamed"],
        "POST /v1/tenants/{id}/keys": ["name": "more"],
        "POST /v1/keys": ["name": "more"],
        "POST /v1/subscriptions": ["plan": "bigger"],
        "POST /v1/subscriptions/{id}/changes": ["plan": "bigger", "when": "immediately"],
        "POST /v1/subscriptions/{id}/cancel": ["when": "period_end"],
        "POST /v1/events/{id}/void": ["reason": "a mistake"],
        "POST /v1/entitlements/{feature}/consume": ["value": "1"],
        "POST /v1/invoices/{id}/pay": ["reference": "bank 1"],
        "POST /v1/credits": ["amount": ["amount": "5.00", "currency": "USD"]],
        "POST /v1/forecasts": [
            "series": .array(
                (1...9).map { ["month": .string("2025-0\($0)"), "value": .int(100 + $0)] as JSONValue }
            ),
            "horizon": 2,
        ],
        "POST /v1/chat/completions": ["model": "tiny", "messages": [["role": "user", "content": "Hello"]]],
        "POST /v1/completions": ["model": "tiny", "prompt": "Once"],
        "POST /v1/tasks/{name}": ["prompt": "Once"],
        "POST /v1/events": ["id": "new", "meter": "calls", "at": "2026-03-01T12:00:00Z"],
    ]

    /// Of each route with a body a field, a value of a wrong type, and the name that the error says.
    static let wrongTypes: [String: (field: String, value: JSONValue)] = [
        "POST /v1/tenants": ("name", 7),
        "PATCH /v1/tenants/{id}": ("status", "asleep"),
        "POST /v1/tenants/{id}/keys": ("scopes", "all"),
        "POST /v1/keys": ("expires_at", "tomorrow"),
        "POST /v1/subscriptions": ("plan", 7),
        "POST /v1/subscriptions/{id}/changes": ("when", "later"),
        "POST /v1/subscriptions/{id}/cancel": ("refund", "all"),
        "POST /v1/events/{id}/void": ("reason", 7),
        "POST /v1/entitlements/{feature}/consume": ("value", 1),
        "POST /v1/invoices/{id}/pay": ("reference", 7),
        "POST /v1/credits": ("priority", "high"),
        "POST /v1/forecasts": ("horizon", "long"),
        "POST /v1/chat/completions": ("temperature", "hot"),
        "POST /v1/completions": ("max_tokens", "many"),
        "POST /v1/tasks/{name}": ("top_p", "0.5"),
    ]

    static func name(_ endpoint: Endpoint) -> String { "\(endpoint.method.rawValue) \(endpoint.path)" }

    /// The path with a customer's ids in it.
    static func path(_ endpoint: Endpoint, of customer: WorldCustomer, invoice: String, job: String) -> String {
        let id: String =
            switch endpoint.path.split(separator: "/").dropFirst().first {
            case "keys": customer.key.text
            case "subscriptions": customer.subscription.text
            case "events": customer.event.replacing(" ", with: "%20")
            case "invoices": invoice
            case "jobs": job
            case "tenants": customer.tenant.text
            case "plans": "basic"
            case "models": "tiny"
            case "reports": "mrr"
            case "tasks": "generate"
            case "entitlements": "exports"
            default: "unknown"
            }
        return endpoint.path.split(separator: "/").map { $0.hasPrefix("{") ? id : String($0) }
            .reduce("") { $0 + "/" + $1 }
    }

    /// An endpoint's path with an id of the right form that nothing has.
    static func emptyPath(_ endpoint: Endpoint) -> String {
        let prefix: String =
            switch endpoint.path.split(separator: "/").dropFirst().first {
            case "keys": "key_"
            case "subscriptions": "sub_"
            case "invoices": "inv_"
            case "jobs": "job_"
            case "tenants": "ten_"
            default: ""
            }
        let id = prefix + "01h455vb4pex5vsknk084sn02q"
        return endpoint.path.split(separator: "/").map { $0.hasPrefix("{") ? id : String($0) }
            .reduce("") { $0 + "/" + $1 }
    }
}
