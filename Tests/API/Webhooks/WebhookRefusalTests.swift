import Jobs
import Postgres
import Synchronization
import Tenants
import TestSupport
import Testing
import Values

@testable import Webhooks

/// What is connected to and what is not, and what is sent again.
@Suite(.timeLimit(.minutes(10))) struct WebhookRefusalTests {
    @Test(arguments: [
        ["127.0.0.1"], ["10.0.0.1", "::1"], ["::ffff:127.0.0.1"], ["64:ff9b::7f00:1"], ["169.254.169.254"],
    ])
    func `a name that leads to a private address is refused when it is sent to`(addresses: [String]) async throws {
        try await WebhookWorld.run { world in
            try await Receiver.run { receiver, port in
                var configuration = WebhookWorld.quick
                configuration.reach = .publicOnly
                // Made while it was public: the name leads elsewhere now.
                try await world.endpoint("http://hooks.example.com:\(port)/x")
                try await world.sending(configuration, resolve: { _ in addresses.compactMap { IPAddress($0) } }) { _ in
                    try await world.act("thing.done", "thg_1")
                    let delivery = try #require(try await world.deliveries(until: { $0.first?.error != nil }).first)
                    #expect(delivery.error?.hasPrefix("refused: hooks.example.com is at ") == true, "\(delivery)")
                    #expect(delivery.status == .pending && receiver.messages.isEmpty)
                    #expect(try await world.attempts(of: delivery).first?.address == nil)
                }
            }
        }
    }

    @Test func `the address that was checked is the one connected to, and the host's name is kept`() async throws {
        try await WebhookWorld.run { world in
            try await Receiver.run { receiver, port in
                try await world.endpoint("http://Hooks.Nowhere.Example:\(port)/x")
                let asked = Mutex<[String]>([])
                try await world.sending(resolve: { host in
                    asked.withLock { $0.append(host) }
                    return [.v4(0x7F00_0001)]
                }) { _ in
                    try await world.act("thing.done", "thg_1")
                    let delivery = try #require(
                        try await world.deliveries(until: { $0.first?.status == .delivered }).first
                    )
                    #expect(delivery.status == .delivered, "\(delivery)")
                    #expect(asked.withLock { $0 } == ["hooks.nowhere.example"])
                    #expect(receiver.messages.count == 1)
                    #expect(try await world.attempts(of: delivery).first?.address == "127.0.0.1")
                }
            }
        }
    }

    @Test func `a port where nobody listens and a name nobody knows are failures with a reason`() async throws {
        try await WebhookWorld.run { world in
            try await world.endpoint("http://127.0.0.1:1/")
            try await world.endpoint("http://nobody.example:1/")
            try await world.sending { _ in
                try await world.act("thing.done", "thg_1")
                let failed = try await world.deliveries(until: { $0.count == 2 && $0.allSatisfy { $0.error != nil } })
                let errors = failed.compactMap(\.error).sorted()
                #expect(errors.count == 2 && errors.first?.hasPrefix("the connection failed") == true, "\(errors)")
                #expect(errors.last == "the host nobody.example was not found: no names in tests")
            }
        }
    }

    @Test func `the system's resolver knows this machine`() async throws {
        #expect(try await HostResolver.addresses(of: "127.0.0.1") == [.v4(0x7F00_0001)])
        #expect(try await HostResolver.addresses(of: "0x7f.1") == [.v4(0x7F00_0001)])
        await #expect(throws: HostResolver.Failure.self) {
            try await HostResolver.addresses(of: "no-such-host.invalid")
        }
    }

    @Test func `what a lost node was sending is sent again with the same id`() async throws {
        try await WebhookWorld.run { world in
            try await Receiver.run { receiver, port in
                try await world.endpoint("http://127.0.0.1:\(port)")
                try await world.act("thing.done", "thg_1")
                // A node that claims, sends, and dies before it records.
                let lost = NodeKeeper(url: world.database.url, name: "lost", time: world.time, logger: world.logger)
                try await lost.register()
                var claims: [WebhookClaim] = []
                for _ in 0..<600 where claims.isEmpty {
                    claims = try await world.database.transaction(as: .system) { transaction in
                        _ = try await WebhookOutboxOperations.dispatch(limit: 10, now: testNow, in: transaction)
                        return try await WebhookSendingOperations.claim(
                            limit: 10,
                            perEndpoint: 8,
                            lease: lost.lease,
                            now: testNow,
                            in: transaction
                        )
                    }
                    if claims.isEmpty { try await Task.sleep(for: .milliseconds(50)) }
                }
                let claim = try #require(claims.first)
                let sender = WebhookSender(reach: .anywhere, timeout: .seconds(10))
                let outcome = try await sender.send(
                    claim.event,
                    to: claim.url,
                    secrets: try claim.opened(with: try WebhookWorld.box.get()),
                    timestamp: testNow,
                    attempt: 1
                )
                await sender.close()
                #expect(outcome.isSuccess && receiver.messages.count == 1)
                #expect(try await world.deliveries().first?.status == .sending)
                try await world.sending { _ in
                    // The other node declares it lost after four seconds without a beat.
                    let delivery = try #require(
                        try await world.deliveries(until: { $0.first?.status == .delivered }).first
                    )
                    #expect(delivery.status == .delivered && delivery.attempts == 2)
                    let messages = receiver.messages
                    #expect(messages.count == 2 && Set(messages.map(\.id)).count == 1)
                    #expect(Set(messages.map(\.body)).count == 1)
                }
                // What the lost one would write now is refused.
                await #expect(throws: WebhookSendingOperations.StaleClaim.self) {
                    try await world.database.transaction(as: .system) { transaction in
                        _ = try await WebhookSendingOperations.record(
                            claim,
                            outcome,
                            begun: testNow,
                            jitter: 0,
                            now: testNow,
                            in: transaction
                        )
                    }
                }
            }
        }
    }

    @Test func `what was delivered can be asked for again, one or a stretch of time`() async throws {
        try await WebhookWorld.run { world in
            try await Receiver.run { receiver, port in
                try await world.act("thing.before", "thg_0")
                let endpoint = try await world.endpoint("http://127.0.0.1:\(port)").endpoint
                try await world.sending { _ in
                    for number in 1...3 {
                        try await world.act("thing.done", "thg_\(number)")
                        world.time.set(testNow.adding(seconds: Int64(number) * 3600))
                    }
                    let all = try await world.deliveries(until: {
                        $0.count == 3 && $0.allSatisfy { $0.status == .delivered }
                    })
                    let one = try #require(all.first { $0.object == "thg_1" })
                    try await world.database.transaction(as: .tenant(world.tenant)) { transaction in
                        let again = try await WebhookDeliveryOperations.redeliver(
                            one.id,
                            of: world.tenant,
                            by: world.stamp,
                            in: transaction
                        )
                        #expect(again.status == .pending && again.attempts == 1)
                        await #expect(throws: WebhookError.unfinished(one.id, status: .pending)) {
                            try await WebhookDeliveryOperations.redeliver(
                                one.id,
                                of: world.tenant,
                                by: world.stamp,
                                in: transaction
                            )
                        }
                    }
                    let messages = try await receiver.wait(for: 4)
                    let same = messages.filter { $0.object == "thg_1" }
                    #expect(messages.count == 4 && same.count == 2)
                    #expect(Set(same.map(\.id)).count == 1 && Set(same.map(\.body)).count == 1)
                    _ = try await world.deliveries(until: { $0.allSatisfy { $0.status == .delivered } })
                    let replay = try await world.database.transaction(as: .tenant(world.tenant)) { transaction in
                        try await WebhookDeliveryOperations.replay(
                            to: endpoint.id,
                            of: world.tenant,
                            from: testNow,
                            until: testNow.adding(seconds: 3601),
                            by: world.stamp,
                            in: transaction
                        )
                    }
                    // thg_0 and thg_1 were recorded at the beginning, thg_2 an hour later.
                    #expect(replay.count == 3 && replay.next == nil)
                    let objects = try await receiver.wait(for: 7).suffix(3).map(\.object).sorted()
                    #expect(objects == ["thg_0", "thg_1", "thg_2"])
                }
            }
        }
    }

    @Test func `an endpoint is tried with an event it is not told of`() async throws {
        try await WebhookWorld.run { world in
            try await Receiver.run { receiver, port in
                let endpoint = try await world.endpoint("http://127.0.0.1:\(port)").endpoint
                try await world.sending { _ in
                    let delivery = try await world.database.transaction(as: .tenant(world.tenant)) { transaction in
                        try await WebhookDeliveryOperations.test(
                            endpoint.id,
                            of: world.tenant,
                            by: world.stamp,
                            in: transaction
                        )
                    }
                    let message = try #require(try await receiver.wait(for: 1).first)
                    #expect(message.type == "webhook_endpoint.tested" && message.object == endpoint.id.text)
                    #expect(message.id == delivery.event.text)
                }
            }
        }
    }

    @Test func `a disabled endpoint is sent nothing, enabled anew only what happens then`() async throws {
        try await WebhookWorld.run { world in
            try await Receiver.run { receiver, port in
                let endpoint = try await world.endpoint("http://127.0.0.1:\(port)").endpoint
                func set(_ isEnabled: Bool) async throws {
                    try await world.database.transaction(as: .tenant(world.tenant)) { transaction in
                        _ = try await WebhookEndpointOperations.update(
                            endpoint.id,
                            of: world.tenant,
                            try WebhookEndpointChanges(isEnabled: isEnabled),
                            by: world.stamp,
                            in: transaction
                        )
                    }
                }
                try await set(false)
                try await world.act("thing.one", "thg_1")
                try await set(true)
                try await world.act("thing.two", "thg_1")
                try await world.sending { _ in
                    let types = try await receiver.wait(for: 1).map(\.type)
                    let count = try await world.deliveries().count
                    #expect(types == ["thing.two"] && count == 1)
                }
            }
        }
    }
}
