import Billing
import HTTPTypes
import HummingbirdTesting
import NIOCore
import Subprocess
import Testing
import Values

@testable import API

/// What people read in a PDF.
///
/// Needs WeasyPrint and `pdftotext`; where one is missing the tests fail and say so.
@Suite struct DocumentTextTests {
    /// The text of a PDF's pages, as it lies on them.
    private func text(of path: String, _ client: any TestClientProtocol, as secret: String) async throws -> String {
        let headers: HTTPFields = [.authorization: "Bearer \(secret)"]
        let pdf = try await client.execute(uri: path, method: .get, headers: headers) { response in
            (status: Int(response.status.code), bytes: Array(response.body.readableBytesView))
        }
        guard pdf.status != 503 else {
            throw Problem(.precondition, "this test needs WeasyPrint (Debian: weasyprint); run: make setup")
        }
        let result: ExecutionResult<Void, StringOutput<UTF8>, DiscardedOutput>
        do {
            result = try await Subprocess.run(
                .name("pdftotext"),
                arguments: ["-layout", "-", "-"],
                input: .array(pdf.bytes),
                output: .string(limit: 1 << 20),
                error: .discarded
            )
        } catch let error as SubprocessError where error.code == .executableNotFound {
            throw Problem(.precondition, "this test needs pdftotext (Debian: poppler-utils); run: make setup")
        }
        #expect(result.terminationStatus == .exited(0))
        return result.standardOutput
    }

    @Test func `an invoice's PDF says its number, its parties, its lines and its total`() async throws {
        try await World.run { world, client in
            let invoice = try await world.invoice(of: world.acme)
            let text = try await text(of: "/v1/invoices/\(invoice.id)/pdf", client, as: world.acme.secret)
            #expect(text.contains("Invoice \(invoice.number ?? "-")"), "\(text)")
            #expect(text.contains("Acme") && text.contains("owner@acme.test"), "\(text)")
            #expect(invoice.lines.count == 1)
            let line = try #require(text.split(separator: "\n").first { $0.contains("base") }, "\(text)")
            #expect(line.contains("2026-03-01") && line.hasSuffix("20.00"), "\(line)")
            func row(_ name: String) -> String? {
                text.split(separator: "\n").first { $0.contains(name) }.map { String($0) }
            }
            #expect(row("Total")?.hasSuffix("20.00 USD") == true, "\(text)")
            #expect(text.contains("15.00 USD"), "what the grant of 5.00 leaves to pay: \(text)")
        }
    }

    @Test func `a credit note's PDF says its number, its invoice, why, and how much`() async throws {
        try await World.run { world, client in
            let invoice = try await world.invoice(of: world.acme)
            let note = try await client.send(
                .post,
                "/v1/invoices/\(invoice.id)/credit-notes",
                as: world.secret(.finance),
                for: world.acme.tenant,
                body: ["reason": "späte Lieferung", "amount": ["amount": "1.25", "currency": "USD"]]
            )
            let id = note.json["id"]?.string ?? ""
            let text = try await text(of: "/v1/credit-notes/\(id)/pdf", client, as: world.acme.secret)
            for words in ["Credit note CN-2026-000001", invoice.number ?? "-", "späte Lieferung", "1.25 USD"] {
                #expect(text.contains(words), "\(words): \(text)")
            }
        }
    }
}
