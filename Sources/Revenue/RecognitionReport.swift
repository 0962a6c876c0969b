package import Ledger
package import Values

/// Revenue recognised and deferred, month by month: the waterfall.
///
/// Pure. In every row, in minor units of its currency, opening + billed in advance − recognised of it = closing, and
/// closing is the opening of the month after; what is deferred at the as-of is laid out over the months to come.
package struct RecognitionReport: Sendable {
    /// One month in one currency.
    package struct Row: Hashable, Sendable {
        /// The month.
        package let month: Month
        /// Recognised by account; what is billed after its stretch is recognised as it is billed.
        package let recognised: [Account: Money]
        /// All of it.
        package let total: Money
        /// What the books took off by account: credit notes, refunds, credit that was given.
        package let contra: [Account: Money]
        /// The total less what was taken off.
        package let net: Money
        /// Deferred as the month began.
        package let opening: Money
        /// Billed in advance, less what was taken back.
        package let billed: Money
        /// Recognised of what was billed in advance.
        package let released: Money
        /// Deferred as the month ends.
        package let closing: Money

        /// The currency.
        package var currency: Currency { total.currency }
    }

    /// What is deferred at the as-of and will be recognised in a month.
    package struct Release: Hashable, Sendable {
        /// The month.
        package let month: Month
        /// How much, if nothing changes.
        package let amount: Money
    }

    /// What journals put on an account that is not computed from lines of invoices: contra accounts, and credit that was
    /// bought and never used.
    package struct Booked: Hashable, Sendable {
        /// When it happened.
        package let at: Instant
        /// Whose it is.
        package let tenant: TenantID
        /// The account.
        package let account: Account
        /// Positive is more of what the account is of, in minor units: earned, or taken off.
        package let amount: Money
        /// The wire ids behind it.
        package let ids: [String]

        /// Takes the parts.
        package init(at instant: Instant, tenant: TenantID, account: Account, amount: Money, ids: [String]) {
            at = instant
            self.tenant = tenant
            self.account = account
            self.amount = amount
            self.ids = ids
        }
    }

    /// The accounts that earn.
    package static let accounts: [Account] = [
        .subscriptionRevenue, .usageRevenue, .addOnRevenue, .breakageRevenue,
    ]
    /// The accounts that take off.
    package static let contraAccounts: [Account] = [.creditNotes, .refunds, .promotionalCredit, .agentShare]

    /// Which months, and as of when.
    package let months: ReportMonths
    /// By currency, then by month.
    package let rows: [Row]
    /// By currency, then by month, from the as-of on; the first month has what is left of it.
    package let releases: [Release]
    let lines: [RecognitionLine]
    let booked: [Booked]

    /// Makes it of the lines of all invoices in the books, and of what journals say of other accounts.
    package init(
        of lines: [RecognitionLine],
        booked: [Booked] = [],
        months: ReportMonths,
        currency: Currency? = nil
    ) throws(Problem) {
        let own = currency.map { only in lines.filter { $0.currency == only } } ?? lines
        self.months = months
        self.lines = own
        let ownBooked = booked.filter { currency == nil || $0.amount.currency == currency }
        self.booked = ownBooked
        let currencies = Set(own.map(\.currency)).union(ownBooked.map(\.amount.currency))
            .union(currency.map { [$0] } ?? []).sorted { $0.code < $1.code }
        rows = currencies.flatMap { currency in
            let lines = own.filter { $0.currency == currency }
            let booked = ownBooked.filter { $0.amount.currency == currency }
            return months.all.map { month in RecognitionReport.row(month, lines, booked, currency, months) }
        }
        releases = currencies.flatMap { currency in
            RecognitionReport.releases(own.filter { $0.currency == currency && $0.isDeferred }, currency, months)
        }
    }

    private static func row(
        _ month: Month,
        _ lines: [RecognitionLine],
        _ booked: [Booked],
        _ currency: Currency,
        _ months: ReportMonths
    ) -> Row {
        let from = months.limit(month.adding(-1))
        let to = months.limit(month)
        func sum(_ lines: [RecognitionLine], _ amount: (RecognitionLine) -> Int64) -> Money {
            Money(minor: lines.reduce(0) { $0 + amount($1) }, currency: currency)
        }
        func recognised(_ line: RecognitionLine) -> Int64 {
            line.recognised(before: to) - line.recognised(before: from)
        }
        let deferred = lines.filter(\.isDeferred)
        var amounts: [Account: Int64] = [:]
        for line in lines { amounts[line.account, default: 0] += recognised(line) }
        for entry in booked where entry.at >= from && entry.at < to {
            amounts[entry.account, default: 0] += entry.amount.minor
        }
        func money(_ account: Account) -> Money { Money(minor: amounts[account] ?? 0, currency: currency) }
        let total = accounts.reduce(0) { $0 + (amounts[$1] ?? 0) }
        let taken = contraAccounts.reduce(0) { $0 + (amounts[$1] ?? 0) }
        return Row(
            month: month,
            recognised: Dictionary(uniqueKeysWithValues: accounts.map { ($0, money($0)) }),
            total: Money(minor: total, currency: currency),
            contra: Dictionary(uniqueKeysWithValues: contraAccounts.map { ($0, money($0)) }),
            net: Money(minor: total - taken, currency: currency),
            opening: sum(deferred) { $0.deferred(at: from) },
            billed: sum(deferred) { $0.billed(before: to) - $0.billed(before: from) },
            released: sum(deferred, recognised),
            closing: sum(deferred) { $0.deferred(at: to) }
        )
    }

    /// What is left at the as-of, by the months in which it will be recognised.
    private static func releases(
        _ lines: [RecognitionLine],
        _ currency: Currency,
        _ months: ReportMonths
    ) -> [Release] {
        let now = months.asOf.adding(microseconds: 1)
        let open = lines.filter { $0.deferred(at: now) != 0 }
        guard let last = open.map(\.schedule.end).max() else { return [] }
        var releases: [Release] = []
        var month = Month(of: months.zone.date(of: months.asOf))
        var from = now
        while from < last, releases.count < ReportMonths.maximum {
            let to = month.adding(1).start(in: months.zone)
            let minor = open.reduce(Int64(0)) { $0 + $1.recognised(before: to) - $1.recognised(before: from) }
            if minor != 0 { releases.append(Release(month: month, amount: Money(minor: minor, currency: currency))) }
            month = month.adding(1)
            from = to
        }
        return releases
    }
}
