import Plans
import Subscriptions
import Values

/// Makes stored invoices of drafts: leaves out what is stored, adds corrections, lets credit pay.
///
/// Pure.
struct InvoiceAssembly {
    /// The subscription with its plan versions.
    let story: SubscriptionStory
    /// Its plans by key.
    let plans: [String: Plan]
    /// All its invoices that are stored.
    let stored: [Invoice]
    /// What credit notes took back of their lines.
    let credited: [InvoiceLineID: CreditedLine]
    /// Drafts that are made anew, by their instants: then no other instant has an invoice.
    let reissued: [Instant: InvoiceID]
    /// The instant of an invoice that has corrections alone; nil while others are to come.
    let closing: Instant?
    /// The meters' rules by code.
    let rules: [String: AggregationRule]
    /// Who sells.
    let legalEntity: EntityID
    /// Coupons and taxes of the subscription.
    let adjustments: Adjustments
    /// When the new invoices are written.
    let recordedAt: Instant
    /// Makes the ids of lines.
    let lineID: () -> InvoiceLineID

    /// Whether a draft is to be stored: it comes after all invoices that are, and was not billed elsewhere.
    ///
    /// One that late usage makes at an earlier instant, which came to nothing then, would be overdue as it is made and
    /// change a past month: its lines are corrections of the next invoice.
    func isNew(_ draft: InvoiceDraft) -> Bool {
        guard reissued.isEmpty ? !isPassed(draft) : reissued[draft.issuedAt] != nil else { return false }
        // An invoice before the end of a period comes between: it has usage alone, which is corrected in any case.
        return stored.allSatisfy { $0.reason == .threshold || $0.issuedAt < draft.issuedAt }
            && !isBilledElsewhere(draft.issuedAt)
    }

    /// Whether billing went over an instant before, and found no usage then.
    private func isPassed(_ draft: InvoiceDraft) -> Bool {
        guard draft.lines.allSatisfy(isMeasured) else { return false }
        let subscription = story.subscription
        return subscription.nextBillingAt.map { draft.issuedAt < $0 } ?? (subscription.endedAt != nil)
    }

    /// Whether what falls due at an instant was billed before the subscription came here.
    func isBilledElsewhere(_ instant: Instant) -> Bool {
        story.subscription.billedUntil.map { instant < $0 } ?? false
    }

    /// The invoices that are not stored yet, in order; the first carries the corrections of what was billed before.
    ///
    /// `drafts`: all that the invoice function makes.
    ///
    /// `unchanged`: the stretches whose usage was not read again.
    ///
    /// `pool`: the tenant's credit, which the invoices take of and add to.
    func invoices(
        of drafts: [InvoiceDraft],
        unchanged: Set<StretchKey>,
        pool: inout CreditPool
    ) throws -> [(invoice: Invoice, credit: CreditPool.Application)] {
        let new = drafts.filter(isNew)
        guard !new.isEmpty || closing != nil else { return [] }
        let billed = try billed()
        var corrections = try corrections(of: drafts, billed, unchanged)
        var invoices: [(invoice: Invoice, credit: CreditPool.Application)] = []
        for (index, draft) in new.enumerated() {
            let own = try draft.lines.filter { line in
                isMeasured(line) ? billed[StretchKey(line)] == nil : !isOfVoided(line)
            }.map { line in try limited(self.line(line), creditOf: line.creditedFrom) }
            // All that it has was billed before the period was over.
            guard !own.isEmpty || !corrections.isEmpty else { continue }
            let id = reissued[draft.issuedAt] ?? .make(at: recordedAt.adding(microseconds: Int64(index)))
            invoices.append(try invoice(draft, id, own + corrections, &pool))
            corrections = []
        }
        if let closing, !corrections.isEmpty {
            let draft = InvoiceDraft.bare(.correction, at: closing)
            invoices.append(try invoice(draft, reissued[closing] ?? .make(at: recordedAt), corrections, &pool))
        }
        return invoices
    }

    /// A line of a draft as it is stored.
    func line(_ line: InvoiceDraft.Line) throws -> InvoiceLine {
        guard let version = story.version(ofKey: line.planKey) else {
            throw InvoiceError.planMissing(story.subscription.id)
        }
        let price = line.price.flatMap((plans[line.planKey] ?? version.plan).price)
        let rule = line.meter.flatMap { rules[$0] }
        let isAdvance = line.kind == .credit || line.kind == .charge || price?.timing == .advance
        return InvoiceLine(
            id: lineID(),
            planVersion: version.id,
            planKey: line.planKey,
            plan: line.plan,
            price: line.price,
            kind: line.kind,
            timing: isAdvance ? .advance : .arrears,
            meter: line.meter,
            measure: price.flatMap { price in rule.flatMap { BillingUsage.measure(of: price, $0) } },
            start: line.period.start,
            end: line.period.end,
            ratio: line.ratio,
            quantity: try Decimal12(rounding: line.quantity),
            exact: line.exact,
            amount: line.amount,
            discount: line.discount,
            tax: line.tax,
            discounts: line.discounts,
            taxes: line.taxes,
            isCorrection: false
        )
    }

    func invoice(
        _ draft: InvoiceDraft,
        _ id: InvoiceID,
        _ lines: [InvoiceLine],
        _ pool: inout CreditPool
    ) throws -> (invoice: Invoice, credit: CreditPool.Application) {
        let subscription = story.subscription
        let currency = subscription.currency
        func sum(_ minors: [Int64]) throws -> Money {
            try minors.reduce(Money.zero(currency)) { try $0.adding(Money(minor: $1, currency: currency)) }
        }
        let subtotal = try sum(lines.map(\.amount))
        let discount = try sum(lines.map(\.discount))
        let tax = try sum(lines.map(\.tax))
        let balance = try subtotal.subtracting(discount).adding(tax)
        let zero = Money.zero(currency)
        let total = balance.isNegative ? zero : balance
        let below = balance.isNegative ? try balance.negated() : zero
        // The function says whether what is below zero is paid out.
        let isPaidOut = draft.refundDue != nil
        if !isPaidOut { try pool.add(below.minor) }
        let credit = pool.take(total.minor, at: draft.issuedAt)
        let applied = Money(minor: credit.total, currency: currency)
        let invoice = Invoice(
            id: id,
            tenant: subscription.tenant,
            subscription: subscription.id,
            legalEntity: legalEntity,
            number: nil,
            status: .draft,
            reason: draft.reason,
            issuedAt: draft.issuedAt,
            dueAt: nil,
            finalizedAt: nil,
            paidAt: nil,
            voidedAt: nil,
            uncollectibleAt: nil,
            taxStatus: adjustments.taxStatus(at: draft.issuedAt),
            currency: currency,
            lines: lines,
            subtotal: subtotal,
            discount: discount,
            tax: tax,
            total: total,
            credited: isPaidOut ? zero : below,
            refundDue: isPaidOut ? below : zero,
            creditsApplied: applied,
            amountDue: try total.subtracting(applied),
            amountPaid: zero,
            amountCredited: zero,
            recordedAt: recordedAt
        )
        return (invoice, credit)
    }
}
