package import Values

/// How a line of an invoice becomes revenue: straight by day over the stretch it is for, or at once.
///
/// Pure (ASC 606, over time): recognised to date = round(amount × days gone ÷ days of the stretch), half away from
/// zero; a month is the difference of two such sums, so all months together are the amount to the minor unit. Days are
/// dates in the zone of the subscription; a day counts once it is over.
package struct RecognitionSchedule: Hashable, Sendable {
    /// When it went to the books: nothing is recognised before.
    package let at: Instant
    /// The first instant of the stretch it is for.
    package let start: Instant
    /// The first instant after it; not after the start: it is recognised at once.
    package let end: Instant
    /// The zone whose dates are counted.
    package let zone: Zone
    /// What it comes to, net of discounts and tax; credits are negative.
    package let amount: Money

    /// Takes the parts; what is billed after its stretch (usage, arrears) has an end that is not after its start.
    package init(at instant: Instant, start: Instant, end: Instant, zone: Zone, amount: Money) {
        at = instant
        self.start = start
        self.end = end
        self.zone = zone
        self.amount = amount
    }

    /// What is recognised of it before an instant, in minor units.
    package func recognised(before limit: Instant) -> Int64 {
        guard at < limit else { return 0 }
        let days = daysBetween(start, end)
        guard days > 0, end > limit else { return amount.minor }
        guard limit > start else { return 0 }
        let gone = min(days, max(0, daysBetween(start, limit)))
        return (Exact(amount.minor) * Exact(gone) / Exact(days)).scaled(digits: 0) ?? amount.minor
    }

    private func daysBetween(_ from: Instant, _ to: Instant) -> Int {
        Period(start: from, end: to)?.days(in: zone) ?? 0
    }
}
