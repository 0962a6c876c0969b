import Plans
import Subscriptions
import Values

/// Makes stored invoices of drafts: leaves out what is stored, adds corrections, lets credit pay.
///
/// Pure.
struct InvoiceAssembly {
    /// The subscription with its plan versions.
    let story: SubscriptionStory
    /// All its invoices that are stored.
    let stored: [Invoice]
    /// The meters' rules by code.
    let rules: [String: AggregationRule]
    /// Who sells.
    let legalEntity: EntityID
    /// When the new invoices are written.
    let recordedAt: Instant
    /// Makes the ids of lines.
    let lineID: () -> InvoiceLineID

    /// What was billed for a stretch on all invoices together.
    private struct Billed {
        var line: InvoiceLine
        var quantity = Decimal12.zero
        var amount: Int64 = 0
        var discount: Int64 = 0
        var tax: Int64 = 0
    }

    /// Whether a draft is to be stored: it comes after all invoices that are, and was not billed elsewhere.
    ///
    /// One that late usage makes at an earlier instant, which came to nothing then, would be overdue as it is made and
    /// change a past month: its lines are corrections of the next invoice.
    func isNew(_ draft: InvoiceDraft) -> Bool {
        stored.allSatisfy { $0.issuedAt < draft.issuedAt } && !isBilledElsewhere(draft.issuedAt)
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
        guard !new.isEmpty else { return [] }
        let billed = try billed()
        var corrections = try corrections(of: drafts, billed, unchanged)
        var invoices: [(invoice: Invoice, credit: CreditPool.Application)] = []
        for (index, draft) in new.enumerated() {
            let own = try draft.lines.filter { !isMeasured($0) || billed[StretchKey($0)] == nil }.map(line)
            let id = InvoiceID.make(at: recordedAt.adding(microseconds: Int64(index)))
            invoices.append(try invoice(draft, id, own + corrections, &pool))
            corrections = []
        }
        return invoices
    }

    /// What the stored invoices have billed for each stretch, corrections included.
    private func billed() throws(Problem) -> [StretchKey: Billed] {
        var sums: [StretchKey: Billed] = [:]
        for line in stored.flatMap(\.lines) where line.kind == .usage || line.kind == .minimum {
            var sum = sums[StretchKey(line)] ?? Billed(line: line)
            // One commitment is one unit, however often it is corrected.
            sum.quantity = line.kind == .minimum ? 1 : try sum.quantity.adding(line.quantity)
            sum.amount += line.amount
            sum.discount += line.discount
            sum.tax += line.tax
            sums[StretchKey(line)] = sum
        }
        return sums
    }

    private func isMeasured(_ line: InvoiceDraft.Line) -> Bool { line.kind == .usage || line.kind == .minimum }

    /// For each stretch that was billed the line it has now less what was billed: nothing where they are the same.
    private func corrections(
        of drafts: [InvoiceDraft],
        _ billed: [StretchKey: Billed],
        _ unchanged: Set<StretchKey>
    ) throws -> [InvoiceLine] {
        var now: [StretchKey: InvoiceDraft.Line] = [:]
        for draft in drafts where !isBilledElsewhere(draft.issuedAt) {
            let isStored = !isNew(draft)
            for line in draft.lines where isMeasured(line) && (isStored || billed[StretchKey(line)] != nil) {
                now[StretchKey(line)] = line
            }
        }
        let keys = Set(now.keys).union(billed.keys).subtracting(unchanged)
        let ordered = keys.sorted { ($0.start, $0.price ?? "~", $0.plan) < ($1.start, $1.price ?? "~", $1.plan) }
        return try ordered.compactMap { key in try correction(now[key], billed[key]) }
    }

    private func correction(_ now: InvoiceDraft.Line?, _ before: Billed?) throws -> InvoiceLine? {
        let line = try now.map(line)
        guard let like = line ?? before?.line else { return nil }
        let isMinimum = like.kind == .minimum
        let quantity = (line?.quantity ?? .zero) - (before?.quantity ?? .zero)
        let amount = (line?.amount ?? 0) - (before?.amount ?? 0)
        let discount = (line?.discount ?? 0) - (before?.discount ?? 0)
        let tax = (line?.tax ?? 0) - (before?.tax ?? 0)
        guard amount != 0 || discount != 0 || tax != 0 || (!isMinimum && !quantity.isZero) else { return nil }
        let billed = Money(minor: before?.amount ?? 0, currency: story.subscription.currency)
        return InvoiceLine(
            id: lineID(),
            planVersion: like.planVersion,
            plan: like.plan,
            price: like.price,
            kind: like.kind,
            timing: like.timing,
            meter: like.meter,
            measure: like.measure,
            start: like.start,
            end: like.end,
            ratio: like.ratio,
            quantity: isMinimum ? 1 : quantity,
            exact: (line?.exact ?? .zero) - billed.exact,
            amount: amount,
            discount: discount,
            tax: tax,
            isCorrection: true
        )
    }

    /// A line of a draft as it is stored.
    private func line(_ line: InvoiceDraft.Line) throws -> InvoiceLine {
        guard let version = story.versions.first(where: { $0.id.text == line.planKey }) else {
            throw InvoiceError.planMissing(story.subscription.id)
        }
        let price = line.price.flatMap(version.plan.price)
        let rule = line.meter.flatMap { rules[$0] }
        let isAdvance = line.kind == .credit || line.kind == .charge || price?.timing == .advance
        return InvoiceLine(
            id: lineID(),
            planVersion: version.id,
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
            isCorrection: false
        )
    }

    private func invoice(
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
            recordedAt: recordedAt
        )
        return (invoice, credit)
    }
}
