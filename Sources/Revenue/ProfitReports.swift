import Ledger
import Plans
package import Postgres
import Subscriptions
package import Values

extension RevenueReports {
    /// The most events that are listed behind a figure.
    private static let maximumEvents = 20_000

    /// The margin of customers, plans, models or features.
    package static func margin(
        _ request: ReportRequest,
        in transaction: borrowing Transaction
    ) async throws -> ProfitTable {
        let inputs = try await profitInputs(request, withParts: true, in: transaction)
        return try MarginReport.report(of: inputs, by: request.by, currency: request.currency)
    }

    /// Profit by kind of business.
    package static func profit(
        _ request: ReportRequest,
        in transaction: borrowing Transaction
    ) async throws -> ProfitTable {
        let inputs = try await profitInputs(request, withParts: false, in: transaction)
        return try ProfitReport.report(of: inputs, currency: request.currency)
    }

    static func profitPage(
        _ request: ReportRequest,
        in transaction: borrowing Transaction
    ) async throws -> ReportPage {
        let table =
            request.name == .margin
            ? try await margin(request, in: transaction) : try await profit(request, in: transaction)
        guard let text = request.explain else { return table.page }
        let (cell, facts) = try table.facts(behind: text)
        var details: [ProfitDetail] = []
        if facts.contains(where: { $0.column == .inference }) {
            details = try await events(behind: cell, facts, of: table, request, in: transaction)
        }
        return try table.page(behind: text) { _, _ in details }
    }

    /// What partners brought, had a share in, and were paid.
    package static func partners(
        _ request: ReportRequest,
        in transaction: borrowing Transaction
    ) async throws -> MonthlyReport {
        let months = try request.months()
        let span = BooksQueries.Span(months)
        let partners = try await PartnerQueries.all(in: transaction)
        return try PartnerReport.report(
            accruals: try await PartnerAccrualQueries.accruals(
                of: nil,
                from: span.start,
                before: span.end,
                asOf: months.asOf,
                in: transaction
            ),
            payouts: try await PartnerPayoutQueries.payouts(
                of: nil,
                from: span.start,
                before: span.end,
                asOf: months.asOf,
                in: transaction
            ),
            codes: partners.mapValues(\.code),
            months: months,
            currency: request.currency
        )
    }

    /// What a partner is told of a month, as it was known at an instant.
    ///
    /// - Throws: `PartnerError.notFound`.
    package static func statement(
        of code: String,
        month: Month,
        asOf: Instant,
        in transaction: borrowing Transaction
    ) async throws -> PartnerStatement {
        let partner = try await PartnerOperations.find(code, in: transaction)
        let limit = min(month.adding(1).start(in: .utc), asOf.adding(microseconds: 1))
        return try PartnerStatement(
            of: partner,
            month: month,
            asOf: asOf,
            accruals: try await PartnerAccrualQueries.accruals(
                of: partner.id,
                from: nil,
                before: limit,
                asOf: asOf,
                in: transaction
            ),
            payouts: try await PartnerPayoutQueries.payouts(
                of: partner.id,
                from: nil,
                before: limit,
                asOf: asOf,
                in: transaction
            )
        )
    }

    /// Reads what margin and profit are computed from.
    ///
    /// `withParts`: also what revenue and costs are shared out by.
    private static func profitInputs(
        _ request: ReportRequest,
        withParts: Bool,
        in transaction: borrowing Transaction
    ) async throws -> ProfitInputs {
        // Of all currencies: what one is shared out by may be in another.
        let report = try await recognition(
            from: request.from,
            to: request.to,
            asOf: request.asOf,
            zone: request.zone,
            in: transaction
        )
        let months = report.months
        let start = months.from.start(in: months.zone)
        let end = months.limit(months.to)
        try await ProfitQueries.checkArchives(from: start, before: end, in: transaction)
        var inputs = ProfitInputs(report)
        let notes = report.booked.filter { $0.account == .creditNotes && $0.at >= start && $0.at < end }
            .compactMap { $0.ids.first.flatMap { ID<CreditNoteRow>($0) } }
        inputs.credited = try await ProfitQueries.credited(by: notes, in: transaction)
        if withParts { try await readParts(&inputs, report, request.by, start: start, end: end, in: transaction) }
        let book = try await PriceBookQueries.book(asOf: months.asOf, in: transaction)
        inputs.usage = try await ProfitQueries.usage(months, book, in: transaction)
        inputs.expenses = try await ProfitQueries.expenses(months, in: transaction)
        inputs.entries = try await CostQueries.entries(months, in: transaction)
        inputs.rules = try await CostQueries.rules(asOf: months.asOf, in: transaction)
        inputs.attributions = try await PartnerQueries.attributions(asOf: months.asOf, in: transaction)
        inputs.partners = try await PartnerQueries.all(in: transaction)
        if withParts { inputs.subscriptions = try await subscriptions(months, in: transaction) }
        return inputs
    }

    private static func readParts(
        _ inputs: inout ProfitInputs,
        _ report: RecognitionReport,
        _ dimension: MarginReport.Dimension,
        start: Instant,
        end: Instant,
        in transaction: borrowing Transaction
    ) async throws {
        let credited = inputs.credited.values.flatMap { $0.map(\.line) }
        let earning = report.lines.filter { $0.recognised(before: end) != $0.recognised(before: start) }.map(\.line)
        let ids = Set(credited + earning).sorted()
        inputs.lines = try await ProfitQueries.plans(of: ids, in: transaction)
        guard dimension == .model || dimension == .feature else { return }
        if let first = try await ProfitQueries.firstUsage(of: ids, in: transaction), first < start {
            try await ProfitQueries.checkArchives(from: first, before: start, in: transaction)
        }
        for row in try await ProfitQueries.weights(of: ids, asOf: report.months.asOf, in: transaction) {
            inputs.lines[row.line]?.weights[row.part] = row.amount
        }
    }

    /// How many subscriptions of a plan each customer had as each month closed: in force, on trial, and not paused.
    private static func subscriptions(
        _ months: ReportMonths,
        in transaction: borrowing Transaction
    ) async throws -> [Month: [TenantID: [String: Int]]] {
        let stories = try await stories(asOf: months.asOf, in: transaction)
        let versions = try await versions(of: stories, in: transaction)
        let codes = Dictionary(versions.map { ($0.id, $0.code) }) { first, _ in first }
        let terms = versions.map(\.terms)
        var counts: [Month: [TenantID: [String: Int]]] = [:]
        for story in stories {
            let timeline = try SubscriptionTimeline(
                start: story.start,
                zone: story.zone,
                changes: story.changes,
                terms: terms,
                until: months.asOf
            )
            for month in months.all {
                let limit = months.limit(month)
                let phase = timeline.phases.last { $0.start < limit && $0.end.map { $0 >= limit } ?? true }
                guard let phase, !phase.isPaused, let plan = codes[phase.version] else { continue }
                counts[month, default: [:]][story.tenant, default: [:]][plan, default: 0] += 1
            }
        }
        return counts
    }

    /// The events of usage behind a figure, each with what it cost, unrounded.
    private static func events(
        behind cell: ReportCell,
        _ facts: [ProfitFact],
        of table: ProfitTable,
        _ request: ReportRequest,
        in transaction: borrowing Transaction
    ) async throws -> [ProfitDetail] {
        let months = table.months
        let month = try months.month(of: cell)
        let book = try await PriceBookQueries.book(asOf: months.asOf, in: transaction)
        let events = try await ProfitQueries.events(month, months, limit: maximumEvents + 1, in: transaction)
        guard events.count <= maximumEvents else { return [] }
        // A customer's, model's or task's figure has that one's events; a plan's or kind's those of its customers.
        let meant = Set(facts.filter { $0.column == .inference }.map { MeasuredKey($0.tenant, $0.ids) })
        return events.compactMap { event in
            let usage = MeasuredUsage(
                month: month,
                tenant: event.tenant,
                model: event.part.model,
                task: event.part.task
            )
            guard meant.contains(MeasuredKey(event.tenant, ProfitDetail.ids(of: usage))),
                let cost = book.cost(of: event.value, meter: event.meter, model: event.part.model, at: event.at),
                request.currency == nil || request.currency == cost.currency
            else { return nil }
            return ProfitDetail(
                cell: ReportCell(cell.key, column: ProfitColumn.inference.rawValue).description,
                tenant: event.tenant,
                amount: cost.amount.decimalText(),
                currency: cost.currency,
                ids: [event.id, event.meter]
            )
        }
    }

    private struct MeasuredKey: Hashable {
        let tenant: TenantID?
        let ids: [String]

        init(_ tenant: TenantID?, _ ids: [String]) {
            self.tenant = tenant
            self.ids = ids
        }
    }
}
