import Jobs
import Postgres
import Synchronization
import Tenants
import TestSupport
import Testing
import Values

@testable import Webhooks

/// Sending to a real server that answers well, badly, slowly or not at all.
@Suite(.timeLimit(.minutes(10))) struct WebhookDeliveryTests {
    @Test func `an event arrives signed, and its delivery says how it went`() async throws {
        try await WebhookWorld.run { world in
            try await Receiver.run({ _, _ in .init(body: "thanks\0 " + String(repeating: "é", count: 2000)) }) {
                receiver,
                port in
                let (_, secret) = try await world.endpoint("http://127.0.0.1:\(port)/hooks?a=b")
                try await world.sending { _ in
                    try await world.act("thing.done", "thg_1", details: ["amount": "1.00"])
                    let message = try #require(try await receiver.wait(for: 1).first)
                    #expect(message.path == "/hooks?a=b" && message.header("content-type") == "application/json")
                    #expect(message.type == "thing.done" && message.object == "thg_1")
                    #expect(message.json["data"]?["details"]?["amount"] == "1.00")
                    #expect(message.json["data"]?["tenant"]?.string == world.tenant.text)
                    #expect(message.id == message.json["id"]?.string && message.id.hasPrefix("evt_"))
                    let timestamp = try #require(Int64(message.header("webhook-timestamp")))
                    #expect(timestamp == testNow.seconds)
                    #expect(
                        message.header("webhook-signature")
                            == WebhookSignature.sign(message.body, id: message.id, timestamp: timestamp, with: secret)
                    )
                    let delivery = try #require(
                        try await world.deliveries(until: { $0.first?.status == .delivered }).first
                    )
                    #expect(delivery.status == .delivered && delivery.attempts == 1 && delivery.responseStatus == 200)
                    #expect(delivery.event.text == message.id && delivery.finishedAt == testNow)
                    let attempt = try #require(try await world.attempts(of: delivery).first)
                    #expect(attempt.number == 1 && attempt.address == "127.0.0.1" && attempt.error == nil)
                    #expect(attempt.responseBody?.hasPrefix("thanks\u{FFFD} éé") == true)
                    #expect((500...1100).contains(attempt.responseBody?.utf8.count ?? 0))
                }
            }
        }
    }

    @Test func `what fails is sent again with the same id and body, at its times`() async throws {
        try await WebhookWorld.run { world in
            try await Receiver.run({ _, number in .init(status: number < 3 ? 500 : 204, body: "") }) { receiver, port in
                let (endpoint, _) = try await world.endpoint("http://127.0.0.1:\(port)")
                try await world.sending { _ in
                    try await world.act("thing.done", "thg_1")
                    var delivery = try #require(
                        try await world.deliveries(until: { $0.first?.status == .pending && $0.first?.attempts == 1 })
                            .first
                    )
                    #expect(delivery.error == "answered 500")
                    #expect((5_000_000...6_250_000).contains(delivery.nextAt - testNow))
                    #expect(try await world.endpoint(endpoint.id)?.failingSince == testNow)
                    try await Task.sleep(for: .milliseconds(200))
                    #expect(receiver.messages.count == 1)
                    world.time.set(delivery.nextAt)
                    delivery = try #require(
                        try await world.deliveries(until: { $0.first?.attempts == 2 && $0.first?.status == .pending })
                            .first
                    )
                    #expect((20_000_000...25_000_000).contains(delivery.nextAt - world.time.now()))
                    world.time.set(delivery.nextAt)
                    delivery = try #require(try await world.deliveries(until: { $0.first?.status == .delivered }).first)
                    #expect(delivery.attempts == 3 && delivery.responseStatus == 204)
                    let messages = receiver.messages
                    #expect(messages.count == 3 && Set(messages.map(\.id)).count == 1)
                    #expect(Set(messages.map(\.body)).count == 1)
                    #expect(Set(messages.map { $0.header("webhook-timestamp") }).count == 3)
                    #expect(try await world.attempts(of: delivery).map(\.responseStatus) == [500, 500, 204])
                    #expect(try await world.endpoint(endpoint.id)?.failingSince == nil)
                }
            }
        }
    }

    @Test func `an object's events arrive one after the other, other objects' go on`() async throws {
        try await WebhookWorld.run { world in
            let isBroken = Mutex(true)
            let behaviour: Receiver.Behaviour = { message, _ in
                try? await Task.sleep(for: .milliseconds(Int.random(in: 0...20)))
                return .init(status: message.object == "thg_bad" && isBroken.withLock { $0 } ? 503 : 200)
            }
            try await Receiver.run(behaviour) { receiver, port in
                try await world.endpoint("http://127.0.0.1:\(port)")
                for step in ["one", "two", "three", "four"] {
                    for object in ["thg_bad", "thg_a", "thg_b", "thg_c"] {
                        try await world.act("thing.\(step)", object)
                    }
                }
                try await world.sending { _ in
                    let before = try await world.deliveries(until: { list in
                        list.filter { $0.status == .delivered }.count == 12
                    })
                    #expect(
                        before.filter { $0.object == "thg_bad" }.map(\.status).sorted { $0.rawValue < $1.rawValue }
                            == [.pending, .waiting, .waiting, .waiting]
                    )
                    isBroken.withLock { $0 = false }
                    world.time.set(testNow.adding(seconds: 60))
                    _ = try await world.deliveries(until: {
                        $0.count == 16 && $0.allSatisfy { $0.status == .delivered }
                    })
                    for object in ["thg_bad", "thg_a", "thg_b", "thg_c"] {
                        var types: [String] = []
                        for message in receiver.messages where message.object == object && types.last != message.type {
                            types.append(message.type)
                        }
                        #expect(types == ["thing.one", "thing.two", "thing.three", "thing.four"], "\(object)")
                    }
                }
            }
        }
    }

    @Test func `a receiver that hangs delays no other, and is met by few at once`() async throws {
        try await WebhookWorld.run { world in
            let configuration = WebhookConfiguration(
                reach: .anywhere,
                concurrency: 6,
                concurrencyOfEndpoint: 3,
                timeout: .seconds(6),
                pause: .milliseconds(20)
            )
            try await Receiver.run({ _, _ in
                try await Task.sleep(for: .seconds(20))
                return .init()
            }) { slow, slowPort in
                try await Receiver.run { quick, quickPort in
                    let hanging = try await world.endpoint("http://127.0.0.1:\(slowPort)").endpoint
                    try await world.endpoint("http://127.0.0.1:\(quickPort)")
                    for number in 0..<30 { try await world.act("thing.done", "thg_\(number)") }
                    let begun = ContinuousClock.now
                    try await world.sending(configuration) { _ in
                        #expect(try await quick.wait(for: 30).count == 30)
                        // Before the first of the other has timed out.
                        #expect(ContinuousClock.now - begun < .seconds(6))
                        #expect(slow.messages.count == 3)
                        let failed = try await world.deliveries(until: { list in
                            list.contains { $0.endpoint == hanging.id && $0.error != nil }
                        })
                        let first = try #require(failed.first { $0.endpoint == hanging.id && $0.error != nil })
                        #expect(first.error == "no answer within 6 s" && first.status == .pending)
                    }
                }
            }
        }
    }

    @Test func `redirects are not followed`() async throws {
        try await WebhookWorld.run { world in
            try await Receiver.run { other, otherPort in
                try await Receiver.run({ _, _ in
                    .init(status: 307, body: "", headers: ["Location": "http://127.0.0.1:\(otherPort)/elsewhere"])
                }) { receiver, port in
                    try await world.endpoint("http://127.0.0.1:\(port)")
                    try await world.sending { _ in
                        try await world.act("thing.done", "thg_1")
                        let delivery = try #require(try await world.deliveries(until: { $0.first?.error != nil }).first)
                        #expect(delivery.error == "answered 307; redirects are not followed")
                        #expect(delivery.status == .pending && other.messages.isEmpty)
                    }
                }
            }
        }
    }

    @Test func `410 disables the endpoint and gives up what it was still to be told`() async throws {
        try await WebhookWorld.run { world in
            try await Receiver.run({ _, _ in .init(status: 410) }) { receiver, port in
                let endpoint = try await world.endpoint("http://127.0.0.1:\(port)").endpoint
                try await world.act("thing.one", "thg_1")
                try await world.act("thing.two", "thg_1")
                try await world.sending { service in
                    let ended = try await world.deliveries(until: {
                        $0.count == 2 && $0.allSatisfy { $0.status == .failed }
                    })
                    #expect(ended.count == 2 && ended.allSatisfy { $0.status == .failed })
                    let found = try #require(try await world.endpoint(endpoint.id))
                    #expect(found.status == .disabled && found.disabledReason == .gone)
                    try await world.act("thing.three", "thg_1")
                    try await Task.sleep(for: .milliseconds(300))
                    #expect(receiver.messages.count == 1)
                    #expect(try await world.deliveries().count == 2)
                    let trail = try await world.database.transaction(as: .finance) { transaction in
                        try await Activity.list(
                            tenant: world.tenant,
                            object: endpoint.id.text,
                            limit: 10,
                            in: transaction
                        )
                    }
                    #expect(trail.contains { $0.verb == "webhook_endpoint.disabled" && $0.details["reason"] == "gone" })
                }
            }
        }
    }

    @Test func `after three days a delivery is given up and the next of its object goes`() async throws {
        try await WebhookWorld.run { world in
            try await Receiver.run({ message, _ in .init(status: message.type == "thing.one" ? 500 : 200) }) {
                receiver,
                port in
                let endpoint = try await world.endpoint("http://127.0.0.1:\(port)").endpoint
                try await world.act("thing.one", "thg_1")
                try await world.act("thing.two", "thg_1")
                try await world.sending { _ in
                    var tries = 0
                    while let one = try await world.deliveries(until: { list in
                        list.contains {
                            $0.type == "thing.one"
                                && ($0.status == .failed || $0.status == .pending && $0.attempts > tries)
                        }
                    }).first(where: { $0.type == "thing.one" }), one.status == .pending, tries < 40 {
                        tries = one.attempts
                        #expect(receiver.messages.allSatisfy { $0.type == "thing.one" })
                        world.time.set(one.nextAt)
                    }
                    let ended = try await world.deliveries(until: { $0.allSatisfy { $0.finishedAt != nil } })
                    #expect(ended.first { $0.type == "thing.one" }?.status == .failed)
                    #expect(ended.first { $0.type == "thing.two" }?.status == .delivered)
                    #expect(world.time.now() == testNow.adding(seconds: 3 * 86_400))
                    #expect((15...20).contains(tries), "\(tries)")
                    // Three days of failures are too few to disable it.
                    #expect(try await world.endpoint(endpoint.id)?.status == .enabled)
                }
            }
        }
    }

    @Test func `while a rotation's overlap lasts both secrets sign, then the new one`() async throws {
        try await WebhookWorld.run { world in
            try await Receiver.run { receiver, port in
                let (endpoint, old) = try await world.endpoint("http://127.0.0.1:\(port)")
                let rotated = try await world.database.transaction(as: .tenant(world.tenant)) { transaction in
                    try await WebhookEndpointOperations.rotate(
                        endpoint.id,
                        of: world.tenant,
                        sealing: try WebhookWorld.box.get(),
                        by: world.stamp,
                        in: transaction
                    )
                }
                #expect(rotated.endpoint.previousUntil == testNow.adding(seconds: 86_400))
                @Sendable func signatures(_ message: Receiver.Message, _ secrets: [WebhookSecret]) -> String {
                    WebhookSignature.header(
                        message.body,
                        id: message.id,
                        timestamp: world.time.now().seconds,
                        secrets: secrets
                    )
                }
                try await world.sending { _ in
                    try await world.act("thing.one", "thg_1")
                    let first = try #require(try await receiver.wait(for: 1).first)
                    #expect(first.header("webhook-signature") == signatures(first, [rotated.secret, old]))
                    _ = try await world.deliveries(until: { $0.allSatisfy { $0.status == .delivered } })
                    world.time.set(testNow.adding(seconds: 86_400))
                    try await world.act("thing.two", "thg_1")
                    let second = try #require(try await receiver.wait(for: 2).last)
                    #expect(second.header("webhook-signature") == signatures(second, [rotated.secret]))
                }
            }
        }
    }
}
