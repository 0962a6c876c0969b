package import Revenue
package import Values

extension RevenueBook {
    /// The instants whose books are to be read for a back-test of a forecast as of an instant: the last microsecond of
    /// every other month, the earliest first.
    package static func origins(before asOf: Instant, zone: Zone = .utc) -> [Instant] {
        let month = Month(of: zone.date(of: asOf))
        return RevenueBacktest.monthsBack.reversed().map { back in
            month.adding(-back).start(in: zone).adding(microseconds: -1)
        }
    }

    /// The book of one currency.
    ///
    /// `currency`: nil takes the only one there is.
    ///
    /// - Throws: a problem that names `currency` where there are none or several.
    package init(of sources: ForecastSources, currency: Currency? = nil) throws(Problem) {
        let present = Set(sources.contracts.flatMap { $0.phases.map(\.currency) })
            .union(sources.usage.map(\.amount.currency)).sorted { $0.code < $1.code }
        guard let currency = currency ?? (present.count == 1 ? present.first : nil) else {
            let names = present.map(\.code).joined(separator: ", ")
            throw .invalid(
                "currency",
                present.isEmpty
                    ? "there are no subscriptions to forecast" : "must be one of \(names); each is forecast alone"
            )
        }
        guard present.contains(currency) else {
            throw .invalid("currency", "there are no subscriptions in \(currency) to forecast")
        }
        self.init(reading: sources, currency: currency)
    }

    /// The book of a currency at an earlier instant, in which there may be nothing yet.
    package init(reading sources: ForecastSources, currency: Currency) {
        var calendar = MonthCalendar(zone: sources.zone)
        let asOf = calendar.time(of: sources.asOf)
        // An origin is the last microsecond of a month.
        let first = Int((asOf + 1e-6).rounded(.down))
        let contracts = sources.contracts.compactMap { Contract($0, currency, &calendar) }
        let rows = sources.usage.filter { $0.amount.currency == currency && $0.month.index < first }
        let start = rows.map(\.month.index).min() ?? first
        var usage = [Double](repeating: 0, count: max(0, first - start))
        for row in rows { usage[row.month.index - start] += row.amount.exact.double }
        var deferred: [Double] = []
        for release in sources.releases where release.amount.currency == currency && release.month.index >= first {
            let place = release.month.index - first
            while deferred.count <= place { deferred.append(0) }
            deferred[place] += release.amount.exact.double
        }
        let costs = sources.costs.filter { $0.currency == currency && $0[.revenue].minor > 0 }.map { row in
            CostMonth(
                revenue: row[.revenue].exact.double,
                costs: [row[.inference], row[.compute], row[.paymentFees], row[.partnerShare]].map(\.exact.double)
            )
        }
        self.init(
            currency: currency,
            asOf: asOf,
            contracts: contracts,
            usageStart: start,
            usage: usage,
            deferred: deferred,
            costs: costs,
            notes: sources.costsProblem.map { ["costs are not known: \($0)"] } ?? []
        )
    }
}

extension RevenueBook.Contract {
    /// What a subscription has in a currency; nil if nothing.
    fileprivate init?(_ history: ContractHistory, _ currency: Currency, _ calendar: inout MonthCalendar) {
        var stretches: [RevenueBook.Stretch] = []
        for phase in history.phases where phase.currency == currency {
            let end = phase.end.map { calendar.time(of: $0) } ?? .infinity
            let start = calendar.time(of: phase.start)
            guard start < end else { continue }
            stretches.append(
                RevenueBook.Stretch(start: start, end: end, monthly: phase.monthly.double, term: phase.term)
            )
        }
        guard !stretches.isEmpty else { return nil }
        self.init(
            stretches: stretches,
            boundary: history.boundary.map { calendar.time(of: $0) },
            ends: history.ends
        )
    }
}

/// Instants as months with the part that is gone; the bounds of months are looked up once.
private struct MonthCalendar {
    let zone: Zone
    private var starts: [Int: Instant] = [:]

    init(zone: Zone) {
        self.zone = zone
    }

    mutating func time(of instant: Instant) -> Double {
        let month = Month(of: zone.date(of: instant))
        let start = start(month)
        let length = Double(self.start(month.adding(1)) - start)
        return Double(month.index) + (length > 0 ? Double(instant - start) / length : 0)
    }

    private mutating func start(_ month: Month) -> Instant {
        if let known = starts[month.index] { return known }
        let start = month.start(in: zone)
        starts[month.index] = start
        return start
    }
}
