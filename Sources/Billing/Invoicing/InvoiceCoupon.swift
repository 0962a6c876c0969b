package import Values

/// A discount on the lines of invoices.
package struct InvoiceCoupon: Hashable, Sendable {
    /// How much it takes off.
    package enum Value: Hashable, Sendable {
        /// So many percent of what is left, 0 to 100.
        case percent(Exact)
        /// So many minor units for each period; with `carries` what the lines cannot take waits for the next invoices.
        case amount(Int64, carries: Bool)
    }

    /// How long it lasts from its first use.
    package enum Duration: Hashable, Sendable {
        /// For one invoice.
        case once
        /// For so many periods, at least 1.
        case repeating(periods: Int)
        /// For good.
        case forever
    }

    /// Its name.
    package let code: String
    /// How much it takes off.
    package let value: Value
    /// How long it lasts.
    package let duration: Duration
    /// The codes of the prices whose lines it discounts; nil: all lines.
    package let prices: Set<String>?
    /// The codes of the plans whose lines it discounts; nil: all.
    package let plans: Set<String>?
    /// Invoices of this instant and later ones have it; nil is all.
    package let from: Instant?
    /// From this instant on it gives nothing new; nil is never.
    ///
    /// What takes the place of a line that it discounted is discounted still, as after the end of its duration.
    package let until: Instant?

    /// Takes the seven.
    package init(
        code: String,
        value: Value,
        duration: Duration = .once,
        prices: Set<String>? = nil,
        plans: Set<String>? = nil,
        from: Instant? = nil,
        until: Instant? = nil
    ) {
        self.code = code
        self.value = value
        self.duration = duration
        self.prices = prices
        self.plans = plans
        self.from = from
        self.until = until
    }

    /// Whether it was redeemed by an instant and not taken away.
    func isInForce(at instant: Instant) -> Bool {
        (from.map { $0 <= instant } ?? true) && (until.map { instant < $0 } ?? true)
    }

    /// Whether it may discount a line of a price of a plan; a line without a price is a commitment's.
    func discounts(price: String?, of plan: String) -> Bool {
        guard plans?.contains(plan) ?? true else { return false }
        guard let prices else { return true }
        return price.map(prices.contains) ?? false
    }
}

/// What a coupon has done so far.
struct CouponUse: Sendable {
    /// Whether an invoice had something to discount.
    private(set) var isUsed = false
    /// The end of a repeating one, fixed at the first use.
    private var end: Instant?
    /// The start of the period for which the amount was given last.
    private var givenFor: Instant?
    /// What waits for the next invoices, in minor units.
    private var rest: Int128 = 0

    /// Whether its duration covers an invoice; the first one that has something to discount begins it.
    mutating func covers(
        _ instant: Instant,
        _ coupon: InvoiceCoupon,
        hasBase: Bool,
        calendar: BillingCycle
    ) throws(Problem) -> Bool {
        if isUsed {
            return switch coupon.duration {
            case .once: false
            case .repeating: end.map { instant < $0 } ?? false
            case .forever: true
            }
        }
        guard hasBase else { return false }
        isUsed = true
        if case .repeating(let periods) = coupon.duration {
            end = try CouponUse.end(of: periods, from: instant, calendar)
        }
        return true
    }

    /// What of an amount an invoice may use of what is left of its base.
    ///
    /// The period is the start of the one that holds the invoice, if the duration covers it.
    mutating func take(_ amount: Int64, carries: Bool, left: Int128, period: Instant?) -> Int64 {
        var available = rest
        if let period, period != givenFor, left > 0 {
            available += Int128(amount)
            givenFor = period
        }
        let used = min(available, left)
        rest = carries ? available - used : 0
        // What is left of the lines of an invoice fits, so what is used of it does.
        return Int64(clamping: used)
    }

    /// The end of the n-th period, counting the one that holds an instant as the first.
    private static func end(
        of periods: Int,
        from instant: Instant,
        _ calendar: BillingCycle
    ) throws(Problem) -> Instant {
        guard let first = try calendar.period(containing: instant) else { return instant }
        var found = (index: first.index, period: first.period)
        // One that cannot end before the calendar does is refused before anything is counted; no calendar has four
        // million boundaries.
        _ = try calendar.boundary(found.index + min(periods, 4_000_000))
        for _ in 1..<max(1, periods) { found = try calendar.period(after: found.index) }
        return found.period.end
    }
}
