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

    /// What was billed for a stretch on all invoices together.
    struct Billed {
        var line: InvoiceLine
        var quantity = Decimal12.zero
        var amount: Int64 = 0
        var discount: Int64 = 0
        var tax: Int64 = 0
        var discounts: [InvoiceDraft.Share] = []
        var taxes: [InvoiceDraft.Share] = []
    }

    /// Whether a draft is to be stored: it comes after all invoices that are, and was not billed elsewhere.
    ///
    /// One that late usage makes at an earlier instant, which came to nothing then, would be overdue as it is made and
    /// change a past month: its lines are corrections of the next invoice.
    func isNew(_ draft: InvoiceDraft) -> Bool {
        // An invoice before the end of a period comes between: it has usage alone, which is corrected in any case.
        stored.allSatisfy { $0.reason == .threshold || $0.issuedAt < draft.issuedAt }
            && !isBilledElsewhere(draft.issuedAt)
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
            let own = try draft.lines.filter { line in
                isMeasured(line) ? billed[StretchKey(line)] == nil : !isOfVoided(line, on: nil)
            }.map(line)
            // All that it has was billed before the period was over.
            guard !own.isEmpty || !corrections.isEmpty else { continue }
            let id = InvoiceID.make(at: recordedAt.adding(microseconds: Int64(index)))
            invoices.append(try invoice(draft, id, own + corrections, &pool))
            corrections = []
        }
        return invoices
    }

    /// What the stored invoices have billed for each stretch, corrections included.
    func billed() throws(Problem) -> [StretchKey: Billed] {
        var sums: [StretchKey: Billed] = [:]
        for line in stored.flatMap(\.lines) where line.kind == .usage || line.kind == .minimum {
            var sum = sums[StretchKey(line)] ?? Billed(line: line)
            // One commitment is one unit, however often it is corrected.
            sum.quantity = line.kind == .minimum ? 1 : try sum.quantity.adding(line.quantity)
            sum.amount += line.amount
            sum.discount += line.discount
            sum.tax += line.tax
            sum.discounts += line.discounts
            sum.taxes += line.taxes
            sums[StretchKey(line)] = sum
        }
        return sums
    }

    /// Whether a line credits what a voided invoice billed, which nobody has paid or owes; such a credit is left out.
    ///
    /// `instant`: of the invoice that has it, if that is stored: what it has stays, also if the other was voided since.
    private func isOfVoided(_ line: InvoiceDraft.Line, on instant: Instant?) -> Bool {
        guard let origin = line.creditedFrom,
            stored.contains(where: { $0.status == .void && $0.reason != .threshold && $0.issuedAt == origin })
        else { return false }
        let own = stored.first { $0.reason != .threshold && $0.issuedAt == instant }
        return !(own?.lines.contains { $0.kind == .credit && StretchKey($0) == StretchKey(line) } ?? false)
    }

    private func isMeasured(_ line: InvoiceDraft.Line) -> Bool { line.kind == .usage || line.kind == .minimum }

    /// For each stretch that was billed the line it has now less what was billed: nothing where they are the same, and
    /// nothing at all unless usage has changed.
    ///
    /// Coupons and taxes are taken of an invoice as a whole: with other usage their shares of its fees are others, too.
    /// What that comes to stands on the first correction.
    func corrections(
        of drafts: [InvoiceDraft],
        _ billed: [StretchKey: Billed],
        _ unchanged: Set<StretchKey>
    ) throws -> [InvoiceLine] {
        var now: [StretchKey: InvoiceDraft.Line] = [:]
        var fees: [InvoiceDraft.Line] = []
        // Of which a part was billed before the end: the rest comes also where only its coupons and taxes are others.
        var begun: Set<StretchKey> = []
        for draft in drafts where !isBilledElsewhere(draft.issuedAt) {
            let isStored = !isNew(draft)
            for line in draft.lines {
                guard isMeasured(line) else {
                    if isStored, !isOfVoided(line, on: draft.issuedAt) { fees.append(line) }
                    continue
                }
                guard isStored || billed[StretchKey(line)] != nil else { continue }
                now[StretchKey(line)] = line
                if !isStored { begun.insert(StretchKey(line)) }
            }
        }
        let keys = Set(now.keys).union(billed.keys).subtracting(unchanged)
        let ordered = keys.sorted { ($0.start, $0.price ?? "~", $0.plan) < ($1.start, $1.price ?? "~", $1.plan) }
        let found = try ordered.compactMap { key in try correction(now[key], billed[key]) }
        guard let first = found.first else { return [] }
        let before = stored.flatMap(\.lines).filter { $0.kind != .usage && $0.kind != .minimum }
        var rest = Shares(
            discounts: InvoiceDraft.Share.difference(fees.flatMap(\.discounts), before.flatMap(\.discounts)),
            taxes: InvoiceDraft.Share.difference(fees.flatMap(\.taxes), before.flatMap(\.taxes)),
            discount: fees.reduce(0) { $0 + $1.discount } - before.reduce(0) { $0 + $1.discount },
            tax: fees.reduce(0) { $0 + $1.tax } - before.reduce(0) { $0 + $1.tax }
        )
        if adjustments.taxes.contains(where: \.isInclusive) {
            rest.amount = fees.reduce(0) { $0 + $1.amount } - before.reduce(0) { $0 + $1.amount }
        }
        let all = [first.adding(rest)] + found.dropFirst()
        let ended = all.filter { !begun.contains(StretchKey($0)) }
        guard ended.contains(where: { $0.amount != 0 || ($0.kind == .usage && !$0.quantity.isZero) }) else {
            return found.filter { begun.contains(StretchKey($0)) }
        }
        return all.filter { !$0.isNothing }
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
            planKey: like.planKey,
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
            discounts: InvoiceDraft.Share.difference(line?.discounts ?? [], before?.discounts ?? []),
            taxes: InvoiceDraft.Share.difference(line?.taxes ?? [], before?.taxes ?? []),
            isCorrection: true
        )
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
