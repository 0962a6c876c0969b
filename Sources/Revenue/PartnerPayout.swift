import Ledger
package import Values

/// What a partner was paid at once, in one currency.
package struct PartnerPayout: Hashable, Sendable {
    /// What of it is for a tenant's receipts; below nothing where more was taken back.
    package struct Part: Hashable, Sendable {
        package let tenant: TenantID
        package let amount: Money

        /// Takes both.
        package init(tenant: TenantID, amount: Money) {
            self.tenant = tenant
            self.amount = amount
        }
    }

    /// Names it.
    package let id: PartnerPayoutID
    /// Who got it.
    package let partner: PartnerID
    /// Shares up to its end.
    package let month: Month
    /// How much.
    package let amount: Money
    /// By tenant, in the order of their ids.
    package let parts: [Part]
    /// What names it outside.
    package let reference: String
    /// When it was paid, in business time.
    package let at: Instant

    /// As it leaves over HTTP.
    package var json: JSONValue {
        [
            "id": .string(id.text), "partner": .string(partner.text), "month": .string(month.text),
            "amount": amount.json, "reference": .string(reference), "at": .string(at.text),
            "parts": .array(parts.map { ["tenant": $0.tenant.json, "amount": $0.amount.json] }),
        ]
    }

    /// A payout for each currency in which something is owed; where more was taken back there is none.
    static func all(
        of open: [Part],
        to partner: PartnerID,
        month: Month,
        reference: String,
        at instant: Instant,
        id: () -> PartnerPayoutID
    ) throws(Problem) -> [PartnerPayout] {
        var payouts: [PartnerPayout] = []
        let currencies = Set(open.map(\.amount.currency)).sorted { $0.code < $1.code }
        for currency in currencies {
            let parts = open.filter { $0.amount.currency == currency && !$0.amount.isZero }.sorted {
                $0.tenant < $1.tenant
            }
            var total = Money.zero(currency)
            for part in parts { total = try total.adding(part.amount) }
            guard total.minor > 0 else { continue }
            payouts.append(
                PartnerPayout(
                    id: id(),
                    partner: partner,
                    month: month,
                    amount: total,
                    parts: parts,
                    reference: reference,
                    at: instant
                )
            )
        }
        return payouts
    }

    /// What is no longer owed, for a tenant's receipts.
    func journal(of part: Part, id journal: JournalID) throws(LedgerError) -> Journal {
        try Journal(
            id: journal,
            tenant: part.tenant,
            at: at,
            key: "partner_payout:\(id)",
            currency: part.amount.currency,
            entries: [
                Journal.Entry(.partnerPayable, part.amount.minor), Journal.Entry(.cash, 0 &- part.amount.minor),
            ],
            reference: partner.text,
            memo: "partner's shares up to \(month) paid"
        )
    }
}
