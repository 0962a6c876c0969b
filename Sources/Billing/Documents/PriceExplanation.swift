import Plans
import Values

/// How a price works, in a few words for the customer.
///
/// Pure.
enum PriceExplanation {
    /// How many tiers or cells are spelled out.
    private static let limit = 6

    /// The words; nil where the amount says it all.
    static func text(_ price: Price) -> String? {
        var parts = [model(price.model)].compactMap { $0 }
        if !price.freeUnits.isZero { parts.append("\(number(price.freeUnits)) free") }
        if !price.discountPercent.isZero { parts.append("less \(number(price.discountPercent)) %") }
        if let minimum = price.minimum { parts.append("at least \(number(minimum)) a period") }
        if let maximum = price.maximum { parts.append("at most \(number(maximum)) a period") }
        return parts.isEmpty ? nil : parts.joined(separator: "; ")
    }

    private static func model(_ model: PriceModel) -> String? {
        switch model {
        case .flat: nil
        case .perUnit(let amount): "\(number(amount)) each"
        case .graduated(let tiers): tiersText(tiers) { "\(number($0)) each" }
        case .volume(let tiers): "all units by the total: " + tiersText(tiers) { "\(number($0)) each" }
        case .package(let size, let amount, _): "\(number(amount)) per \(number(size))"
        case .percentage(let terms): percentage(terms)
        case .graduatedPercentage(let tiers): tiersText(tiers) { "\(number($0 * 100)) %" }
        case .matrix(let terms): matrix(terms)
        case .dynamic: "as agreed for each"
        }
    }

    private static func tiersText(_ tiers: [PriceTier], _ unit: (Exact) -> String) -> String {
        var parts = tiers.prefix(limit).map { tier -> String in
            let stretch = tier.upTo.map { "up to \(number($0))" } ?? "beyond"
            let flat = tier.flatAmount.isZero ? "" : " and \(number(tier.flatAmount)) once"
            return "\(stretch): \(unit(tier.unitAmount))\(flat)"
        }
        if tiers.count > limit { parts.append("…") }
        return parts.joined(separator: ", ")
    }

    private static func percentage(_ terms: PercentageTerms) -> String {
        var text = "\(number(terms.rate * 100)) % of the value"
        if !terms.fixed.isZero { text += " and \(number(terms.fixed)) each" }
        return text
    }

    private static func matrix(_ terms: MatrixTerms) -> String {
        let names = terms.dimensions.joined(separator: ", ")
        guard terms.cells.count <= limit else { return "priced by \(names)" }
        let cells = terms.cells.map { cell -> String in
            let when = terms.dimensions.compactMap { name in
                cell.when[name].map { "\(name) \($0.string ?? $0.text)" }
            }
            return "\(when.joined(separator: ", ")): \(number(cell.unitAmount)) each"
        }
        return cells.joined(separator: "; ")
    }

    private static func number(_ exact: Exact) -> String { exact.decimalText() }
}
