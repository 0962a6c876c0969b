package import Values

/// What a partner is told of a month: what was owed, what came to it, what it was paid, what is owed.
package struct PartnerStatement: Sendable {
    /// One currency of it.
    package struct Sum: Hashable, Sendable {
        package let currency: Currency
        /// Owed as the month began.
        package let opening: Money
        /// What came in, net of what went back; what of it counts; the shares, and what of shares was taken back.
        package let receipts: Money
        package let base: Money
        package let shares: Money
        package let takenBack: Money
        /// What was paid.
        package let paid: Money
        /// Owed as the month ended: opening + shares − taken back − paid.
        package let closing: Money
    }

    /// Whose.
    package let partner: Partner
    /// Which month, of UTC.
    package let month: Month
    /// What was known then is in it, and nothing else.
    package let asOf: Instant
    /// By currency.
    package let sums: [Sum]
    /// What happened in the month.
    package let accruals: [PartnerAccrual]
    package let payouts: [PartnerPayout]

    /// Adds up everything until the month's end.
    package init(
        of partner: Partner,
        month: Month,
        asOf: Instant,
        accruals all: [PartnerAccrual],
        payouts paid: [PartnerPayout]
    ) throws(Problem) {
        self.partner = partner
        self.month = month
        self.asOf = asOf
        let start = month.start(in: .utc)
        accruals = all.filter { $0.at >= start }
        payouts = paid.filter { $0.at >= start }
        let currencies = Set(all.map(\.share.currency)).union(paid.map(\.amount.currency)).sorted { $0.code < $1.code }
        var sums: [Sum] = []
        for currency in currencies {
            let own = all.filter { $0.share.currency == currency }
            let now = own.filter { $0.at >= start }
            let out = paid.filter { $0.amount.currency == currency }
            func sum(_ amounts: [Money]) throws(Problem) -> Money {
                var total = Money.zero(currency)
                for amount in amounts { total = try total.adding(amount) }
                return total
            }
            let opening = try sum(own.filter { $0.at < start }.map(\.share))
                .subtracting(sum(out.filter { $0.at < start }.map(\.amount)))
            let shares = try sum(now.map(\.share).filter { !$0.isNegative })
            let back = try sum(now.map(\.share).filter(\.isNegative)).negated()
            let payouts = try sum(out.filter { $0.at >= start }.map(\.amount))
            sums.append(
                Sum(
                    currency: currency,
                    opening: opening,
                    receipts: try sum(now.map(\.receipt)),
                    base: try sum(now.map(\.base)),
                    shares: shares,
                    takenBack: back,
                    paid: payouts,
                    closing: try opening.adding(shares).subtracting(back).subtracting(payouts)
                )
            )
        }
        self.sums = sums
    }

    /// As it leaves over HTTP.
    package var json: JSONValue {
        [
            "partner": partner.json, "month": .string(month.text), "as_of": asOf.json,
            "sums": .array(
                sums.map { sum in
                    [
                        "currency": .string(sum.currency.code), "opening": .string(sum.opening.text),
                        "receipts": .string(sum.receipts.text), "base": .string(sum.base.text),
                        "shares": .string(sum.shares.text), "taken_back": .string(sum.takenBack.text),
                        "paid": .string(sum.paid.text), "closing": .string(sum.closing.text),
                    ]
                }
            ),
            "lines": .array(
                accruals.map { accrual in
                    [
                        "id": .string(accrual.id.text), "at": accrual.at.json, "tenant": accrual.tenant.json,
                        "source": .string(accrual.kind), "invoice": .optional(accrual.invoice?.text),
                        "payment": .optional(accrual.payment?.text), "currency": .string(accrual.share.currency.code),
                        "receipt": .string(accrual.receipt.text), "base": .string(accrual.base.text),
                        "share": .string(accrual.share.text),
                    ]
                }
            ),
            "payouts": .array(payouts.map(\.json)),
        ]
    }
}

extension PartnerAccrual {
    /// What came or went: a payment (allocation), bought credit, the balance, a credit note, a refund, a dispute.
    package var kind: String { String(source.prefix { $0 != ":" }) }
}
