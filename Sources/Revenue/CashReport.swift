package import Values

/// What money came and went, month by month and gateway by gateway.
///
/// Pure: every journal that touches the account cash is a fact of a `MonthlyReport`, so that months add up to it.
package enum CashReport {
    /// A journal that touches cash.
    package struct Movement: Hashable, Sendable {
        /// Whose it is.
        package let tenant: TenantID
        /// The journal and what caused it, by their wire ids.
        package let ids: [String]
        /// When it happened.
        package let at: Instant
        /// What kind of thing caused it: the first part of the posting key, like `payment`.
        package let cause: String
        /// Who moved the money; `manual` for people.
        package let gateway: String
        /// The currency.
        package let currency: Currency
        /// What it adds to cash, and what providers kept, in minor units.
        package let cash: Int64
        package let fees: Int64

        /// Takes the parts.
        package init(
            tenant: TenantID,
            ids: [String],
            at instant: Instant,
            cause: String,
            gateway: String,
            currency: Currency,
            cash: Int64,
            fees: Int64
        ) {
            self.tenant = tenant
            self.ids = ids
            at = instant
            self.cause = cause
            self.gateway = gateway
            self.currency = currency
            self.cash = cash
            self.fees = fees
        }

        /// Cash and fees together are what was paid or taken.
        var fact: ReportFact {
            let gross = cash + fees
            let column: (name: String, sign: Int64) =
                switch cause {
                case "payment", "credit", "credit_purchase": ("received", 1)
                case "refund": ("refunded", -1)
                case "dispute": ("disputed", -1)
                default: ("other", 1)
                }
            return ReportFact(
                at: at,
                tenant: tenant,
                currency: currency,
                group: [gateway],
                amounts: [column.name: column.sign * gross, "fees": fees, "net": cash],
                ids: ids
            )
        }
    }

    /// What the report is like.
    package static let shape = MonthlyReport.Shape(
        name: "cash",
        title: "Cash",
        groups: ["gateway"],
        columns: ["received", "refunded", "disputed", "fees", "other", "net"],
        drawn: ["received", "other", "refunded", "disputed", "fees"],
        drawnBelow: ["refunded", "disputed", "fees"],
        definition: [
            "variant": "journals_of_cash",
            "received": "payments and bought credit, before what providers keep",
            "refunded": "what was sent back, when it was sent",
            "disputed": "what providers hold or took because of disputes, less what came back",
            "fees": "what providers keep",
            "other": "all else, like what partners were paid",
            "net": "received − refunded − disputed − fees + other: the change of the account cash",
        ]
    )

    /// Adds movements up.
    package static func report(
        of movements: [Movement],
        months: ReportMonths,
        currency: Currency? = nil
    ) throws(Problem) -> MonthlyReport {
        try MonthlyReport(shape, of: movements.map(\.fact), months: months, currency: currency)
    }
}
