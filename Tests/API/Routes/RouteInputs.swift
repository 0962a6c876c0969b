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
        "/v1/entitlements/{feature}/grants",
        "/v1/coupons/{code}", "/v1/coupons/{code}/archive", "/v1/coupons/{code}/codes",
        "/v1/subscriptions/{id}/coupons/{code}", "/v1/taxes/{code}", "/v1/taxes/{code}/archive",
        "/v1/costs/{id}", "/v1/costs/{id}/void", "/v1/partners/{code}", "/v1/partners/{code}/attributions",
        "/v1/partners/{code}/statement", "/v1/partners/{code}/payouts", "/v1/partners/{code}/detachments",
        "/v1/tenant/taxes/{code}", "/v1/entities/{id}", "/v1/test-clocks/{id}", "/v1/test-clocks/{id}/advance",
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
        "POST /v1/subscriptions/{id}/pause": ["when": "period_end"],
        "POST /v1/events/{id}/void": ["reason": "a mistake"],
        "POST /v1/events/{id}/amend": ["value": "3", "reason": "a mistake"],
        "POST /v1/entitlements/{feature}/consume": ["value": "1"],
        "POST /v1/entitlements/{feature}/grants": ["units": "100"],
        "POST /v1/alerts": ["kind": "usage", "meter": "calls", "thresholds": ["1000"]],
        "POST /v1/invoices/{id}/pay": [:],
        "POST /v1/payments": ["amount": ["amount": "5.00", "currency": "USD"], "reference": "bank 9"],
        "POST /v1/payments/{id}/match": ["invoice": "inv_01h455vb4pex5vsknk084sn02q"],
        "POST /v1/payments/{id}/refund": ["reason": "a mistake"],
        "POST /v1/payment-methods": ["gateway": "manual", "reference": "DE02 1203 0000"],
        "POST /v1/credits": ["amount": ["amount": "5.00", "currency": "USD"]],
        "POST /v1/credit-packages": ["code": "big", "price": ["amount": "80.00", "currency": "USD"]],
        "PUT /v1/credits/top-up": [
            "threshold": ["amount": "5.00", "currency": "USD"], "package": "big",
            "monthly_limit": ["amount": "100.00", "currency": "USD"],
        ],
        "POST /v1/invoices/{id}/credit-notes": [
            "reason": "a mistake", "amount": ["amount": "1.00", "currency": "USD"],
        ],
        "POST /v1/subscriptions/{id}/threshold": ["amount": ["amount": "50.00", "currency": "USD"]],
        "POST /v1/costs": [
            "category": "people", "amount": ["amount": "5.00", "currency": "USD"], "from": "2026-03-01",
        ],
        "POST /v1/costs/{id}/void": ["reason": "a mistake"],
        "POST /v1/cost-rules": ["category": "people", "basis": "revenue", "from": "2026-03"],
        "POST /v1/compute-prices": ["price": "0.0001", "currency": "USD"],
        "POST /v1/exchange-rates": ["from": "EUR", "to": "USD", "rate": "1.08"],
        "POST /v1/partners": ["code": "north", "rate": "0.2"],
        "POST /v1/partners/{code}/attributions": ["tenant": "ten_01h455vb4pex5vsknk084sn02q"],
        "POST /v1/partners/{code}/detachments": ["tenant": "ten_01h455vb4pex5vsknk084sn02q"],
        "POST /v1/partners/{code}/payouts": ["month": "2026-01", "reference": "bank 7"],
        "POST /v1/forecasts": [
            "series": .array(
                (1...9).map { ["month": .string("2025-0\($0)"), "value": .int(100 + $0)] as JSONValue }
            ),
            "horizon": 2,
        ],
        "POST /v1/chat/completions": ["model": "tiny", "messages": [["role": "user", "content": "Hello"]]],
        "POST /v1/completions": ["model": "tiny", "prompt": "Once"],
        "POST /v1/tasks/{name}": ["prompt": "Once"],
        "POST /v1/embeddings": ["model": "vectors", "input": "Hello"],
        "POST /v1/moderations": ["input": "Hello"],
        "POST /v1/batches": [
            "input_file_id": "file_01h455vb4pex5vsknk084sn02q", "endpoint": "/v1/chat/completions",
            "completion_window": "24h",
        ],
        "POST /v1/responses": ["model": "tiny", "input": "Hello"],
        "POST /v1/jobs": ["task": "generate", "input": ["prompt": "Once"]],
        "POST /v1/events": ["id": "new", "meter": "calls", "at": "2026-03-01T12:00:00Z"],
        "POST /v1/coupons": ["code": "LAUNCH", "percent": "20"],
        "POST /v1/coupons/{code}/codes": ["code": "SUMMER26"],
        "POST /v1/subscriptions/{id}/coupons": ["code": "WELCOME"],
        "POST /v1/taxes": ["code": "vat", "rate": "0.19"],
        "PATCH /v1/tenant/tax": ["country": "DE"],
        "POST /v1/tenant/taxes": ["tax": "vat"],
        "POST /v1/entities": ["name": "Acme GmbH"],
        "PATCH /v1/entities/{id}": ["name": "Acme AG"],
        "POST /v1/test-clocks": ["name": "Renewals"],
        "POST /v1/test-clocks/{id}/advance": ["to": "2026-04-01T00:00:00Z"],
        "POST /v1/webhook-endpoints": ["url": "https://example.com/hooks"],
        "PATCH /v1/webhook-endpoints/{id}": ["description": "for tests"],
        "POST /v1/webhook-endpoints/{id}/rotate": ["overlap_seconds": 60],
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
        "POST /v1/subscriptions/{id}/pause": ("when", "later"),
        "POST /v1/events/{id}/void": ("reason", 7),
        "POST /v1/events/{id}/amend": ("value", 7),
        "POST /v1/entitlements/{feature}/consume": ("value", 1),
        "POST /v1/entitlements/{feature}/grants": ("units", 100),
        "POST /v1/alerts": ("thresholds", "1000"),
        "POST /v1/invoices/{id}/pay": ("amount", 7),
        "POST /v1/payments": ("write_off_rest", "yes"),
        "POST /v1/payments/{id}/match": ("invoice", 7),
        "POST /v1/payments/{id}/refund": ("reason", 7),
        "POST /v1/payment-methods": ("default", "yes"),
        "POST /v1/credits": ("priority", "high"),
        "POST /v1/credit-packages": ("priority", "high"),
        "PUT /v1/credits/top-up": ("package", 7),
        "POST /v1/invoices/{id}/credit-notes": ("to", "nowhere"),
        "POST /v1/subscriptions/{id}/threshold": ("amount", 7),
        "POST /v1/coupons": ("duration", "long"),
        "POST /v1/coupons/{code}/codes": ("max_redemptions", "many"),
        "POST /v1/subscriptions/{id}/coupons": ("code", 7),
        "POST /v1/taxes": ("rate", 0.19),
        "PATCH /v1/tenant/tax": ("tax_exempt", "yes"),
        "POST /v1/tenant/taxes": ("tax", 7),
        "POST /v1/entities": ("name", 7),
        "PATCH /v1/entities/{id}": ("address", "Berlin"),
        "POST /v1/test-clocks": ("at", "tomorrow"),
        "POST /v1/test-clocks/{id}/advance": ("to", "tomorrow"),
        "POST /v1/webhook-endpoints": ("url", "http://10.0.0.1"),
        "PATCH /v1/webhook-endpoints/{id}": ("enabled", "yes"),
        "POST /v1/webhook-endpoints/{id}/rotate": ("overlap_seconds", "long"),
        "POST /v1/costs": ("category", "fun"),
        "POST /v1/costs/{id}/void": ("reason", 7),
        "POST /v1/cost-rules": ("basis", "luck"),
        "POST /v1/compute-prices": ("price", "cheap"),
        "POST /v1/exchange-rates": ("rate", "much"),
        "POST /v1/partners": ("role", "friend"),
        "POST /v1/partners/{code}/attributions": ("tenant", 7),
        "POST /v1/partners/{code}/detachments": ("tenant", 7),
        "POST /v1/partners/{code}/payouts": ("month", "soon"),
        "POST /v1/forecasts": ("horizon", "long"),
        "POST /v1/chat/completions": ("temperature", "hot"),
        "POST /v1/completions": ("max_tokens", "many"),
        "POST /v1/tasks/{name}": ("top_p", "0.5"),
        "POST /v1/jobs": ("timeout", "long"),
        "POST /v1/embeddings": ("encoding_format", "hex"),
        "POST /v1/moderations": ("model", 7),
        "POST /v1/batches": ("completion_window", "1h"),
        "POST /v1/responses": ("max_output_tokens", "many"),
    ]

    static func name(_ endpoint: Endpoint) -> String { "\(endpoint.method.rawValue) \(endpoint.path)" }

    /// The path with a customer's ids in it.
    ///
    /// `others`: ids that not every world has, by the resource's name in the path.
    static func path(
        _ endpoint: Endpoint,
        of customer: WorldCustomer,
        invoice: String,
        job: String,
        others: [String: String] = [:]
    ) -> String {
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
            case .some(let resource): others[String(resource)] ?? "unknown"
            case nil: "unknown"
            }
        return endpoint.path.split(separator: "/").map { $0.hasPrefix("{") ? id : String($0) }
            .reduce("") { $0 + "/" + $1 }
    }

    /// An endpoint's path with an id of the right form that nothing has.
    static func emptyPath(_ endpoint: Endpoint) -> String {
        let prefix: String =
            switch endpoint.path.split(separator: "/").dropFirst().first {
            case "alerts": "alt_"
            case "keys": "key_"
            case "subscriptions": "sub_"
            case "invoices": "inv_"
            case "credit-notes": "crn_"
            case "payments": "pay_"
            case "jobs": "job_"
            case "responses": "resp_"
            case "files": "file_"
            case "batches": "batch_"
            case "payment-methods": "pmd_"
            case "tenants": "ten_"
            case "test-clocks": "clk_"
            case "webhook-endpoints": "whe_"
            case "webhook-deliveries": "whd_"
            default: ""
            }
        let id = prefix + "01h455vb4pex5vsknk084sn02q"
        return endpoint.path.split(separator: "/").map { $0.hasPrefix("{") ? id : String($0) }
            .reduce("") { $0 + "/" + $1 }
    }
}
