import Billing
import HTTPTypes
import HummingbirdTesting
import Tenants
import Testing
import Values

@testable import API

/// What holds for every route, made of the catalogue itself.
@Suite struct CatalogueTests {
    @Test func `another tenant's ids are not found, by no route`() async throws {
        try await World.run { world, client in
            let invoice = try await world.invoice(of: world.globex)
            let chat = try await client.send(
                .post,
                "/v1/chat/completions",
                as: world.globex.secret,
                body: RouteInputs.bodies["POST /v1/chat/completions"]
            )
            let job = try #require(chat.header("x-abono-job"))
            let method = try await client.send(
                .post,
                "/v1/payment-methods",
                as: world.globex.secret,
                body: RouteInputs.bodies["POST /v1/payment-methods"]
            )
            let payment = try await client.send(
                .post,
                "/v1/payments",
                as: world.secret(.finance),
                for: world.globex.tenant,
                body: RouteInputs.bodies["POST /v1/payments"]
            )
            let note = try await client.send(
                .post,
                "/v1/invoices/\(invoice.id)/credit-notes",
                as: world.secret(.finance),
                for: world.globex.tenant,
                body: ["reason": "a mistake", "amount": ["amount": "1.00", "currency": "USD"]]
            )
            let alert = try await client.send(
                .post,
                "/v1/alerts",
                as: world.globex.secret,
                body: RouteInputs.bodies["POST /v1/alerts"]
            )
            let response = try await client.send(
                .post,
                "/v1/responses",
                as: world.globex.secret,
                body: ["model": "tiny", "input": "Hello", "background": true]
            )
            let file = try await client.upload("{}", as: world.globex.secret)
            let batch = try await client.send(
                .post,
                "/v1/batches",
                as: world.globex.secret,
                body: [
                    "input_file_id": file.json["id"] ?? .null, "endpoint": "/v1/chat/completions",
                    "completion_window": "24h",
                ]
            )
            let (hook, told) = try await Self.webhook(of: world.globex, client)
            let others = [
                "webhook-endpoints": hook, "webhook-deliveries": told,
                "files": file.json["id"]?.string ?? "", "batches": batch.json["id"]?.string ?? "",
                "alerts": alert.json["id"]?.string ?? "", "responses": response.json["id"]?.string ?? "",
                "credit-notes": note.json["id"]?.string ?? "",
                "payment-methods": method.json["id"]?.string ?? "", "payments": payment.json["id"]?.string ?? "",
            ]
            // Another key than the one that the routes are tried on, which one of them revokes.
            let owner = try await world.key(of: world.globex, scopes: Set(KeyScope.allCases))
            for endpoint in Catalogue.endpoints where endpoint.path.contains("{") {
                guard !RouteInputs.common.contains(endpoint.path) else { continue }
                let path = RouteInputs.path(
                    endpoint,
                    of: world.globex,
                    invoice: invoice.id.text,
                    job: job,
                    others: others
                )
                var body = RouteInputs.bodies[RouteInputs.name(endpoint)]
                // Here the body has an id of the customer's, too.
                if endpoint.path.hasSuffix("/match") { body = ["invoice": .string(invoice.id.text)] }
                var isStaffOnly = false
                if case .staff = endpoint.access { isStaffOnly = true }
                let secret = isStaffOnly ? world.secret(.admin) : world.acme.secret
                let tenant = isStaffOnly ? world.acme.tenant : nil
                let answer = try await client.send(endpoint.method, path, as: secret, for: tenant, body: body)
                #expect(answer.status == 404, "\(RouteInputs.name(endpoint)) with another tenant's id: \(answer.text)")
                let missing = try await client.send(
                    endpoint.method,
                    RouteInputs.emptyPath(endpoint),
                    as: secret,
                    for: tenant,
                    body: body
                )
                #expect(missing.status == 404, "\(RouteInputs.name(endpoint)) with an id of nothing")
                // Its owner finds it: the 404 above is about whose it is.
                let found = try await client.send(
                    endpoint.method,
                    path,
                    as: isStaffOnly ? secret : owner,
                    for: isStaffOnly ? world.globex.tenant : nil,
                    body: body
                )
                // There is no card to charge.
                var isFound =
                    endpoint.path.hasSuffix("/pay") ? found.status == 409 : (200..<300).contains(found.status)
                // Where nothing makes PDFs it is said so.
                if endpoint.path.hasSuffix("/pdf"), found.status == 503 { isFound = true }
                #expect(isFound, "\(RouteInputs.name(endpoint)) for its owner: \(found.text)")
            }
        }
    }

    /// The ids of an endpoint and of a delivery to it that has ended.
    private static func webhook(
        of customer: WorldCustomer,
        _ client: any TestClientProtocol
    ) async throws -> (endpoint: String, delivery: String) {
        let path = "/v1/webhook-endpoints"
        let body = RouteInputs.bodies["POST \(path)"]
        let hook = try await client.send(.post, path, as: customer.secret, body: body).json["id"]?.string ?? ""
        let told = try await client.send(.post, "\(path)/\(hook)/test", as: customer.secret).json["id"]?.string ?? ""
        // What is still to be told is given up by disabling it.
        for isEnabled in [false, true] {
            _ = try await client.send(
                .patch,
                "\(path)/\(hook)",
                as: customer.secret,
                body: ["enabled": .bool(isEnabled)]
            )
        }
        return (hook, told)
    }

    @Test func `lists show a tenant its own only`() async throws {
        try await World.run { world, client in
            _ = try await world.invoice(of: world.globex)
            for endpoint in Catalogue.endpoints where endpoint.method == .get && !endpoint.path.contains("{") {
                switch endpoint.access {
                case .open, .staff: continue
                case .tenant, .anyTenant: break
                }
                let suffix =
                    endpoint.path == "/v1/usage"
                    ? "?meter=calls"
                    : endpoint.path == "/v1/invoices/upcoming" ? "?subscription=\(world.acme.subscription)" : ""
                let answer = try await client.send(.get, endpoint.path + suffix, as: world.acme.secret)
                #expect(answer.status == 200, "\(endpoint.path): \(answer.text)")
                for foreign in [
                    world.globex.tenant.text, world.globex.subscription.text, world.globex.key.text,
                    world.globex.grant.text, "Globex",
                ] {
                    #expect(!answer.text.contains(foreign), "\(endpoint.path) shows \(foreign)")
                }
            }
        }
    }

    @Test func `without a key, or with a wrong one, every route refuses`() async throws {
        try await World.run { world, client in
            for endpoint in Catalogue.endpoints {
                if case .open = endpoint.access { continue }
                let path = RouteInputs.path(endpoint, of: world.acme, invoice: "inv_x", job: "job_x")
                let body = RouteInputs.bodies[RouteInputs.name(endpoint)]
                for secret in [nil, "abk_wrong", "abk_" + String(repeating: "a", count: 43)] {
                    let answer = try await client.send(endpoint.method, path, as: secret, body: body)
                    #expect(answer.status == 401, "\(RouteInputs.name(endpoint)): \(answer.text)")
                    #expect(answer.header("www-authenticate") == "Bearer")
                    expectError(answer, of: endpoint)
                }
            }
        }
    }

    @Test func `without the scope or the role every route refuses`() async throws {
        try await World.run { world, client in
            for endpoint in Catalogue.endpoints {
                let path = RouteInputs.path(endpoint, of: world.acme, invoice: "inv_x", job: "job_x")
                let body = RouteInputs.bodies[RouteInputs.name(endpoint)]
                var refused: [(secret: String, tenant: TenantID?)] = []
                switch endpoint.access {
                case .open: continue
                case .tenant(let scope, let staff):
                    let others = Set(KeyScope.allCases).subtracting([scope])
                    refused.append((try await world.key(of: world.acme, scopes: others), nil))
                    refused += roles(staff, world)
                case .anyTenant(let staff): refused += roles(staff, world)
                case .staff(let staff):
                    refused.append((world.acme.secret, nil))
                    refused += roles(staff, world)
                }
                for (secret, tenant) in refused {
                    let answer = try await client.send(endpoint.method, path, as: secret, for: tenant, body: body)
                    #expect(answer.status == 403, "\(RouteInputs.name(endpoint)): \(answer.text)")
                    expectError(answer, of: endpoint)
                }
            }
        }
    }

    private func roles(_ allowed: Set<StaffRole>, _ world: World) -> [(secret: String, tenant: TenantID?)] {
        StaffRole.allCases.filter { !allowed.contains($0) }.map { (world.secret($0), world.acme.tenant) }
    }

    @Test func `a bad body is refused by every route that takes one, and the field is named`() async throws {
        try await World.run { world, client in
            let invoice = try await world.invoice(of: world.acme)
            // Events of usage have forms of their own, and those of gateways are believed only if they are signed.
            let own = ["/v1/events", "/v1/gateways/stripe"]
            for endpoint in Catalogue.endpoints where endpoint.body != nil && !own.contains(endpoint.path) {
                let name = RouteInputs.name(endpoint)
                let path = RouteInputs.path(endpoint, of: world.acme, invoice: invoice.id.text, job: "job_x")
                let valid = try #require(RouteInputs.bodies[name]?.object, "no body is known of \(name)")
                let wrong = try #require(RouteInputs.wrongTypes[name], "no wrong field is known of \(name)")
                var isStaff = false
                if case .staff = endpoint.access { isStaff = true }
                let secret = isStaff ? world.secret(.admin) : world.acme.secret
                let tenant = isStaff && !endpoint.path.hasPrefix("/v1/tenants") ? world.acme.tenant : nil
                func refusal(_ text: String, _ field: String?) async throws {
                    let answer = try await client.send(
                        endpoint.method,
                        path,
                        as: secret,
                        for: tenant,
                        text: text,
                        headers: ["Content-Type": "application/json"]
                    )
                    #expect(answer.status == 400, "\(name) with \(text): \(answer.status) \(answer.text)")
                    expectError(answer, of: endpoint)
                    if let field { #expect(answer.fields == [field], "\(name) with \(text): \(answer.text)") }
                }
                try await refusal("{\"name\": ", "body")
                try await refusal("[1, 2]", nil)
                var unknown = valid
                unknown["surprise"] = 1
                try await refusal(JSONValue.object(unknown).text, "surprise")
                var mistyped = valid
                mistyped[wrong.field] = wrong.value
                try await refusal(JSONValue.object(mistyped).text, wrong.field)
                let plain = try await client.send(
                    endpoint.method,
                    path,
                    as: secret,
                    for: tenant,
                    text: "name=x",
                    headers: ["Content-Type": "application/x-www-form-urlencoded"]
                )
                #expect(plain.status == 415, "\(name) with a form: \(plain.text)")
                expectError(plain, of: endpoint)
            }
        }
    }

    @Test func `a body that is too large is refused, by its length and by its bytes`() async throws {
        try await World.run { world, client in
            for endpoint in Catalogue.endpoints where endpoint.body != nil && endpoint.bodyLimit <= 1 << 20 {
                let path = RouteInputs.path(endpoint, of: world.acme, invoice: "inv_x", job: "job_x")
                let answer = try await client.send(
                    endpoint.method,
                    path,
                    as: world.acme.secret,
                    text: String(repeating: " ", count: endpoint.bodyLimit + 1)
                )
                #expect(answer.status == 413, "\(RouteInputs.name(endpoint))")
                expectError(answer, of: endpoint)
            }
        }
    }

    @Test func `the description names every route, once, and holds together`() async throws {
        try await World.run { _, client in
            let answer = try await client.send(.get, "/openapi.json")
            #expect(answer.status == 200)
            #expect(answer.json["openapi"] == "3.1.0")
            let paths = try #require(answer.json["paths"]?.object)
            var names: Set<String> = []
            for endpoint in Catalogue.endpoints {
                let operation = paths[endpoint.path]?[endpoint.method.rawValue.lowercased()]
                let name = RouteInputs.name(endpoint)
                let id = try #require(operation?["operationId"]?.string, "\(name) is not described")
                #expect(names.insert(id).inserted, "two routes are named \(id)")
                for part in endpoint.path.split(separator: "/") where part.hasPrefix("{") {
                    let parameters = operation?["parameters"]?.array ?? []
                    #expect(parameters.contains { $0["name"]?.string == String(part.dropFirst().dropLast()) })
                }
            }
            #expect(paths.count == Set(Catalogue.endpoints.map(\.path)).count)
            let schemas = try #require(answer.json["components"]?["schemas"]?.object)
            for piece in answer.text.split(separator: "#/components/schemas/").dropFirst() {
                let name = String(piece.prefix { $0 != "\"" })
                #expect(schemas[name] != nil, "\(name) is named and not described")
            }
        }
    }

    /// The shape of errors: OpenAI's on its routes, problem+json on the others; and a request id in any case.
    private func expectError(_ answer: Answer, of endpoint: Endpoint) {
        let name = RouteInputs.name(endpoint)
        #expect(answer.header("x-request-id")?.isEmpty == false, "\(name) names no request")
        if endpoint.speaksOpenAI {
            #expect(answer.json["error"]?["message"]?.string != nil, "\(name): \(answer.text)")
            #expect(answer.json["error"]?["type"]?.string != nil, "\(name): \(answer.text)")
            if [401, 404, 413, 429].contains(answer.status) {
                #expect(answer.json["error"]?["code"]?.string != nil, "\(name): \(answer.text)")
            }
        } else {
            #expect(answer.header("content-type") == "application/problem+json", "\(name)")
            #expect(answer.json["status"]?.int == answer.status, "\(name): \(answer.text)")
            #expect(answer.json["type"]?.string?.isEmpty == false, "\(name): \(answer.text)")
        }
    }
}
