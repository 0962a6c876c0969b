import Values

/// What one customer brings a month in one currency, at the close of every month since it first came.
struct CustomerRevenue {
    let tenant: TenantID
    /// That of the report's amounts: of its prices, or what they are brought to.
    let currency: Currency
    /// The month of the first of the closings; all before are nothing.
    let first: Month
    /// Rounded once, here: everything else in the report is sums and differences of these.
    ///
    /// What is brought to another currency begins with the month before the report's first.
    let closings: [Money]
    /// The same in the currency of its prices, in minor units.
    private let local: [Int64]
    /// That of its prices.
    let own: Currency
    /// The place of the first closing that is not nothing.
    private let firstPaid: Int
    private let histories: [RecurringHistory]

    /// Adds up the subscriptions of one customer, for each currency that it has.
    ///
    /// `only`: of its prices; nil is all.
    static func all(
        of histories: [RecurringHistory],
        only: Currency?,
        _ basis: MRRBasis
    ) throws(Problem) -> [CustomerRevenue] {
        guard let tenant = histories.first?.tenant,
            let earliest = histories.compactMap({ $0.levels.first?.at }).min()
        else { return [] }
        let first = min(basis.month(of: earliest), basis.months.to)
        var present: [Currency] = []
        for history in histories {
            for level in history.levels where !present.contains(level.currency) { present.append(level.currency) }
        }
        var all: [CustomerRevenue] = []
        for own in present.sorted(by: { $0.code < $1.code }) where only == nil || only == own {
            let local = try closings(of: histories, in: own, from: first, basis)
            var closings = local.map { Money(minor: $0, currency: own) }
            if let exchange = basis.terms.exchange {
                closings = try converted(local, own, from: first, exchange, basis)
            }
            all.append(
                CustomerRevenue(
                    tenant: tenant,
                    currency: basis.terms.exchange?.currency ?? own,
                    first: first,
                    closings: closings,
                    local: local,
                    own: own,
                    firstPaid: local.firstIndex { $0 != 0 } ?? local.count,
                    histories: histories
                )
            )
        }
        return all
    }

    /// Walks over levels and limits side by side: both are in the order of time.
    ///
    /// Where nothing changes the sum stays.
    private static func closings(
        of histories: [RecurringHistory],
        in currency: Currency,
        from first: Month,
        _ basis: MRRBasis
    ) throws(Problem) -> [Int64] {
        var next = Array(repeating: 0, count: histories.count)
        var closings: [Int64] = []
        closings.reserveCapacity(basis.months.to.index - first.index + 1)
        var closing: Int64 = 0
        for index in first.index...basis.months.to.index {
            let limit = basis.limit(Month(index: index))
            var hasMoved = false
            for (place, history) in histories.enumerated() {
                while next[place] < history.levels.count, history.levels[next[place]].at < limit {
                    next[place] += 1
                    hasMoved = true
                }
            }
            if hasMoved {
                var sum = Exact.zero
                for (place, history) in histories.enumerated() where next[place] > 0 {
                    let level = history.levels[next[place] - 1]
                    if level.currency == currency { sum += level.monthly }
                }
                closing = try Money(sum, currency: currency).minor
            }
            closings.append(closing)
        }
        return closings
    }

    private static func converted(
        _ local: [Int64],
        _ own: Currency,
        from first: Month,
        _ exchange: ExchangeTerms,
        _ basis: MRRBasis
    ) throws(Problem) -> [Money] {
        var closings: [Money] = []
        for (place, minor) in local.enumerated() {
            let month = first.adding(place)
            guard minor != 0, month >= basis.months.from.adding(-1) else {
                closings.append(.zero(exchange.currency))
                continue
            }
            let rate = try basis.rate(of: own, in: month, exchange)
            closings.append(try Money(Money(minor: minor, currency: own).exact * rate, currency: exchange.currency))
        }
        return closings
    }

    /// What it brings as a month closes.
    func closing(_ month: Month) -> Money {
        let place = month.index - first.index
        return closings.indices.contains(place) ? closings[place] : .zero(currency)
    }

    /// Whether an earlier month closed with anything.
    func hasPaid(before month: Month) -> Bool { firstPaid < month.index - first.index }

    private func local(_ month: Month) -> Int64 {
        let place = month.index - first.index
        return local.indices.contains(place) ? local[place] : 0
    }

    // MARK: - Groups

    /// What of an amount as a month closes falls to each group; to a plan by what is agreed on, largest remainder.
    private func shares(of minor: Int64, _ month: Month, _ basis: MRRBasis) -> [String: Int64] {
        guard minor != 0 else { return [:] }
        switch basis.terms.by {
        case .currency: return ["": minor]
        case .tenant: return [tenant.text: minor]
        case .partner:
            let partner = basis.terms.partners.partner(of: tenant, before: basis.limit(month))
            return [partner?.code ?? MRRDimension.none: minor]
        case .plan:
            var weights: [String: Exact] = [:]
            for history in histories {
                guard let level = history.level(before: basis.limit(month)), level.currency == own,
                    !level.monthly.isZero
                else { continue }
                weights[level.plan ?? MRRDimension.none, default: .zero] += level.monthly
            }
            let groups = weights.keys.sorted()
            let shares = split(minor, by: groups.map { weights[$0] ?? .zero })
            return Dictionary(zip(groups, shares)) { first, _ in first }
        }
    }

    /// What each group has of it as a month closes, in minor units of the report's currency.
    func shares(_ month: Month, _ basis: MRRBasis) -> [String: Int64] {
        shares(of: closing(month).minor, month, basis)
    }

    // MARK: - What moved

    /// What moved in a month, by group, then in the order of columns.
    func movements(in month: Month, _ basis: MRRBasis) throws(Problem) -> [MRREntry] {
        let before = month.adding(-1)
        let (opening, closing) = (local(before), local(month))
        let exchange = basis.terms.exchange
        guard opening != closing || opening != 0 && (basis.terms.by.hasTransfers || exchange != nil) else { return [] }
        let cell = MRRCell.movement(opening: opening, closing: closing, hasPaid: hasPaid(before: month))
        var movement = MRRMovement(
            from: shares(of: opening, before, basis),
            to: shares(of: closing, month, basis)
        )
        var differences: [String: Int64] = [:]
        if let exchange, exchange.currency != own {
            let rate = try basis.rate(of: own, in: month, exchange)
            movement = try movement.converted { minor throws(Problem) in
                try Money(Money(minor: minor, currency: own).exact * rate, currency: exchange.currency).minor
            }
            differences = shares(month, basis).merging(shares(before, basis).mapValues { -$0 }) { $0 + $1 }
            for part in [movement.moved, movement.transferred] {
                differences.merge(part.mapValues { -$0 }) { $0 + $1 }
            }
        }
        var entries: [MRREntry] = []
        let groups = Set(movement.moved.keys).union(movement.transferred.keys).union(differences.keys)
        for group in groups.sorted() {
            for (cell, amounts) in [
                (cell, movement.moved), (.transfer, movement.transferred), (.exchange, differences),
            ] {
                guard let cell, let minor = amounts[group], minor != 0 else { continue }
                entries.append(entry(month, cell, group, minor, basis))
            }
        }
        return entries
    }

    private func entry(
        _ month: Month,
        _ cell: MRRCell,
        _ group: String,
        _ minor: Int64,
        _ basis: MRRBasis
    ) -> MRREntry {
        let start = basis.limit(month.adding(-1))
        let end = basis.limit(month)
        var moved: [RecurringHistory] = []
        if cell != .exchange {
            moved = histories.filter { history in
                let levels = [history.level(before: start), history.level(before: end)]
                let amounts = levels.map { $0?.currency == own ? $0?.monthly ?? .zero : .zero }
                let isOfGroup = basis.terms.by != .plan || levels.contains { ($0?.plan ?? MRRDimension.none) == group }
                let isOther = basis.terms.by == .plan && !amounts[1].isZero && levels[0]?.plan != levels[1]?.plan
                return isOfGroup && (amounts[0] != amounts[1] || isOther)
            }
        }
        let changes = moved.flatMap { history in
            history.levels.filter { start <= $0.at && $0.at < end }.compactMap(\.change)
        }
        guard !moved.isEmpty else {
            // What rounding leaves may fall to a group that only just came.
            let opening = standing(month, cell, group, minor, at: start, basis)
            guard cell != .exchange || opening.subscriptions.isEmpty else { return opening }
            return standing(month, cell, group, minor, at: end, basis)
        }
        return MRREntry(
            month: month,
            cell: cell,
            tenant: tenant,
            amount: Money(minor: minor, currency: currency),
            subscriptions: moved.map(\.subscription),
            changes: Self.unique(changes),
            group: basis.terms.by == .currency ? nil : group
        )
    }

    // MARK: - What stands

    /// What is behind its opening or closing, by group; none if that is nothing.
    func standing(_ cell: MRRCell, in month: Month, _ basis: MRRBasis) -> [MRREntry] {
        let at = cell == .opening ? month.adding(-1) : month
        return shares(at, basis).filter { $0.value != 0 }.sorted { $0.key < $1.key }.map { group, minor in
            standing(month, cell, group, minor, at: basis.limit(at), basis)
        }
    }

    /// An entry with the subscriptions that bring something just before an instant.
    private func standing(
        _ month: Month,
        _ cell: MRRCell,
        _ group: String,
        _ minor: Int64,
        at limit: Instant,
        _ basis: MRRBasis
    ) -> MRREntry {
        let paying = histories.filter { history in
            guard let level = history.level(before: limit), level.currency == own, !level.monthly.isZero else {
                return false
            }
            return basis.terms.by != .plan || cell == .transfer || (level.plan ?? MRRDimension.none) == group
        }
        return MRREntry(
            month: month,
            cell: cell,
            tenant: tenant,
            amount: Money(minor: minor, currency: currency),
            subscriptions: paying.map(\.subscription),
            changes: Self.unique(paying.compactMap { $0.level(before: limit)?.change }),
            group: basis.terms.by == .currency ? nil : group
        )
    }

    private static func unique(_ changes: [ChangeID]) -> [ChangeID] {
        var seen: Set<ChangeID> = []
        return changes.filter { seen.insert($0).inserted }
    }
}
