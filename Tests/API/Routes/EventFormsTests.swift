import HTTPTypes
import HummingbirdTesting
import Metering
import Postgres
import Testing
import Values

@testable import API

/// The forms in which events come, and what becomes of those that are wrong.
@Suite struct EventFormsTests {
    private static let path = "/v1/events"

    private func outcomes(_ answer: Answer) -> [String] {
        (answer.json["events"]?.array ?? []).compactMap { $0["outcome"]?.string }
    }

    @Test func `a CloudEvent in binary mode has its attributes in headers`() async throws {
        try await World.run { world, client in
            let secret = world.acme.secret
            let headers = [
                "ce-specversion": "1.0", "ce-id": "caf%C3%A9", "ce-source": "/app", "ce-type": "calls",
                "ce-time": "2026-03-01T10:00:00Z", "ce-subject": "ada", "ce-traceparent": "00-1-2-03",
            ]
            let answer = try await client.send(
                .post,
                Self.path,
                as: secret,
                body: ["value": "5", "properties": ["model": "small"]],
                headers: headers
            )
            #expect(outcomes(answer) == ["accepted"], "\(answer.text)")
            let stored = try await client.send(.get, Self.path + "/caf%C3%A9", as: secret)
            #expect(stored.json["value"] == "5" && stored.json["subject"] == "ada")
            #expect(stored.json["properties"] == ["model": "small"])
            // Without data it counts as one; what is wrong names the attribute.
            var bare = headers
            bare["ce-id"] = "bare"
            let second = try await client.send(.post, Self.path, as: secret, text: "", headers: bare)
            #expect(outcomes(second) == ["accepted"], "\(second.text)")
            bare["ce-time"] = "yesterday"
            let wrong = try await client.send(.post, Self.path, as: secret, text: "", headers: bare)
            #expect(outcomes(wrong) == ["rejected"])
            #expect(wrong.json["events"]?[0]?["errors"]?[0]?["field"] == "time")
        }
    }

    @Test func `an event of an unknown meter is refused and kept, and says so`() async throws {
        try await World.run { world, client in
            let secret = world.acme.secret
            let event: JSONValue = ["id": "k", "meter": "later", "at": "2026-03-01T10:00:00Z", "value": "3"]
            let answer = try await client.send(.post, Self.path, as: secret, body: event)
            #expect(outcomes(answer) == ["rejected"])
            let first = answer.json["events"]?[0]
            #expect(first?["code"] == "unknown_meter" && first?["kept"] == true)
            #expect(first?["errors"]?[0]?["field"] == "meter")
            try await world.database.transaction(as: .admin) { transaction in
                _ = try await MeterOperations.put(
                    Meter(code: "later", rule: AggregationRule(.sum)),
                    by: World.stamp,
                    in: transaction
                )
            }
            _ = try await world.database.transaction(as: .system) { transaction in
                try await UsageKeptOperations.replay(by: World.stamp, in: transaction)
            }
            let usage = try await client.send(.get, "/v1/usage?meter=later&from=2026-03-01&to=2026-03-02", as: secret)
            #expect(usage.json["data"]?[0]?["quantity"] == "3")
            #expect(usage.json["complete_until"] == "2026-03-01T10:00:00Z")
            let other = try await client.send(
                .get,
                "/v1/usage?meter=later&from=2026-03-01&to=2026-03-02",
                as: world.globex.secret
            )
            #expect(other.json["complete_until"] == .null)
        }
    }

    @Test func `an event is amended, again without effect, and shows what it was`() async throws {
        try await World.run { world, client in
            let secret = world.acme.secret
            let path = Self.path + "/event%20of%20Acme"
            for _ in 0..<2 {
                let answer = try await client.send(
                    .post,
                    path + "/amend",
                    as: secret,
                    body: ["value": "12.5", "properties": ["model": "large"], "reason": "counted wrong"]
                )
                #expect(answer.status == 200, "\(answer.text)")
                #expect(answer.json["revision"] == 1)
            }
            let stored = try await client.send(.get, path, as: secret)
            #expect(stored.json["value"] == "12.5" && stored.json["voided_at"] == .null)
            let history = stored.json["history"]
            #expect(history?.array?.count == 1)
            #expect(history?[0]?["value"] == "2" && history?[0]?["reason"] == "counted wrong")
            let usage = try await client.send(.get, "/v1/usage?meter=calls&from=2026-03-01&to=2026-03-02", as: secret)
            #expect(usage.json["data"]?[0]?["quantity"] == "12.5")
            _ = try await client.send(.post, path + "/void", as: secret)
            let late = try await client.send(.post, path + "/amend", as: secret, body: ["value": "1"])
            #expect(late.status == 409, "\(late.text)")
        }
    }

    @Test func `bytes that wait are bounded, too, and the refusal says when to try again`() async throws {
        try await World.run { world, _ in
            var limits = EventIngester.Limits()
            limits.waitingBytes = 150
            limits.gather = .milliseconds(200)
            let ingester = EventIngester(
                database: world.database,
                time: world.time,
                limits: limits,
                factory: world.services.prometheus
            )
            let event: JSONValue = ["id": "1", "meter": "calls", "at": "2026-03-01T10:00:00Z"]
            let inputs = [UsageInput(json: event)]
            async let first = ingester.ingest(inputs, for: world.acme.tenant, bytes: 100)
            try await Task.sleep(for: .milliseconds(50))
            let problem = await #expect(throws: Problem.self) {
                _ = try await ingester.ingest(inputs, for: world.globex.tenant, bytes: 100)
            }
            #expect(problem?.kind == .limited && problem?.retryAfterSeconds == 1)
            #expect(try await first.map(\.kind) == [.accepted])
            let second = try await ingester.ingest(inputs, for: world.globex.tenant, bytes: 100)
            #expect(second.map(\.kind) == [.accepted])
        }
    }
}
