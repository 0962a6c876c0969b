import Billing
import Values

/// An invoice as a page to read and print: one file, no script, everything that people wrote escaped.
enum InvoicePage {
    static func html(_ invoice: Invoice, seller: String, buyer: String, in zone: Zone) -> String {
        let title = invoice.number.map { "Invoice \($0)" } ?? "Draft invoice"
        return """
            <!doctype html>
            <html lang="en">
            <head>
            <meta charset="utf-8">
            <meta name="viewport" content="width=device-width, initial-scale=1">
            <title>\(escaped(title))</title>
            <style>\(style)</style>
            </head>
            <body>
            <main>
            <header>
            <h1>\(escaped(title))</h1>
            <span class="status \(escaped(invoice.status.rawValue))">\(escaped(invoice.status.rawValue))</span>
            </header>
            <section class="parties">
            \(facts(invoice, seller: seller, buyer: buyer, in: zone))
            </section>
            <table>
            <thead><tr><th>What</th><th>Period</th><th class="n">Quantity</th><th class="n">Amount</th></tr></thead>
            <tbody>
            \(invoice.lines.map { row($0, invoice.currency, in: zone) }.joined(separator: "\n"))
            </tbody>
            <tfoot>
            \(sums(invoice))
            </tfoot>
            </table>
            <footer>\(escaped(invoice.id.text))</footer>
            </main>
            </body>
            </html>

            """
    }

    private static func facts(_ invoice: Invoice, seller: String, buyer: String, in zone: Zone) -> String {
        var facts = [("From", seller), ("To", buyer), ("Issued", zone.date(of: invoice.issuedAt).text)]
        if let due = invoice.dueAt { facts.append(("Due", zone.date(of: due).text)) }
        if let paid = invoice.paidAt { facts.append(("Paid", zone.date(of: paid).text)) }
        return facts.map { "<dl><dt>\($0.0)</dt><dd>\(escaped($0.1))</dd></dl>" }.joined(separator: "\n")
    }

    private static func row(_ line: InvoiceLine, _ currency: Currency, in zone: Zone) -> String {
        var name = line.price.map { "\(line.plan) · \($0)" } ?? "\(line.plan) · \(line.kind.rawValue)"
        if let meter = line.meter { name += " (\(meter))" }
        if line.isCorrection { name += ", correction" }
        // The last day that the period holds, as people write periods.
        let last = zone.date(of: line.end.adding(microseconds: -1))
        let amount = Money(minor: line.amount, currency: currency)
        return """
            <tr><td>\(escaped(name))</td><td>\(zone.date(of: line.start).text) – \(last.text)</td>\
            <td class="n">\(escaped(line.quantity.text))</td><td class="n">\(escaped(amount.text))</td></tr>
            """
    }

    private static func sums(_ invoice: Invoice) -> String {
        var sums: [(String, Money)] = [("Subtotal", invoice.subtotal)]
        if !invoice.discount.isZero { sums.append(("Discount", invoice.discount)) }
        if !invoice.tax.isZero { sums.append(("Tax", invoice.tax)) }
        sums.append(("Total", invoice.total))
        if !invoice.creditsApplied.isZero { sums.append(("Credit applied", invoice.creditsApplied)) }
        if !invoice.amountPaid.isZero { sums.append(("Paid", invoice.amountPaid)) }
        sums.append(("Amount due", invoice.amountDue))
        return sums.map { name, money in
            let mark = name == "Amount due" ? " class=\"due\"" : ""
            return "<tr\(mark)><th colspan=\"3\">\(name)</th><td class=\"n\">\(escaped("\(money)"))</td></tr>"
        }.joined(separator: "\n")
    }

    /// Text as it may stand in HTML, between tags and in quoted attributes.
    static func escaped(_ text: String) -> String {
        var escaped = ""
        for character in text {
            switch character {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            default: escaped.append(character)
            }
        }
        return escaped
    }

    private static let style = """
        :root{color-scheme:light dark}
        body{font:15px/1.5 system-ui,sans-serif;margin:0;background:#f4f4f2;color:#1d1d1b}
        main{max-width:48rem;margin:2rem auto;padding:2.5rem;background:#fff;border-radius:.5rem;\
        box-shadow:0 1px 4px #0002}
        header{display:flex;justify-content:space-between;align-items:baseline;gap:1rem}
        h1{font-size:1.6rem;font-weight:600;margin:0}
        .status{text-transform:uppercase;font-size:.75rem;letter-spacing:.08em;padding:.2rem .6rem;\
        border-radius:1rem;background:#e8e8e4}
        .status.paid{background:#d7efdc;color:#14532d}.status.open{background:#fdecc8;color:#713f12}
        .parties{display:flex;flex-wrap:wrap;gap:2rem;margin:1.5rem 0 2rem}
        dl{margin:0}dt{font-size:.75rem;color:#6b6b66}dd{margin:0;font-weight:500}
        table{width:100%;border-collapse:collapse}
        th,td{text-align:left;padding:.5rem .4rem;border-bottom:1px solid #e5e5e0;vertical-align:top}
        thead th{font-size:.75rem;color:#6b6b66;font-weight:500}
        .n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
        tfoot th{text-align:right;font-weight:400}tfoot tr.due th,tfoot tr.due td{font-weight:600;border-bottom:0}
        footer{margin-top:2rem;font-size:.75rem;color:#6b6b66}
        @media(prefers-color-scheme:dark){body{background:#161615;color:#eee}main{background:#1f1f1d;box-shadow:none}\
        th,td{border-color:#333}.status{background:#333}}
        @media print{body{background:#fff;color:#000}main{box-shadow:none;margin:0;padding:0;background:#fff}}
        """
}
