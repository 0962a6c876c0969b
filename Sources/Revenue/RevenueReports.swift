package import Ledger
import Plans
package import Postgres
import Subscriptions
package import Values

/// Finance's reports: each in one transaction of `.finance` with `isolation: .snapshot`, with a bounded number of
/// queries, and the same to the byte for the same as-of.
///
/// Callers check an as-of from outside with `AsOf.check` before they ask.
package enum RevenueReports {
    /// Monthly recurring revenue with its movements, as it was known at an instant.
    ///
    /// `from`: the first month.
    ///
    /// `to`: the last month, that included; months after the as-of are left out.
    ///
    /// `asOf`: changes recorded later were not known, and what happens later has not happened.
    ///
    /// `currency`: only customers whose prices are in it; nil is all.
    ///
    /// `group`: by what it is told apart.
    ///
    /// `target`: the currency that all amounts are brought to at the rates that were known; nil: each stays on its own.
    ///
    /// `keepsMovements`: whether what moved can be listed; rows do not need it.
    ///
    /// - Throws: a problem `rate_missing` if there is no rate to it.
    package static func mrr(
        from: Month,
        to: Month,
        asOf: Instant,
        currency: Currency? = nil,
        zone: Zone = .utc,
        by group: MRRDimension = .currency,
        target: Currency? = nil,
        keepsMovements: Bool = true,
        in transaction: borrowing Transaction
    ) async throws -> MRRReport {
        let months = try ReportMonths(from: from, to: to, asOf: asOf, zone: zone)
        let histories = try await histories(asOf: asOf, in: transaction)
        return try MRRReport(
            of: histories,
            months: months,
            currency: currency,
            terms: try await movementTerms(by: group, target: target, asOf: asOf, in: transaction),
            keepsMovements: keepsMovements
        )
    }

    private static func movementTerms(
        by group: MRRDimension,
        target: Currency?,
        asOf: Instant,
        in transaction: borrowing Transaction
    ) async throws -> MRRTerms {
        var partners = PartnerBook()
        if group == .partner {
            partners = PartnerBook(
                partners: try await PartnerQueries.all(in: transaction),
                attributions: try await PartnerQueries.attributions(asOf: asOf, in: transaction)
            )
        }
        var exchange: ExchangeTerms?
        if let target {
            exchange = try await ExchangeRateQueries.terms(to: target, asOf: asOf, in: transaction)
        }
        return MRRTerms(by: group, partners: partners, exchange: exchange)
    }

    /// What stands on each account of the books of all tenants that are not in test mode.
    ///
    /// `asOf`: journals that happened, or were recorded, later do not count.
    package static func trialBalance(
        asOf: Instant,
        in transaction: borrowing Transaction
    ) async throws -> [AccountBalance] {
        try await LedgerQueries.trialBalance(
            asOf: LedgerAsOf(at: asOf, recordedAt: asOf),
            withTests: false,
            in: transaction
        )
    }

    /// What usage earned by month, from the books.
    ///
    /// `from`: the first month.
    ///
    /// `to`: the last month, that included; months after the as-of are left out.
    ///
    /// `asOf`: journals that happened, or were recorded, later do not count.
    package static func usage(
        from: Month,
        to: Month,
        asOf: Instant,
        currency: Currency? = nil,
        zone: Zone = .utc,
        in transaction: borrowing Transaction
    ) async throws -> UsageRevenueReport {
        let months = try ReportMonths(from: from, to: to, asOf: asOf, zone: zone)
        let rows = try await RevenueReportQueries.booked(
            on: .usageRevenue,
            months: months,
            currency: currency,
            in: transaction
        )
        return UsageRevenueReport(months: months, rows: rows)
    }

    /// Revenue recognised and deferred by month, from the lines of all invoices in the books.
    ///
    /// `from`: the first month.
    ///
    /// `to`: the last month, that included; months after the as-of are left out.
    ///
    /// `asOf`: what was booked, or happened, later does not count.
    package static func recognition(
        from: Month,
        to: Month,
        asOf: Instant,
        currency: Currency? = nil,
        zone: Zone = .utc,
        in transaction: borrowing Transaction
    ) async throws -> RecognitionReport {
        let months = try ReportMonths(from: from, to: to, asOf: asOf, zone: zone)
        let lines = try await RecognitionQueries.lines(of: nil, recordedUntil: asOf, in: transaction)
        let booked = try await BooksQueries.contra(asOf: asOf, in: transaction)
        return try RecognitionReport(of: lines, booked: booked, months: months, currency: currency)
    }

    /// What was known of one subscription.
    struct Story {
        let tenant: TenantID
        let subscription: SubscriptionID
        let start: Moment
        let zone: Zone
        var changes: [SubscriptionChange]
    }

    static func stories(asOf: Instant, in transaction: borrowing Transaction) async throws -> [Story] {
        var stories: [Story] = []
        var cursor: RevenueReportQueries.Cursor?
        while true {
            let page = try await RevenueReportQueries.changes(recordedUntil: asOf, after: cursor, in: transaction)
            for row in page { add(row, to: &stories) }
            guard page.count == RevenueReportQueries.pageSize, let last = page.last else { return stories }
            cursor = .init(tenant: last.tenant, subscription: last.subscription, sequence: last.change.sequence)
        }
    }

    /// Adds a change to the last story, or begins another one with it.
    static func add(_ row: RevenueReportQueries.ChangeRow, to stories: inout [Story]) {
        if let last = stories.last, last.tenant == row.tenant, last.subscription == row.subscription {
            stories[stories.count - 1].changes.append(row.change)
        } else {
            stories.append(
                Story(
                    tenant: row.tenant,
                    subscription: row.subscription,
                    start: row.start,
                    zone: row.zone,
                    changes: [row.change]
                )
            )
        }
    }

    static func versions(
        of stories: [Story],
        in transaction: borrowing Transaction
    ) async throws -> [PlanVersion] {
        let named = Set(stories.flatMap { $0.changes.compactMap(\.version) })
        return named.isEmpty ? [] : try await PlanQueries.versions(named.sorted(), in: transaction)
    }
}
