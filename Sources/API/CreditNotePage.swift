package import Billing
import Values

/// A credit note as a page to read and print.
package enum CreditNotePage {
    private static let columns = 4

    /// The whole page.
    package static func html(_ document: CreditNoteDocument) -> String {
        let note = document.note
        let invoice = document.invoice.invoice
        let zone = document.invoice.zone
        let body = """
            <section class="parties">
            \(DocumentPage.party("From", document.invoice.seller))
            \(DocumentPage.party("To", document.invoice.buyer))
            \(DocumentPage.fact("Issued", zone.date(of: note.issuedAt).text))
            \(DocumentPage.fact("Of invoice", invoice.number ?? invoice.id.text))
            \(DocumentPage.fact("Invoice of", zone.date(of: invoice.issuedAt).text))
            </section>
            <p>\(DocumentPage.escaped(note.reason))</p>
            <table>
            <thead><tr><th>What</th><th>Period</th><th class="n">Net</th><th class="n">Tax</th></tr></thead>
            <tbody>
            \(note.lines.map { row($0, document) }.joined(separator: "\n"))
            </tbody>
            <tfoot>
            \(sums(document).joined(separator: "\n"))
            </tfoot>
            </table>
            """
        return DocumentPage.html(
            title: "Credit note \(note.number)",
            mark: "credit",
            body: body,
            footer: note.id.text
        )
    }

    private static func row(_ part: CreditNote.Line, _ document: CreditNoteDocument) -> String {
        let invoice = document.invoice.invoice
        let line = invoice.lines.first { $0.id == part.invoiceLine }
        let name = line.map { InvoicePage.name(of: $0, on: invoice) } ?? part.invoiceLine.text
        let days = line.map { DocumentPage.days($0.start, $0.end, in: document.invoice.zone) } ?? ""
        let amounts = [part.net, part.tax].map {
            DocumentPage.grouped(Money(minor: $0, currency: invoice.currency).text)
        }
        return """
            <tr><td>\(DocumentPage.escaped(name))</td><td>\(days)</td>\
            <td class="n">\(amounts[0])</td><td class="n">\(amounts[1])</td></tr>
            """
    }

    private static func sums(_ document: CreditNoteDocument) -> [String] {
        let note = document.note
        func sum(_ name: String, _ money: Money, isLast: Bool = false) -> String {
            DocumentPage.sum(name, money, columns: columns, isLast: isLast)
        }
        var rows = [sum("Net", note.net)]
        rows += InvoicePage.totals(note.lines.flatMap(\.taxes)).map { share in
            sum(
                InvoicePage.label(share.code, document.invoice.taxes),
                Money(minor: share.amount, currency: note.currency)
            )
        }
        let ways = [
            ("Taken off what is due", note.receivable), ("Taken off what was given up", note.badDebt),
            ("To your credit balance", note.balance), ("To be paid back", note.refund),
        ]
        rows += ways.filter { !$0.1.isZero }.map { sum($0.0, $0.1) }
        return rows + [sum("Total credited", note.total, isLast: true)]
    }
}
