import Ledger
import Plans
package import Postgres
import Subscriptions
package import Values

extension RevenueReports {
    /// Any report by its name, or what is behind one of its figures.
    package static func page(
        _ request: ReportRequest,
        in transaction: borrowing Transaction
    ) async throws -> ReportPage {
        switch request.name {
        case .mrr, .movements, .arr, .churn, .cohorts, .ltv:
            return try page(
                request,
                of: await mrr(
                    from: request.from,
                    to: request.to,
                    asOf: request.asOf,
                    currency: request.currency,
                    zone: request.zone,
                    by: request.group,
                    target: request.target,
                    keepsMovements: request.name == .movements || request.explain != nil,
                    in: transaction
                )
            )
        case .recognized, .deferred:
            let report = try await recognition(
                from: request.from,
                to: request.to,
                asOf: request.asOf,
                currency: request.currency,
                zone: request.zone,
                in: transaction
            )
            return try page(request, of: report)
        case .bookings, .billings, .tax, .cash:
            let report = try await monthly(request, in: transaction)
            return try request.explain.map { cell throws(Problem) in try report.page(behind: cell) } ?? report.page
        case .aging:
            let report = try await aging(
                asOf: request.asOf,
                currency: request.currency,
                zone: request.zone,
                in: transaction
            )
            return try request.explain.map { cell throws(Problem) in try report.page(behind: cell) } ?? report.page
        case .journals:
            let report = try await journals(request, in: transaction)
            return try request.explain.map { cell throws(Problem) in try report.page(behind: cell) } ?? report.page
        case .usage: return try await usagePage(request, in: transaction)
        case .trialBalance: return try await trialBalancePage(request, in: transaction)
        case .margin, .profit: return try await profitPage(request, in: transaction)
        case .partners:
            let report = try await partners(request, in: transaction)
            return try request.explain.map { cell throws(Problem) in try report.page(behind: cell) } ?? report.page
        }
    }

    private static func page(_ request: ReportRequest, of report: MRRReport) throws(Problem) -> ReportPage {
        switch request.name {
        case .churn:
            let retention = try RetentionReport(of: report, reactivation: request.reactivation)
            guard let cell = request.explain else { return retention.page }
            return try retention.page(behind: cell)
        case .cohorts:
            let cohorts = try CohortReport(of: report)
            guard let cell = request.explain else { return cohorts.page }
            return try cohorts.page(behind: cell)
        case .ltv:
            let terms = if let own = request.terms { own } else { try LifetimeValueReport.Terms() }
            let value = try LifetimeValueReport(of: CohortReport(of: report), RetentionReport(of: report), terms)
            guard let cell = request.explain else { return value.page }
            return try value.page(behind: cell)
        default:
            if let cell = request.explain { return try report.page(behind: cell, as: request.name.rawValue) }
            switch request.name {
            case .movements: return report.movementsPage
            case .arr: return try report.arrPage()
            default: return report.page
            }
        }
    }

    private static func page(_ request: ReportRequest, of report: RecognitionReport) throws(Problem) -> ReportPage {
        let isDeferred = request.name == .deferred
        guard let cell = request.explain else { return isDeferred ? report.deferredPage : report.recognisedPage }
        return .explained(
            request.name.rawValue,
            cell,
            isDeferred ? try report.deferredSources(behind: cell) : try report.recognisedSources(behind: cell),
            asOf: request.asOf,
            definition: RecognitionReport.definition
        )
    }

    /// Bookings, billings, tax, cash or partners.
    package static func monthly(
        _ request: ReportRequest,
        in transaction: borrowing Transaction
    ) async throws -> MonthlyReport {
        let months = try request.months()
        let span = BooksQueries.Span(months)
        switch request.name {
        case .partners: return try await partners(request, in: transaction)
        case .billings:
            return try BillingsReport.report(
                of: try await BooksQueries.invoiced(span, in: transaction),
                try await BooksQueries.credited(span, in: transaction),
                months: months,
                currency: request.currency
            )
        case .tax:
            let shares = try await BooksQueries.taxShares(span, in: transaction)
            return try TaxReport.report(of: shares, months: months, currency: request.currency)
        case .cash:
            let movements = try await BooksQueries.cash(span, in: transaction)
            return try CashReport.report(of: movements, months: months, currency: request.currency)
        default:
            return try MonthlyReport(
                BookingsReport.shape,
                of: try await bookings(asOf: request.asOf, in: transaction),
                months: months,
                currency: request.currency
            )
        }
    }

    /// What all subscriptions add to bookings, as far as it was known.
    private static func bookings(
        asOf: Instant,
        in transaction: borrowing Transaction
    ) async throws -> [ReportFact] {
        let stories = try await stories(asOf: asOf, in: transaction)
        let versions = try await versions(of: stories, in: transaction)
        let plans = Dictionary(versions.map { ($0.id, $0.plan) }) { first, _ in first }
        let terms = versions.map(\.terms)
        var facts: [ReportFact] = []
        for story in stories {
            let timeline = try SubscriptionTimeline(
                start: story.start,
                zone: story.zone,
                changes: story.changes,
                terms: terms,
                until: asOf
            )
            facts += try BookingsReport.facts(
                of: story.subscription,
                tenant: story.tenant,
                changes: story.changes,
                plans: SubscriptionPlans.all(of: story.changes) { plans[$0] },
                hasPaid: timeline.phases.contains { phase in
                    !phase.isTrial && !phase.isPaused && phase.start <= asOf
                        && phase.end.map { $0 > phase.start } ?? true
                }
            )
        }
        return facts
    }

    /// What customers owe, by how long it has been due.
    package static func aging(
        asOf: Instant,
        currency: Currency? = nil,
        zone: Zone = .utc,
        in transaction: borrowing Transaction
    ) async throws -> AgingReport {
        let items = try await AgingQueries.items(asOf: asOf, in: transaction)
        return try AgingReport(of: items, asOf: asOf, zone: zone, currency: currency)
    }

    /// All journals of a span; more than `JournalsReport.maximum` are refused.
    package static func journals(
        _ request: ReportRequest,
        in transaction: borrowing Transaction
    ) async throws -> JournalsReport {
        let months = try request.months()
        let found = try await BooksQueries.journals(
            BooksQueries.Span(months),
            limit: JournalsReport.maximum + 1,
            in: transaction
        )
        try check(found.count)
        return JournalsReport(of: found, months: months, currency: request.currency)
    }

    private static func check(_ count: Int) throws(Problem) {
        guard count <= JournalsReport.maximum else {
            throw .invalid("to", "there are more than \(JournalsReport.maximum) journals; ask for fewer months at once")
        }
    }

    private static func usagePage(
        _ request: ReportRequest,
        in transaction: borrowing Transaction
    ) async throws -> ReportPage {
        guard let text = request.explain else {
            return try await usage(
                from: request.from,
                to: request.to,
                asOf: request.asOf,
                currency: request.currency,
                zone: request.zone,
                in: transaction
            ).page
        }
        let month = try ReportCell(parsing: text, columns: ["amount", "customers", "journals"]).month()
        let months = try ReportMonths(from: month, to: month, asOf: request.asOf, zone: request.zone)
        let sources = try await sources(
            on: .usageRevenue,
            BooksQueries.Span(months),
            key: [month.text],
            column: "amount",
            currency: request.currency,
            in: transaction
        )
        return .explained("usage", text, sources, asOf: request.asOf, definition: UsageRevenueReport.definition)
    }

    private static func trialBalancePage(
        _ request: ReportRequest,
        in transaction: borrowing Transaction
    ) async throws -> ReportPage {
        guard let text = request.explain else {
            return TrialBalanceReport(
                of: try await trialBalance(asOf: request.asOf, in: transaction),
                asOf: request.asOf,
                currency: request.currency
            ).page
        }
        let account = try TrialBalanceReport.account(of: text)
        let sources = try await sources(
            on: account,
            BooksQueries.Span(until: request.asOf),
            key: [account.rawValue],
            column: "balance",
            currency: request.currency,
            in: transaction
        )
        return .explained(
            "trial-balance",
            text,
            sources,
            asOf: request.asOf,
            definition: TrialBalanceReport.definition
        )
    }

    /// What journals of a span put on an account; of one that earns, credits are positive.
    private static func sources(
        on account: Account,
        _ span: BooksQueries.Span,
        key: [String],
        column: String,
        currency: Currency?,
        in transaction: borrowing Transaction
    ) async throws -> [ReportSource] {
        let found = try await BooksQueries.journals(
            span,
            account: account,
            limit: JournalsReport.maximum + 1,
            in: transaction
        )
        try check(found.count)
        let sign: Int64 = column != "balance" && account.kind == .revenue ? -1 : 1
        return found.filter { currency == nil || $0.journal.currency == currency }.map { posted in
            ReportSource(
                key: key,
                column: column,
                tenant: posted.journal.tenant,
                amount: Money(minor: sign * posted.journal.amount(on: account), currency: posted.journal.currency),
                ids: [posted.journal.reference, posted.journal.id.text]
            )
        }
    }
}
