import API
import ArgumentParser
import Billing
import Foundation
import Postgres
import Tenants
import Values

/// What reduces invoices, and what is printed of them.
extension InvoicesCommand {
    struct Credit: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Credits a finalized invoice, whole or in part.",
            discussion: """
                  abono invoices credit inv_01h455vb4pex5vsknk084sn02q --amount 12.00 --reason "late delivery"
                  abono invoices credit inv_01h455vb4pex5vsknk084sn02q --line lin_01h455vb4pex5vsknk084sn02q=5.00 \
                --reason "wrong seats" --to refund

                Amounts are before tax; the tax of each line comes with them. Without an amount all that is left is \
                credited. What is still due is reduced first.
                """
        )

        @OptionGroup var options: GlobalOptions
        @Argument(help: "The invoice's id.", transform: Parse.id) var id: InvoiceID
        @Option(help: "So much before tax, spread over the lines.") var amount: String?
        @Option(help: "So much of a line before tax, like LINE=5.00; may be given again.") var line: [String] = []
        @Option(help: "Why; it stands on the credit note.") var reason: String
        @Option(
            help: "Where goes what was paid: balance, refund, or receivable for nothing but what is due.",
            transform: Parse.word
        )
        var to: CreditNote.Destination = .balance

        func validate() throws {
            guard amount == nil || line.isEmpty else {
                throw ValidationError("--amount and --line exclude each other")
            }
            for text in line { _ = try Self.pair(text) }
        }

        func run() async throws {
            let note = try await Session.run(options) { session in
                let invoice = try await session.invoice(id)
                let draft = try CreditNoteDraft(try extent(invoice.currency), reason: reason, to: to)
                return try await session.act(for: invoice.tenant) { owner, transaction in
                    try await CreditNoteOperations.issue(
                        draft,
                        of: id,
                        tenant: owner.id,
                        by: owner.stamped(session.stamp),
                        in: transaction
                    )
                }
            }
            Output(format: options.format).object(note.json)
        }

        private func extent(_ currency: Currency) throws -> CreditNoteDraft.Extent {
            if let amount { return .amount(try Parse.money(amount, currency, option: "--amount")) }
            guard !line.isEmpty else { return .whole }
            return .lines(
                try line.map { text in
                    let (id, amount) = try Self.pair(text)
                    return CreditNoteDraft.Part(
                        line: id,
                        amount: try Parse.money(amount, currency, option: "--line \(id)")
                    )
                }
            )
        }

        private static func pair(_ text: String) throws -> (line: InvoiceLineID, amount: String) {
            let parts = text.split(separator: "=", maxSplits: 1).map(String.init)
            guard parts.count == 2, let id = InvoiceLineID(parts[0]) else {
                throw ValidationError("--line: a pair like lin_01h455vb4pex5vsknk084sn02q=5.00 is expected")
            }
            return (id, parts[1])
        }
    }

    struct CreditNotes: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "credit-notes",
            abstract: "Lists credit notes.",
            discussion: "  abono invoices credit-notes --invoice inv_01h455vb4pex5vsknk084sn02q"
        )

        @OptionGroup var options: GlobalOptions
        @OptionGroup var page: PageOptions
        @Option(help: "Only this tenant's.", transform: Parse.id) var tenant: TenantID?
        @Option(help: "Only those of this invoice.", transform: Parse.id) var invoice: InvoiceID?
        @Option(help: "The last id of the page before.", transform: Parse.id) var after: CreditNoteID?

        func run() async throws {
            let notes = try await Session.run(options) { session in
                try await session.read { transaction in
                    try await CreditNoteQueries.list(
                        of: tenant,
                        invoice: invoice,
                        limit: page.limit,
                        after: after,
                        in: transaction
                    )
                }
            }
            Output(format: options.format).list(
                ["id", "number", "tenant", "invoice", "issued_at", "currency", "net", "tax", "total", "reason"],
                notes.map {
                    [
                        $0.id.text, $0.number, $0.tenant.text, $0.invoice.text, $0.issuedAt.text, $0.currency.code,
                        $0.net.text, $0.tax.text, $0.total.text, $0.reason,
                    ]
                },
                json: .array(notes.map(\.json))
            )
        }
    }

    struct GiveUp: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "uncollectible",
            abstract: "Gives an open invoice up: what remains is bad debt.",
            discussion: "  abono invoices uncollectible inv_01h455vb4pex5vsknk084sn02q --yes"
        )

        @OptionGroup var options: GlobalOptions
        @OptionGroup var confirmation: Confirmation
        @Argument(help: "The invoice's id.", transform: Parse.id) var id: InvoiceID

        func run() async throws {
            let invoice = try await Session.run(options) { session in
                let known = try await session.invoice(id)
                try confirmation.require(
                    "Give up \(known.amountRemaining) of the invoice \(known.number ?? id.text)?"
                )
                return try await session.change(id) { tenant, stamp, transaction in
                    try await InvoiceOperations.markUncollectible(id, of: tenant, by: stamp, in: transaction)
                }
            }
            InvoicesCommand.print(invoice, options)
        }
    }

    struct PDF: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Writes an invoice, or a credit note, as a PDF; needs WeasyPrint.",
            discussion: "  abono invoices pdf inv_01h455vb4pex5vsknk084sn02q --out invoice.pdf"
        )

        @OptionGroup var options: GlobalOptions
        @Argument(help: "The id of an invoice or a credit note.") var id: String
        @Option(help: "The file; - is standard output.") var out: String
        @Flag(help: "Writes the page itself, which needs nothing.") var html = false

        func validate() throws {
            guard InvoiceID(id) != nil || CreditNoteID(id) != nil else {
                throw ValidationError("an id like inv_01h455vb4pex5vsknk084sn02q or crn_01h… is expected")
            }
        }

        func run() async throws {
            let page: String = try await Session.run(options) { session in
                try await session.read { transaction in try await rendered(in: transaction) }
            }
            let bytes = html ? Array(page.utf8) : try await PDFRenderer().pdf(of: page)
            guard out != "-" else { return Output.write(Data(bytes)) }
            guard FileManager.default.createFile(atPath: out, contents: Data(bytes)) else {
                throw Problem.invalid("--out", "\(out) cannot be written")
            }
        }

        private func rendered(in transaction: borrowing Transaction) async throws -> String {
            if let invoice = InvoiceID(id) {
                let tenant = try await OwnerQueries.tenant(of: invoice, in: transaction)
                return InvoicePage.html(
                    try await InvoiceDocumentQueries.invoice(invoice, of: tenant, in: transaction)
                )
            }
            guard let note = CreditNoteID(id) else { throw Problem.notFound("credit note", id) }
            let tenant = try await OwnerQueries.tenant(of: note, in: transaction)
            return CreditNotePage.html(
                try await InvoiceDocumentQueries.creditNote(note, of: tenant, in: transaction)
            )
        }
    }
}
