package import Plans
package import Values

/// An invoice as it follows from a subscription's story.
///
/// All amounts are minor units of the story's currency.
package struct InvoiceDraft: Hashable, Sendable {
    /// Why it is issued: the first that applies at its instant.
    package enum Reason: String, CaseIterable, Sendable {
        case start
        case cancel
        case change
        case trialEnd = "trial_end"
        case renewal
        /// Usage came to more than a threshold before the period was over; the function itself never says so.
        case threshold
        /// Usage of a subscription that is over came, or was taken back, after the last invoice; the function itself
        /// never says so.
        case correction
    }

    /// What one coupon or tax did to a line, or one grant to an invoice.
    package struct Share: Hashable, Sendable {
        /// The coupon's or the tax's code, the grant's id.
        package let code: String
        /// In minor units.
        package let amount: Int64
    }

    /// A line of an invoice.
    package struct Line: Hashable, Sendable {
        /// What it bills, in the order in which lines stand.
        package enum Kind: String, CaseIterable, Sendable {
            /// The unused rest of a line that was billed in advance; negative.
            case credit
            /// A price in advance for the rest of a running period.
            case charge
            /// A price without a meter for a period or a part of one.
            case recurring
            /// A metered price over a part.
            case usage
            /// What a part lacks of its commitment.
            case minimum
        }

        /// The key of the plan that bills it.
        package let planKey: String
        /// The code of that plan.
        package let plan: String
        /// The code of the price; nil of a `minimum`.
        package let price: String?
        /// The meter of a `usage` line.
        package let meter: String?
        /// What it bills.
        package let kind: Kind
        /// Whether it bills a stretch to come (a credit: whether it takes back such a line) or one that ended.
        package let timing: PriceTiming
        /// What it is for; of a `usage` line the part whose events it rates.
        package let period: Period
        /// The whole period of which that is a part.
        package let whole: Period
        /// The share of the part in the whole.
        package let ratio: Exact
        /// How many units.
        package let quantity: Exact
        /// The amount before it was rounded, in units of the currency.
        package let exact: Exact
        /// The amount; what coupons and taxes do to it is not in it.
        package let amount: Int64
        /// What coupons take off.
        package let discount: Int64
        /// What taxes add.
        package let tax: Int64
        /// The coupons in the discount, without those that took nothing.
        package let discounts: [Share]
        /// The taxes in the tax, without those that are 0.
        package let taxes: [Share]
        /// Of a credit: when the invoice was issued whose line it takes back.
        package let creditedFrom: Instant?
    }

    /// When it is issued.
    package let issuedAt: Instant
    /// Why.
    package let reason: Reason
    /// Its lines, in order.
    package let lines: [Line]
    /// The sum of the lines' amounts.
    package let subtotal: Int64
    /// The sum of their discounts.
    package let discount: Int64
    /// The sum of their taxes.
    package let tax: Int64
    /// Subtotal − discount + tax, but not below 0.
    package let total: Int64
    /// What each grant paid.
    package let grantsApplied: [Share]
    /// What the credit balance paid.
    package let balanceApplied: Int64
    /// What is left to pay.
    package let amountDue: Int64
    /// What is to be paid out; above 0 or nil.
    package let refundDue: Int64?
    /// What goes to the credit balance, as the total must not be below 0.
    package let balanceAdded: Int64

    /// What grants and credit balance paid together.
    package var creditsApplied: Int64 { total - amountDue }

    /// One without lines, for an invoice that the function does not make.
    static func bare(_ reason: Reason, at instant: Instant) -> InvoiceDraft {
        InvoiceDraft(
            issuedAt: instant,
            reason: reason,
            lines: [],
            subtotal: 0,
            discount: 0,
            tax: 0,
            total: 0,
            grantsApplied: [],
            balanceApplied: 0,
            amountDue: 0,
            refundDue: nil,
            balanceAdded: 0
        )
    }
}

/// All invoices of a story, and what of its credit is left.
package struct InvoiceResult: Hashable, Sendable {
    /// In the order of their instants.
    package let invoices: [InvoiceDraft]
    /// The credit balance at the end, in minor units.
    package let creditBalance: Int64
    /// What is left of each grant at the end, in the order given; of one that has expired nothing.
    package let creditsLeft: [InvoiceDraft.Share]
    /// When a period or the trial ends next, unless a change comes before; nil if the subscription has ended or stands
    /// still.
    package let nextBoundary: Instant?
}
