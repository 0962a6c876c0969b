package import Postgres
package import Values

/// Reading payments.
package enum PaymentQueries {
    /// A tenant's payments in the order of their ids.
    ///
    /// `tenant`: only this tenant's; nil is all, for staff.
    ///
    /// `invoice`: only what paid this invoice.
    ///
    /// `after`: the last id of the page before.
    package static func list(
        of tenant: TenantID?,
        invoice: InvoiceID? = nil,
        limit: Int,
        after: PaymentID? = nil,
        in transaction: borrowing Transaction
    ) async throws -> [Payment] {
        try await transaction.query(
            """
            SELECT id, tenant_id, invoice_id, currency, amount_minor, reference, at FROM app.payments
            WHERE (\(tenant)::uuid IS NULL OR tenant_id = \(tenant))
              AND (\(invoice)::uuid IS NULL OR invoice_id = \(invoice)) AND (\(after)::uuid IS NULL OR id > \(after))
            ORDER BY id LIMIT \(limit)
            """,
            payment
        )
    }

    static func insert(_ payment: Payment, by stamp: Stamp) -> SQL {
        """
        INSERT INTO app.payments (tenant_id, id, invoice_id, currency, amount_minor, reference, at, recorded_at, author)
        VALUES (\(payment.tenant), \(payment.id), \(payment.invoice), \(payment.amount.currency),
                \(payment.amount.minor), \(payment.reference), \(payment.at), \(stamp.recordedAt), \(stamp.author))
        """
    }

    private static func payment(_ row: inout RowReader) throws -> Payment {
        let id: PaymentID = try row.next()
        let tenant: TenantID = try row.next()
        let invoice: InvoiceID = try row.next()
        let currency: Currency = try row.next()
        return Payment(
            id: id,
            tenant: tenant,
            invoice: invoice,
            amount: Money(minor: try row.next(), currency: currency),
            reference: try row.next(),
            at: try row.next()
        )
    }
}
