import HTTPTypes
import Hummingbird
import HummingbirdTesting
import Postgres
import Tenants
import Testing
import Values

@testable import API

/// What holds of HTTP itself: what no route takes, ids of requests, idempotency, pages, health.
@Suite struct HTTPTests {
    @Test func `what no route takes is told so, and what another method would take, too`() async throws {
        try await World.run { _, client in
            let nowhere = try await client.send(.get, "/v1/nothing")
            #expect(nowhere.status == 404)
            #expect(nowhere.json["type"] == "urn:abono:problem:route_not_found")
            #expect(nowhere.header("x-request-id")?.hasPrefix("req_") == true)
            #expect(nowhere.json["request_id"]?.string == nowhere.header("x-request-id"))
            let wrong = try await client.send(.put, "/v1/tenants")
            #expect(wrong.status == 405)
            #expect(wrong.header("allow") == "GET, HEAD, POST")
            #expect(wrong.header("x-request-id") != nil)
            let chat = try await client.send(.get, "/v1/chat/completions")
            #expect(chat.status == 405)
            #expect(chat.json["error"]?["code"] == "method_not_allowed")
        }
    }

    @Test func `a sane request id of the caller's is kept, another is replaced`() async throws {
        try await World.run { _, client in
            let kept = try await client.send(.get, "/healthz", headers: ["X-Request-Id": "mine-7"])
            #expect(kept.header("x-request-id") == "mine-7")
            let long = try await client.send(
                .get,
                "/healthz",
                headers: ["X-Request-Id": String(repeating: "x", count: 200)]
            )
            #expect(long.header("x-request-id")?.hasPrefix("req_") == true)
        }
    }

    @Test func `health, readiness, metrics and HEAD`() async throws {
        try await World.run { world, client in
            #expect(try await client.send(.get, "/healthz").status == 200)
            #expect(try await client.send(.head, "/healthz").status == 200)
            let ready = try await client.send(.get, "/readyz")
            #expect(ready.status == 200, "\(ready.text)")
            try await world.database.transaction(as: .system) { transaction in
                try await transaction.execute("UPDATE app.nodes SET state = 'lost'")
            }
            let alone = try await client.send(.get, "/readyz")
            #expect(alone.status == 503)
            #expect(alone.header("retry-after") != nil)
            #expect(alone.json["checks"]?["database"] == "ok")
            #expect(alone.json["checks"]?["worker"] != "ok")
            let metrics = try await client.send(.get, "/metrics")
            let labels = "method=\"GET\",route=\"/healthz\",status=\"200\""
            #expect(metrics.text.contains("abono_http_requests_total{\(labels)}"))
            #expect(metrics.text.contains("abono_http_request_seconds_bucket{"))
        }
    }

    @Test func `the same key and body get the same answer, and the work is done once`() async throws {
        try await World.run { world, client in
            let key = ["Idempotency-Key": "once"]
            let body: JSONValue = ["name": "Initech"]
            let admin = world.secret(.admin)
            let first = try await client.send(.post, "/v1/tenants", as: admin, body: body, headers: key)
            #expect(first.status == 201)
            let again = try await client.send(.post, "/v1/tenants", as: admin, body: body, headers: key)
            #expect(again.status == 201)
            #expect(again.text == first.text)
            #expect(again.header("idempotent-replayed") == "true")
            let other = try await client.send(.post, "/v1/tenants", as: admin, body: ["name": "Other"], headers: key)
            #expect(other.status == 409)
            #expect(other.header("x-should-retry") == "false")
            // Another tenant's key of the same name is another key.
            for customer in [world.acme, world.globex] {
                let made = try await client.send(
                    .post,
                    "/v1/subscriptions",
                    as: customer.secret,
                    body: ["plan": "bigger"],
                    headers: key
                )
                #expect(made.status == 201, "\(made.text)")
                #expect(made.json["tenant"]?.string == customer.tenant.text)
            }
            let long = try await client.send(
                .post,
                "/v1/tenants",
                as: admin,
                body: body,
                headers: ["Idempotency-Key": String(repeating: "k", count: 256)]
            )
            #expect(long.status == 400)
            #expect(long.fields == ["Idempotency-Key"])
        }
    }

    @Test func `of two at once one is told to wait`() async throws {
        try await World.run { world, client in
            let statuses = try await atOnce(8) { _ in
                try await client.send(
                    .post,
                    "/v1/subscriptions",
                    as: world.acme.secret,
                    body: ["plan": "bigger"],
                    headers: ["Idempotency-Key": "race"]
                )
            }
            let made = statuses.filter { $0.status == 201 }
            #expect(!made.isEmpty)
            #expect(Set(made.map(\.text)).count == 1)
            for waiting in statuses where waiting.status != 201 {
                #expect(waiting.status == 409)
                #expect(waiting.header("x-should-retry") == "true")
            }
            let list = try await client.send(.get, "/v1/subscriptions", as: world.acme.secret)
            #expect(list.json["data"]?.array?.count == 2)
        }
    }

    @Test func `events with a key are stored once and answered alike`() async throws {
        try await World.run { world, client in
            let body: JSONValue = ["id": "e", "meter": "calls", "at": "2026-03-01T00:00:00Z"]
            for _ in 0..<2 {
                let answer = try await client.send(
                    .post,
                    "/v1/events",
                    as: world.acme.secret,
                    body: body,
                    headers: ["Idempotency-Key": "e"]
                )
                #expect(answer.json["events"]?[0]?["outcome"] == "accepted")
            }
        }
    }

    @Test func `a new key's secret is kept nowhere, also not for a repetition`() async throws {
        try await World.run { world, client in
            let headers = ["Idempotency-Key": "key"]
            let first = try await client.send(.post, "/v1/keys", as: world.acme.secret, headers: headers)
            let secret = try #require(first.json["secret"]?.string)
            #expect(try await client.send(.get, "/v1/tenant", as: secret).status == 200)
            let again = try await client.send(.post, "/v1/keys", as: world.acme.secret, headers: headers)
            #expect(again.json["id"] == first.json["id"])
            #expect(again.json["secret"] == .null)
            let revoked = try await client.send(
                .delete,
                "/v1/keys/\(first.json["id"]?.string ?? "")",
                as: world.acme.secret
            )
            #expect(revoked.json["revoked_at"]?.string != nil)
            #expect(try await client.send(.get, "/v1/tenant", as: secret).status == 401)
        }
    }

    @Test func `pages follow on one another`() async throws {
        try await World.run { world, client in
            for _ in 0..<5 { _ = try await client.send(.post, "/v1/keys", as: world.acme.secret) }
            var seen: [String] = []
            var next: String?
            repeat {
                let page = try await client.send(
                    .get,
                    "/v1/keys?limit=2" + (next.map { "&after=\($0)" } ?? ""),
                    as: world.acme.secret
                )
                let ids = page.json["data"]?.array?.compactMap { $0["id"]?.string } ?? []
                #expect(ids.count <= 2)
                seen += ids
                next = page.json["next"]?.string
                #expect(page.json["has_more"]?.bool == (next != nil))
            } while next != nil
            #expect(seen.count == 6)
            #expect(Set(seen).count == 6)
            for query in ["limit=0", "limit=201", "limit=x", "after=ten_x", "after=sub_01h455vb4pex5vsknk084sn02q"] {
                let answer = try await client.send(.get, "/v1/keys?\(query)", as: world.acme.secret)
                #expect(answer.status == 400, "\(query)")
                #expect(answer.fields == [String(query.prefix { $0 != "=" })])
            }
        }
    }

    @Test func `staff name the tenant they act for, and it is recorded`() async throws {
        try await World.run { world, client in
            let admin = world.secret(.admin)
            let unnamed = try await client.send(.get, "/v1/tenant", as: admin)
            #expect(unnamed.status == 400)
            #expect(unnamed.fields == ["Abono-Tenant"])
            let nobody = try await client.send(
                .get,
                "/v1/tenant",
                as: admin,
                for: TenantID.make(at: World.now)
            )
            #expect(nobody.status == 404)
            let named = try await client.send(.get, "/v1/tenant", as: admin, for: world.globex.tenant)
            #expect(named.json["name"] == "Globex")
            let grant = try await client.send(
                .post,
                "/v1/credits",
                as: world.secret(.finance),
                for: world.globex.tenant,
                body: ["amount": ["amount": "5.00", "currency": "USD"]],
                headers: ["X-Request-Id": "grant-1"]
            )
            #expect(grant.status == 201, "\(grant.text)")
            let trail = try await client.send(
                .get,
                "/v1/audit?object=\(grant.json["id"]?.string ?? "")",
                as: world.globex.secret
            )
            #expect(trail.json["data"]?[0]?["verb"] == "credit.granted")
            #expect(trail.json["data"]?[0]?["author"]?.string?.hasPrefix("staff:key_") == true)
            #expect(trail.json["data"]?[0]?["request_id"] == "grant-1")
        }
    }

    @Test func `a suspended tenant reads and uses nothing`() async throws {
        try await World.run { world, client in
            let suspended = try await client.send(
                .patch,
                "/v1/tenants/\(world.acme.tenant)",
                as: world.secret(.admin),
                body: ["status": "suspended"]
            )
            #expect(suspended.json["status"] == "suspended", "\(suspended.text)")
            for path in ["/v1/tenant", "/v1/subscriptions", "/v1/invoices", "/v1/models"] {
                #expect(try await client.send(.get, path, as: world.acme.secret).status == 200, "\(path)")
            }
            for name in ["POST /v1/chat/completions", "POST /v1/events", "POST /v1/subscriptions"] {
                let answer = try await client.send(
                    .post,
                    String(name.dropFirst(5)),
                    as: world.acme.secret,
                    body: RouteInputs.bodies[name]
                )
                #expect(answer.status == 403, "\(name): \(answer.text)")
                #expect(answer.text.contains("tenant_suspended"))
            }
        }
    }

    @Test func `uses of keys are written together`() async throws {
        try await World.run { world, client in
            for _ in 0..<3 { _ = try await client.send(.get, "/v1/tenant", as: world.acme.secret) }
            await world.services.keyUse.write()
            let keys = try await client.send(.get, "/v1/keys", as: world.acme.secret)
            #expect(keys.json["data"]?[0]?["last_used_at"]?.string == World.now.text)
        }
    }
}
