import Ledger
import Postgres
import Values

/// Reads what margin and profit are made of: for `.finance`, over all tenants that are not in test mode.
enum ProfitQueries {
    /// Refuses months whose usage events are in files.
    static func checkArchives(from: Instant, before limit: Instant, in transaction: borrowing Transaction) async throws
    {
        let archived: CalendarDate? = try await transaction.first(
            """
            SELECT month FROM app.usage_archives
            WHERE state = 'archived' AND month >= \(Zone.utc.date(of: from).firstOfMonth)
              AND month <= \(Zone.utc.date(of: limit.adding(microseconds: -1)))
            ORDER BY month LIMIT 1
            """
        ) { row in try row.next() }
        if let archived { throw CostError.archived(Month(of: archived)) }
    }

    /// What lines of invoices are for.
    static func plans(
        of lines: [InvoiceLineID],
        in transaction: borrowing Transaction
    ) async throws -> [InvoiceLineID: ProfitInputs.Line] {
        let rows: [(InvoiceLineID, ProfitInputs.Line)] = try await transaction.query(
            "SELECT id, plan FROM app.invoice_lines WHERE id = ANY (\(lines)::uuid[])"
        ) { row in (try row.next(), ProfitInputs.Line(plan: try row.next())) }
        return Dictionary(rows) { first, _ in first }
    }

    /// The first instant of the stretches of lines of usage; nil if there are none.
    static func firstUsage(of lines: [InvoiceLineID], in transaction: borrowing Transaction) async throws -> Instant? {
        let first: Instant?? = try await transaction.first(
            """
            SELECT min(period_start) FROM app.invoice_lines WHERE id = ANY (\(lines)::uuid[]) AND kind = 'usage'
            """
        ) { row in try row.next() as Instant? }
        return first ?? nil
    }

    /// By model and task what the events behind lines of usage add up to, as it was known.
    static func weights(
        of lines: [InvoiceLineID],
        asOf: Instant,
        in transaction: borrowing Transaction
    ) async throws -> [(line: InvoiceLineID, part: ProfitInputs.Part, amount: Exact)] {
        try await transaction.query(
            """
            SELECT l.id, e.properties ->> 'model', e.properties ->> 'task', sum(e.value)
            FROM app.invoice_lines l
            JOIN app.meters m ON m.code = l.meter
            JOIN app.usage_events e ON e.tenant_id = l.tenant_id AND e.meter = m.source
             AND e.at >= l.period_start AND e.at < l.period_end
             AND (e.subscription_id IS NULL OR e.subscription_id = l.subscription_id)
            WHERE l.id = ANY (\(lines)::uuid[]) AND l.kind = 'usage' AND app.usage_passes(e.properties, m.filter)
              AND \(fragment: counts(asOf: asOf))
            GROUP BY 1, 2, 3 ORDER BY 1, 2, 3
            """
        ) { row in
            let line: InvoiceLineID = try row.next()
            let part = ProfitInputs.Part(model: try row.next(), task: try row.next())
            let sum: Decimal12 = try row.next()
            return (line: line, part: part, amount: sum.exact)
        }
    }

    /// What credit notes take off each line.
    static func credited(
        by notes: [ID<CreditNoteRow>],
        in transaction: borrowing Transaction
    ) async throws -> [String: [ProfitInputs.Credited]] {
        let rows: [(note: ID<CreditNoteRow>, credited: ProfitInputs.Credited)] = try await transaction.query(
            """
            SELECT credit_note_id, invoice_line_id, net_minor FROM app.credit_note_lines
            WHERE credit_note_id = ANY (\(notes)::uuid[]) ORDER BY credit_note_id, position
            """
        ) { row in
            (note: try row.next(), credited: ProfitInputs.Credited(line: try row.next(), net: try row.next()))
        }
        return Dictionary(grouping: rows, by: \.note.text).mapValues { $0.map(\.credited) }
    }

    /// What journals of the months put on accounts of expenses.
    static func expenses(_ months: ReportMonths, in transaction: borrowing Transaction) async throws -> [BookedExpense]
    {
        let accounts = Account.allCases.filter { $0.kind == .expense }.map(\.rawValue)
        return try await transaction.query(
            """
            SELECT j.at, j.tenant_id, j.id, j.reference, e.account, j.currency, e.amount
            FROM app.journals j CROSS JOIN LATERAL unnest(j.accounts, j.amounts) AS e (account, amount)
            WHERE \(fragment: BooksQueries.Span(months).holds("j")) AND e.account = ANY (\(accounts)::text[])
              AND j.accounts && \(accounts)::text[]
            ORDER BY j.at, j.tenant_id, j.id, e.account
            """
        ) { row in
            let at: Instant = try row.next()
            let tenant: TenantID = try row.next()
            let journal: JournalID = try row.next()
            let reference: String = try row.next()
            let name: String = try row.next()
            guard let account = Account(rawValue: name) else { throw LedgerError.unknownAccount(name) }
            let currency: Currency = try row.next()
            return BookedExpense(
                at: at,
                tenant: tenant,
                account: account,
                amount: Money(minor: try row.next(), currency: currency),
                ids: [reference, journal.text]
            )
        }
    }

    /// A stretch in which no price changes.
    struct Stretch {
        let month: Month
        let start: Instant
        let end: Instant

        /// All of some months, cut where a price of the book begins.
        static func all(_ months: ReportMonths, _ book: PriceBook) -> [Stretch] {
            months.all.flatMap { month in
                let start = month.start(in: months.zone)
                let end = months.limit(month)
                let cuts = [start] + book.instants.filter { $0 > start && $0 < end } + [end]
                return zip(cuts, cuts.dropFirst()).filter { $0 < $1 }.map { Stretch(month: month, start: $0, end: $1) }
            }
        }
    }

    /// What was measured in each month by customer, model and task, at the prices of the book.
    static func usage(
        _ months: ReportMonths,
        _ book: PriceBook,
        in transaction: borrowing Transaction
    ) async throws -> [MeasuredUsage] {
        let stretches = Stretch.all(months, book)
        guard let first = stretches.first, let last = stretches.last else { return [] }
        struct Key: Hashable {
            let month: Month
            let tenant: TenantID
            let part: ProfitInputs.Part
        }
        struct Sum {
            let key: Key
            let start: Instant
            let meter: String
            let value: Exact
        }
        let rows: [Sum] = try await transaction.query(
            """
            SELECT s.place, e.tenant_id, e.properties ->> 'model', e.properties ->> 'task', e.meter, sum(e.value)
            FROM unnest(\(stretches.map(\.start))::timestamptz[], \(stretches.map(\.end))::timestamptz[])
                WITH ORDINALITY AS s (starts_at, ends_at, place)
            JOIN app.usage_events e ON e.at >= s.starts_at AND e.at < s.ends_at
            WHERE e.meter = ANY (\(ComputeUnit.allCases.map(\.meter))::text[]) AND e.at >= \(first.start)
              AND e.at < \(last.end) AND \(fragment: counts(asOf: months.asOf))
              AND \(fragment: RevenueReportQueries.isReal("e"))
            GROUP BY 1, 2, 3, 4, 5 ORDER BY 1, 2, 3, 4, 5
            """
        ) { row in
            let place: Int = try row.next()
            guard stretches.indices.contains(place - 1) else {
                throw Problem(.internal, "there is no stretch \(place)")
            }
            let stretch = stretches[place - 1]
            let tenant: TenantID = try row.next()
            let part = ProfitInputs.Part(model: try row.next(), task: try row.next())
            let meter: String = try row.next()
            let value: Decimal12 = try row.next()
            return Sum(
                key: Key(month: stretch.month, tenant: tenant, part: part),
                start: stretch.start,
                meter: meter,
                value: value.exact
            )
        }
        var found: [Key: MeasuredUsage] = [:]
        for sum in rows {
            let key = sum.key
            var usage =
                found[key]
                ?? MeasuredUsage(month: key.month, tenant: key.tenant, model: key.part.model, task: key.part.task)
            if sum.meter == ComputeUnit.cpuSecond.meter {
                usage.milliseconds += sum.value
            } else {
                usage.tokens += sum.value
            }
            if let cost = book.cost(of: sum.value, meter: sum.meter, model: key.part.model, at: sum.start) {
                usage.costs[cost.currency, default: .zero] += cost.amount
            }
            found[key] = usage
        }
        return found.values.sorted { left, right in
            (left.month, left.tenant, left.model ?? "", left.task ?? "")
                < (right.month, right.tenant, right.model ?? "", right.task ?? "")
        }
    }

    /// An event behind measured usage.
    struct Event {
        let tenant: TenantID
        let id: String
        let at: Instant
        let meter: String
        let value: Exact
        let part: ProfitInputs.Part
    }

    /// The events of a month that are priced, in the order of time.
    static func events(
        _ month: Month,
        _ months: ReportMonths,
        limit: Int,
        in transaction: borrowing Transaction
    ) async throws -> [Event] {
        try await transaction.query(
            """
            SELECT e.tenant_id, e.event_id, e.at, e.meter, e.value, e.properties ->> 'model', e.properties ->> 'task'
            FROM app.usage_events e
            WHERE e.meter = ANY (\(ComputeUnit.allCases.map(\.meter))::text[])
              AND e.at >= \(month.start(in: months.zone)) AND e.at < \(months.limit(month)) AND \(fragment: counts(asOf: months.asOf))
              AND \(fragment: RevenueReportQueries.isReal("e"))
            ORDER BY e.at, e.tenant_id, e.event_id LIMIT \(limit)
            """
        ) { row in
            let tenant: TenantID = try row.next()
            let id: String = try row.next()
            let at: Instant = try row.next()
            let meter: String = try row.next()
            let value: Decimal12 = try row.next()
            return Event(
                tenant: tenant,
                id: id,
                at: at,
                meter: meter,
                value: value.exact,
                part: ProfitInputs.Part(model: try row.next(), task: try row.next())
            )
        }
    }

    /// The condition that an event counted at an instant: it was written, and its revision not taken back.
    private static func counts(asOf: Instant) -> SQL {
        """
        e.recorded_at <= \(asOf) AND NOT EXISTS (
            SELECT FROM app.usage_voids v WHERE v.tenant_id = e.tenant_id AND v.event_id = e.event_id
              AND v.revision = e.revision AND v.recorded_at <= \(asOf))
        """
    }

}
