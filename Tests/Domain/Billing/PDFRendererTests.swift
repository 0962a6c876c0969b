import Billing
import Foundation
import Testing
import Values

/// Where WeasyPrint is installed; elsewhere only that it is said so.
@Suite struct PDFRendererTests {
    private static let page = "<!doctype html><title>Page</title><h1>Grüße 1,234.50 EUR</h1>"

    private func isMissing(_ renderer: PDFRenderer) async -> Bool {
        await renderer.fault()?.code == "pdf_not_installed"
    }

    @Test func `a page becomes a PDF of one page`() async throws {
        let renderer = PDFRenderer()
        guard await !isMissing(renderer) else { return }
        let pdf = try await renderer.pdf(of: Self.page)
        #expect(pdf.starts(with: Array("%PDF-1.".utf8)) && pdf.suffix(8).contains(UInt8(ascii: "%")))
        #expect(pdf.count > 1_000)
    }

    @Test func `nothing that a page names is fetched, and the rest is made`() async throws {
        let renderer = PDFRenderer()
        guard await !isMissing(renderer) else { return }
        let secret = FileManager.default.temporaryDirectory.appendingPathComponent("abono-\(UUID()).svg")
        // Were it read, it would be drawn: the PDF would be another.
        let drawing = """
            <svg xmlns="http://www.w3.org/2000/svg" width="400" height="400"><rect width="400" height="400"/></svg>
            """
        try Data(drawing.utf8).write(to: secret)
        defer { try? FileManager.default.removeItem(at: secret) }
        let listener = try Listener()
        defer { listener.stop() }
        let hostile = """
            \(Self.page)<img src="file://\(secret.path)"><img src="http://127.0.0.1:\(listener.port)/x.png">\
            <link rel="stylesheet" href="http://127.0.0.1:\(listener.port)/x.css">\
            <link rel="attachment" href="file://\(secret.path)"><object data="file://\(secret.path)"></object>
            """
        let pdf = try await renderer.pdf(of: hostile)
        #expect(pdf.starts(with: Array("%PDF-".utf8)))
        #expect(!String(decoding: pdf, as: UTF8.self).contains("EmbeddedFile"))
        #expect(!listener.wasReached)
    }

    @Test func `one that takes too long is ended`() async throws {
        let renderer = PDFRenderer(timeLimit: .milliseconds(1))
        guard await !isMissing(PDFRenderer()) else { return }
        let began = ContinuousClock.now
        await #expect(throws: Problem.self) { try await renderer.pdf(of: Self.page) }
        #expect(ContinuousClock.now - began < .seconds(10))
        #expect(await renderer.fault()?.kind == .timeout)
    }

    @Test func `without the program it says what is missing`() async throws {
        let fault = await PDFRenderer(command: "abono-no-such-python").fault()
        #expect(fault?.kind == .unavailable && fault?.code == "pdf_not_installed")
        #expect(fault?.message.contains("weasyprint") == true)
    }
}

/// A socket that notes whether anybody connects.
private final class Listener {
    let port: UInt16
    private let descriptor: Int32

    init() throws {
        let descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var length = socklen_t(MemoryLayout<sockaddr_in>.size)
        let bound = unsafe withUnsafeMutablePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { raw in
                unsafe bind(descriptor, raw, length) == 0 && listen(descriptor, 8) == 0
                    && getsockname(descriptor, raw, &length) == 0
            }
        }
        guard bound else { throw Problem(.internal, "no port to listen on") }
        self.descriptor = descriptor
        port = UInt16(bigEndian: address.sin_port)
    }

    /// Whether somebody has connected.
    var wasReached: Bool {
        var waiting = pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)
        return unsafe poll(&waiting, 1, 0) > 0
    }

    func stop() { close(descriptor) }
}
