import Plans
package import Values

/// Names a cost entry.
package typealias CostID = ID<Entities.Cost>
typealias CostRuleID = ID<Entities.CostRule>

extension Entities {
    /// An entry of what was spent.
    package enum Cost: Entity { package static let prefix = "cst" }
    /// A rule by which a category is shared out, from a month on.
    enum CostRule: Entity { static let prefix = "csr" }
}

/// What money was spent on.
package enum CostCategory: String, CaseIterable, Sendable {
    case research, operations, people, marketing
    /// What the price book does not price: idle machines, storage. It is a cost of revenue; the others are operating.
    case compute

    /// What it is shared out by unless a rule says otherwise.
    package var usualBasis: CostBasis { self == .compute ? .cpuMilliseconds : .none }
}

/// What a cost is shared out by.
package enum CostBasis: String, CaseIterable, Sendable {
    case tokens
    case cpuMilliseconds = "cpu_milliseconds"
    case revenue
    case subscriptions
    /// It is not: it stays on the line of what is not allocated.
    case none
}

/// What a cost is for alone; nothing named is everything.
package struct CostTarget: Hashable, Sendable {
    /// One customer.
    package let tenant: TenantID?
    /// One plan, by its code.
    package let plan: String?
    /// One model.
    package let model: String?

    /// Takes the three.
    package init(tenant: TenantID? = nil, plan: String? = nil, model: String? = nil) {
        self.tenant = tenant
        self.plan = plan
        self.model = model
    }

    /// Whether it names anything.
    package var isDirect: Bool { tenant != nil || plan != nil || model != nil }
}

/// What was spent, or will be, over a stretch of days: as much on each.
package struct CostEntry: Hashable, Sendable {
    /// Names it.
    package let id: CostID
    /// What it was for.
    package let category: CostCategory
    /// How much; below nothing if it takes another back.
    package let amount: Money
    /// The first day.
    package let first: CalendarDate
    /// The last day, that included.
    package let last: CalendarDate
    /// A few words for people.
    package let memo: String
    /// What it is for alone.
    package let target: CostTarget
    /// The entry that it takes back.
    package let reverses: CostID?
    /// When it was entered, in business time.
    package let at: Instant
    /// When it was written.
    package let recordedAt: Instant

    /// What of it falls before a day, in minor units: round(amount × days gone ÷ days), half away from zero.
    ///
    /// A month is the difference of two such sums, so that all months together are the amount.
    package func spent(before day: CalendarDate) -> Int64 {
        let days = last.daysSinceEpoch - first.daysSinceEpoch + 1
        let gone = min(days, max(0, day.daysSinceEpoch - first.daysSinceEpoch))
        return (Exact(amount.minor) * Exact(gone) / Exact(days)).scaled(digits: 0) ?? amount.minor
    }

    /// As it leaves over HTTP.
    package var json: JSONValue {
        [
            "id": .string(id.text), "category": .string(category.rawValue), "amount": amount.json,
            "from": .string(first.text), "to": .string(last.text), "memo": .string(memo),
            "tenant": .optional(target.tenant?.text), "plan": .optional(target.plan), "model": .optional(target.model),
            "reverses": .optional(reverses?.text), "at": .string(at.text), "recorded_at": .string(recordedAt.text),
        ]
    }

    /// The entry that takes this one back, over the same days.
    func reversed(id newID: CostID, memo newMemo: String, by stamp: Stamp) throws(Problem) -> CostEntry {
        CostEntry(
            id: newID,
            category: category,
            amount: try amount.negated(),
            first: first,
            last: last,
            memo: newMemo,
            target: target,
            reverses: id,
            at: stamp.at,
            recordedAt: stamp.recordedAt
        )
    }
}

/// What is asked for when a cost is entered.
package struct CostDraft: Hashable, Sendable {
    /// The most days of one entry: a hundred years.
    private static let maximumDays = 36_525

    /// What it was for.
    package let category: CostCategory
    /// How much; above nothing.
    package let amount: Money
    /// The first day.
    package let first: CalendarDate
    /// The last day, that included.
    package let last: CalendarDate
    /// A few words for people.
    package let memo: String
    /// What it is for alone.
    package let target: CostTarget

    /// Checks all of it.
    package init(
        category: CostCategory,
        amount: Money,
        first: CalendarDate,
        last: CalendarDate,
        memo: String = "",
        target: CostTarget = CostTarget()
    ) throws(Problem) {
        guard amount.minor > 0 else {
            throw .invalid("amount", "is \(amount); more than nothing is expected: to take an entry back, void it")
        }
        guard first <= last else {
            throw .invalid("to", "is \(last), before \(first); the last day is not before the first")
        }
        guard last.daysSinceEpoch - first.daysSinceEpoch < Self.maximumDays else {
            throw .invalid("to", "is \(last); an entry covers at most \(Self.maximumDays) days")
        }
        guard memo.unicodeScalars.count <= 500 else {
            throw .invalid("memo", "has \(memo.unicodeScalars.count) characters; at most 500 are allowed")
        }
        if let plan = target.plan, !CatalogueCode.isValid(plan) { throw .invalid("plan", CatalogueCode.form) }
        if let model = target.model { try ComputePriceDraft.check(model: model) }
        self.category = category
        self.amount = amount
        self.first = first
        self.last = last
        self.memo = memo
        self.target = target
    }

    /// Reads the fields of a request to their end.
    package init(json fields: inout JSONFields) throws(Problem) {
        let category = try fields.choice("category", as: CostCategory.self)
        let amount = try fields.money("amount")
        let first = try fields.date("from")
        let last = try fields.optionalDate("to") ?? first
        let memo = try fields.optionalString("memo") ?? ""
        let target = CostTarget(
            tenant: try fields.optionalID("tenant"),
            plan: try fields.optionalString("plan"),
            model: try fields.optionalString("model")
        )
        try fields.finish()
        try self.init(category: category, amount: amount, first: first, last: last, memo: memo, target: target)
    }
}

/// By what a category is shared out from a month on.
package struct CostRule: Hashable, Sendable {
    /// Of which category.
    package let category: CostCategory
    /// By what.
    package let basis: CostBasis
    /// From this month on; nil: since ever, where no rule was written.
    package let from: Month?
    /// When it was written; nil where none was.
    package let recordedAt: Instant?

    /// As it leaves over HTTP.
    package var json: JSONValue {
        [
            "category": .string(category.rawValue), "basis": .string(basis.rawValue), "from": .optional(from?.text),
            "recorded_at": .optional(recordedAt?.text),
        ]
    }

    /// The basis in force in a month.
    ///
    /// `rules`: in the order in which they were written; of those that have begun the latest month counts, and of one
    /// month what was written last.
    package static func basis(of category: CostCategory, in month: Month, _ rules: [CostRule]) -> CostBasis {
        var found: CostRule?
        for rule in rules where rule.category == category {
            guard let from = rule.from, from <= month else { continue }
            if let old = found?.from, old > from { continue }
            found = rule
        }
        return found?.basis ?? category.usualBasis
    }
}

extension Month {
    /// Its first day.
    var firstDay: CalendarDate { Zone.utc.date(of: start(in: .utc)) }
}
