package import Postgres
package import Values

/// Reading and writing credit notes.
package enum CreditNoteQueries {
    /// One credit note of a tenant; nil if the tenant has none with the id.
    package static func find(
        _ id: CreditNoteID,
        of tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> CreditNote? {
        try await notes(
            "SELECT \(fragment: columns) FROM app.credit_notes n WHERE n.tenant_id = \(tenant) AND n.id = \(id)",
            in: transaction
        ).first
    }

    /// Credit notes in the order of their ids.
    ///
    /// `tenant`: only this tenant's; nil is all, for staff.
    ///
    /// `invoice`: only those of an invoice.
    ///
    /// `after`: the last id of the page before.
    package static func list(
        of tenant: TenantID?,
        invoice: InvoiceID? = nil,
        limit: Int,
        after: CreditNoteID? = nil,
        in transaction: borrowing Transaction
    ) async throws -> [CreditNote] {
        try await notes(
            """
            SELECT \(fragment: columns) FROM app.credit_notes n
            WHERE (\(tenant)::uuid IS NULL OR n.tenant_id = \(tenant))
              AND (\(invoice)::uuid IS NULL OR n.invoice_id = \(invoice))
              AND (\(after)::uuid IS NULL OR n.id > \(after))
            ORDER BY n.id LIMIT \(limit)
            """,
            in: transaction
        )
    }

    /// All credit notes of an invoice; whoever adds one holds the invoice.
    package static func all(
        of invoice: InvoiceID,
        tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> [CreditNote] {
        try await notes(
            """
            SELECT \(fragment: columns) FROM app.credit_notes n
            WHERE n.tenant_id = \(tenant) AND n.invoice_id = \(invoice) ORDER BY n.number
            """,
            in: transaction
        )
    }

    /// What all credit notes took back of the lines of subscriptions.
    static func credited(
        of keys: [(tenant: TenantID, subscription: SubscriptionID)],
        in transaction: borrowing Transaction
    ) async throws -> [InvoiceLineID: CreditedLine] {
        let found: [(InvoiceLineID, CreditedLine)] = try await transaction.query(
            """
            SELECT l.invoice_line_id, n.corrects_usage, l.net_minor, l.tax_minor, l.taxes
            FROM unnest(\(keys.map(\.tenant))::uuid[], \(keys.map(\.subscription))::uuid[]) AS given (tenant_id, id)
            JOIN app.invoices i ON i.tenant_id = given.tenant_id AND i.subscription_id = given.id
            JOIN app.credit_notes n ON n.tenant_id = i.tenant_id AND n.invoice_id = i.id
            JOIN app.credit_note_lines l ON l.tenant_id = n.tenant_id AND l.credit_note_id = n.id
            """
        ) { row in
            let line: InvoiceLineID = try row.next()
            let corrects: Bool = try row.next()
            let net: Int64 = try row.next()
            let tax: Int64 = try row.next()
            let taxes: JSONValue = try row.next()
            var credited = CreditedLine(net: net, tax: tax)
            if corrects {
                credited.corrected = CreditedLine.Corrected(
                    net: net,
                    tax: tax,
                    taxes: try [InvoiceDraft.Share](column: taxes)
                )
            }
            return (line, credited)
        }
        return Dictionary(found) { $0.adding($1) }
    }

    /// What invoices after an invoice gave back of its lines: credits of what was billed in advance, and corrections of
    /// usage.
    ///
    /// `isFinal`: drafts do not count that are made anew before they are finalized, and say another thing then.
    static func givenBack(
        of invoice: Invoice,
        isFinal: Bool,
        in transaction: borrowing Transaction
    ) async throws -> [(line: InvoiceLineID, by: InvoiceID, number: String?, CreditedLine)] {
        try await transaction.query(
            """
            SELECT own.id, i.id, i.number, (l.discount_minor - l.amount_minor)::bigint, (-l.tax_minor)::bigint
            FROM app.invoice_lines own
            JOIN app.invoices i ON i.tenant_id = own.tenant_id AND i.subscription_id = own.subscription_id
                AND i.id <> own.invoice_id AND i.issued_at > \(invoice.issuedAt) AND i.status <> 'void'
                AND NOT (\(isFinal) AND i.status = 'draft' AND i.credited_minor = 0 AND NOT EXISTS (
                    SELECT FROM app.invoices later
                    WHERE later.tenant_id = i.tenant_id AND later.subscription_id = i.subscription_id
                      AND later.issued_at > i.issued_at AND later.status <> 'draft'))
            JOIN app.invoice_lines l ON l.tenant_id = i.tenant_id AND l.invoice_id = i.id
                AND l.plan_version_id = own.plan_version_id AND l.plan_key IS NOT DISTINCT FROM own.plan_key
                AND l.price IS NOT DISTINCT FROM own.price AND l.amount_minor < 0
                AND CASE WHEN l.kind = 'credit'
                    THEN own.kind <> 'credit' AND own.timing = 'advance' AND l.period_start >= own.period_start
                         AND l.period_end <= own.period_end
                    ELSE l.is_correction AND own.kind = l.kind AND l.period_start = own.period_start
                         AND l.period_end = own.period_end
                END
            WHERE own.tenant_id = \(invoice.tenant) AND own.invoice_id = \(invoice.id) AND own.amount_minor > 0
            ORDER BY i.issued_at
            """
        ) { row in
            (
                line: try row.next(),
                by: try row.next(),
                number: try row.next(),
                CreditedLine(net: try row.next(), tax: try row.next())
            )
        }
    }

    static func insert(_ note: CreditNote, correctsUsage: Bool, by stamp: Stamp) -> [SQL] {
        let lines = note.lines
        var statements: [SQL] = [
            """
            INSERT INTO app.credit_notes (tenant_id, id, invoice_id, legal_entity_id, number, reason, currency,
                net_minor, tax_minor, total_minor, receivable_minor, bad_debt_minor, balance_minor, refund_minor,
                issued_at, recorded_at, author, corrects_usage)
            VALUES (\(note.tenant), \(note.id), \(note.invoice), \(note.legalEntity), \(note.number), \(note.reason),
                    \(note.currency), \(note.net.minor), \(note.tax.minor), \(note.total.minor),
                    \(note.receivable.minor), \(note.badDebt.minor), \(note.balance.minor), \(note.refund.minor),
                    \(note.issuedAt), \(stamp.recordedAt), \(stamp.author), \(correctsUsage))
            """,
            """
            INSERT INTO app.credit_note_lines (tenant_id, credit_note_id, position, invoice_line_id, net_minor,
                                               tax_minor, taxes, recorded_at)
            SELECT \(note.tenant)::uuid, \(note.id)::uuid, position, id, net, tax, taxes::jsonb,
                   \(stamp.recordedAt)::timestamptz
            FROM unnest(
                \(lines.map(\.invoiceLine))::uuid[], \(lines.map(\.net))::bigint[], \(lines.map(\.tax))::bigint[],
                \(lines.map(\.taxes.column.text))::text[]
            ) WITH ORDINALITY AS line (id, net, tax, taxes, position)
            RETURNING 1
            """,
        ]
        if note.balance.minor > 0 {
            statements.append(
                """
                INSERT INTO app.credit_movements (tenant_id, invoice_id, kind, currency, amount_minor, at, recorded_at,
                                                  credit_note_id)
                VALUES (\(note.tenant), \(note.invoice), 'credit_note', \(note.currency), \(note.balance.minor),
                        \(note.issuedAt), \(stamp.recordedAt), \(note.id))
                """
            )
        }
        return statements
    }

    private static let columns: SQL =
        """
        n.id, n.tenant_id, n.invoice_id, n.legal_entity_id, n.number, n.reason, n.currency, n.net_minor, n.tax_minor,
        n.total_minor, n.receivable_minor, n.bad_debt_minor, n.balance_minor, n.refund_minor, n.issued_at,
        n.recorded_at
        """

    private struct Row {
        let id: CreditNoteID
        let tenant: TenantID
        let invoice: InvoiceID
        let legalEntity: EntityID
        let number: String
        let reason: String
        /// In the order of the columns.
        let amounts: [Money]
        let issuedAt: Instant
        let recordedAt: Instant

        init(reading row: inout RowReader) throws {
            id = try row.next()
            tenant = try row.next()
            invoice = try row.next()
            legalEntity = try row.next()
            number = try row.next()
            reason = try row.next()
            let currency: Currency = try row.next()
            var amounts: [Money] = []
            for _ in 0..<7 { amounts.append(Money(minor: try row.next(), currency: currency)) }
            self.amounts = amounts
            issuedAt = try row.next()
            recordedAt = try row.next()
        }

        func note(lines: [CreditNote.Line]) -> CreditNote {
            CreditNote(
                id: id,
                tenant: tenant,
                invoice: invoice,
                legalEntity: legalEntity,
                number: number,
                reason: reason,
                lines: lines,
                net: amounts[0],
                tax: amounts[1],
                total: amounts[2],
                receivable: amounts[3],
                badDebt: amounts[4],
                balance: amounts[5],
                refund: amounts[6],
                issuedAt: issuedAt,
                recordedAt: recordedAt
            )
        }
    }

    /// Reads credit notes, and the lines of all of them in one more statement.
    private static func notes(_ sql: SQL, in transaction: borrowing Transaction) async throws -> [CreditNote] {
        let rows = try await transaction.query(sql, Row.init(reading:))
        guard !rows.isEmpty else { return [] }
        let lines: [(CreditNoteID, CreditNote.Line)] = try await transaction.query(
            """
            SELECT l.credit_note_id, l.invoice_line_id, l.net_minor, l.tax_minor, l.taxes
            FROM unnest(\(rows.map(\.tenant))::uuid[], \(rows.map(\.id))::uuid[]) AS given (tenant_id, note_id)
            JOIN app.credit_note_lines l ON l.tenant_id = given.tenant_id AND l.credit_note_id = given.note_id
            ORDER BY l.credit_note_id, l.position
            """
        ) { row in
            let note: CreditNoteID = try row.next()
            let line: InvoiceLineID = try row.next()
            let net: Int64 = try row.next()
            let tax: Int64 = try row.next()
            let taxes: JSONValue = try row.next()
            return (
                note,
                CreditNote.Line(
                    invoiceLine: line,
                    net: net,
                    tax: tax,
                    taxes: try [InvoiceDraft.Share](column: taxes)
                )
            )
        }
        let byNote = Dictionary(grouping: lines, by: \.0).mapValues { $0.map(\.1) }
        return rows.map { $0.note(lines: byNote[$0.id] ?? []) }
    }
}
