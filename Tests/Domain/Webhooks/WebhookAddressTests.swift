import Testing
import Values

@testable import Webhooks

/// Which addresses and URLs are public.
@Suite struct WebhookAddressTests {
    @Test(arguments: [
        "8.8.8.8", "1.1.1.1", "93.184.216.34", "172.15.255.255", "172.32.0.0", "100.63.255.255", "100.128.0.0",
        "192.167.255.255", "223.255.255.255", "2606:4700:4700::1111", "2a00:1450:4001:830::200e",
        "::ffff:8.8.8.8", "64:ff9b::8.8.8.8", "2002:808:808::1",
    ])
    func `public addresses are allowed`(text: String) throws {
        let address = try #require(IPAddress(text))
        #expect(address.refusal == nil)
    }

    @Test(arguments: [
        ("0.0.0.0", "unspecified"), ("0.1.2.3", "unspecified"), ("10.0.0.1", "private"),
        ("10.255.255.255", "private"), ("100.64.0.1", "carrier-grade NAT"), ("100.127.255.255", "carrier-grade NAT"),
        ("127.0.0.1", "loopback"), ("127.255.255.254", "loopback"), ("169.254.169.254", "link-local"),
        ("172.16.0.1", "private"), ("172.31.255.255", "private"), ("192.168.0.1", "private"),
        ("192.0.0.8", "reserved"), ("192.0.2.1", "documentation"), ("198.18.0.1", "benchmarks"),
        ("198.51.100.1", "documentation"), ("203.0.113.1", "documentation"), ("224.0.0.1", "multicast"),
        ("239.255.255.255", "multicast"), ("240.0.0.1", "reserved"), ("255.255.255.255", "reserved"),
        ("::", "unspecified"), ("::1", "loopback"), ("fc00::1", "private"), ("fdff:ffff::1", "private"),
        ("fe80::1", "link-local"), ("febf::1", "link-local"), ("fec0::1", "private"), ("ff02::1", "multicast"),
        ("2001:db8::1", "documentation"), ("3fff::1", "documentation"), ("100::1", "reserved"), ("4000::1", "reserved"),
        ("2001:20::1", "reserved"),
        // Those of version 4 in other forms: mapped, compatible, translated, 6to4, Teredo.
        ("::ffff:127.0.0.1", "loopback"), ("::ffff:7f00:1", "loopback"), ("::ffff:0:10.0.0.1", "private"),
        ("::10.0.0.1", "private"), ("64:ff9b::10.0.0.1", "private"), ("64:ff9b::7f00:1", "loopback"),
        ("64:ff9b:1::8.8.8.8", "local translation"), ("2002:7f00:1::", "loopback"), ("2002:a00:1::1", "private"),
        ("2001:0:1:2:3:4:80ff:fffe", "loopback"),
    ])
    func `addresses that are not public are refused`(text: String, why: String) throws {
        let address = try #require(IPAddress(text))
        #expect(address.refusal?.contains(why) == true, "\(address.refusal ?? "allowed")")
    }

    @Test(arguments: [
        "", "1", "1.2.3", "1.2.3.4.5", "256.1.1.1", "01.2.3.4", "0x7f.0.0.1", "1.2.3.4 ", "+1.2.3.4", "1.2.3.", ":",
        ":::", "1::2::3", "1:2:3:4:5:6:7", "1:2:3:4:5:6:7:8:9", "12345::", "g::", "fe80::1%eth0", "::1%25lo",
        "1.2.3.4::", "::1.2.3.4.5", "1:2:3:4:5:6:7::8:9", "::ffff:127.0.0.01",
    ])
    func `what is no address in the usual form is none`(text: String) {
        #expect(IPAddress(text) == nil)
    }

    @Test(arguments: [
        ("127.1", "127.0.0.1"), ("0x7f.1", "127.0.0.1"), ("0x7f000001", "127.0.0.1"), ("2130706433", "127.0.0.1"),
        ("017700000001", "127.0.0.1"), ("0177.0.0.1", "127.0.0.1"), ("127.0.0.1.", "127.0.0.1"), ("0", "0.0.0.0"),
        ("10.1", "10.0.0.1"), ("192.168.257", "192.168.1.1"), ("0x", "0.0.0.0"),
    ])
    func `old ways to write an address are understood, to be refused`(text: String, address: String) {
        #expect(IPAddress.lenient(text) == IPAddress(address))
    }

    @Test(arguments: ["example.com", "1.2.3.4.5", "256.1.1.1", "08", "4294967296", "", ".", "a", "0x1g", "1..2"])
    func `a name is no old way to write an address`(text: String) {
        #expect(IPAddress.lenient(text) == nil)
    }

    @Test(arguments: ["10.1.2.3", "255.255.255.255", "2001:db8:0:0:0:0:0:1", "0:0:0:0:0:ffff:7f00:1"])
    func `an address's text reads back`(text: String) {
        #expect(IPAddress(text)?.description == text)
    }
}

/// What an endpoint's URL may be.
@Suite struct WebhookURLTests {
    @Test(arguments: [
        ("https://example.com", "example.com", 443, "https://example.com/"),
        ("https://Hooks.Example.com:8443/a/b?c=d", "hooks.example.com", 8443, "https://hooks.example.com:8443/a/b?c=d"),
        ("https://8.8.8.8/x", "8.8.8.8", 443, "https://8.8.8.8/x"),
        ("https://[2606:4700:4700::1111]:444/", "2606:4700:4700::1111", 444, "https://[2606:4700:4700::1111]:444/"),
        ("https://xn--bcher-kva.example/%C3%BC", "xn--bcher-kva.example", 443, "https://xn--bcher-kva.example/%C3%BC"),
    ])
    func `public URLs are taken as they are`(text: String, host: String, port: Int, requested: String) throws {
        let url = try WebhookURL(text, reach: .publicOnly)
        #expect(url.text == text && url.host == host && url.port == port && url.isSecure)
        #expect(url.requested == requested)
    }

    @Test(arguments: [
        ("http://example.com", "https://"), ("https://localhost/x", "private network"), ("https://x.local", "private"),
        ("https://db.internal.", "private network"), ("https://intranet", "private network"),
        ("https://server", "without a domain"), ("https://127.0.0.1", "loopback"), ("https://10.1.2.3:8080", "private"),
        ("https://[::1]/", "loopback"), ("https://[::ffff:10.0.0.1]/", "private"), ("https://0x7f.1", "127.0.0.1"),
        ("https://2130706433/", "127.0.0.1"), ("https://127.1", "127.0.0.1"), ("https://017700000001", "127.0.0.1"),
        ("https://169.254.169.254/latest/meta-data", "link-local"),
    ])
    func `private ones are refused, but where they are allowed`(text: String, why: String) throws {
        let problem = #expect(throws: Problem.self) { try WebhookURL(text, reach: .publicOnly) }
        #expect(problem?.errors.first?.field == "url")
        #expect(problem?.message.contains(why) == true, "\(problem?.message ?? "allowed")")
        _ = try WebhookURL(text, reach: .anywhere)
    }

    @Test(arguments: [
        "", "example.com", "//example.com", "ftp://example.com", "https:example.com", "https://", "https:///path",
        "https://user@example.com", "https://user:password@example.com", "https://example.com#part",
        "https://example.com:0", "https://example.com:65536", "https://example.com:x", "https://exa mple.com",
        "https://example..com", "https://ex%61mple.com", "https://bücher.example", "https://example.com\\@10.0.0.1",
        "https://[fe80::1%25eth0]/", "https://[::1", "https://example.com/\n", "https://-\u{0}.com",
        "https://example.com@10.0.0.1/", "javascript:alert(1)", "https://" + String(repeating: "a", count: 64) + ".com",
        "https://example.com/" + String(repeating: "a", count: 2000),
    ])
    func `what is no URL to send to is refused everywhere`(text: String) {
        let problem = #expect(throws: Problem.self) { try WebhookURL(text, reach: .anywhere) }
        #expect(problem?.errors.first?.field == "url")
    }
}

/// Of which events an endpoint is told.
@Suite struct WebhookFilterTests {
    @Test(arguments: [
        ("*", "invoice.paid", true), ("invoice.*", "invoice.paid", true), ("invoice.*", "invoices.paid", false),
        ("invoice.*", "invoice.line.added", true), ("invoice.paid", "invoice.paid", true),
        ("invoice.paid", "invoice.paid_late", false), ("invoice.line.*", "invoice.paid", false),
    ])
    func `filters are a verb, a noun's verbs, or everything`(text: String, verb: String, isTold: Bool) throws {
        #expect(try WebhookFilter(text, at: "events[0]").matches(verb) == isTold)
    }

    @Test(arguments: [
        "", "invoice", "*.paid", "invoice.**", "Invoice.paid", "invoice.", ".paid", "invoice.*.paid", "**", "a b.c",
    ])
    func `anything else is refused by its field`(text: String) {
        let problem = #expect(throws: Problem.self) { try WebhookFilter(text, at: "events[3]") }
        #expect(problem?.errors.first?.field == "events[3]")
    }
}
