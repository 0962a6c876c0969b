import Postgres
import Synchronization
import Values

/// The limit of writing invoices: COPY of the rows of invoices, lines and journals as they are into tables with the same
/// columns and primary keys, and nothing else; one connection, a thousand invoices in a transaction.
struct BillingBenchCopy: Sendable {
    let bench: BenchDatabase
    let database: Database

    private static let batch = 1_000

    /// How long it took, for how many invoices.
    func seconds() async throws -> (seconds: Double, invoices: Int) {
        try await Administration.run(
            """
            CREATE TABLE app.bench_invoices (LIKE app.invoices, PRIMARY KEY (tenant_id, id));
            CREATE TABLE app.bench_invoice_lines (LIKE app.invoice_lines, PRIMARY KEY (tenant_id, id));
            CREATE TABLE app.bench_journals (LIKE app.journals, PRIMARY KEY (tenant_id, id));
            GRANT INSERT ON app.bench_invoices, app.bench_invoice_lines, app.bench_journals TO abono_system
            """,
            url: bench.administrationURL
        )
        var seconds = 0.0
        var invoices = 0
        var after: TenantID?
        while let page = try await page(after: after) {
            // The tables are named here, and the ids are ours: nothing of it comes from outside.
            let range = "tenant_id > '\(page.first.uuidText)' AND tenant_id <= '\(page.last.uuidText)'"
            var texts: [(table: String, text: [UInt8])] = []
            for (table, condition) in [
                ("invoices", "reason = 'renewal'"), ("invoice_lines", "invoice_id IN (\(Self.renewals(range)))"),
                ("journals", "posting_key LIKE 'invoice:%'"),
            ] { texts.append((table, try await read("\(table) WHERE \(range) AND \(condition)"))) }
            let started = ContinuousClock.now
            let stored = try await database.transaction(as: .system) { transaction in
                var stored: [Int] = []
                for (table, text) in texts {
                    stored.append(try await transaction.copyIn("COPY app.bench_\(table) FROM STDIN", text: text))
                }
                return stored
            }
            seconds += (ContinuousClock.now - started).inSeconds
            invoices += stored.first ?? 0
            after = page.last
        }
        guard invoices > 0 else { throw Problem(.internal, "there are no invoices to copy") }
        return (seconds, invoices)
    }

    private static func renewals(_ range: String) -> String {
        "SELECT id FROM app.invoices WHERE \(range) AND reason = 'renewal'"
    }

    private func page(after: TenantID?) async throws -> (first: TenantID, last: TenantID)? {
        let least = TenantID(uuid: UUIDBytes(high: 0, low: 0))
        let last: TenantID? = try await database.transaction(as: .system) { transaction in
            try await transaction.first(
                """
                SELECT tenant_id FROM (
                    SELECT tenant_id FROM app.tenants WHERE tenant_id > \(after ?? least)
                    ORDER BY tenant_id LIMIT \(Self.batch)) page
                ORDER BY tenant_id DESC LIMIT 1
                """
            ) { row in try row.next() }
        }
        return last.map { (after ?? least, $0) }
    }

    private func read(_ what: String) async throws -> [UInt8] {
        let text = Mutex<[UInt8]>([])
        return try await database.transaction(as: .system) { transaction in
            try await transaction.copyOut("COPY (SELECT * FROM app.\(what)) TO STDOUT") { row in
                text.withLock { $0 += row }
            }
            return text.withLock { $0 }
        }
    }
}
