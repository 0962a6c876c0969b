import ArgumentParser
import Foundation
import Postgres
import Revenue
import Values

/// A report over months.
protocol MonthsReportCommand: AsyncParsableCommand {
    static var report: ReportName { get }
    var options: GlobalOptions { get }
    var span: ReportsCommand.Span { get }
    var exports: ReportsCommand.Exports { get }
    /// Of churn.
    var reactivation: RetentionReport.Reactivation { get }

    /// Of margin.
    var by: MarginReport.Dimension { get }

    /// Of mrr, movements and arr.
    func told() throws(Problem) -> ReportsCommand.Told.Parsed

    /// Of ltv.
    func terms() throws(Problem) -> LifetimeValueReport.Terms?
}

extension MonthsReportCommand {
    var reactivation: RetentionReport.Reactivation { .exclude }

    var by: MarginReport.Dimension { .tenant }

    func told() throws(Problem) -> ReportsCommand.Told.Parsed { .init() }

    func terms() throws(Problem) -> LifetimeValueReport.Terms? { nil }

    func run() async throws {
        let terms = try terms()
        let told = try told()
        let page = try await Session.run(options) { session in
            let asked = try span.parsed(now: session.now)
            let request = ReportRequest(
                Self.report,
                from: asked.from,
                to: asked.to,
                asOf: asked.asOf,
                currency: asked.currency,
                reactivation: reactivation,
                terms: terms,
                by: by,
                group: told.by,
                target: told.target,
                explain: exports.explain
            )
            return try await session.read { transaction in
                try await RevenueReports.page(request, in: transaction)
            }
        }
        try exports.write(page, Output(format: options.format))
    }
}

/// A report of recurring revenue and its movements.
protocol MovementsReportCommand: MonthsReportCommand {
    var grouping: ReportsCommand.Told { get }
}

extension MovementsReportCommand {
    func told() throws(Problem) -> ReportsCommand.Told.Parsed { try grouping.parsed() }
}

/// A report of an instant.
protocol InstantReportCommand: AsyncParsableCommand {
    static var report: ReportName { get }
    var options: GlobalOptions { get }
    var known: ReportsCommand.Known { get }
    var currency: String? { get }
    var exports: ReportsCommand.Exports { get }
}

extension InstantReportCommand {
    func run() async throws {
        let page = try await Session.run(options) { session in
            let asOf = try known.instant(now: session.now)
            let month = Month(of: Zone.utc.date(of: asOf))
            let request = ReportRequest(
                Self.report,
                from: month,
                to: month,
                asOf: asOf,
                currency: try currency.map { try RevenueOptions.currency($0) },
                explain: exports.explain
            )
            return try await session.read { transaction in
                try await RevenueReports.page(request, in: transaction)
            }
        }
        try exports.write(page, Output(format: options.format))
    }
}

extension ReportsCommand {
    /// What is done with a report beside printing it.
    struct Exports: ParsableArguments {
        @Option(help: "The ids behind one figure, like 2025-06:churn: see abono reports --help.")
        var explain: String?
        @Option(help: "Also write it to this file as a workbook.") var xlsx: String?
        @Option(help: "Also draw it to this file.") var svg: String?

        func write(_ page: ReportPage, _ output: Output) throws {
            if let xlsx {
                let tables = [page.table] + page.more
                let notes = ReportPage.Table(
                    columns: ["what", "meaning"],
                    rows: [["as of", page.asOf.text]]
                        + (page.definition.object ?? JSONObject()).map { [$0.key, $0.value.string ?? $0.value.text] }
                )
                let sheets = tables.map { (name: $0.title.isEmpty ? page.name : $0.title, table: $0) }
                try Self.write(XLSXWriter.bytes(sheets + [(name: "definition", table: notes)]), to: xlsx, "--xlsx")
            }
            if let svg {
                guard let picture = page.picture else {
                    throw Problem.invalid(
                        "--svg",
                        "there is no picture of what is behind a figure; leave out --explain"
                    )
                }
                try Self.write(Array(SVGDrawing.text(picture).utf8), to: svg, "--svg")
            }
            print(page, output)
        }

        private func print(_ page: ReportPage, _ output: Output) {
            if output.format == .table, let trend = page.trend {
                output.list(page.table.columns + ["trend"], zip(page.table.rows, trend).map { $0 + [$1] }, json: .null)
            } else {
                output.list(page.table.columns, page.table.rows, json: page.json)
            }
            switch output.format {
            case .table:
                for table in page.more {
                    output.write("\n\(table.title)\n")
                    output.list(table.columns, table.rows, json: .null)
                }
                output.write("\n\(page.note)\n")
            case .csv: CommandFailure.say(page.note)
            case .json: break
            }
        }

        private static func write(_ bytes: [UInt8], to path: String, _ option: String) throws {
            guard FileManager.default.createFile(atPath: path, contents: Data(bytes)) else {
                throw Problem.invalid(option, "\(path) cannot be written")
            }
        }
    }
}
