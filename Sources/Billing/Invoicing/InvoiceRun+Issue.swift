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
        let taxes = taxes.filter { $0.applies(at: occasion.at) }
        try takeOut(taxes.filter(\.isInclusive), of: billed)
        for tax in taxes where !tax.isInclusive { try add(tax, to: billed) }
        for place in places { lines[place].issuedAt = occasion.at }
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
        var base = billed.filter { coupon.discounts(price: lines[$0].price?.code, of: lines[$0].plan.code) }
        let isInForce = coupon.isInForce(at: occasion.at)
        let hasBase = left(of: base) > 0
        var covers = false
        if isInForce {
            covers = try coupons[index].covers(occasion.at, coupon, hasBase: hasBase, calendar: cycle)
        }
        let total: Int64
        switch coupon.value {
        case .percent(let percent):
            if !covers { base = base.filter { passesOn(couponAt: index, to: $0) } }
            for place in base { lines[place].coupons.insert(index) }
            total = try InvoiceRun.minor(Exact(left(of: base)) * percent / 100)
        case .amount(let amount, let carries):
            guard isInForce else { return }
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

    /// Adds a tax to what is billed, without the taxes that prices contain.
    private mutating func add(_ tax: InvoiceStory.Tax, to billed: [Int]) throws(Problem) {
        let nets = billed.map { Int128(lines[$0].amount) - Int128(lines[$0].discount) - Int128(lines[$0].contained) }
        let total = try InvoiceRun.minor(Exact(nets.reduce(0, +)) * tax.rate)
        try share(total, of: tax, over: billed, by: nets.map { Exact($0) })
    }

    /// Tells what is billed from the taxes that it contains: each once for the invoice, and what is left is net.
    ///
    /// Nothing that is to be paid changes.
    private mutating func takeOut(_ taxes: [InvoiceStory.Tax], of billed: [Int]) throws(Problem) {
        guard !taxes.isEmpty else { return }
        let whole = taxes.reduce(Exact.one) { $0 + $1.rate }
        let gross = Exact(left(of: billed))
        let weights = billed.map { Exact(lines[$0].amount - lines[$0].discount) }
        for place in billed {
            lines[place].grossRatio = whole
            let discount = Exact(lines[place].discount)
            lines[place].containedInDiscount = try InvoiceRun.minor(discount - discount / whole)
        }
        for tax in taxes {
            let total = try InvoiceRun.minor(gross * tax.rate / whole)
            for (place, share) in zip(billed, try share(total, of: tax, over: billed, by: weights)) {
                lines[place].contained += share
            }
        }
    }

    /// Splits a tax over lines.
    ///
    /// - Returns: the share of each.
    @discardableResult
    private mutating func share(
        _ total: Int64,
        of tax: InvoiceStory.Tax,
        over places: [Int],
        by weights: [Exact]
    ) throws(Problem) -> [Int64] {
        guard total != 0 else { return places.map { _ in 0 } }
        let shares = split(total, by: weights)
        for (place, share) in zip(places, shares) where share != 0 {
            lines[place].tax = try InvoiceRun.sum([lines[place].tax, share])
            lines[place].taxes.append(InvoiceDraft.Share(code: tax.code, amount: share))
        }
        return shares
    }

    /// A credit takes back its share of the discount and the tax of the line that it credits.
    private mutating func giveBack(at place: Int) throws(Problem) {
        guard let origin = lines[place].origin.map({ lines[$0] }), origin.amount != 0 else { return }
        lines[place].creditedFrom = origin.issuedAt
        let share = Exact(lines[place].amount) / Exact(origin.amount)
        lines[place].discount = try InvoiceRun.minor(Exact(origin.discount) * share)
        lines[place].discounts = InvoiceRun.shares(of: lines[place].discount, like: origin.discounts)
        lines[place].contained = try InvoiceRun.minor(Exact(origin.contained) * share)
        lines[place].containedInDiscount = try InvoiceRun.minor(Exact(origin.containedInDiscount) * share)
        lines[place].grossRatio = origin.grossRatio
        let added = try InvoiceRun.minor(Exact(origin.tax - origin.contained) * share)
        lines[place].tax = try InvoiceRun.sum([added, lines[place].contained])
        lines[place].taxes = InvoiceRun.shares(of: lines[place].tax, like: origin.taxes)
    }

    fileprivate static func shares(of amount: Int64, like shares: [InvoiceDraft.Share]) -> [InvoiceDraft.Share] {
        zip(shares, split(amount, by: shares.map { Exact($0.amount) }))
            .filter { $0.1 != 0 }
            .map { InvoiceDraft.Share(code: $0.0.code, amount: $0.1) }
    }

    private mutating func invoice(of lines: [StoryLine]) throws(Problem) -> InvoiceDraft {
        let shown = lines.map(InvoiceDraft.Line.init)
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
            lines: shown,
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

extension StoryLine {
    /// What each coupon took, without the taxes that prices contain.
    fileprivate var netDiscounts: [InvoiceDraft.Share] {
        containedInDiscount == 0 ? discounts : InvoiceRun.shares(of: discount - containedInDiscount, like: discounts)
    }
}

extension InvoiceDraft.Line {
    /// A line as it is shown: all its amounts are net, and what its price contains of tax is in its tax.
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
            exact: line.grossRatio == .one ? line.exact : line.exact / line.grossRatio,
            amount: line.amount - line.contained - line.containedInDiscount,
            discount: line.discount - line.containedInDiscount,
            tax: line.tax,
            discounts: line.netDiscounts,
            taxes: line.taxes,
            creditedFrom: line.creditedFrom
        )
    }
}
