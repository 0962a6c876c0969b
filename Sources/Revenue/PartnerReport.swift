package import Values

/// What partners brought, had a share in, and were paid, month by month.
package enum PartnerReport {
    /// What the report is like.
    package static let shape = MonthlyReport.Shape(
        name: "partners",
        title: "Partners",
        groups: ["partner"],
        columns: ["receipts", "base", "shares", "taken_back", "paid", "owed"],
        drawn: ["shares", "taken_back", "paid"],
        drawnBelow: ["taken_back", "paid"],
        definition: [
            "variant": "accrued_on_receipts",
            "receipts": """
            what customers of the partner paid on invoices (money, bought credit, the credit balance), with tax, \
            less what went back: refunds, lost disputes, credit notes on what was paid, and what went to the balance
            """,
            "base": "receipts without tax, in proportion of each invoice",
            "shares": "the partner's share of the base by its tiers, as it grew",
            "taken_back": "shares of what went back: it leaves the stretch of the tiers in which it came",
            "paid": "payouts",
            "owed": "shares − taken_back − paid: the change of the account partner_payable",
            "principal": "we sell: the share is a cost (partner_share)",
            "agent": "the partner sells: the share is taken off revenue (agent_share)",
        ]
    )

    /// Adds up accruals and payouts.
    ///
    /// `codes`: of the partners by their ids.
    package static func report(
        accruals: [PartnerAccrual],
        payouts: [PartnerPayout],
        codes: [PartnerID: String],
        months: ReportMonths,
        currency: Currency? = nil
    ) throws(Problem) -> MonthlyReport {
        let shares = accruals.map { accrual in
            let minor = accrual.share.minor
            return ReportFact(
                at: accrual.at,
                tenant: accrual.tenant,
                currency: accrual.share.currency,
                group: [codes[accrual.partner] ?? accrual.partner.text],
                amounts: [
                    "receipts": accrual.receipt.minor, "base": accrual.base.minor, "shares": max(minor, 0),
                    "taken_back": max(0 &- minor, 0), "owed": minor,
                ],
                ids: accrual.ids
            )
        }
        let paid = payouts.flatMap { payout in
            payout.parts.map { part in
                ReportFact(
                    at: payout.at,
                    tenant: part.tenant,
                    currency: part.amount.currency,
                    group: [codes[payout.partner] ?? payout.partner.text],
                    amounts: ["paid": part.amount.minor, "owed": 0 &- part.amount.minor],
                    ids: [payout.id.text]
                )
            }
        }
        return try MonthlyReport(shape, of: shares + paid, months: months, currency: currency)
    }
}
