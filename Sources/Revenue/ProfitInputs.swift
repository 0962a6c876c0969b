package import Ledger
package import Values

/// What a customer used of a model for a task in a month, and what it cost.
package struct MeasuredUsage: Hashable, Sendable {
    package let month: Month
    package let tenant: TenantID
    /// As the events say it; nil where they do not.
    package let model: String?
    package let task: String?
    /// Read, kept and written.
    package var tokens = Exact.zero
    /// Milliseconds of processors.
    package var milliseconds = Exact.zero
    /// What it cost by the price book, unrounded, by currency.
    package var costs: [Currency: Exact] = [:]

    /// Begins with nothing.
    package init(month: Month, tenant: TenantID, model: String?, task: String?) {
        self.month = month
        self.tenant = tenant
        self.model = model
        self.task = task
    }
}

/// What was booked as an expense.
package struct BookedExpense: Hashable, Sendable {
    package let at: Instant
    package let tenant: TenantID
    package let account: Account
    package let amount: Money
    package let ids: [String]

    /// Takes the parts.
    package init(at instant: Instant, tenant: TenantID, account: Account, amount: Money, ids: [String]) {
        at = instant
        self.tenant = tenant
        self.account = account
        self.amount = amount
        self.ids = ids
    }

    /// Its column; nil for accounts that are no expense.
    package var column: ProfitColumn? {
        switch account {
        case .paymentFees: .paymentFees
        case .partnerShare: .partnerShare
        case .badDebt, .writeOff, .exchangeDifference: .other
        default: nil
        }
    }
}

/// What margin and profit are computed from, as it was known.
package struct ProfitInputs: Sendable {
    /// What a line of an invoice is for.
    package struct Line: Hashable, Sendable {
        package let plan: String
        /// By model and task, what its events add up to; empty unless it is usage.
        package var weights: [Part: Exact] = [:]

        /// Takes both.
        package init(plan: String, weights: [Part: Exact] = [:]) {
            self.plan = plan
            self.weights = weights
        }
    }

    /// A model and a task.
    package struct Part: Hashable, Comparable, Sendable {
        package let model: String?
        package let task: String?

        /// Takes both.
        package init(model: String?, task: String?) {
            self.model = model
            self.task = task
        }

        package static func < (left: Part, right: Part) -> Bool {
            (left.model ?? "", left.task ?? "") < (right.model ?? "", right.task ?? "")
        }
    }

    /// What a credit note takes off a line, without tax.
    package struct Credited: Hashable, Sendable {
        package let line: InvoiceLineID
        package let net: Int64

        /// Takes both.
        package init(line: InvoiceLineID, net: Int64) {
            self.line = line
            self.net = net
        }
    }

    /// Revenue that was recognised in a month, or taken off.
    package struct Revenue: Hashable, Sendable {
        package let month: Month
        package let tenant: TenantID
        package let account: Account
        /// The plan, model and task it is for; nil where that is not known.
        package let plan: String?
        package let part: Part
        /// Below nothing if it was taken off.
        package let amount: Money
        package let ids: [String]
    }

    package let recognition: RecognitionReport
    package var lines: [InvoiceLineID: Line] = [:]
    /// By the wire id of the credit note.
    package var credited: [String: [Credited]] = [:]
    package var usage: [MeasuredUsage] = []
    package var expenses: [BookedExpense] = []
    package var entries: [CostEntry] = []
    package var rules: [CostRule] = []
    /// How many subscriptions of a plan a customer had as a month closed.
    package var subscriptions: [Month: [TenantID: [String: Int]]] = [:]
    /// Who brought whom.
    package var attributions: [TenantID: [PartnerAttribution]] = [:]
    package var partners: [PartnerID: Partner] = [:]

    /// Begins with what was recognised.
    package init(_ recognition: RecognitionReport) { self.recognition = recognition }

    /// The months.
    package var months: ReportMonths { recognition.months }

    /// All revenue of a month, to the minor unit what the report of recognised revenue has as net.
    ///
    /// What a usage line earned is shared out over models and tasks by what their events add up to (largest remainder).
    package func revenue(in month: Month) -> [Revenue] {
        let from = months.limit(month.adding(-1))
        let to = months.limit(month)
        var found: [Revenue] = []
        for line in recognition.lines {
            let minor = line.recognised(before: to) - line.recognised(before: from)
            found += parts(
                of: line.line,
                month,
                line.tenant,
                line.account,
                Money(minor: minor, currency: line.currency),
                ids: [line.invoice.text, line.line.text]
            )
        }
        for entry in recognition.booked where entry.at >= from && entry.at < to {
            let isTaken = RecognitionReport.contraAccounts.contains(entry.account)
            let amount = Money(
                minor: isTaken ? 0 &- entry.amount.minor : entry.amount.minor,
                currency: entry.amount.currency
            )
            let notes = entry.account == .creditNotes ? entry.ids.first.flatMap { credited[$0] } ?? [] : []
            guard notes.reduce(Int64(0), { $0 + $1.net }) == entry.amount.minor, !notes.isEmpty else {
                found += parts(of: nil, month, entry.tenant, entry.account, amount, ids: entry.ids)
                continue
            }
            for note in notes {
                found += parts(
                    of: note.line,
                    month,
                    entry.tenant,
                    entry.account,
                    Money(minor: 0 &- note.net, currency: amount.currency),
                    ids: entry.ids + [note.line.text]
                )
            }
        }
        return found
    }

    private func parts(
        of id: InvoiceLineID?,
        _ month: Month,
        _ tenant: TenantID,
        _ account: Account,
        _ amount: Money,
        ids: [String]
    ) -> [Revenue] {
        guard !amount.isZero else { return [] }
        let line = id.flatMap { lines[$0] }
        let weights = (line?.weights ?? [:]).filter { $0.value > .zero }.sorted { $0.key < $1.key }
        let shares = weights.isEmpty ? [amount.minor] : split(amount.minor, by: weights.map(\.value))
        let kinds = weights.isEmpty ? [Part(model: nil, task: nil)] : weights.map(\.key)
        return zip(kinds, shares).filter { $1 != 0 }.map { part, minor in
            Revenue(
                month: month,
                tenant: tenant,
                account: account,
                plan: line?.plan,
                part: part,
                amount: Money(minor: minor, currency: amount.currency),
                ids: ids
            )
        }
    }

    /// What of a cost entry falls into a month; a day counts once it is over.
    func spent(_ entry: CostEntry, in month: Month) -> Money {
        let from = months.zone.date(of: months.limit(month.adding(-1)))
        let to = months.zone.date(of: months.limit(month))
        return Money(minor: entry.spent(before: to) - entry.spent(before: from), currency: entry.amount.currency)
    }

    /// The expenses of a month.
    func expenses(in month: Month) -> [BookedExpense] {
        let from = months.limit(month.adding(-1))
        let to = months.limit(month)
        return expenses.filter { $0.at >= from && $0.at < to }
    }

    /// What measured usage of a month cost, in whole minor units: each currency is rounded once, then shared out.
    func inference(in month: Month) throws(Problem) -> [(usage: MeasuredUsage, amount: Money)] {
        let own = usage.filter { $0.month == month }.sorted { left, right in
            (left.tenant, left.model ?? "", left.task ?? "") < (right.tenant, right.model ?? "", right.task ?? "")
        }
        var found: [(usage: MeasuredUsage, amount: Money)] = []
        for currency in Set(own.flatMap(\.costs.keys)).sorted(by: { $0.code < $1.code }) {
            let priced = own.filter { $0.costs[currency] != nil }
            let costs = priced.map { $0.costs[currency] ?? .zero }
            let total = try Money(costs.reduce(.zero, +), currency: currency)
            for (usage, minor) in zip(priced, split(total.minor, by: costs)) where minor != 0 {
                found.append((usage: usage, amount: Money(minor: minor, currency: currency)))
            }
        }
        return found
    }

    /// The partner who brought a tenant, as a month closes, if it still has a share.
    func partner(of tenant: TenantID, in month: Month) -> Partner? {
        PartnerBook(partners: partners, attributions: attributions).partner(of: tenant, before: months.limit(month))
    }
}
