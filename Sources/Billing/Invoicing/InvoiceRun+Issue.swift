import Plans
import Subscriptions
import Values

/// How lines become an invoice: coupons, taxes, the total, grants, the credit balance.
extension InvoiceRun {
    /// Issues what is due now, or keeps it for the next invoice.
    mutating func issue() throws(Problem) {
        guard occasion.isDue else {
            held += occasion.lines
            return
        }
        let places = (held + occasion.lines).sorted(by: isBefore)
        // Without an invoice nothing is used up: neither what waits nor a coupon.
        guard places.contains(where: { lines[$0].isBillable }) else { return }
        held = []
        let billed = places.filter { lines[$0].kind != .credit }
        for index in story.coupons.indices { try apply(couponAt: index, to: billed) }
        for tax in taxes { try apply(tax, to: billed) }
        for place in places where lines[place].kind == .credit { try giveBack(at: place) }
        invoices.append(try invoice(of: places.map { lines[$0] }.filter(\.isShown)))
    }

    /// The order of lines: kind, the plan in force earlier, the plan's prices, time.
    private func isBefore(_ left: Int, _ right: Int) -> Bool {
        let (kind, otherKind) = (lines[left].kind.rank, lines[right].kind.rank)
        if kind != otherKind { return kind < otherKind }
        let (phase, otherPhase) = (lines[left].phase, lines[right].phase)
        if phase != otherPhase { return phase < otherPhase }
        let (price, otherPrice) = (lines[left].priceIndex ?? .max, lines[right].priceIndex ?? .max)
        if price != otherPrice { return price < otherPrice }
        return (lines[left].period.start, left) < (lines[right].period.start, right)
    }

    private mutating func apply(couponAt index: Int, to billed: [Int]) throws(Problem) {
        let coupon = story.coupons[index]
        guard case .running(let cycle) = calendar else { return }
        var base = billed.filter { place in
            guard let prices = coupon.prices else { return true }
            return lines[place].price.map { prices.contains($0.code) } ?? false
        }
        let covers = try coupons[index].covers(
            occasion.at,
            coupon,
            hasBase: left(of: base) > 0,
            calendar: cycle
        )
        let total: Int64
        switch coupon.value {
        case .percent(let percent):
            if !covers { base = base.filter { passesOn(couponAt: index, to: $0) } }
            for place in base { lines[place].coupons.insert(index) }
            total = try InvoiceRun.minor(Exact(left(of: base)) * percent / 100)
        case .amount(let amount, let carries):
            let period = covers ? try cycle.period(containing: occasion.at)?.period.start : nil
            total = coupons[index].take(amount, carries: carries, left: left(of: base), period: period)
        }
        guard total != 0 else { return }
        let shares = split(total, by: base.map { Exact(lines[$0].amount - lines[$0].discount) })
        for (place, share) in zip(base, shares) where share != 0 {
            lines[place].discount += share
            lines[place].discounts.append(InvoiceDraft.Share(code: coupon.code, amount: share))
        }
    }

    /// What earlier coupons left of lines.
    private func left(of base: [Int]) -> Int128 {
        base.reduce(0) { $0 + Int128(lines[$1].amount) - Int128(lines[$1].discount) }
    }

    /// Whether a line stands in the place of one that the coupon was applied to.
    private func passesOn(couponAt index: Int, to place: Int) -> Bool {
        var line = lines[place]
        while line.kind == .charge, let origin = line.origin {
            line = lines[origin]
            if line.coupons.contains(index) { return true }
        }
        return false
    }

    private mutating func apply(_ tax: InvoiceStory.Tax, to billed: [Int]) throws(Problem) {
        let total = try InvoiceRun.minor(Exact(left(of: billed)) * tax.rate)
        guard total != 0 else { return }
        let shares = split(total, by: billed.map { Exact(lines[$0].amount - lines[$0].discount) })
        for (place, share) in zip(billed, shares) where share != 0 {
            lines[place].tax = try InvoiceRun.sum([lines[place].tax, share])
            lines[place].taxes.append(InvoiceDraft.Share(code: tax.code, amount: share))
        }
    }

    /// A credit takes back its share of the discount and the tax of the line that it credits.
    private mutating func giveBack(at place: Int) throws(Problem) {
        guard let origin = lines[place].origin.map({ lines[$0] }), origin.amount != 0 else { return }
        let share = Exact(lines[place].amount) / Exact(origin.amount)
        lines[place].discount = try InvoiceRun.minor(Exact(origin.discount) * share)
        lines[place].discounts = InvoiceRun.shares(of: lines[place].discount, like: origin.discounts)
        lines[place].tax = try InvoiceRun.minor(Exact(origin.tax) * share)
        lines[place].taxes = InvoiceRun.shares(of: lines[place].tax, like: origin.taxes)
    }

    private static func shares(of amount: Int64, like shares: [InvoiceDraft.Share]) -> [InvoiceDraft.Share] {
        zip(shares, split(amount, by: shares.map { Exact($0.amount) }))
            .filter { $0.1 != 0 }
            .map { InvoiceDraft.Share(code: $0.0.code, amount: $0.1) }
    }

    private mutating func invoice(of shown: [StoryLine]) throws(Problem) -> InvoiceDraft {
        let subtotal = try InvoiceRun.sum(shown.map(\.amount))
        let discount = try InvoiceRun.sum(shown.map(\.discount))
        let tax = try InvoiceRun.sum(shown.map(\.tax))
        let balance = try InvoiceRun.sum(shown.flatMap { [$0.amount, -$0.discount, $0.tax] })
        let total = max(0, balance)
        let below = max(0, -balance)
        let isPaidOut = occasion.cancellation == .payout
        if !isPaidOut { try credit.add(below) }
        let application = credit.take(total, at: occasion.at)
        return InvoiceDraft(
            issuedAt: occasion.at,
            reason: reason,
            lines: shown.map(InvoiceDraft.Line.init),
            subtotal: subtotal,
            discount: discount,
            tax: tax,
            total: total,
            grantsApplied: application.grants,
            balanceApplied: application.fromBalance,
            amountDue: total - application.total,
            refundDue: isPaidOut && below > 0 ? below : nil,
            balanceAdded: isPaidOut ? 0 : below
        )
    }

    /// The first that applies at this instant.
    private var reason: InvoiceDraft.Reason {
        if occasion.at == start.instant { return .start }
        if occasion.cancellation != nil { return .cancel }
        if occasion.hasChange { return .change }
        return occasion.endsTrial ? .trialEnd : .renewal
    }

    private static func minor(_ exact: Exact) throws(Problem) -> Int64 {
        guard let minor = exact.scaled(digits: 0) else { throw tooLarge }
        return minor
    }

    private static func sum(_ amounts: [Int64]) throws(Problem) -> Int64 {
        guard let sum = Int64(exactly: amounts.reduce(Int128(0)) { $0 + Int128($1) }), sum != .min else {
            throw tooLarge
        }
        return sum
    }

    static let tooLarge = Problem.invalid("input", "an amount of an invoice is too large for 64 bits of minor units")
}

extension InvoiceDraft.Line.Kind {
    /// The place of its lines on an invoice.
    fileprivate var rank: Int {
        switch self {
        case .credit: 0
        case .charge: 1
        case .recurring: 2
        case .usage: 3
        case .minimum: 4
        }
    }
}

extension InvoiceDraft.Line {
    fileprivate init(_ line: StoryLine) {
        self.init(
            planKey: line.planKey,
            plan: line.plan.code,
            price: line.price?.code,
            meter: line.kind == .usage ? line.price?.meter : nil,
            kind: line.kind,
            timing: line.timing,
            period: line.period,
            whole: line.whole,
            ratio: line.ratio,
            quantity: line.quantity,
            exact: line.exact,
            amount: line.amount,
            discount: line.discount,
            tax: line.tax,
            discounts: line.discounts,
            taxes: line.taxes
        )
    }
}
