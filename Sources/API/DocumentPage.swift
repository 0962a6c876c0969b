import Billing
import Crypto
import Foundation
import Values

/// The frame of pages to read and print: one file, no script, everything that people wrote escaped.
enum DocumentPage {
    /// A page with a heading, a mark beside it, and a body that is HTML already.
    static func html(title: String, mark: String, body: String, footer: String) -> String {
        """
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
        <span class="status \(escaped(mark))">\(escaped(mark.replacing("_", with: " ")))</span>
        </header>
        \(body)
        <footer>\(escaped(footer))</footer>
        </main>
        </body>
        </html>

        """
    }

    /// What goes with a page: nothing is loaded, nothing runs, nobody frames it; only the page's own style counts.
    static let headers: [String: String] = [
        "Content-Security-Policy":
            "default-src 'none'; style-src 'sha256-\(styleHash)'; base-uri 'none'; form-action 'none'; "
            + "frame-ancestors 'none'",
        "X-Content-Type-Options": "nosniff", "Referrer-Policy": "no-referrer", "Cache-Control": "private, no-store",
    ]

    /// Who sells or buys.
    static func party(_ name: String, _ party: InvoiceDocument.Party) -> String {
        let lines =
            party.address + [party.country, party.email].compactMap { $0 } + party.taxIDs.map { "Tax id \($0)" }
        let rest = lines.map { "<br><span class=\"small\">\(escaped($0))</span>" }.joined()
        return "<dl><dt>\(escaped(name))</dt><dd>\(escaped(party.name))\(rest)</dd></dl>"
    }

    /// A fact with its name.
    static func fact(_ name: String, _ value: String) -> String {
        "<dl><dt>\(escaped(name))</dt><dd>\(escaped(value))</dd></dl>"
    }

    /// A row of the sums under a table of so many columns.
    static func sum(_ name: String, _ money: Money, columns: Int, isLast: Bool = false) -> String {
        let mark = isLast ? " class=\"due\"" : ""
        return "<tr\(mark)><th colspan=\"\(columns - 1)\">\(escaped(name))</th>"
            + "<td class=\"n\">\(escaped("\(grouped(money.text)) \(money.currency.code)"))</td></tr>"
    }

    /// The days of a stretch, with the last one that it holds, as people write periods.
    static func days(_ start: Instant, _ end: Instant, in zone: Zone) -> String {
        let first = zone.date(of: start)
        let last = zone.date(of: max(start, end.adding(microseconds: -1)))
        return first == last ? first.text : "\(first.text) – \(last.text)"
    }

    /// A number with its thousands apart: 1,234,567.89.
    static func grouped(_ text: String) -> String {
        let sign = text.hasPrefix("-") ? "-" : ""
        let parts = text.dropFirst(sign.count).split(separator: ".", maxSplits: 1, omittingEmptySubsequences: false)
        let whole = Array(parts.first ?? "")
        var groups: [String] = []
        var end = whole.count
        while end > 0 {
            groups.insert(String(whole[max(0, end - 3)..<end]), at: 0)
            end -= 3
        }
        return sign + groups.joined(separator: ",") + (parts.count > 1 ? "." + parts[1] : "")
    }

    /// Text as it may stand in HTML, between tags and in quoted attributes.
    static func escaped(_ text: String) -> String {
        var escaped = ""
        // By scalars: a mark that combines with a bracket must not hide it.
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": escaped += "&amp;"
            case "<": escaped += "&lt;"
            case ">": escaped += "&gt;"
            case "\"": escaped += "&quot;"
            case "'": escaped += "&#39;"
            default: escaped.unicodeScalars.append(scalar)
            }
        }
        return escaped
    }

    private static let styleHash = Data(SHA256.hash(data: Array(style.utf8))).base64EncodedString()

    private static let style = """
        @page{size:A4;margin:16mm 14mm 18mm;@bottom-right{content:counter(page) " / " counter(pages);\
        font:9px sans-serif;color:#6b6b66}}
        :root{color-scheme:light dark}
        body{font:15px/1.5 system-ui,sans-serif;margin:0;background:#f4f4f2;color:#1d1d1b}
        main{max-width:52rem;margin:2rem auto;padding:2.5rem;background:#fff;border-radius:.5rem;\
        box-shadow:0 1px 4px rgba(0,0,0,.13)}
        header{display:flex;justify-content:space-between;align-items:baseline;gap:1rem}
        h1{font-size:1.6rem;font-weight:600;margin:0}
        .status{text-transform:uppercase;font-size:.75rem;letter-spacing:.08em;padding:.2rem .6rem;\
        border-radius:1rem;background:#e8e8e4}
        .status.paid{background:#d7efdc;color:#14532d}.status.open{background:#fdecc8;color:#713f12}
        .parties{display:flex;flex-wrap:wrap;gap:2rem;margin:1.5rem 0 2rem}
        dl{margin:0}dt{font-size:.75rem;color:#6b6b66}dd{margin:0;font-weight:500;overflow-wrap:anywhere}
        .small{font-size:.8rem;font-weight:400;color:#6b6b66}
        table{width:100%;border-collapse:collapse}
        th,td{text-align:left;padding:.5rem .4rem;border-bottom:1px solid #e5e5e0;vertical-align:top}
        td{overflow-wrap:anywhere}
        thead{display:table-header-group}tr{break-inside:avoid}
        thead th{font-size:.75rem;color:#6b6b66;font-weight:500}
        .n{text-align:right;font-variant-numeric:tabular-nums;white-space:nowrap}
        tfoot{display:table-row-group}
        tfoot th{text-align:right;font-weight:400}tfoot tr.due th,tfoot tr.due td{font-weight:600;border-bottom:0}
        .note{margin:1.5rem 0 0}
        footer{margin-top:2rem;font-size:.75rem;color:#6b6b66}
        @media screen and (prefers-color-scheme:dark){body{background:#161615;color:#eee}\
        main{background:#1f1f1d;box-shadow:none}th,td{border-color:#333}.status{background:#333}}
        @media print{body{background:#fff;color:#000;font-size:11px}main{box-shadow:none;margin:0;padding:0;\
        max-width:none;background:#fff}}
        """
}
