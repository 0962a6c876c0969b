import Testing
import Values

@testable import Billing

@Suite struct StripeSignatureTests {
    private static let secret = "whsec_test_secret"
    private static let body = Array(#"{"id": "evt_1"}"#.utf8)
    private static let at: Int64 = 1_790_000_000
    // printf '1790000000.{"id": "evt_1"}' | openssl dgst -sha256 -hmac whsec_test_secret
    private static let digest = "7360fed1c5795a40804887e3d5689f0edcbd19c2e46ef58014807825cf89ef7c"

    private func code(_ header: String?, secret: String = secret, body: [UInt8] = body, now: Int64 = at) -> String? {
        do {
            let signature = try StripeSignature(header: header)
            try signature.checkTime(now: Instant(seconds: now))
            try signature.check(body: body, secret: secret)
            return nil
        } catch { return error.code }
    }

    @Test func `what openssl signed is accepted`() {
        #expect(code("t=1790000000,v1=\(Self.digest)") == nil)
        #expect(code("t=1790000000, v1=\(Self.digest.uppercased())") == nil)
    }

    @Test func `one of several signatures suffices, and other schemes are not looked at`() {
        let other = String(repeating: "0", count: 64)
        #expect(code("t=1790000000,v1=\(other),v1=\(Self.digest),v0=\(other)") == nil)
        #expect(code("t=1790000000,v1=\(other),v0=\(Self.digest)") == "invalid_signature")
    }

    @Test func `another body, secret, time or signature is refused`() {
        let header = "t=1790000000,v1=\(Self.digest)"
        #expect(code(header, body: Self.body + [32]) == "invalid_signature")
        #expect(code(header, secret: "whsec_other") == "invalid_signature")
        #expect(code("t=1790000001,v1=\(Self.digest)") == "invalid_signature")
        #expect(code("t=1790000000,v1=\(Self.digest.dropLast())0") == "invalid_signature")
        #expect(code("t=1790000000,v1=\(Self.digest.dropLast())") == "invalid_signature")
    }

    @Test(
        arguments: [
            nil, "", "t=1790000000", "v1=00", "t=,v1=00", "t=abc,v1=\(digest)", "t=+1790000000,v1=\(digest)",
            "t=1790000000,v1=zz", "t=99999999999999999999,v1=\(digest)", String(repeating: "a", count: 5000),
        ] as [String?]
    )
    func `a header of another form is refused`(header: String?) {
        #expect(code(header) == "invalid_signature")
    }

    @Test func `up to 300 seconds from now either way are believed`() {
        let header = "t=1790000000,v1=\(Self.digest)"
        for distance in [-300, 0, 300] as [Int64] { #expect(code(header, now: Self.at + distance) == nil) }
        for distance in [-301, 301, 86_400] as [Int64] {
            #expect(code(header, now: Self.at + distance) == "invalid_signature")
        }
        #expect(code("t=-9223372036854775808,v1=\(Self.digest)") == "invalid_signature")
    }
}
