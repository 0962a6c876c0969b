import Plans
import Postgres
import Values

/// Reads the columns of invoices and their lines.
enum InvoiceRows {
    static let lineColumns: SQL =
        """
        l.id, l.plan_version_id, l.plan_key, l.plan, l.price, l.kind, l.timing, l.meter, l.measure, l.unique_by, l.period_start,
        l.period_end, l.ratio, l.quantity, l.exact, l.amount_minor, l.discount_minor, l.tax_minor,
        l.discounts, l.taxes, l.is_correction
        """

    /// A line; the table's CHECKs hold what the words can be.
    static func line(_ row: inout RowReader, of invoice: InvoiceID) throws -> InvoiceLine {
        let id: InvoiceLineID = try row.next()
        let version: PlanVersionID = try row.next()
        let planKey: String? = try row.next()
        let plan: String = try row.next()
        let price: String? = try row.next()
        let kind: String = try row.next()
        let timing: String = try row.next()
        let meter: String? = try row.next()
        let measure: String? = try row.next()
        let uniqueBy: String? = try row.next()
        let start: Instant = try row.next()
        let end: Instant = try row.next()
        let ratio: String = try row.next()
        let quantity: Decimal12 = try row.next()
        let exact: String = try row.next()
        guard let kind = InvoiceDraft.Line.Kind(rawValue: kind), let timing = PriceTiming(rawValue: timing),
            let ratio = Exact(fraction: ratio), let exact = Exact(fraction: exact)
        else { throw InvoiceError.unreadable(invoice) }
        return InvoiceLine(
            id: id,
            planVersion: version,
            planKey: planKey ?? version.text,
            plan: plan,
            price: price,
            kind: kind,
            timing: timing,
            meter: meter,
            measure: rule(measure, uniqueBy: uniqueBy),
            start: start,
            end: end,
            ratio: ratio,
            quantity: quantity,
            exact: exact,
            amount: try row.next(),
            discount: try row.next(),
            tax: try row.next(),
            discounts: try shares(&row),
            taxes: try shares(&row),
            isCorrection: try row.next()
        )
    }

    /// What coupons or taxes did to a line; mostly nothing.
    private static func shares(_ row: inout RowReader) throws -> [InvoiceDraft.Share] {
        let text: String = try row.next()
        return text == "[]" ? [] : try [InvoiceDraft.Share](column: JSONValue(sqlText: text))
    }

    /// How a quantity was measured; nil for what cannot be added up from its events alone.
    static func rule(_ measure: String?, uniqueBy: String?) -> AggregationRule? {
        guard let aggregation = measure.flatMap(Aggregation.init(rawValue:)) else { return nil }
        switch aggregation {
        case .unique: return uniqueBy.map(AggregationRule.unique(by:))
        case .weightedSum: return nil
        case .count, .sum, .max, .min, .average, .latest: return AggregationRule(aggregation)
        }
    }

    /// An invoice before its lines are known.
    struct Row {
        let id: InvoiceID
        let tenant: TenantID
        private let subscription: SubscriptionID
        private let legalEntity: EntityID
        private let number: String?
        private let status: InvoiceStatus
        private let reason: InvoiceDraft.Reason
        private let issuedAt: Instant
        private let dueAt: Instant?
        private let finalizedAt: Instant?
        private let paidAt: Instant?
        private let voidedAt: Instant?
        private let uncollectibleAt: Instant?
        private let taxStatus: TaxStatus
        private let currency: Currency
        /// In the order of the columns.
        private let amounts: [Money]
        private let recordedAt: Instant

        init(reading row: inout RowReader) throws {
            id = try row.next()
            tenant = try row.next()
            subscription = try row.next()
            legalEntity = try row.next()
            number = try row.next()
            let status: String = try row.next()
            let reason: String = try row.next()
            guard let status = InvoiceStatus(rawValue: status),
                let reason = InvoiceDraft.Reason(rawValue: reason)
            else { throw InvoiceError.unreadable(id) }
            self.status = status
            self.reason = reason
            issuedAt = try row.next()
            dueAt = try row.next()
            finalizedAt = try row.next()
            paidAt = try row.next()
            voidedAt = try row.next()
            uncollectibleAt = try row.next()
            let taxStatus: String = try row.next()
            guard let taxStatus = TaxStatus(rawValue: taxStatus) else { throw InvoiceError.unreadable(id) }
            self.taxStatus = taxStatus
            let currency: Currency = try row.next()
            self.currency = currency
            var amounts: [Money] = []
            for _ in 0..<10 { amounts.append(Money(minor: try row.next(), currency: currency)) }
            self.amounts = amounts
            recordedAt = try row.next()
        }

        func invoice(lines: [InvoiceLine]) -> Invoice {
            Invoice(
                id: id,
                tenant: tenant,
                subscription: subscription,
                legalEntity: legalEntity,
                number: number,
                status: status,
                reason: reason,
                issuedAt: issuedAt,
                dueAt: dueAt,
                finalizedAt: finalizedAt,
                paidAt: paidAt,
                voidedAt: voidedAt,
                uncollectibleAt: uncollectibleAt,
                taxStatus: taxStatus,
                currency: currency,
                lines: lines,
                subtotal: amounts[0],
                discount: amounts[1],
                tax: amounts[2],
                total: amounts[3],
                credited: amounts[4],
                refundDue: amounts[5],
                creditsApplied: amounts[6],
                amountDue: amounts[7],
                amountPaid: amounts[8],
                amountCredited: amounts[9],
                recordedAt: recordedAt
            )
        }
    }
}
