import Testing
import Values

@testable import Webhooks

/// Signatures as Standard Webhooks specifies them.
@Suite struct WebhookSignatureTests {
    /// The vector of the specification; its reference implementation in Python gives the same.
    @Test func `the specification's example has its signature`() throws {
        let secret = try WebhookSecret("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw")
        let signature = WebhookSignature.sign(
            Array(#"{"test": 2432232314}"#.utf8),
            id: "msg_p5jXN8AQM9LWM0D4loKWxJek",
            timestamp: 1_614_265_330,
            with: secret
        )
        #expect(signature == "v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE=")
    }

    @Test func `two secrets sign side by side, the newest first`() throws {
        let new = WebhookSecret.generate()
        let old = WebhookSecret.generate()
        let body = Array("{}".utf8)
        let header = WebhookSignature.header(body, id: "evt_1", timestamp: 7, secrets: [new, old])
        #expect(
            header == WebhookSignature.sign(body, id: "evt_1", timestamp: 7, with: new) + " "
                + WebhookSignature.sign(body, id: "evt_1", timestamp: 7, with: old)
        )
        #expect(header.split(separator: " ").allSatisfy { $0.hasPrefix("v1,") })
    }

    @Test func `a secret's text reads back, and no two are the same`() throws {
        let secret = WebhookSecret.generate()
        #expect(secret.text.hasPrefix("whsec_") && secret.bytes.count == 32)
        #expect(try WebhookSecret(secret.text) == secret)
        #expect(secret != WebhookSecret.generate())
    }

    @Test(arguments: [
        "", "whsec_", "whsec_MfKQ", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_not base64 at all, no, no, no",
    ])
    func `what is no secret is refused and not shown`(text: String) {
        let problem = #expect(throws: Problem.self) { try WebhookSecret(text) }
        #expect(problem?.errors.first?.field == "secret")
        #expect(text.count < 10 || problem?.message.contains(text) == false)
    }

    @Test func `the body says what happened to what`() throws {
        let event = WebhookEvent(
            id: try #require(WebhookEventID("evt_01h455vb4pex5vsknk084sn02q")),
            type: "invoice.finalized",
            at: Instant(seconds: 1_772_323_200),
            recordedAt: Instant(seconds: 1_772_323_201),
            tenant: nil,
            object: "inv_1",
            author: "system:billing",
            details: ["number": "A-1"]
        )
        #expect(
            event.json.text == #"{"id":"evt_01h455vb4pex5vsknk084sn02q","type":"invoice.finalized","#
                + #""timestamp":"2026-03-01T00:00:00Z","data":{"object":"inv_1","tenant":null,"#
                + #""author":"system:billing","recorded_at":"2026-03-01T00:00:01Z","details":{"number":"A-1"}}}"#
        )
    }
}
