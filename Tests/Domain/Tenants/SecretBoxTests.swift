import Tenants
import Testing
import Values

@Suite struct SecretBoxTests {
    private static let text = "correct horse battery staple and more"

    @Test func `what was sealed opens for the same context`() throws {
        let box = try SecretBox(key: Self.text)
        for secret in [[], Array("sk_test_1".utf8), [UInt8](repeating: 255, count: SecretBox.secretLimit)] {
            let sealed = try box.seal(secret, context: "a")
            #expect(sealed[0] == 1)
            #expect(sealed.count == secret.count + 29)
            #expect(try box.open(sealed, context: "a") == secret)
            #expect(try SecretBox(key: Self.text + "\n").open(sealed, context: "a") == secret)
        }
    }

    @Test func `the same secret sealed twice gives other bytes`() throws {
        let box = try SecretBox(key: Self.text)
        let secret = Array("sk_test_1".utf8)
        #expect(try box.seal(secret, context: "a") != box.seal(secret, context: "a"))
        #expect(SecretBox.generateKey() != SecretBox.generateKey())
        #expect(throws: Never.self) { try SecretBox(key: SecretBox.generateKey()) }
    }

    @Test func `what another program sealed by the same rules opens`() throws {
        // Sealed by Python's cryptography: HKDF-SHA256 (salt "abono"), AES-256-GCM with nonce 00 01 … 0b.
        let sealed: [UInt8] = [
            0x01, 0x00, 0x01, 0x02, 0x03, 0x04, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0a, 0x0b, 0xef, 0x9c, 0xc6,
            0xc6, 0xc5, 0x3e, 0x04, 0x7f, 0x2f, 0x8b, 0x52, 0x5b, 0xab, 0xa4, 0xf7, 0x20, 0xb1, 0x94, 0xe5,
            0x42, 0x20, 0xb8, 0x1e, 0xbb, 0x60, 0xa9, 0x7a, 0x2d,
        ]
        let box = try SecretBox(key: Self.text)
        #expect(try box.open(sealed, context: "gateway:stripe:api_key") == Array("sk_test_1234".utf8))
    }

    @Test func `another context, another key and each changed bit are refused`() throws {
        let box = try SecretBox(key: Self.text)
        let sealed = try box.seal(Array("sk_test_1".utf8), context: "a")
        #expect(code { try box.open(sealed, context: "b") } == "secret_unreadable")
        #expect(code { try SecretBox(key: Self.text + "!").open(sealed, context: "a") } == "secret_unreadable")
        for bit in 0..<(sealed.count * 8) {
            var changed = sealed
            changed[bit / 8] ^= 1 << UInt8(bit % 8)
            #expect(code { try box.open(changed, context: "a") } == "secret_unreadable", "bit \(bit)")
        }
        for count in 0..<sealed.count {
            #expect(code { try box.open(Array(sealed.prefix(count)), context: "a") } == "secret_unreadable")
        }
    }

    @Test func `short keys and long secrets are refused`() throws {
        #expect(code { try SecretBox(key: String(repeating: "k", count: 31)) } == "invalid")
        #expect(code { try SecretBox(key: " " + String(repeating: "k", count: 31) + "\n") } == "invalid")
        let box = try SecretBox(key: String(repeating: "k", count: 32))
        let secret = [UInt8](repeating: 0, count: SecretBox.secretLimit + 1)
        #expect(code { try box.seal(secret, context: "a") } == "invalid")
    }

    private func code(_ body: () throws -> some Any) -> String? {
        do {
            _ = try body()
            return nil
        } catch { return (error as? Problem)?.code }
    }
}
