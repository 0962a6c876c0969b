import Plans
import Subscriptions
import Values

/// What credit notes took back of a line, in minor units.
struct CreditedLine: Hashable, Sendable {
    /// Of what it costs after discounts.
    var net: Int64 = 0
    /// Of its tax.
    var tax: Int64 = 0
    /// Of that, what the billing run took because usage had become less: it counts as not billed.
    var corrected = Corrected()

    /// A part of it.
    struct Corrected: Hashable, Sendable {
        var net: Int64 = 0
        var tax: Int64 = 0
        var taxes: [InvoiceDraft.Share] = []
    }

    func adding(_ other: CreditedLine) -> CreditedLine {
        CreditedLine(
            net: net + other.net,
            tax: tax + other.tax,
            corrected: Corrected(
                net: corrected.net + other.corrected.net,
                tax: corrected.tax + other.corrected.tax,
                taxes: corrected.taxes + other.corrected.taxes
            )
        )
    }
}

/// What lines of some invoices come to together.
struct BilledSum {
    var quantity = Decimal12.zero
    /// In minor units, as all money here.
    var amount: Int64 = 0
    var discount: Int64 = 0
    var tax: Int64 = 0
    var discounts: [InvoiceDraft.Share] = []
    var taxes: [InvoiceDraft.Share] = []

    /// Nothing.
    init() {}

    init(_ line: InvoiceLine) {
        quantity = line.quantity
        amount = line.amount
        discount = line.discount
        tax = line.tax
        discounts = line.discounts
        taxes = line.taxes
    }

    /// What it adds to revenue.
    var net: Int64 { amount - discount }

    mutating func add(_ line: InvoiceLine) throws(Problem) {
        // One commitment is one unit, however often it is corrected.
        quantity = line.kind == .minimum ? 1 : try quantity.adding(line.quantity)
        amount += line.amount
        discount += line.discount
        tax += line.tax
        discounts += line.discounts
        taxes += line.taxes
    }

    /// Takes out what a credit note of the billing run gave back.
    mutating func remove(_ corrected: CreditedLine.Corrected) {
        amount -= corrected.net
        tax -= corrected.tax
        taxes = InvoiceDraft.Share.difference(taxes, corrected.taxes)
    }

    /// What this is more than another.
    func less(_ other: BilledSum) -> BilledSum {
        var difference = BilledSum()
        difference.quantity = quantity - other.quantity
        difference.amount = amount - other.amount
        difference.discount = discount - other.discount
        difference.tax = tax - other.tax
        difference.discounts = InvoiceDraft.Share.difference(discounts, other.discounts)
        difference.taxes = InvoiceDraft.Share.difference(taxes, other.taxes)
        return difference
    }

    /// What is to be credited, less what credit notes have credited already; what is to be charged stays.
    func less(_ credited: CreditedLine) -> BilledSum {
        guard net < 0, credited.net > 0 else { return self }
        var rest = self
        guard net + credited.net < 0 else {
            rest = BilledSum()
            rest.quantity = quantity
            return rest
        }
        rest.amount += credited.net
        rest.setTax(min(0, tax + credited.tax))
        return rest
    }

    /// With another tax, shared as before.
    fileprivate mutating func setTax(_ minor: Int64) {
        let shares = split(minor, by: taxes.map { Exact($0.amount) })
        tax = minor
        taxes = zip(taxes, shares).filter { $0.1 != 0 }.map { InvoiceDraft.Share(code: $0.0.code, amount: $0.1) }
    }
}

/// What is billed again by its difference, because usage has changed; and what is not credited, because it was not
/// paid or was credited otherwise.
extension InvoiceAssembly {
    /// What was billed for a stretch.
    struct Billed {
        /// One of its lines.
        let line: InvoiceLine
        /// On all invoices together, corrections included.
        var all = BilledSum()
        /// Of it on voided ones: nobody has paid it, and nobody has to.
        var voided = BilledSum()
        /// What credit notes took back of it.
        var credited = CreditedLine()
    }

    /// What the stored invoices have billed for each stretch, corrections included.
    func billed() throws(Problem) -> [StretchKey: Billed] {
        var sums: [StretchKey: Billed] = [:]
        for invoice in stored {
            for line in invoice.lines where line.kind == .usage || line.kind == .minimum {
                var sum = sums[StretchKey(line)] ?? Billed(line: line)
                try sum.all.add(line)
                if invoice.status == .void { try sum.voided.add(line) }
                if let credited = credited[line.id] {
                    sum.all.remove(credited.corrected)
                    sum.credited.net += credited.net - credited.corrected.net
                    sum.credited.tax += credited.tax - credited.corrected.tax
                }
                sums[StretchKey(line)] = sum
            }
        }
        return sums
    }

    func isMeasured(_ line: InvoiceDraft.Line) -> Bool { line.kind == .usage || line.kind == .minimum }

    /// Whether a line credits what a voided invoice billed, which nobody has paid or owes; such a credit is left out.
    func isOfVoided(_ line: InvoiceDraft.Line) -> Bool {
        line.creditedFrom.map { origin in
            stored.contains { $0.status == .void && $0.reason != .threshold && $0.issuedAt == origin }
        } ?? false
    }

    /// A credit, at most of what credit notes have left of the line that it takes back.
    func limited(_ line: InvoiceLine, creditOf origin: Instant?) -> InvoiceLine {
        guard let left = left(of: line, from: origin), line.net < -left.net else { return line }
        var sum = BilledSum(line)
        sum.amount = line.discount - left.net
        sum.setTax(max(line.tax, -left.tax))
        return line.with(sum, exact: Money(minor: sum.amount, currency: story.subscription.currency).exact)
    }

    /// What credit notes have left of the line that a credit takes back; nil if they took nothing.
    private func left(of credit: InvoiceLine, from origin: Instant?) -> CreditedLine? {
        guard let origin else { return nil }
        let lines = stored.filter { $0.issuedAt == origin && $0.reason != .threshold }.flatMap(\.lines)
        let line = lines.first { line in
            line.kind != .credit && line.timing == .advance && line.planKey == credit.planKey
                && line.price == credit.price && line.start <= credit.start && credit.end <= line.end
        }
        guard let line, let credited = credited[line.id] else { return nil }
        return CreditedLine(net: max(0, line.net - credited.net), tax: max(0, line.tax - credited.tax))
    }

    /// The line that a stored invoice has for one of the function's; nil for a credit that it was not made of in full.
    private func isAsStored(_ line: InvoiceDraft.Line, at instant: Instant) throws -> Bool {
        guard line.kind == .credit else { return true }
        let own = stored.first { $0.reason != .threshold && $0.issuedAt == instant }
        guard let found = own?.lines.first(where: { $0.kind == .credit && StretchKey($0) == StretchKey(line) }) else {
            return false
        }
        return try left(of: self.line(line), from: line.creditedFrom) == nil || found.amount == line.amount
    }

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
        let compared = try compare(drafts, billed)
        let found = try differences(compared, billed, unchanged)
        guard let first = found.first else { return [] }
        let all = [first.adding(rest(of: compared.fees, without: compared.others))] + found.dropFirst()
        let ended = all.filter { !compared.begun.contains(StretchKey($0)) }
        guard ended.contains(where: { $0.amount != 0 || ($0.kind == .usage && !$0.quantity.isZero) }) else {
            return found.filter { compared.begun.contains(StretchKey($0)) }
        }
        return all.filter { !$0.isNothing }
    }

    /// What is to be given back of stretches that were billed, because usage has become less.
    func reductions(of drafts: [InvoiceDraft], unchanged: Set<StretchKey>) throws -> [InvoiceLine] {
        let billed = try billed()
        let compared = try compare(drafts, billed)
        return try differences(compared, billed, unchanged).filter { line in
            line.net < 0 && !compared.begun.contains(StretchKey(line))
        }
    }

    /// The function's lines beside those that are stored.
    private struct Comparison {
        /// Of stretches that are billed now, or were before.
        var now: [StretchKey: InvoiceDraft.Line] = [:]
        var fees: [InvoiceDraft.Line] = []
        /// Credits that are other than the function's say nothing of coupons and taxes.
        var others: Set<StretchKey> = []
        /// Of which a part was billed before the end: the rest comes also where only its coupons and taxes are others.
        var begun: Set<StretchKey> = []
    }

    private func compare(_ drafts: [InvoiceDraft], _ billed: [StretchKey: Billed]) throws -> Comparison {
        var compared = Comparison()
        for draft in drafts where !isBilledElsewhere(draft.issuedAt) {
            let isStored = !isNew(draft)
            for line in draft.lines {
                guard isMeasured(line) else {
                    guard isStored else { continue }
                    if try isAsStored(line, at: draft.issuedAt) {
                        compared.fees.append(line)
                    } else {
                        compared.others.insert(StretchKey(line))
                    }
                    continue
                }
                guard isStored || billed[StretchKey(line)] != nil else { continue }
                compared.now[StretchKey(line)] = line
                if !isStored { compared.begun.insert(StretchKey(line)) }
            }
        }
        return compared
    }

    private func differences(
        _ compared: Comparison,
        _ billed: [StretchKey: Billed],
        _ unchanged: Set<StretchKey>
    ) throws -> [InvoiceLine] {
        let keys = Set(compared.now.keys).union(billed.keys).subtracting(unchanged)
        let ordered = keys.sorted { ($0.start, $0.price ?? "~", $0.plan) < ($1.start, $1.price ?? "~", $1.plan) }
        return try ordered.compactMap { key in try correction(compared.now[key], billed[key]) }
    }

    /// What coupons and taxes do to fees now, less what they did on the stored invoices.
    private func rest(of fees: [InvoiceDraft.Line], without others: Set<StretchKey>) -> Shares {
        let before = stored.flatMap(\.lines).filter { line in
            line.kind != .usage && line.kind != .minimum && !(line.kind == .credit && others.contains(StretchKey(line)))
        }
        var rest = Shares(
            discounts: InvoiceDraft.Share.difference(fees.flatMap(\.discounts), before.flatMap(\.discounts)),
            taxes: InvoiceDraft.Share.difference(fees.flatMap(\.taxes), before.flatMap(\.taxes)),
            discount: fees.reduce(0) { $0 + $1.discount } - before.reduce(0) { $0 + $1.discount },
            tax: fees.reduce(0) { $0 + $1.tax } - before.reduce(0) { $0 + $1.tax }
        )
        if adjustments.taxes.contains(where: \.isInclusive) {
            rest.amount = fees.reduce(0) { $0 + $1.amount } - before.reduce(0) { $0 + $1.amount }
        }
        return rest
    }

    /// What a stretch comes to now less what was billed for it; nil if that is nothing.
    ///
    /// Never less than what voided invoices billed, which nobody owes, and of what is to be credited only what credit
    /// notes have not credited.
    private func correction(_ now: InvoiceDraft.Line?, _ before: Billed?) throws -> InvoiceLine? {
        let line = try now.map(line)
        guard let like = line ?? before?.line else { return nil }
        let billed = before?.all ?? BilledSum()
        let voided = before?.voided ?? BilledSum()
        let comes = line.map(BilledSum.init) ?? BilledSum()
        let isForgiven =
            (voided.amount, voided.quantity) > (comes.amount, comes.quantity)
            && (voided.amount != 0 || !voided.quantity.isZero)
        let full = (isForgiven ? voided : comes).less(billed)
        var difference = full.less(before?.credited ?? CreditedLine())
        let isMinimum = like.kind == .minimum
        guard
            difference.amount != 0 || difference.discount != 0 || difference.tax != 0
                || (!isMinimum && !difference.quantity.isZero)
        else { return nil }
        if isMinimum { difference.quantity = 1 }
        let currency = story.subscription.currency
        let isWhole = !isForgiven && difference.amount == full.amount
        let exact =
            isWhole
            ? (line?.exact ?? .zero) - Money(minor: billed.amount, currency: currency).exact
            : Money(minor: difference.amount, currency: currency).exact
        return like.with(difference, exact: exact, id: lineID(), isCorrection: true)
    }
}
