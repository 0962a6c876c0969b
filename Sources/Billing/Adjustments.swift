package import Values

/// What is taken off and added to the invoices of a subscription: redeemed coupons, and the taxes of its tenant.
///
/// Everything is dated, so the invoice function can be run over the whole history again: what was invoiced before a
/// coupon was redeemed, a rate changed or a customer moved comes out as it did.
package struct Adjustments: Hashable, Sendable {
    /// Why the tenant pays the taxes it pays, from an instant on.
    package struct Standing: Hashable, Sendable {
        /// Invoices of this instant and later ones; nil is all.
        package let from: Instant?
        /// Why.
        package let status: TaxStatus

        /// Takes the two.
        package init(from: Instant?, status: TaxStatus) {
            self.from = from
            self.status = status
        }
    }

    /// In the order in which they were redeemed.
    package var coupons: [InvoiceCoupon]
    /// In the order of their codes; of a rate that changed one for each stretch.
    package var taxes: [InvoiceStory.Tax]
    /// In order of time.
    package var standings: [Standing]

    /// Takes the three.
    package init(coupons: [InvoiceCoupon] = [], taxes: [InvoiceStory.Tax] = [], standings: [Standing] = []) {
        self.coupons = coupons
        self.taxes = taxes
        self.standings = standings
    }

    /// Why an invoice of an instant has the taxes that it has.
    package func taxStatus(at instant: Instant) -> TaxStatus {
        standings.last { $0.from.map { $0 <= instant } ?? true }?.status ?? .standard
    }
}

extension InvoiceStory {
    /// Takes coupons and taxes in, after those that are there.
    package mutating func add(_ adjustments: Adjustments) {
        coupons += adjustments.coupons
        taxes += adjustments.taxes
    }
}
