package import Billing
import Values

/// An invoice as a page to read and print.
package enum InvoicePage {
    private static let columns = 4

    /// The whole page.
    package static func html(_ document: InvoiceDocument) -> String {
        let invoice = document.invoice
        let body = """
            <section class="parties">
            \(DocumentPage.party("From", document.seller))
            \(DocumentPage.party("To", document.buyer))
            \(facts(invoice, in: document.zone))
            </section>
            <table>
            <thead><tr><th>What</th><th>Period</th><th class="n">Quantity</th><th class="n">Amount</th></tr></thead>
            <tbody>
            \(invoice.lines.map { row($0, document) }.joined(separator: "\n"))
            </tbody>
            <tfoot>
            \(sums(document).joined(separator: "\n"))
            </tfoot>
            </table>
            \(notes(document).map { "<p class=\"note\">\(escaped($0))</p>" }.joined(separator: "\n"))
            """
        return DocumentPage.html(
            title: title(invoice),
            mark: invoice.status.rawValue,
            body: body,
            footer: invoice.id.text
        )
    }

    /// Text as it may stand in HTML.
    static func escaped(_ text: String) -> String { DocumentPage.escaped(text) }

    private static func title(_ invoice: Invoice) -> String {
        invoice.number.map { "Invoice \($0)" } ?? "Draft invoice"
    }

    private static func facts(_ invoice: Invoice, in zone: Zone) -> String {
        var facts = [("Issued", invoice.issuedAt)]
        if let due = invoice.dueAt { facts.append(("Due", due)) }
        if let paid = invoice.paidAt { facts.append(("Paid", paid)) }
        if let voided = invoice.voidedAt { facts.append(("Voided", voided)) }
        return facts.map { DocumentPage.fact($0.0, zone.date(of: $0.1).text) }.joined(separator: "\n")
    }

    private static func row(_ line: InvoiceLine, _ document: InvoiceDocument) -> String {
        let invoice = document.invoice
        let amount = Money(minor: line.amount, currency: invoice.currency)
        let explanation = document.explanations[line.id].map { "<br><span class=\"small\">\(escaped($0))</span>" } ?? ""
        return """
            <tr><td>\(escaped(name(of: line, on: invoice)))\(explanation)</td>\
            <td>\(DocumentPage.days(line.start, line.end, in: document.zone))</td>\
            <td class="n">\(escaped(DocumentPage.grouped(line.quantity.text)))</td>\
            <td class="n">\(escaped(DocumentPage.grouped(amount.text)))</td></tr>
            """
    }

    /// What a line bills, in words.
    static func name(of line: InvoiceLine, on invoice: Invoice) -> String {
        var name = line.price.map { "\(line.plan) · \($0)" } ?? "\(line.plan) · minimum commitment"
        if let meter = line.meter { name += " (\(meter))" }
        switch line.kind {
        case .credit: name += ", unused rest"
        case .charge: name += ", rest of the period"
        case .recurring, .usage, .minimum: break
        }
        guard line.isCorrection else { return name }
        // Of a stretch that ends with this invoice a part was billed before its end.
        return name + (line.end >= invoice.issuedAt ? ", less what was billed before" : ", correction")
    }

    private static func sums(_ document: InvoiceDocument) -> [String] {
        let invoice = document.invoice
        func money(_ minor: Int64) -> Money { Money(minor: minor, currency: invoice.currency) }
        func sum(_ name: String, _ money: Money, isLast: Bool = false) -> String {
            DocumentPage.sum(name, money, columns: columns, isLast: isLast)
        }
        var rows = [sum("Subtotal", invoice.subtotal)]
        let discounts = totals(invoice.lines.flatMap(\.discounts))
        rows += discounts.map { sum("Discount \($0.code)", money(-$0.amount)) }
        let named = discounts.reduce(0) { $0 + $1.amount }
        if named != invoice.discount.minor { rows.append(sum("Discount", money(named - invoice.discount.minor))) }
        let taxes = totals(invoice.lines.flatMap(\.taxes))
        rows += taxes.map { sum(label($0.code, document.taxes), money($0.amount)) }
        let taxed = taxes.reduce(0) { $0 + $1.amount }
        if taxed != invoice.tax.minor { rows.append(sum("Tax", money(invoice.tax.minor - taxed))) }
        rows.append(sum("Total", invoice.total))
        if !invoice.credited.isZero { rows.append(sum("To your credit balance", invoice.credited)) }
        if !invoice.refundDue.isZero { rows.append(sum("To be paid back", invoice.refundDue)) }
        if !invoice.creditsApplied.isZero { rows.append(sum("Credit applied", money(-invoice.creditsApplied.minor))) }
        if !invoice.amountPaid.isZero { rows.append(sum("Paid", money(-invoice.amountPaid.minor))) }
        if !invoice.amountCredited.isZero {
            rows.append(sum("Credit notes", money(-invoice.amountCredited.minor)))
        }
        rows.append(sum("Amount due", invoice.status == .void ? money(0) : invoice.amountRemaining, isLast: true))
        return rows
    }

    /// What shares come to by code, in the order in which codes come up.
    static func totals(_ shares: [InvoiceDraft.Share]) -> [InvoiceDraft.Share] {
        InvoiceDraft.Share.totals(shares)
    }

    /// A tax as people know it: `VAT 19 %`.
    static func label(_ code: String, _ taxes: [String: InvoiceDocument.TaxLabel]) -> String {
        guard let tax = taxes[code] else { return "Tax \(code)" }
        return tax.rate.map { "\(tax.name) \(($0 * 100).decimalText()) %" } ?? tax.name
    }

    private static func notes(_ document: InvoiceDocument) -> [String] {
        [document.invoice.taxStatus.note].compactMap { $0 }
            + document.creditNotes.map { note in
                "Reduced by credit note \(note.number) of \(document.zone.date(of: note.issuedAt).text) over "
                    + "\(DocumentPage.grouped(note.total.text)) \(note.currency.code)."
            }
    }
}
