package import Values

/// What is owed to authorities, month by month and tax by tax.
///
/// Pure: the taxes of lines of invoices and credit notes as facts of a `MonthlyReport`.
package enum TaxReport {
    /// A tax on a line of an invoice, or that a line has none.
    package struct Share: Hashable, Sendable {
        /// Whose line it is.
        package let tenant: TenantID
        /// The wire ids: the credit note if it is of one, the invoice, the line.
        package let ids: [String]
        /// The instant in the books.
        package let at: Instant
        /// The currency.
        package let currency: Currency
        /// The tax; nil is none.
        package let code: String?
        /// Its rate when the invoice was made; 0.19 is 19 %.
        package let rate: Exact?
        /// The country whose tax it is, or the customer's.
        package let country: String?
        /// Why there is tax or none: standard, exempt or reverse_charge.
        package let status: String
        /// The net amount that is taxed, and the tax, in minor units.
        package let base: Int64
        package let tax: Int64
        /// Whether it is of a credit note.
        package let isCredit: Bool

        /// Takes the parts.
        package init(
            tenant: TenantID,
            ids: [String],
            at instant: Instant,
            currency: Currency,
            code: String?,
            rate: Exact?,
            country: String?,
            status: String,
            base: Int64,
            tax: Int64,
            isCredit: Bool
        ) {
            self.tenant = tenant
            self.ids = ids
            at = instant
            self.currency = currency
            self.code = code
            self.rate = rate
            self.country = country
            self.status = status
            self.base = base
            self.tax = tax
            self.isCredit = isCredit
        }

        var fact: ReportFact {
            ReportFact(
                at: at,
                tenant: tenant,
                currency: currency,
                group: [code ?? "none", rate?.decimalText() ?? "", country ?? "", status],
                amounts: isCredit
                    ? ["credited_base": base, "credited_tax": tax, "net_tax": -tax]
                    : ["base": base, "tax": tax, "net_tax": tax],
                ids: ids
            )
        }
    }

    /// What the report is like.
    package static let shape = MonthlyReport.Shape(
        name: "tax",
        title: "Tax",
        groups: ["code", "rate", "country", "status"],
        columns: ["base", "tax", "credited_base", "credited_tax", "net_tax"],
        drawn: ["tax", "credited_tax"],
        drawnBelow: ["credited_tax"],
        definition: [
            "variant": "accrual",
            "month": """
            that of the instant of the invoice; of a credit note its own; what is taken back counts the other \
            way round in its own month
            """,
            "base": """
            net amount of the lines that a tax is on, after discounts; a line with two taxes is in the base of \
            both
            """,
            "code": "the tax; none where a line has no tax, with the reason in status",
            "rate": "in force at the instant of the invoice; 0.19 is 19 %",
            "country": "the country that the tax is limited to, else the customer's at the instant of the invoice",
            "net_tax": "tax − credited_tax; over all months what the account tax_payable holds",
        ]
    )

    /// Adds shares up.
    package static func report(
        of shares: [Share],
        months: ReportMonths,
        currency: Currency? = nil
    ) throws(Problem) -> MonthlyReport {
        try MonthlyReport(shape, of: shares.map(\.fact), months: months, currency: currency)
    }
}
