import Ledger
package import Values

/// Profit by kind of business: direct (subscriptions and usage), indirect (add-ons), and what partners bring.
///
/// Pure.
package enum ProfitReport {
    /// What a customer's revenue and costs are of; what is of none stands on the line `shared`.
    package enum Kind: String, CaseIterable, Sendable { case direct, indirect, partner }

    /// What makes the report.
    package static var shape: ProfitTable.Shape {
        var definition = ProfitTable.words
        definition["variant"] = "by_kind"
        definition["direct"] = "subscription fees, usage and unused credit of customers that no partner brought"
        definition["indirect"] = "add-ons and single sales of the same"
        definition["partner"] = """
            all of the customers that a partner brought and has a share in as the month closes, and all partners' shares
            """
        definition["shared"] = "cost entries that name no customer"
        definition["contra"] = "credit notes by their lines; refunds and given credit from direct, or partner"
        definition["ties"] =
            "revenue to reports recognized; fees, shares and other to the accounts; the rest to entries"
        return ProfitTable.Shape(
            name: "profit",
            title: "Profit",
            keyName: "kind",
            rest: "shared",
            definition: .object(definition)
        )
    }

    /// Adds up what is known.
    package static func report(of inputs: ProfitInputs, currency: Currency? = nil) throws(Problem) -> ProfitTable {
        var facts: [ProfitFact] = []
        for month in inputs.months.all { facts += try self.facts(of: inputs, in: month) }
        return try ProfitTable(shape, of: facts, months: inputs.months, currency: currency)
    }

    private static func facts(of inputs: ProfitInputs, in month: Month) throws(Problem) -> [ProfitFact] {
        let addOns = Set(inputs.recognition.lines.filter { $0.account == .addOnRevenue }.map(\.line.text))
        func kind(_ tenant: TenantID) -> Kind { inputs.partner(of: tenant, in: month) == nil ? .direct : .partner }
        func fact(
            _ kind: Kind?,
            _ column: ProfitColumn,
            _ amount: Money,
            _ tenant: TenantID?,
            _ ids: [String]
        ) -> ProfitFact {
            ProfitFact(month: month, key: kind?.rawValue, column: column, amount: amount, tenant: tenant, ids: ids)
        }
        var facts: [ProfitFact] = []
        for part in inputs.revenue(in: month) {
            var own = kind(part.tenant)
            if part.account == .agentShare { own = .partner }
            let isAddOn =
                part.account == .addOnRevenue || (part.account == .creditNotes && !addOns.isDisjoint(with: part.ids))
            if own == .direct, isAddOn { own = .indirect }
            facts.append(fact(own, .revenue, part.amount, part.tenant, part.ids))
        }
        for (usage, amount) in try inputs.inference(in: month) {
            facts.append(fact(kind(usage.tenant), .inference, amount, usage.tenant, ProfitDetail.ids(of: usage)))
        }
        for expense in inputs.expenses(in: month) {
            guard let column = expense.column else { continue }
            let own = column == .partnerShare ? .partner : kind(expense.tenant)
            facts.append(fact(own, column, expense.amount, expense.tenant, expense.ids))
        }
        for entry in inputs.entries {
            let own = entry.target.tenant.map(kind)
            facts.append(
                fact(
                    own,
                    ProfitColumn(entry.category),
                    inputs.spent(entry, in: month),
                    entry.target.tenant,
                    [entry.id.text]
                )
            )
        }
        return facts
    }
}
