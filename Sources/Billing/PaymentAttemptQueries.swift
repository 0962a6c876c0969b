package import Postgres
package import Values

/// Reading and writing attempts to collect invoices.
package enum PaymentAttemptQueries {
    /// Attempts in the order of their ids.
    ///
    /// `tenant`: only this tenant's; nil is all, for staff.
    package static func list(
        of tenant: TenantID?,
        invoice: InvoiceID? = nil,
        limit: Int,
        after: PaymentAttemptID? = nil,
        in transaction: borrowing Transaction
    ) async throws -> [PaymentAttempt] {
        try await transaction.query(
            """
            SELECT \(fragment: columns) FROM app.payment_attempts
            WHERE (\(tenant)::uuid IS NULL OR tenant_id = \(tenant))
              AND (\(invoice)::uuid IS NULL OR invoice_id = \(invoice)) AND (\(after)::uuid IS NULL OR id > \(after))
            ORDER BY id LIMIT \(limit)
            """,
            attempt
        )
    }

    /// One attempt of a tenant; nil if the tenant has none with the id.
    package static func find(
        _ id: PaymentAttemptID,
        of tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> PaymentAttempt? {
        try await transaction.first(
            "SELECT \(fragment: columns) FROM app.payment_attempts WHERE tenant_id = \(tenant) AND id = \(id)",
            attempt
        )
    }

    /// The attempts of some invoices, in the order in which they began.
    static func all(
        of invoices: [(tenant: TenantID, invoice: InvoiceID)],
        in transaction: borrowing Transaction
    ) async throws -> [InvoiceID: [PaymentAttempt]] {
        let attempts = try await transaction.query(
            """
            SELECT \(fragment: columns) FROM app.payment_attempts
            WHERE tenant_id = ANY (\(Array(Set(invoices.map(\.tenant))))::uuid[])
              AND invoice_id = ANY (\(invoices.map(\.invoice))::uuid[])
            ORDER BY at, recorded_at, id
            """,
            attempt
        )
        return Dictionary(grouping: attempts, by: \.invoice)
    }

    /// The attempt of an invoice that is under way; the caller holds the invoice.
    static func underWay(
        of invoice: InvoiceID,
        tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> PaymentAttempt? {
        try await transaction.first(
            """
            SELECT \(fragment: columns) FROM app.payment_attempts
            WHERE tenant_id = \(tenant) AND invoice_id = \(invoice) AND state IN ('sent', 'pending', 'needs_action')
            """,
            attempt
        )
    }

    /// The attempt, held until the transaction ends; whoever needs its invoice has locked that before.
    static func lock(
        _ id: PaymentAttemptID,
        of tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> PaymentAttempt {
        let found = try await transaction.first(
            """
            SELECT \(fragment: columns) FROM app.payment_attempts
            WHERE tenant_id = \(tenant) AND id = \(id) FOR NO KEY UPDATE
            """,
            attempt
        )
        guard let found else { throw PaymentError.attemptNotFound(id) }
        return found
    }

    /// Those of some tenants whose invoices are collected by a gateway.
    static func collectable(
        _ tenants: Set<TenantID>,
        in transaction: borrowing Transaction
    ) async throws -> [TenantID: String] {
        let rows: [(TenantID, String)] = try await transaction.query(
            """
            SELECT tenant_id, reference FROM app.payment_methods
            WHERE tenant_id = ANY (\(Array(tenants))::uuid[]) AND is_default AND gateway <> \(PaymentDraft.manual)
            """
        ) { row in (try row.next(), try row.next()) }
        return Dictionary(rows) { first, _ in first }
    }

    /// What nobody answered and is to be asked again, and what is to be ended at its gateway: for `.system`.
    ///
    /// What waits for its customer is to be ended, too, once its invoice needs no money any more.
    static func unanswered(
        at instant: Instant,
        limit: Int,
        in transaction: borrowing Transaction
    ) async throws -> [PaymentAttempt] {
        try await transaction.query(
            """
            SELECT \(fragment: columns) FROM app.payment_attempts a
            WHERE (state = 'sent' OR state = 'needs_action' AND (
                       cancel_requested_at IS NOT NULL OR EXISTS (
                           SELECT FROM app.invoices i
                           WHERE i.tenant_id = a.tenant_id AND i.id = a.invoice_id AND i.status IN ('paid', 'void'))))
              AND recorded_at <= \(instant) AND coalesce(next_try_at, recorded_at) <= \(instant)
            ORDER BY recorded_at LIMIT \(limit)
            """,
            attempt
        )
    }

    static func insert(_ attempt: PaymentAttempt, by stamp: Stamp) -> SQL {
        """
        INSERT INTO app.payment_attempts (tenant_id, id, invoice_id, gateway, customer, method, currency, amount_minor,
                                          state, is_final, tries, at, recorded_at, author)
        VALUES (\(attempt.tenant), \(attempt.id), \(attempt.invoice), \(attempt.gateway), \(attempt.customer),
                \(attempt.method), \(attempt.amount.currency), \(attempt.amount.minor), \(attempt.state.rawValue),
                \(attempt.isFinal), \(attempt.tries), \(attempt.at), \(stamp.recordedAt), \(stamp.author))
        """
    }

    static func update(_ attempt: PaymentAttempt) -> SQL {
        """
        UPDATE app.payment_attempts SET state = \(attempt.state.rawValue), reference = \(attempt.reference),
            error_code = \(attempt.errorCode), error_message = \(attempt.errorMessage),
            is_final = \(attempt.isFinal), action_url = \(attempt.actionURL), tries = \(attempt.tries),
            next_try_at = \(attempt.nextTryAt), cancel_requested_at = \(attempt.cancelRequestedAt),
            payment_id = \(attempt.payment), settled_at = \(attempt.settledAt)
        WHERE tenant_id = \(attempt.tenant) AND id = \(attempt.id)
        """
    }

    static let columns: SQL =
        """
        id, tenant_id, invoice_id, gateway, customer, method, currency, amount_minor, state, reference, error_code,
        error_message, is_final, action_url, tries, next_try_at, cancel_requested_at, payment_id, at, settled_at
        """

    static func attempt(_ row: inout RowReader) throws -> PaymentAttempt {
        let id: PaymentAttemptID = try row.next()
        let tenant: TenantID = try row.next()
        let invoice: InvoiceID = try row.next()
        let gateway: String = try row.next()
        let customer: String? = try row.next()
        let method: String = try row.next()
        let currency: Currency = try row.next()
        let minor: Int64 = try row.next()
        let state: String = try row.next()
        return PaymentAttempt(
            id: id,
            tenant: tenant,
            invoice: invoice,
            gateway: gateway,
            customer: customer,
            method: method,
            amount: Money(minor: minor, currency: currency),
            // The table's CHECK has no other words.
            state: PaymentAttempt.State(rawValue: state) ?? .sent,
            reference: try row.next(),
            errorCode: try row.next(),
            errorMessage: try row.next(),
            isFinal: try row.next(),
            actionURL: try row.next(),
            tries: try row.next(),
            nextTryAt: try row.next(),
            cancelRequestedAt: try row.next(),
            payment: try row.next(),
            at: try row.next(),
            settledAt: try row.next()
        )
    }
}
