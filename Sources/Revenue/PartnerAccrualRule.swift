package import Values

/// What receipts of a tenant come to for partners.
///
/// Pure. The base is what was received, in proportion of its invoice without tax to the invoice; for an invoice paid in
/// parts round(received so far × net ÷ total) less what counted before. A stretch of a partner's tiers holds the base
/// of all its tenants; a share is the difference that a receipt makes to the share of the whole stretch. What goes back
/// leaves the stretch in which it came, so that the share is as if it had never come.
package struct PartnerAccrualRule {
    /// The partners by their ids.
    package let partners: [PartnerID: Partner]
    /// Whose receipts they are.
    package let tenant: TenantID
    /// Who brought the tenant, in the order in which it was written.
    package let attributions: [PartnerAttribution]
    /// What each stretch has come to so far, in minor units.
    package private(set) var periods: [PartnerPeriod: (base: Int64, share: Int64)]
    /// All accruals of the tenant, also those made here.
    package private(set) var accruals: [PartnerAccrual]
    private let makeID: () -> PartnerAccrualID

    /// Begins with what was accrued before.
    ///
    /// `id`: makes names.
    package init(
        partners: [PartnerID: Partner],
        tenant: TenantID,
        attributions: [PartnerAttribution],
        periods: [PartnerPeriod: (base: Int64, share: Int64)],
        accruals: [PartnerAccrual],
        id: @escaping () -> PartnerAccrualID
    ) {
        self.partners = partners
        self.tenant = tenant
        self.attributions = attributions
        self.periods = periods
        self.accruals = accruals
        makeID = id
    }

    /// Adds a receipt.
    ///
    /// - Returns: what it comes to; nothing if no partner has part in it.
    package mutating func add(_ receipt: PartnerReceipt) throws(Problem) -> [PartnerAccrual] {
        var new: [PartnerAccrual] = []
        for part in try parts(of: receipt) {
            let source = new.isEmpty ? receipt.source : "\(receipt.source)#\(new.count)"
            new.append(try accrue(part, receipt, source: source))
        }
        return new
    }

    /// What of a receipt counts in one stretch, in minor units.
    private struct Part {
        let period: PartnerPeriod
        let receipt: Int64
        let base: Int64
    }

    private func parts(of receipt: PartnerReceipt) throws(Problem) -> [Part] {
        switch receipt.kind {
        case .own: try own(receipt).map { [$0] } ?? []
        case .takesBack: takenBack(receipt)
        case .undoes(let source): undone(source)
        }
    }

    private func own(_ receipt: PartnerReceipt) throws(Problem) -> Part? {
        guard let attribution = PartnerAttribution.inForce(at: receipt.at, attributions),
            let partner = attribution.partner.flatMap({ partners[$0] }),
            attribution.isInTerm(of: partner, at: receipt.at), receipt.gross != 0
        else { return nil }
        // Of what was received before on the same invoice the rounding is known.
        let before = accruals.filter {
            $0.invoice == receipt.invoice && receipt.invoice != nil && $0.partner == partner.id
        }
        let received = before.reduce(Int64(0)) { $0 + $1.receipt.minor }
        let counted = before.reduce(Int64(0)) { $0 + $1.base.minor }
        let all = Exact(received) + Exact(receipt.amount.minor)
        guard let base = (all * Exact(receipt.net) / Exact(receipt.gross)).scaled(digits: 0) else {
            throw Problem(.internal, "the receipts of \(tenant) are beyond 64 bits")
        }
        return Part(
            period: PartnerPeriod(
                partner: partner.id,
                currency: receipt.amount.currency,
                start: partner.tiersPer.start(of: receipt.at)
            ),
            receipt: receipt.amount.minor,
            base: base - counted
        )
    }

    /// Takes of the receipts of its invoice or payment, the latest stretch first, as much as there is.
    private func takenBack(_ receipt: PartnerReceipt) -> [Part] {
        guard receipt.invoice != nil || receipt.payment != nil else { return [] }
        var sums: [PartnerPeriod: (receipt: Int64, base: Int64)] = [:]
        var order: [PartnerPeriod] = []
        for accrual in accruals where accrual.receipt.currency == receipt.amount.currency {
            if let invoice = receipt.invoice, accrual.invoice != invoice { continue }
            if let payment = receipt.payment, accrual.payment != payment { continue }
            let period = PartnerPeriod(
                partner: accrual.partner,
                currency: accrual.receipt.currency,
                start: accrual.period
            )
            if sums[period] == nil { order.append(period) }
            sums[period, default: (0, 0)].receipt += accrual.receipt.minor
            sums[period, default: (0, 0)].base += accrual.base.minor
        }
        var rest = 0 &- receipt.amount.minor
        var parts: [Part] = []
        for period in order.reversed() {
            guard let sum = sums[period], sum.receipt > 0, rest > 0 else { continue }
            let taken = min(rest, sum.receipt)
            let left = (Exact(sum.base) * Exact(sum.receipt - taken) / Exact(sum.receipt)).scaled(digits: 0) ?? 0
            parts.append(Part(period: period, receipt: 0 &- taken, base: left - sum.base))
            rest -= taken
        }
        return parts
    }

    private func undone(_ source: String) -> [Part] {
        accruals.filter { $0.source == source || $0.source.hasPrefix("\(source)#") }.map { accrual in
            Part(
                period: PartnerPeriod(
                    partner: accrual.partner,
                    currency: accrual.receipt.currency,
                    start: accrual.period
                ),
                receipt: 0 &- accrual.receipt.minor,
                base: 0 &- accrual.base.minor
            )
        }
    }

    private mutating func accrue(
        _ part: Part,
        _ receipt: PartnerReceipt,
        source: String
    ) throws(Problem) -> PartnerAccrual {
        guard let partner = partners[part.period.partner] else { throw .notFound("partner", part.period.partner.text) }
        let currency = part.period.currency
        let before = periods[part.period] ?? (base: 0, share: 0)
        let base = try Money(minor: before.base, currency: currency).adding(Money(minor: part.base, currency: currency))
        let share = try partner.share.share(of: base)
        periods[part.period] = (base: base.minor, share: share.minor)
        let accrual = PartnerAccrual(
            id: makeID(),
            tenant: tenant,
            source: source,
            partner: partner.id,
            invoice: receipt.invoice,
            payment: receipt.payment,
            period: part.period.start,
            receipt: Money(minor: part.receipt, currency: currency),
            base: Money(minor: part.base, currency: currency),
            share: try share.subtracting(Money(minor: before.share, currency: currency)),
            at: receipt.at
        )
        accruals.append(accrual)
        return accrual
    }
}
