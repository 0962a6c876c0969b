import HTTPTypes
import HummingbirdTesting
import Jobs
import Metering
import Postgres
import Testing
import Values

@testable import API

/// Usage in and out over HTTP.
@Suite struct EventsTests {
    private static func event(_ id: String, value: String = "1", meter: String = "calls") -> JSONValue {
        ["id": .string(id), "meter": .string(meter), "at": "2026-03-01T10:00:00Z", "value": .string(value)]
    }

    private func outcomes(_ answer: Answer) -> [String] {
        (answer.json["events"]?.array ?? []).compactMap { $0["outcome"]?.string }
    }

    @Test func `each event is answered by itself`() async throws {
        try await World.run { world, client in
            let secret = world.acme.secret
            let first = try await client.send(.post, "/v1/events", as: secret, body: Self.event("1"))
            #expect(first.status == 200)
            #expect(outcomes(first) == ["accepted"])
            let many = try await client.send(
                .post,
                "/v1/events",
                as: secret,
                body: [
                    Self.event("1"), Self.event("1", value: "2"), Self.event("2"), ["id": "3"],
                    Self.event("4", meter: "cals"),
                    ["id": "5", "meter": "calls", "at": "2026-03-01T10:00:00Z", "surprise": 1],
                ]
            )
            #expect(many.status == 200)
            #expect(outcomes(many) == ["duplicate", "conflict", "accepted", "rejected", "rejected", "rejected"])
            let errors = (many.json["events"]?.array ?? []).map { $0["errors"]?[0]?["field"]?.string }
            #expect(errors == [nil, "id", nil, "meter", "meter", "surprise"])
            let usage = try await client.send(
                .get,
                "/v1/usage?meter=calls&from=2026-03-01&to=2026-03-02",
                as: secret
            )
            #expect(usage.json["data"]?[0]?["quantity"] == "4")
        }
    }

    @Test func `lines of NDJSON and CloudEvents are events, too`() async throws {
        try await World.run { world, client in
            let secret = world.acme.secret
            let lines = try await client.send(
                .post,
                "/v1/events",
                as: secret,
                text: "\(Self.event("1").text)\n\n{broken\r\n\(Self.event("2").text)",
                headers: ["Content-Type": "application/x-ndjson"]
            )
            #expect(outcomes(lines) == ["accepted", "rejected", "accepted"])
            let cloud: JSONValue = [
                "specversion": "1.0", "id": "3", "source": "/app", "type": "calls", "time": "2026-03-01T10:00:00Z",
                "data": ["value": "5"],
            ]
            let one = try await client.send(
                .post,
                "/v1/events",
                as: secret,
                body: cloud,
                headers: ["Content-Type": "application/cloudevents+json"]
            )
            #expect(outcomes(one) == ["accepted"])
            let batch = try await client.send(
                .post,
                "/v1/events",
                as: secret,
                body: [cloud, Self.event("9")],
                headers: ["Content-Type": "application/cloudevents-batch+json; charset=utf-8"]
            )
            #expect(outcomes(batch) == ["duplicate", "rejected"])
            #expect(batch.json["events"]?[1]?["errors"]?[0]?["field"] == "specversion")
        }
    }

    @Test func `a body that is no body of events is refused as a whole`() async throws {
        try await World.run { world, client in
            for text in ["", "{", "[]", "7", "\"event\""] {
                let answer = try await client.send(.post, "/v1/events", as: world.acme.secret, text: text)
                #expect(answer.status == 400, "\(text): \(answer.text)")
                #expect(answer.fields.count == 1)
            }
            let form = try await client.send(
                .post,
                "/v1/events",
                as: world.acme.secret,
                text: "a=b",
                headers: ["Content-Type": "text/plain"]
            )
            #expect(form.status == 415)
        }
    }

    @Test func `requests at once, of two tenants, are each answered for their own`() async throws {
        try await World.run { world, client in
            let secrets = [world.acme.secret, world.globex.secret]
            let answers = try await atOnce(60) { number in
                try await Self.send(number, as: secrets[number % 2], to: client)
            }
            checkSixty(answers)
            let lines = world.services.prometheus.exposition().split(separator: "\n")
            #expect(lines.contains("abono_ingest_events_total 120.0"))
        }
    }

    private static func send(
        _ number: Int,
        as secret: String,
        to client: any TestClientProtocol
    ) async throws -> Answer {
        let own = event("\(number)")
        let shared = event("shared", value: "\(number % 2 + 1)")
        return try await client.send(.post, "/v1/events", as: secret, body: [own, shared])
    }

    private func checkSixty(_ answers: [Answer]) {
        #expect(answers.count == 60)
        var shared: [String: Int] = [:]
        for (number, answer) in answers.enumerated() {
            #expect(answer.json["events"]?[0]?["id"]?.string == "\(number)")
            let outcomes = outcomes(answer)
            #expect(outcomes.first == "accepted")
            shared["\(number % 2) \(outcomes.last ?? "")", default: 0] += 1
        }
        #expect(shared == ["0 accepted": 1, "0 duplicate": 29, "1 accepted": 1, "1 duplicate": 29])
    }

    @Test func `what waits is bounded`() async throws {
        try await World.run { world, _ in
            var limits = EventIngester.Limits()
            limits.waiting = 2
            limits.gather = .milliseconds(200)
            let ingester = EventIngester(
                database: world.database,
                time: world.time,
                limits: limits,
                factory: world.services.prometheus
            )
            let inputs = [UsageInput(json: Self.event("1")), UsageInput(json: Self.event("2"))]
            async let first = ingester.ingest(inputs, for: world.acme.tenant, bytes: 100)
            try await Task.sleep(for: .milliseconds(50))
            await #expect(throws: Problem.self) {
                _ = try await ingester.ingest(inputs, for: world.globex.tenant, bytes: 100)
            }
            #expect(try await first.map(\.kind) == [.accepted, .accepted])
            let second = try await ingester.ingest(inputs, for: world.globex.tenant, bytes: 100)
            #expect(second.map(\.kind) == [.accepted, .accepted])
        }
    }

    @Test func `an event can be read and taken back`() async throws {
        try await World.run { world, client in
            let secret = world.acme.secret
            let path = "/v1/events/event%20of%20Acme"
            let found = try await client.send(.get, path, as: secret)
            #expect(found.json["value"] == "2")
            #expect(found.json["voided_at"] == .null)
            for _ in 0..<2 {
                let void = try await client.send(.post, path + "/void", as: secret, body: ["reason": "twice sent"])
                #expect(void.status == 200)
                #expect(void.json["voided_at"]?.string != nil)
            }
            let usage = try await client.send(
                .get,
                "/v1/usage?meter=calls&from=2026-03-01&to=2026-03-02",
                as: secret
            )
            #expect(usage.json["data"]?[0]?["quantity"] == "0")
        }
    }

    @Test func `usage is cut into windows and grouped`() async throws {
        try await World.run { world, client in
            let secret = world.globex.secret
            for (index, model) in ["a", "b", "a"].enumerated() {
                _ = try await client.send(
                    .post,
                    "/v1/events",
                    as: secret,
                    body: [
                        "id": .string("g\(index)"), "meter": "calls", "at": .string("2026-03-0\(index + 2)T01:00:00Z"),
                        "value": "10", "properties": ["model": .string(model)],
                    ]
                )
            }
            let days = try await client.send(
                .get,
                "/v1/usage?meter=calls&from=2026-03-02&to=2026-03-06&window=day",
                as: secret
            )
            #expect(days.json["data"]?.array?.map { $0["quantity"]?.string } == ["10", "10", "10", "0"])
            let models = try await client.send(
                .get,
                "/v1/usage?meter=calls&from=2026-03-02&to=2026-03-06&group_by=model",
                as: secret
            )
            let rows = models.json["data"]?.array ?? []
            #expect(rows.map { $0["group"]?["model"]?.string } == ["a", "b"])
            #expect(rows.map { $0["quantity"]?.string } == ["20", "10"])
            for query in [
                "", "?meter=nothing", "?meter=calls&from=x", "?meter=calls&from=2026-03-02&to=2026-03-01",
                "?meter=calls&window=year", "?meter=level&group_by=model",
            ] {
                let answer = try await client.send(.get, "/v1/usage" + query, as: secret)
                #expect(answer.status == (query == "?meter=nothing" ? 404 : 400), "\(query): \(answer.text)")
            }
        }
    }

    @Test func `a hard allowance cannot be overspent`() async throws {
        try await World.run { world, client in
            let path = "/v1/entitlements/exports"
            let before = try await client.send(.get, path, as: world.acme.secret)
            #expect(before.json["remaining"] == "3")
            let answers = try await atOnce(6) { _ in
                try await client.send(.post, path + "/consume", as: world.acme.secret)
            }
            #expect(answers.map(\.status).sorted() == [200, 200, 200, 429, 429, 429])
            for answer in answers where answer.status == 429 {
                #expect(answer.header("retry-after") != nil)
                #expect(answer.header("x-should-retry") == "false")
            }
            let unknown = try await client.send(.post, "/v1/entitlements/flights/consume", as: world.acme.secret)
            #expect(unknown.status == 403)
        }
    }
}
