import Crypto
import Foundation
import Values

/// The header `Stripe-Signature`: when an event was signed, and its signatures, of which one must be ours.
///
/// `t=1492774577,v1=5257a8…,v1=…,v0=…`: each v1 is the HMAC-SHA256, in hexadecimal, of the time, a full stop and the
/// body as it came. There are several while the secret is being changed. Other schemes are not looked at.
struct StripeSignature: Sendable {
    /// How far the time may be from ours, in seconds.
    static let toleranceSeconds: Int64 = 300
    /// More signatures than this are not looked at.
    private static let limit = 16

    private let timestamp: String
    private let seconds: Int64
    private let signatures: [[UInt8]]

    /// Reads the header.
    ///
    /// - Throws: it has no time, or no signature of the scheme.
    init(header: String?) throws(Problem) {
        guard let header, header.utf8.count <= 4096 else {
            throw Self.refusal("the header Stripe-Signature is missing")
        }
        var timestamp: String?
        var signatures: [[UInt8]] = []
        for part in header.split(separator: ",") {
            let pair = part.split(separator: "=", maxSplits: 1).map { $0.trimmingCharacters(in: .whitespaces) }
            guard pair.count == 2 else { continue }
            if pair[0] == "t", timestamp == nil { timestamp = pair[1] }
            if pair[0] == "v1", signatures.count < Self.limit, let bytes = Self.bytes(pair[1]) {
                signatures.append(bytes)
            }
        }
        guard let timestamp, let seconds = Int64(timestamp), timestamp.utf8.allSatisfy({ (48...57).contains($0) })
        else {
            throw Self.refusal("the header Stripe-Signature has no time t=…")
        }
        guard !signatures.isEmpty else { throw Self.refusal("the header Stripe-Signature has no signature v1=…") }
        self.timestamp = timestamp
        self.seconds = seconds
        self.signatures = signatures
    }

    /// Checks the time against the clock: an old event that somebody kept is refused.
    func checkTime(now: Instant) throws(Problem) {
        // Far-off times are no instants; compared as seconds they cannot overflow.
        let clock = now.microseconds / 1_000_000
        let (distance, overflow) = clock.subtractingReportingOverflow(seconds)
        guard !overflow, (-Self.toleranceSeconds...Self.toleranceSeconds).contains(distance) else {
            throw Self.refusal("the event was signed more than \(Self.toleranceSeconds) s from now")
        }
    }

    /// Checks the body: one signature must have been made with the secret; compared in constant time.
    func check(body: [UInt8], secret: String) throws(Problem) {
        let expected = Self.code(of: body, timestamp: timestamp, secret: secret)
        // Its comparison takes as long wherever the two differ.
        guard signatures.contains(where: { expected == $0 }) else {
            throw Self.refusal("no signature in Stripe-Signature fits the body")
        }
    }

    /// What Stripe signs a body with at a time.
    static func code(of body: [UInt8], timestamp: String, secret: String) -> HMAC<SHA256>.MAC {
        HMAC<SHA256>.authenticationCode(
            for: Data(timestamp.utf8) + Data(".".utf8) + Data(body),
            using: SymmetricKey(data: Data(secret.utf8))
        )
    }

    private static func refusal(_ why: String) -> Problem { Problem(.invalid, code: "invalid_signature", why) }

    private static func bytes(_ hexadecimal: String) -> [UInt8]? {
        let digits = Array(hexadecimal.utf8)
        guard digits.count == 64 else { return nil }
        var bytes: [UInt8] = []
        for index in stride(from: 0, to: digits.count, by: 2) {
            guard let high = value(digits[index]), let low = value(digits[index + 1]) else { return nil }
            bytes.append(high << 4 | low)
        }
        return bytes
    }

    private static func value(_ digit: UInt8) -> UInt8? {
        switch digit {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): digit - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): digit - UInt8(ascii: "a") + 10
        case UInt8(ascii: "A")...UInt8(ascii: "F"): digit - UInt8(ascii: "A") + 10
        default: nil
        }
    }
}
