package import Values

/// What was invoiced, month by month.
///
/// Pure: invoices and credit notes as the books have them, as facts of a `MonthlyReport`.
package enum BillingsReport {
    /// An invoice that went to the books, or was taken back.
    package struct Invoiced: Hashable, Sendable {
        /// Whose it is.
        package let tenant: TenantID
        /// The invoice.
        package let invoice: InvoiceID
        /// The instant in the books.
        package let at: Instant
        /// Whether the books take it back here.
        package let isVoid: Bool
        /// The currency.
        package let currency: Currency
        /// What its lines come to, what coupons took off, and tax, in minor units.
        package let subtotal: Int64
        package let discount: Int64
        package let tax: Int64
        /// What was paid of it by credit.
        package let credits: Int64
        /// What of it is for stretches to come.
        package let inAdvance: Int64

        /// Takes the parts.
        package init(
            tenant: TenantID,
            invoice: InvoiceID,
            at instant: Instant,
            isVoid: Bool,
            currency: Currency,
            subtotal: Int64,
            discount: Int64,
            tax: Int64,
            credits: Int64,
            inAdvance: Int64
        ) {
            self.tenant = tenant
            self.invoice = invoice
            at = instant
            self.isVoid = isVoid
            self.currency = currency
            self.subtotal = subtotal
            self.discount = discount
            self.tax = tax
            self.credits = credits
            self.inAdvance = inAdvance
        }

        /// What it adds to the columns; taken back, the same the other way round.
        var fact: ReportFact {
            let sign: Int64 = isVoid ? -1 : 1
            return ReportFact(
                at: at,
                tenant: tenant,
                currency: currency,
                amounts: [
                    "subtotal": sign * subtotal, "discount": sign * discount,
                    "in_advance": sign * inAdvance, "in_arrears": sign * (subtotal - discount - inAdvance),
                    "tax": sign * tax, "total": sign * (subtotal - discount + tax), "credits": sign * credits,
                    "net_total": sign * (subtotal - discount + tax),
                ],
                ids: [invoice.text]
            )
        }
    }

    /// A credit note.
    package struct Credited: Hashable, Sendable {
        /// Whose it is.
        package let tenant: TenantID
        /// The credit note and its invoice, by their wire ids.
        package let ids: [String]
        /// When it was issued.
        package let at: Instant
        /// The currency.
        package let currency: Currency
        /// What it takes off, tax included, in minor units.
        package let total: Int64

        /// Takes the parts.
        package init(tenant: TenantID, ids: [String], at instant: Instant, currency: Currency, total: Int64) {
            self.tenant = tenant
            self.ids = ids
            at = instant
            self.currency = currency
            self.total = total
        }

        var fact: ReportFact {
            ReportFact(
                at: at,
                tenant: tenant,
                currency: currency,
                amounts: ["credit_notes": total, "net_total": -total],
                ids: ids
            )
        }
    }

    /// What the report is like.
    package static let shape = MonthlyReport.Shape(
        name: "billings",
        title: "Billings",
        columns: [
            "subtotal", "discount", "in_advance", "in_arrears", "tax", "total", "credits", "credit_notes", "net_total",
        ],
        drawn: ["in_advance", "in_arrears", "tax", "credit_notes"],
        drawnBelow: ["credit_notes"],
        definition: [
            "variant": "invoices_in_the_books",
            "month": """
            that of the instant at which an invoice fell due for issue; one that is taken back counts the \
            other way round in its own month
            """,
            "total": "subtotal − discount + tax; below nothing where an invoice gives money back",
            "in_advance": "net of discounts, before tax, for stretches to come: deferred revenue grows by it",
            "in_arrears": "net of discounts, before tax, for stretches that are over: earned as it is billed",
            "credits": "what of totals was paid by the credit balance, bought and given credit",
            "credit_notes": "their totals, in the month in which they were issued",
            "net_total": "total − credit_notes",
            "left_out": "drafts, and invoices whose amounts cancel out altogether",
        ]
    )

    /// Adds invoices and credit notes up.
    package static func report(
        of invoices: [Invoiced],
        _ notes: [Credited],
        months: ReportMonths,
        currency: Currency? = nil
    ) throws(Problem) -> MonthlyReport {
        try MonthlyReport(
            shape,
            of: invoices.map(\.fact) + notes.map(\.fact),
            months: months,
            currency: currency
        )
    }
}
