package import Values

/// The margin of customers, plans, models and features, with the costs that are shared out.
///
/// Pure. Revenue less measured inference, fees and shares, less cost entries: those that name what they are for
/// directly, the others by the rule of their category, by largest remainder. What nothing takes stands on a line of its own.
package enum MarginReport {
    /// What margins are of.
    package enum Dimension: String, CaseIterable, Sendable {
        case tenant, plan, model
        /// The task, as events say it.
        case feature
    }

    /// The report by a dimension.
    package static func report(
        of inputs: ProfitInputs,
        by dimension: Dimension,
        currency: Currency? = nil
    ) throws(Problem) -> ProfitTable {
        var facts: [ProfitFact] = []
        for month in inputs.months.all { facts += try MarginMonth(inputs, month, by: dimension).facts(of: inputs) }
        return try ProfitTable(shape(dimension), of: facts, months: inputs.months, currency: currency)
    }

    static func shape(_ dimension: Dimension) -> ProfitTable.Shape {
        var definition = ProfitTable.words
        definition["variant"] = .string("by_\(dimension.rawValue)")
        definition["usage_revenue"] = """
            a usage line is shared out over models and features by what its meter's events of its stretch add up to, \
            by largest remainder
            """
        definition["by_plan"] = """
            what is a customer's and of no plan (inference, fees, shares) goes to its plans by their recognised revenue of \
            the month, else by its subscriptions
            """
        definition["allocation"] = """
            entries that name a tenant, plan or model are that one's alone; the others go by the rule of their category: share \
            of tokens, cpu_milliseconds, revenue of the entry's currency, or subscriptions as the month closes; by largest \
            remainder; without a rule, or where nothing was measured, they are unallocated
            """
        definition["unallocated"] = "what belongs to none of the rows, like subscription fees by model"
        return ProfitTable.Shape(
            name: "margin",
            title: "Margin by \(dimension.rawValue)",
            keyName: dimension.rawValue,
            rest: "unallocated",
            definition: .object(definition),
            query: "&by=\(dimension.rawValue)"
        )
    }
}

/// A month of the report: what costs are shared out by.
struct MarginMonth {
    /// What is shared out to whom: weights by key.
    typealias Weights = [String?: Exact]

    let month: Month
    let dimension: MarginReport.Dimension
    private let revenue: [ProfitInputs.Revenue]
    private let usage: [MeasuredUsage]
    private let subscriptions: [TenantID: [String: Int]]
    private let plans: [TenantID: [String: Exact]]

    init(_ inputs: ProfitInputs, _ month: Month, by dimension: MarginReport.Dimension) {
        self.month = month
        self.dimension = dimension
        revenue = inputs.revenue(in: month)
        usage = inputs.usage.filter { $0.month == month }
        subscriptions = inputs.subscriptions[month] ?? [:]
        var sums: [TenantID: [String: Exact]] = [:]
        for part in revenue {
            guard let plan = part.plan else { continue }
            sums[part.tenant, default: [:]][plan, default: .zero] += part.amount.exact
        }
        var plans = sums.mapValues { $0.filter { $0.value > .zero } }.filter { !$0.value.isEmpty }
        for (tenant, counts) in subscriptions where plans[tenant] == nil {
            plans[tenant] = counts.filter { $0.value > 0 }.mapValues { Exact($0) }
        }
        self.plans = plans
    }

    func facts(of inputs: ProfitInputs) throws(Problem) -> [ProfitFact] {
        var facts = revenue.map { part in
            ProfitFact(
                month: month,
                key: key(of: part),
                column: .revenue,
                amount: part.amount,
                tenant: part.tenant,
                ids: part.ids
            )
        }
        for (usage, amount) in try inputs.inference(in: month) {
            facts += shared(amount, keys(of: usage), .inference, usage.tenant, ids: ProfitDetail.ids(of: usage))
        }
        for expense in inputs.expenses(in: month) {
            guard let column = expense.column else { continue }
            facts += shared(expense.amount, keys(of: expense.tenant), column, expense.tenant, ids: expense.ids)
        }
        for entry in inputs.entries {
            let amount = inputs.spent(entry, in: month)
            let basis = CostRule.basis(of: entry.category, in: month, inputs.rules)
            facts += shared(
                amount,
                keys(of: entry.target, basis, amount.currency),
                ProfitColumn(entry.category),
                entry.target.tenant,
                ids: [entry.id.text]
            )
        }
        return facts
    }

    /// An amount by weights; what has none is for nobody.
    private func shared(
        _ amount: Money,
        _ weights: Weights,
        _ column: ProfitColumn,
        _ tenant: TenantID?,
        ids: [String]
    ) -> [ProfitFact] {
        guard !amount.isZero else { return [] }
        let known = weights.filter { $0.value > .zero }.sorted { left, right in
            guard let one = left.key else { return false }
            return right.key.map { one < $0 } ?? true
        }
        let keys = known.isEmpty ? [nil] : known.map(\.key)
        let shares = known.isEmpty ? [amount.minor] : split(amount.minor, by: known.map(\.value))
        return zip(keys, shares).filter { $1 != 0 }.map { key, minor in
            ProfitFact(
                month: month,
                key: key,
                column: column,
                amount: Money(minor: minor, currency: amount.currency),
                tenant: tenant,
                ids: ids
            )
        }
    }

    private func key(of part: ProfitInputs.Revenue) -> String? {
        switch dimension {
        case .tenant: part.tenant.text
        case .plan: part.plan
        case .model: part.part.model
        case .feature: part.part.task
        }
    }

    /// Who takes what was used.
    func keys(of usage: MeasuredUsage) -> Weights {
        switch dimension {
        case .tenant, .plan: keys(of: usage.tenant)
        case .model: [usage.model: .one]
        case .feature: [usage.task: .one]
        }
    }

    /// Who takes what is a customer's and of no plan or model.
    private func keys(of tenant: TenantID) -> Weights {
        switch dimension {
        case .tenant: return [tenant.text: .one]
        case .plan:
            var weights: Weights = [:]
            for (plan, weight) in plans[tenant] ?? [:] { weights[plan] = weight }
            return weights
        case .model, .feature: return [nil: .one]
        }
    }

    /// Who takes a cost entry.
    private func keys(of target: CostTarget, _ basis: CostBasis, _ currency: Currency) -> Weights {
        switch dimension {
        case .tenant: if let tenant = target.tenant { return [tenant.text: .one] }
        case .plan:
            if let plan = target.plan { return [plan: .one] }
            if let tenant = target.tenant { return keys(of: tenant) }
        case .model: if let model = target.model { return [model: .one] }
        case .feature: break
        }
        // What names one thing is shared out within it: a plan's by its revenue, a model's or customer's by its use.
        guard target.isDirect else { return weights(basis, target, currency) }
        let own: CostBasis = target.model == nil && target.plan != nil ? .revenue : .cpuMilliseconds
        return weights(own, target, currency)
    }

    private func weights(_ basis: CostBasis, _ target: CostTarget, _ currency: Currency) -> Weights {
        var weights: Weights = [:]
        switch basis {
        case .none: break
        case .tokens, .cpuMilliseconds:
            for usage in usage
            where isMeant(usage.tenant, target) && (target.model == nil || target.model == usage.model) {
                let part = target.plan.map { share(of: $0, usage.tenant) } ?? .one
                let amount = (basis == .tokens ? usage.tokens : usage.milliseconds) * part
                let keys = target.plan != nil && dimension == .plan ? [target.plan: .one] : keys(of: usage)
                add(amount, keys, to: &weights)
            }
        case .revenue:
            for part in revenue where part.amount.currency == currency && isMeant(part.tenant, target) {
                guard target.plan == nil || target.plan == part.plan,
                    target.model == nil || target.model == part.part.model
                else { continue }
                weights[key(of: part), default: .zero] += part.amount.exact
            }
        case .subscriptions:
            for (tenant, counts) in subscriptions where isMeant(tenant, target) {
                for (plan, count) in counts {
                    let key: String? =
                        switch dimension {
                        case .tenant: tenant.text
                        case .plan: plan
                        case .model, .feature: nil
                        }
                    weights[key, default: .zero] += Exact(count)
                }
            }
        }
        return weights
    }

    private func isMeant(_ tenant: TenantID, _ target: CostTarget) -> Bool {
        target.tenant == nil || target.tenant == tenant
    }

    private func share(of plan: String, _ tenant: TenantID) -> Exact {
        let all = plans[tenant] ?? [:]
        let sum = all.values.reduce(.zero, +)
        return sum.isZero ? .zero : (all[plan] ?? .zero) / sum
    }

    /// Adds an amount in the proportions of keys.
    private func add(_ amount: Exact, _ keys: Weights, to weights: inout Weights) {
        let sum = keys.values.reduce(.zero, +)
        guard !sum.isZero else {
            weights[nil, default: .zero] += amount
            return
        }
        for (key, part) in keys { weights[key, default: .zero] += amount * part / sum }
    }
}

extension ProfitDetail {
    /// What names measured usage, where its events are not listed.
    static func ids(of usage: MeasuredUsage) -> [String] {
        ["model:\(usage.model ?? "")", "task:\(usage.task ?? "")"]
    }
}
