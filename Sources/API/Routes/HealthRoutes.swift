import HTTPTypes
import Values

/// What monitors ask.
enum HealthRoutes {
    static let endpoints: [Endpoint] = [
        Endpoint(
            method: .get,
            path: "/healthz",
            summary: "Whether the process answers.",
            access: .open,
            success: (200, Schema.object(["status": Schema.string]))
        ) { _ in .ok(["status": "ok"]) },
        Endpoint(
            method: .get,
            path: "/readyz",
            summary: "Whether requests can be served: the database, its migrations and a worker are there; else 503.",
            access: .open,
            success: (200, Schema.object(["status": Schema.string, "checks": Schema.free]))
        ) { call in await ready(call) },
        Endpoint(
            method: .get,
            path: "/metrics",
            summary: "What was measured, in Prometheus' text form.",
            access: .open,
            success: (200, Schema.string),
            contentType: "text/plain"
        ) { call in
            .bytes(
                200,
                type: "text/plain; version=0.0.4; charset=utf-8",
                Array(call.services.prometheus.exposition().utf8)
            )
        },
        Endpoint(
            method: .get,
            path: "/openapi.json",
            summary: "This description.",
            access: .open,
            success: (200, Schema.free)
        ) { call in .ok(OpenAPIDocument.make(Catalogue.endpoints, version: call.services.version)) },
    ]

    private static func ready(_ call: Call) async -> Reply {
        let checks = await call.services.readiness.checks()
        let isReady = checks.allSatisfy { $0.problem == nil }
        var shown = JSONObject()
        for check in checks { shown[check.name] = .string(check.problem ?? "ok") }
        // Said, but no reason to send requests elsewhere: all else is served without a model.
        shown["inference"] = call.services.inference == nil ? "no model runs here" : "ok"
        let body: JSONValue = ["status": isReady ? "ready" : "not ready", "checks": .object(shown)]
        return isReady ? .ok(body) : .json(503, body, headers: ["Retry-After": "1"])
    }
}
