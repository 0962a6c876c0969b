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
    package let amount: Int64
    /// What coupons take off it, in minor units.
    package let discount: Int64
    /// The tax on it, in minor units.
    package let tax: Int64
    /// Whether it is the difference to what was billed for its stretch before.
    package let isCorrection: Bool

    /// What it adds to revenue: amount less discount, in minor units.
    package var net: Int64 { amount - discount }

    /// As it leaves over HTTP.
    package func json(_ currency: Currency) -> JSONValue {
        [
            "id": .string(id.text), "plan": .string(plan), "price": .optional(price), "kind": .string(kind.rawValue),
            "meter": .optional(meter), "period": ["start": .string(start.text), "end": .string(end.text)],
            "ratio": .string(ratio.fractionText), "quantity": .string(quantity.text),
            "exact": .string(exact.decimalText()), "amount": Money(minor: amount, currency: currency).json,
            "discount": Money(minor: discount, currency: currency).json,
            "tax": Money(minor: tax, currency: currency).json, "correction": .bool(isCorrection),
        ]
    }
}
