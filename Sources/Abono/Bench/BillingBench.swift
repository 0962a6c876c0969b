import Billing
import Foundation
import Jobs
import Ledger
import Postgres
import Values

/// How fast what is due becomes invoices in the books, beside COPY of the rows that this writes into tables with the
/// same columns and keys, but without indexes, references and checks.
///
/// Every customer has a subscription to three prices (a fee and seats in advance, tokens in arrears), its first invoice
/// and a month of usage. First a tenth of the book is billed, then all of it: the time of an invoice must not grow.
struct BillingBench: Sendable {
    /// How many subscriptions are due.
    let subscriptions: Int

    func run(on bench: BenchDatabase) async throws -> BenchResult {
        let database = Database(url: bench.url, connections: 8)
        defer { database.close() }
        // Checks read everything.
        let patient = Database(url: bench.url, connections: 2, deadline: .seconds(900))
        defer { patient.close() }
        let book = try await BillingBenchBook(database, bench)
        // The customers that the others are copies of are billed first; nothing is cold when it counts.
        let warm = try await bill(database)
        try await book.add(subscriptions / 10)
        let tenth = try await timed(database, expecting: subscriptions / 10)
        try await book.add(subscriptions)
        let whole = try await timed(database, expecting: subscriptions)
        let memory = Self.peakMegabytes
        try await check(patient, book, invoices: warm.invoices + subscriptions / 10 + subscriptions)
        let copied = try await BillingBenchCopy(bench: bench, database: patient).seconds()
        var result = BenchResult(bench: "billing")
        result.figure("subscriptions", Double(subscriptions))
        result.figure("seconds", whole)
        result.figure("invoices_per_second", Double(subscriptions) / whole)
        result.figure("milliseconds_per_invoice", whole * 1000 / Double(subscriptions))
        result.figure("tenth_milliseconds_per_invoice", tenth * 1000 / Double(subscriptions / 10))
        result.figure("peak_rss_megabytes", memory)
        result.figure("copy_seconds", copied.seconds * Double(subscriptions) / Double(copied.invoices))
        result.ratio(
            "time_per_invoice_vs_a_tenth",
            whole / Double(subscriptions) / (tenth / Double(subscriptions / 10))
        )
        result.ratio(
            "billing_vs_copy",
            copied.seconds / Double(copied.invoices) / (whole / Double(subscriptions))
        )
        return result
    }

    private func bill(_ database: Database) async throws -> BillingRunSummary {
        let summary = try await BillingRun.run(
            until: BillingBenchBook.until,
            database: database,
            time: SystemTime(),
            author: .command,
            graceSeconds: 0
        )
        if let failure = summary.failures.first {
            throw Problem(.internal, "\(failure.object) was not billed: \(failure.message)")
        }
        return summary
    }

    private func timed(_ database: Database, expecting count: Int) async throws -> Double {
        let started = ContinuousClock.now
        let summary = try await bill(database)
        let seconds = (ContinuousClock.now - started).inSeconds
        guard summary.invoices == count, summary.finalized == count else {
            throw Problem(.internal, "\(summary.invoices) of \(count) were billed, \(summary.finalized) finalized")
        }
        return seconds
    }

    /// What was invoiced is what it must come to, every number is there once, and the books agree.
    private func check(_ database: Database, _ book: BillingBenchBook, invoices: Int) async throws {
        let found: (count: Int, total: Int, numbers: Int, last: Int)? =
            try await database.transaction(as: .system) { transaction in
                try await transaction.first(
                    """
                    SELECT count(*) FILTER (WHERE reason = 'renewal'),
                           coalesce(sum(total_minor) FILTER (WHERE reason = 'renewal'), 0)::bigint,
                           count(DISTINCT number), (SELECT sum(last_number) FROM app.invoice_counters)::bigint
                    FROM app.invoices
                    """
                ) { row in (try row.next(), try row.next(), try row.next(), try row.next()) }
            }
        guard let found, found.count == invoices, found.total == book.expectedMinor else {
            throw Problem(
                .internal,
                "\(found?.count ?? 0) invoices of \(found?.total ?? 0) were found, not \(invoices) of \(book.expectedMinor)"
            )
        }
        guard found.numbers == found.last else {
            throw Problem(.internal, "\(found.numbers) numbers were found; the last is \(found.last)")
        }
        try await database.transaction(as: .finance, isolation: .snapshot) { transaction in
            if let finding = try await LedgerVerification.verify(in: transaction).findings.first {
                throw Problem(.internal, "the books are not sound: \(finding.object) \(finding.message)")
            }
            for tenant in try await book.sample(in: transaction) {
                let differences = try await Reconciliation.differences(tenant: tenant, in: transaction)
                if let difference = differences.first {
                    throw Problem(.internal, "the books do not agree: \(difference.json.text)")
                }
            }
        }
    }

    /// The most memory that this process has held so far.
    private static var peakMegabytes: Double {
        let status = (try? String(contentsOfFile: "/proc/self/status", encoding: .utf8)) ?? ""
        let line = status.split(separator: "\n").first { $0.hasPrefix("VmHWM:") }
        let kilobytes = line.flatMap { Double($0.filter(\.isNumber)) } ?? 0
        return kilobytes / 1024
    }
}
