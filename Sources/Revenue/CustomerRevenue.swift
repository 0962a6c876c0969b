import Values

/// What one customer brings a month in one currency, at the close of every month since it first came.
struct CustomerRevenue {
    let tenant: TenantID
    let currency: Currency
    /// The month of the first of the closings; all before are nothing.
    let first: Month
    /// Rounded once, here: everything else in the report is sums and differences of these.
    let closings: [Money]
    private let histories: [RecurringHistory]

    /// Adds up the subscriptions of one customer, for each currency that it has.
    static func all(
        of histories: [RecurringHistory],
        months: ReportMonths
    ) throws(Problem) -> [CustomerRevenue] {
        guard let tenant = histories.first?.tenant,
            let earliest = histories.compactMap({ $0.levels.first?.at }).min()
        else { return [] }
        let first = min(Month(of: months.zone.date(of: earliest)), months.to)
        let limits = (first.index...months.to.index).map { months.limit(Month(index: $0)) }
        var sums: [Currency: [Exact]] = [:]
        for history in histories { add(history, at: limits, to: &sums) }
        var all: [CustomerRevenue] = []
        for (currency, amounts) in sums.sorted(by: { $0.key.code < $1.key.code }) {
            var closings: [Money] = []
            closings.reserveCapacity(amounts.count)
            for amount in amounts { closings.append(try Money(amount, currency: currency)) }
            all.append(
                CustomerRevenue(
                    tenant: tenant,
                    currency: currency,
                    first: first,
                    closings: closings,
                    histories: histories
                )
            )
        }
        return all
    }

    /// Walks over levels and limits side by side: both are in the order of time.
    private static func add(_ history: RecurringHistory, at limits: [Instant], to sums: inout [Currency: [Exact]]) {
        var next = 0
        var current: RecurringLevel?
        for (place, limit) in limits.enumerated() {
            while next < history.levels.count, history.levels[next].at < limit {
                current = history.levels[next]
                next += 1
            }
            guard let current else { continue }
            sums[current.currency, default: Array(repeating: .zero, count: limits.count)][place] += current.monthly
        }
    }

    /// What it brings as a month closes.
    func closing(_ month: Month) -> Money {
        let place = month.index - first.index
        return closings.indices.contains(place) ? closings[place] : .zero(currency)
    }

    /// What moved in a month; nil if nothing did.
    func movement(in month: Month, _ months: ReportMonths) throws(Problem) -> MRREntry? {
        let opening = closing(month.adding(-1))
        let closing = closing(month)
        let place = max(0, min(closings.count, month.index - first.index))
        let hasPaid = closings[..<place].contains { !$0.isZero }
        guard let cell = MRRCell.movement(opening: opening.minor, closing: closing.minor, hasPaid: hasPaid) else {
            return nil
        }
        let start = months.limit(month.adding(-1))
        let end = months.limit(month)
        let moved = histories.filter { history in
            history.monthly(before: start, in: currency) != history.monthly(before: end, in: currency)
        }
        let changes = moved.flatMap { history in
            history.levels.filter { start <= $0.at && $0.at < end }.compactMap(\.change)
        }
        return MRREntry(
            month: month,
            cell: cell,
            tenant: tenant,
            amount: try closing.subtracting(opening),
            subscriptions: moved.map(\.subscription),
            changes: Self.unique(changes)
        )
    }

    /// What is behind its opening or closing; nil if that is nothing.
    func standing(_ cell: MRRCell, in month: Month, _ months: ReportMonths) -> MRREntry? {
        let at = cell == .opening ? month.adding(-1) : month
        let amount = closing(at)
        guard !amount.isZero else { return nil }
        let limit = months.limit(at)
        let paying = histories.filter { !$0.monthly(before: limit, in: currency).isZero }
        return MRREntry(
            month: month,
            cell: cell,
            tenant: tenant,
            amount: amount,
            subscriptions: paying.map(\.subscription),
            changes: Self.unique(paying.compactMap { $0.level(before: limit)?.change })
        )
    }

    private static func unique(_ changes: [ChangeID]) -> [ChangeID] {
        var seen: Set<ChangeID> = []
        return changes.filter { seen.insert($0).inserted }
    }
}
