import Foundation
package import Values

/// Which addresses webhooks may be sent to.
package enum WebhookReach: Hashable, Sendable {
    /// Those of the public Internet, by https.
    case publicOnly
    /// Any, also by http: for tests and for receivers in one's own network.
    case anywhere
}

/// Where an endpoint listens, checked as far as its text can be.
package struct WebhookURL: Hashable, Sendable {
    /// As it was given.
    package let text: String
    /// The host's name, or an address without brackets, in small letters.
    package let host: String
    /// The port, also where the text has none.
    package let port: Int
    /// Whether it is reached over TLS.
    package let isSecure: Bool
    /// Path and query.
    private let target: String

    private static let longest = 2000

    /// Reads a URL.
    ///
    /// - Throws: what is wrong with it; the problem names `field`.
    package init(_ text: String, reach: WebhookReach, at field: String = "url") throws(Problem) {
        self = try Self.read(text, at: field)
        guard isSecure || reach == .anywhere else {
            throw .invalid(field, "must begin with https://, not http://")
        }
        if let why = Self.refusal(ofHost: host), reach == .publicOnly {
            throw .invalid(field, "names the host \(host), which is \(why); only public addresses are allowed")
        }
    }

    /// Takes what the database holds, which was read before.
    init(stored text: String) throws(Problem) { self = try Self.read(text, at: "url") }

    private init(text: String, host: String, port: Int, isSecure: Bool, target: String) {
        self.text = text
        self.host = host
        self.port = port
        self.isSecure = isSecure
        self.target = target
    }

    /// The URL in the form that is requested: put together of what was checked, so that no other reader of URLs finds
    /// another host in it.
    var requested: String {
        let isUsual = port == (isSecure ? 443 : 80)
        let name = host.contains(":") ? "[\(host)]" : host
        return "\(isSecure ? "https" : "http")://\(name)\(isUsual ? "" : ":\(port)")\(target)"
    }

    private static func read(_ text: String, at field: String) throws(Problem) -> WebhookURL {
        let seen = JSONValue.string(text).seen
        guard (1...longest).contains(text.utf8.count) else {
            throw .invalid(field, "has \(text.utf8.count) bytes; 1 to \(longest) are allowed")
        }
        guard text.utf8.allSatisfy({ $0 > 0x20 && $0 < 0x7F && $0 != UInt8(ascii: "\\") }) else {
            throw .invalid(
                field,
                "must be written in plain ASCII without blanks (other names in their xn-- form), not \(seen)"
            )
        }
        guard let parts = URLComponents(string: text), let scheme = parts.scheme?.lowercased(),
            ["https", "http"].contains(scheme), text.lowercased().hasPrefix(scheme + "://")
        else { throw .invalid(field, "must be a URL like \"https://example.com/webhooks\", not \(seen)") }
        guard parts.user == nil, parts.password == nil else {
            throw .invalid(field, "must not hold a user or password; signatures tell the receiver who sends")
        }
        guard parts.fragment == nil else { throw .invalid(field, "must not have a fragment (#…)") }
        let host = host(in: text)
        guard isHost(host) else { throw .invalid(field, "must name a host, like \"https://example.com\", not \(seen)") }
        let port = parts.port ?? (scheme == "https" ? 443 : 80)
        guard (1...65_535).contains(port) else { throw .invalid(field, "has the port \(port); 1 to 65535 are allowed") }
        let path = parts.percentEncodedPath.isEmpty ? "/" : parts.percentEncodedPath
        let query = parts.percentEncodedQuery.map { "?\($0)" } ?? ""
        return WebhookURL(text: text, host: host, port: port, isSecure: scheme == "https", target: path + query)
    }

    /// The host as it is written, in small letters: URLComponents would show `xn--` names in another form.
    private static func host(in text: String) -> String {
        guard let begin = text.firstRange(of: "://")?.upperBound else { return "" }
        let authority = text[begin...].prefix { !"/?#".contains($0) }.lowercased()
        if authority.hasPrefix("[") {
            return authority.contains("]") ? String(authority.dropFirst().prefix { $0 != "]" }) : ""
        }
        return String(authority.prefix { $0 != ":" })
    }

    /// A name of letters, digits, `-`, `_` and dots, or an address.
    private static func isHost(_ host: String) -> Bool {
        if host.contains(":") { return IPAddress(host) != nil }
        let labels = host.split(separator: ".", omittingEmptySubsequences: false)
        let named = labels.last == "" && labels.count > 1 ? labels.dropLast() : labels[...]
        return host.utf8.count <= 253
            && named.allSatisfy { label in
                (1...63).contains(label.utf8.count) && label.utf8.allSatisfy(isHostByte)
            }
    }

    private static func isHostByte(_ byte: UInt8) -> Bool {
        switch byte {
        case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"), UInt8(ascii: "-"),
            UInt8(ascii: "_"):
            true
        default: false
        }
    }

    /// Why a host cannot be public, as far as its name tells; the addresses it has are checked when it is sent to.
    private static func refusal(ofHost host: String) -> String? {
        if let address = IPAddress(host) { return address.refusal }
        if let address = IPAddress.lenient(host) { return "another way to write the address \(address)" }
        let name = host.hasSuffix(".") ? String(host.dropLast()) : host
        let inner = ["localhost", "local", "internal", "intranet", "home.arpa"]
        if inner.contains(where: { name == $0 || name.hasSuffix(".\($0)") }) { return "a name of a private network" }
        return name.contains(".") ? nil : "a name without a domain"
    }
}
