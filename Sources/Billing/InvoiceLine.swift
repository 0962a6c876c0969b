package import Plans
package import Values

/// A line of a stored invoice.
///
/// It never changes.
package struct InvoiceLine: Hashable, Sendable {
    /// Names it.
    package let id: InvoiceLineID
    /// The plan version that bills it.
    package let planVersion: PlanVersionID
    /// The key of the plan that bills it: the version's id, unless the subscription has changed the version for itself.
    package let planKey: String
    /// The plan's code.
    package let plan: String
    /// The price's code; nil for the commitment.
    package let price: String?
    /// What kind of line it is.
    package let kind: InvoiceDraft.Line.Kind
    /// Whether the stretch it is for was still to come.
    package let timing: PriceTiming
    /// The meter of a usage line.
    package let meter: String?
    /// How its quantity follows from the events of its stretch; nil if it does not from them alone.
    package let measure: AggregationRule?
    /// The first instant of the stretch it is for.
    package let start: Instant
    /// The first instant after that stretch.
    package let end: Instant
    /// The share of the stretch in its whole period.
    package let ratio: Exact
    /// How many units, to 12 fraction digits.
    package let quantity: Decimal12
    /// The amount before it was rounded.
    package let exact: Exact
    /// What it costs, in minor units.
    package private(set) var amount: Int64
    /// What coupons take off it, in minor units.
    package private(set) var discount: Int64
    /// The tax on it, in minor units.
    package private(set) var tax: Int64
    /// What each coupon takes off it, without those that take nothing.
    package private(set) var discounts: [InvoiceDraft.Share]
    /// What each tax adds to it, without those that add nothing.
    package private(set) var taxes: [InvoiceDraft.Share]
    /// Whether it is the difference to what was billed for its stretch before.
    package let isCorrection: Bool

    /// What the table keeps of the key: nothing where it is the version's id.
    var storedPlanKey: String? { planKey == planVersion.text ? nil : planKey }

    /// What it adds to revenue: amount less discount, in minor units.
    package var net: Int64 { amount - discount }

    /// Whether it says nothing.
    var isNothing: Bool {
        amount == 0 && discount == 0 && tax == 0 && discounts.isEmpty && taxes.isEmpty
            && (kind == .minimum || quantity.isZero)
    }

    /// The same line with other quantity and money.
    ///
    /// `id`: nil keeps it.
    func with(_ sum: BilledSum, exact: Exact, id: InvoiceLineID? = nil, isCorrection: Bool = false) -> InvoiceLine {
        InvoiceLine(
            id: id ?? self.id,
            planVersion: planVersion,
            planKey: planKey,
            plan: plan,
            price: price,
            kind: kind,
            timing: timing,
            meter: meter,
            measure: measure,
            start: start,
            end: end,
            ratio: ratio,
            quantity: sum.quantity,
            exact: exact,
            amount: sum.amount,
            discount: sum.discount,
            tax: sum.tax,
            discounts: sum.discounts,
            taxes: sum.taxes,
            isCorrection: isCorrection
        )
    }

    /// Whether another line, whatever its id, says the same.
    func says(_ other: InvoiceLine) -> Bool {
        func content(_ line: InvoiceLine) -> [AnyHashable] {
            [
                line.planVersion, line.planKey, line.price, line.kind, line.start, line.end, line.quantity, line.exact,
                line.amount, line.discount, line.tax, line.discounts, line.taxes, line.isCorrection,
            ]
        }
        return content(self) == content(other)
    }

    /// With more discount and tax.
    func adding(_ shares: Shares) -> InvoiceLine {
        var line = self
        line.amount += shares.amount
        line.discount += shares.discount
        line.tax += shares.tax
        line.discounts = InvoiceDraft.Share.difference(discounts + shares.discounts, [])
        line.taxes = InvoiceDraft.Share.difference(taxes + shares.taxes, [])
        return line
    }

    /// As it leaves over HTTP.
    package func json(_ currency: Currency) -> JSONValue {
        [
            "id": .string(id.text), "plan": .string(plan), "price": .optional(price), "kind": .string(kind.rawValue),
            "meter": .optional(meter), "period": ["start": .string(start.text), "end": .string(end.text)],
            "ratio": .string(ratio.fractionText), "quantity": .string(quantity.text),
            "exact": .string(exact.decimalText()), "amount": Money(minor: amount, currency: currency).json,
            "discount": Money(minor: discount, currency: currency).json,
            "tax": Money(minor: tax, currency: currency).json,
            "discounts": .array(discounts.map { $0.json(currency) }), "taxes": .array(taxes.map { $0.json(currency) }),
            "correction": .bool(isCorrection),
        ]
    }
}

/// What coupons and taxes do to some lines together, in minor units.
struct Shares: Hashable, Sendable {
    var discounts: [InvoiceDraft.Share]
    var taxes: [InvoiceDraft.Share]
    var discount: Int64
    var tax: Int64
    /// What the taxes that prices contain leave of them, if that is another part now.
    var amount: Int64 = 0
}

extension InvoiceDraft.Share {
    /// As it leaves over HTTP.
    func json(_ currency: Currency) -> JSONValue {
        ["code": .string(code), "amount": Money(minor: amount, currency: currency).json]
    }

    /// What some shares are more than others, code by code: those of now first, without those that are the same.
    static func difference(_ now: [Self], _ before: [Self]) -> [Self] {
        var sums: [String: Int64] = [:]
        for share in now { sums[share.code, default: 0] += share.amount }
        for share in before { sums[share.code, default: 0] -= share.amount }
        var seen: Set<String> = []
        return (now + before).map(\.code).filter { seen.insert($0).inserted }.compactMap { code in
            let amount = sums[code] ?? 0
            return amount == 0 ? nil : Self(code: code, amount: amount)
        }
    }
}

/// How the table keeps shares: `[{"code": "vat", "amount_minor": 320}]`.
extension [InvoiceDraft.Share] {
    /// For the column.
    var column: JSONValue {
        .array(map { ["code": .string($0.code), "amount_minor": .int($0.amount)] })
    }

    /// Reads the column.
    init(column: JSONValue) throws(Problem) {
        self = try (column.array ?? []).map { value throws(Problem) in
            var fields = try JSONFields(value, path: "shares")
            return Element(code: try fields.string("code"), amount: Int64(try fields.int("amount_minor")))
        }
    }
}
