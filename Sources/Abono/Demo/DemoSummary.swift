import Billing
import Forecasting
import Foundation
import Revenue
import Values

/// What the demo tells a newcomer at its end.
struct DemoSummary {
    let seed: DemoSeed.Summary
    let answers: [DemoCustomer.Answered]
    /// How long all answers took together.
    let milliseconds: Int
    let usage: [(meter: String, quantity: String)]
    let invoices: [Invoice]
    let differences: Int
    let report: MRRReport
    let forecast: SeriesForecast

    /// The whole text.
    var text: String {
        [conversation, usageText, invoiceText, reconciliation, revenue, outlook].joined(separator: "\n")
    }

    // MARK: - The model

    private var conversation: String {
        let shown = ["en", "de", "es", "fr"].compactMap { language in
            answers.first { $0.message.language == language && !$0.text.isEmpty }
        }
        var text = heading("What the customer asked, and what the model answered")
        for answer in shown {
            text += "  \(answer.message.language)  \(answer.message.text)\n"
            text += "      → \(Self.oneLine(answer.text))\n"
            text += "      \(answer.promptTokens) + \(answer.completionTokens) tokens, \(answer.milliseconds) ms\n"
        }
        let prompt = answers.reduce(0) { $0 + $1.promptTokens }
        let completion = answers.reduce(0) { $0 + $1.completionTokens }
        let languages = Set(answers.map(\.message.language)).count
        text += "  \(answers.count) messages in \(languages) languages, \(prompt) tokens in, \(completion) out, "
        text += "in \(Self.seconds(milliseconds)) s\n"
        return text
    }

    private static func oneLine(_ text: String) -> String {
        let line = text.split(whereSeparator: \.isWhitespace).joined(separator: " ")
        return line.count > 100 ? line.prefix(99) + "…" : line
    }

    // MARK: - Money

    private var usageText: String {
        heading("What was metered, in the transactions that ended the jobs")
            + indented(Output.table(["meter", "quantity"], usage.map { [$0.meter, $0.quantity] }))
    }

    private var invoiceText: String {
        var text = heading("What it costs: the invoices of the first month")
        for invoice in invoices {
            text +=
                "  \(invoice.number ?? "draft"), \(Zone.utc.date(of: invoice.issuedAt)), \(invoice.reason.rawValue)\n"
            let rows = invoice.lines.map { line in
                [
                    line.price ?? line.kind.rawValue, line.kind.rawValue, line.quantity.text,
                    Money(minor: line.amount, currency: invoice.currency).text,
                ]
            }
            let total = ["total", "", "", "\(invoice.total)"]
            text += indented(Output.table(["price", "kind", "quantity", "amount"], rows + [total]))
        }
        return text
    }

    private var reconciliation: String {
        heading("Does it add up?")
            + "  events → rollups → invoice lines → ledger → payments: "
            + (differences == 0 ? "no difference\n" : "\(differences) differences; see `abono reconcile`\n")
    }

    // MARK: - Reports

    private var revenue: String {
        let cells: [MRRCell] = [.opening, .new, .expansion, .contraction, .churn, .reactivation, .closing]
        // The running month is not over; its closing says nothing yet.
        let whole = report.rows.filter { !report.months.isPartial($0.month) }
        let rows = whole.suffix(12).map { row in
            [row.month.text] + cells.map { row[$0].text } + ["\(row.customers)"]
        }
        var text = heading(
            "Monthly recurring revenue of \(seed.customers) customers over \(DemoBook.months) months, in USD"
        )
        text += indented(Output.table(["month"] + cells.map(\.rawValue) + ["customers"], rows))
        text += "  \(Self.sparkline(whole.map { $0[.closing].exact.double }))\n"
        text += "  made by \(seed.subscriptions) subscriptions, \(seed.changes) changes, \(seed.events) usage events, "
        text += "\(seed.invoices) invoices, \(seed.payments) payments\n"
        return text
    }

    private var outlook: String {
        heading("Where it goes: a forecast with its back-test") + indented(forecast.table)
    }

    /// One block a value, as high as the value.
    static func sparkline(_ values: [Double]) -> String {
        let blocks = Array("▁▂▃▄▅▆▇█")
        guard let least = values.min(), let most = values.max(), most > least else { return "" }
        return String(values.map { blocks[Int(($0 - least) / (most - least) * Double(blocks.count - 1) + 0.5)] })
    }

    // MARK: - Layout

    private func heading(_ text: String) -> String { "\(text)\n" }

    private func indented(_ text: String) -> String {
        text.split(separator: "\n", omittingEmptySubsequences: false).map { $0.isEmpty ? "" : "  " + $0 }
            .joined(separator: "\n")
    }

    private static func seconds(_ milliseconds: Int) -> String { String(format: "%.1f", Double(milliseconds) / 1000) }
}
