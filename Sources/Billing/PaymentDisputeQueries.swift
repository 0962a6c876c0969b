package import Postgres
package import Values

/// Reading and writing disputes.
package enum PaymentDisputeQueries {
    /// A dispute, and the invoices that took of the disputed payment.
    package struct Listed: Hashable, Sendable {
        /// The dispute.
        package let dispute: PaymentDispute
        /// None for a purchase of credit, and for a payment that no invoice took.
        package let invoices: [InvoiceID]

        /// As it leaves over HTTP.
        package var json: JSONValue {
            var object = dispute.json.object ?? JSONObject()
            object["invoices"] = .array(invoices.map(\.json))
            return .object(object)
        }
    }

    /// Disputes in the order of their ids.
    ///
    /// `tenant`: only this tenant's; nil is all, for staff.
    ///
    /// `state`: only those that stand so.
    ///
    /// `after`: the last id of the page before.
    package static func list(
        of tenant: TenantID?,
        payment: PaymentID? = nil,
        state: PaymentDispute.State? = nil,
        limit: Int,
        after: PaymentDisputeID? = nil,
        in transaction: borrowing Transaction
    ) async throws -> [Listed] {
        try await transaction.query(
            """
            SELECT ARRAY(
                SELECT DISTINCT a.invoice_id FROM app.payment_allocations a
                WHERE a.tenant_id = d.tenant_id AND a.payment_id = d.payment_id ORDER BY a.invoice_id),
                \(fragment: columns)
            FROM app.payment_disputes d
            WHERE (\(tenant)::uuid IS NULL OR d.tenant_id = \(tenant))
              AND (\(payment)::uuid IS NULL OR d.payment_id = \(payment))
              AND (\(state?.rawValue)::text IS NULL OR d.state = \(state?.rawValue))
              AND (\(after)::uuid IS NULL OR d.id > \(after))
            ORDER BY d.id LIMIT \(limit)
            """
        ) { row in
            let invoices: [InvoiceID] = try row.next()
            return Listed(dispute: try dispute(&row), invoices: invoices)
        }
    }

    /// The dispute that a gateway calls so, held until the transaction ends.
    static func lock(
        gateway: String,
        reference: String,
        of tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> PaymentDispute? {
        try await transaction.first(
            """
            SELECT \(fragment: columns) FROM app.payment_disputes d
            WHERE d.tenant_id = \(tenant) AND d.gateway = \(gateway) AND d.reference = \(reference)
            FOR NO KEY UPDATE
            """,
            dispute
        )
    }

    static func insert(_ dispute: PaymentDispute, by stamp: Stamp) -> SQL {
        """
        INSERT INTO app.payment_disputes (tenant_id, id, payment_id, purchase_id, gateway, reference, currency,
                                          unapplied_minor, applied_minor, credit_minor, bonus_minor,
                                          paid_back_minor, fee_minor, reason, state, evidence_due_at, at,
                                          recorded_at, author)
        VALUES (\(dispute.tenant), \(dispute.id), \(dispute.payment), \(dispute.purchase), \(dispute.gateway),
                \(dispute.reference), \(dispute.fee.currency), \(dispute.shares.unapplied),
                \(dispute.shares.applied), \(dispute.shares.credit), \(dispute.bonus), \(dispute.paidBack),
                \(dispute.fee.minor), \(dispute.reason), \(dispute.state.rawValue), \(dispute.evidenceDueAt),
                \(dispute.at), \(stamp.recordedAt), \(stamp.author))
        """
    }

    static func update(_ dispute: PaymentDispute) -> SQL {
        """
        UPDATE app.payment_disputes SET state = \(dispute.state.rawValue), closed_at = \(dispute.closedAt),
            evidence_due_at = \(dispute.evidenceDueAt)
        WHERE tenant_id = \(dispute.tenant) AND id = \(dispute.id)
        """
    }

    private static let columns: SQL =
        """
        d.id, d.tenant_id, d.payment_id, d.purchase_id, d.gateway, d.reference, d.currency, d.unapplied_minor,
        d.applied_minor, d.credit_minor, d.bonus_minor, d.paid_back_minor, d.fee_minor, d.reason, d.state,
        d.evidence_due_at, d.at, d.closed_at
        """

    private static func dispute(_ row: inout RowReader) throws -> PaymentDispute {
        let id: PaymentDisputeID = try row.next()
        let tenant: TenantID = try row.next()
        let payment: PaymentID? = try row.next()
        let purchase: CreditPurchaseID? = try row.next()
        let gateway: String = try row.next()
        let reference: String = try row.next()
        let currency: Currency = try row.next()
        let shares = PaymentShares(unapplied: try row.next(), applied: try row.next(), credit: try row.next())
        let bonus: Int64 = try row.next()
        let paidBack: Int64 = try row.next()
        let fee: Int64 = try row.next()
        let reason: String = try row.next()
        let state: String = try row.next()
        return PaymentDispute(
            id: id,
            tenant: tenant,
            payment: payment,
            purchase: purchase,
            gateway: gateway,
            reference: reference,
            shares: shares,
            bonus: bonus,
            paidBack: paidBack,
            fee: Money(minor: fee, currency: currency),
            reason: reason,
            // The table's CHECK has no other words.
            state: PaymentDispute.State(rawValue: state) ?? .open,
            evidenceDueAt: try row.next(),
            at: try row.next(),
            closedAt: try row.next()
        )
    }
}
