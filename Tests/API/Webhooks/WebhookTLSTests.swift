import AsyncHTTPClient
import NIOSSL
import Testing
import Values

@testable import Webhooks

/// Deliveries over HTTPS: to whom a certificate is believed, and to nobody else.
@Suite(.timeLimit(.minutes(10))) struct WebhookTLSTests {
    private static let host = "hooks.example.com"

    /// Believes the receiver's authority, as a machine believes those of its bundle.
    private static func believing(_ authority: String) -> WebhookSender.Connecting {
        { configuration in
            var settings = TLSConfiguration.makeClientConfiguration()
            settings.trustRoots = .file(authority)
            configuration.tlsConfiguration = settings
        }
    }

    /// Tells a receiver something and returns how that went.
    private func told(
        _ receiver: TLSReceiver,
        at host: String,
        connecting: @escaping WebhookSender.Connecting = { _ in },
        _ check: @escaping @Sendable (WebhookDelivery, WebhookAttempt?) -> Void
    ) async throws {
        try await WebhookWorld.run { world in
            try await world.endpoint("https://\(host):\(receiver.port)/x")
            let here: WebhookSender.Resolve = { _ in [.v4(0x7F00_0001)] }
            try await world.sending(resolve: here, connecting: connecting) { _ in
                try await world.act("thing.done", "thg_1")
                let delivery = try #require(
                    try await world.deliveries(until: { ($0.first?.attempts ?? 0) > 0 && $0.first?.status != .sending })
                        .first
                )
                check(delivery, try await world.attempts(of: delivery).first)
            }
        }
    }

    @Test func `an event goes over TLS to the name in the URL, at the address that was checked`() async throws {
        try await TLSReceiver.run(host: Self.host) { receiver in
            let connecting = Self.believing(receiver.authority)
            try await told(receiver, at: Self.host, connecting: connecting) { delivery, attempt in
                #expect(delivery.status == .delivered, "\(delivery)")
                #expect(attempt?.address == "127.0.0.1" && attempt?.responseStatus == 204)
            }
            let message = try #require(receiver.received.first)
            #expect(message.hasPrefix("\(Self.host):\(receiver.port) {") && message.contains("thing.done"))
        }
    }

    @Test func `a certificate that nobody vouches for is refused, and the log says so`() async throws {
        try await TLSReceiver.run(host: Self.host) { receiver in
            try await told(receiver, at: Self.host) { delivery, attempt in
                #expect(delivery.status == .pending && delivery.error == attempt?.error, "\(delivery)")
                #expect(attempt?.error?.hasPrefix("the receiver's certificate was refused: ") == true, "\(delivery)")
                #expect(attempt?.responseStatus == nil && attempt?.address == "127.0.0.1")
            }
            #expect(receiver.received.isEmpty)
        }
    }

    @Test func `a certificate for another name is refused, and the log says so`() async throws {
        try await TLSReceiver.run(host: "other.example.com") { receiver in
            let connecting = Self.believing(receiver.authority)
            try await told(receiver, at: Self.host, connecting: connecting) { delivery, attempt in
                #expect(delivery.status == .pending, "\(delivery)")
                #expect(attempt?.error?.hasPrefix("the receiver's certificate was refused: ") == true, "\(delivery)")
            }
            #expect(receiver.received.isEmpty)
        }
    }
}
