import Plans
package import Postgres
import Subscriptions
package import Values

/// Reads what pages of invoices and credit notes say.
package enum InvoiceDocumentQueries {
    /// All that the page of an invoice says.
    ///
    /// - Throws: `InvoiceError.notFound`.
    package static func invoice(
        _ id: InvoiceID,
        of tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> InvoiceDocument {
        try await invoice(
            id,
            of: tenant,
            knownAt: try await finalized(id, of: tenant, in: transaction),
            in: transaction
        )
    }

    /// `knownAt`: the parties are as they were known at this instant of recorded time; nil: as they are.
    private static func invoice(
        _ id: InvoiceID,
        of tenant: TenantID,
        knownAt: Instant?,
        in transaction: borrowing Transaction
    ) async throws -> InvoiceDocument {
        guard let invoice = try await InvoiceQueries.find(id, of: tenant, in: transaction) else {
            throw InvoiceError.notFound(id)
        }
        let buyer = try await buyer(of: invoice, knownAt: knownAt, in: transaction)
        return InvoiceDocument(
            invoice: invoice,
            seller: try await seller(of: invoice, knownAt: knownAt, in: transaction),
            buyer: buyer.party,
            taxes: try await taxes(of: invoice, in: transaction),
            explanations: try await explanations(of: invoice, in: transaction),
            creditNotes: try await CreditNoteQueries.all(of: id, tenant: tenant, in: transaction),
            zone: buyer.zone
        )
    }

    /// All that the page of a credit note says.
    ///
    /// - Throws: `CreditNoteError.notFound`.
    package static func creditNote(
        _ id: CreditNoteID,
        of tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> CreditNoteDocument {
        guard let note = try await CreditNoteQueries.find(id, of: tenant, in: transaction) else {
            throw CreditNoteError.notFound(id)
        }
        return CreditNoteDocument(
            note: note,
            invoice: try await invoice(
                note.invoice,
                of: tenant,
                knownAt: try await issued(id, of: tenant, in: transaction),
                in: transaction
            )
        )
    }

    /// When it was recorded that an invoice went to the books; nil of one that did not.
    private static func finalized(
        _ id: InvoiceID,
        of tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> Instant? {
        try await transaction.first(
            """
            SELECT recorded_at FROM app.activity
            WHERE tenant_id = \(tenant) AND object = \(id.text) AND verb = 'invoice.finalized' ORDER BY id LIMIT 1
            """
        ) { row in try row.next() }
    }

    /// When a credit note was recorded.
    private static func issued(
        _ id: CreditNoteID,
        of tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> Instant? {
        try await transaction.first(
            "SELECT recorded_at FROM app.credit_notes WHERE tenant_id = \(tenant) AND id = \(id)"
        ) { row in try row.next() }
    }

    /// What was replaced first after an instant is what was known at it; where nothing was, what is known now.
    private static func seller(
        of invoice: Invoice,
        knownAt: Instant?,
        in transaction: borrowing Transaction
    ) async throws -> InvoiceDocument.Party {
        let party = try await transaction.first(
            """
            SELECT name, address, country, tax_id FROM (
                SELECT name, address, country, tax_id, replaced_at FROM app.former_legal_entities
                WHERE legal_entity_id = \(invoice.legalEntity) AND replaced_at > \(knownAt)::timestamptz
                UNION ALL
                SELECT name, address, country, tax_id, 'infinity' FROM app.legal_entities
                WHERE id = \(invoice.legalEntity)
            ) known ORDER BY replaced_at LIMIT 1
            """
        ) { row in
            let name: String = try row.next()
            let address: [String] = try row.next()
            let country: String? = try row.next()
            let taxID: String? = try row.next()
            return InvoiceDocument.Party(
                name: name,
                address: address,
                country: country,
                taxIDs: taxID.map { [$0] } ?? [],
                email: nil
            )
        }
        return party ?? InvoiceDocument.Party(name: "", address: [], country: nil, taxIDs: [], email: nil)
    }

    /// The customer, with what was known of its taxes when the invoice fell due.
    private static func buyer(
        of invoice: Invoice,
        knownAt: Instant?,
        in transaction: borrowing Transaction
    ) async throws -> (party: InvoiceDocument.Party, zone: Zone) {
        let found = try await transaction.first(
            """
            SELECT t.name, t.email, t.time_zone, d.country, d.tax_ids
            FROM (
                SELECT name, email, time_zone, replaced_at FROM app.former_tenants
                WHERE tenant_id = \(invoice.tenant) AND replaced_at > \(knownAt)::timestamptz
                UNION ALL
                SELECT name, email, time_zone, 'infinity' FROM app.tenants WHERE tenant_id = \(invoice.tenant)
            ) t LEFT JOIN LATERAL (
                SELECT d.country, d.tax_ids FROM app.tenant_tax_details d
                WHERE d.tenant_id = \(invoice.tenant)
                  AND (d.effective_at IS NULL OR d.effective_at <= \(invoice.issuedAt))
                ORDER BY d.effective_at DESC NULLS LAST, d.id DESC LIMIT 1
            ) d ON true
            ORDER BY t.replaced_at LIMIT 1
            """
        ) { row in
            let name: String = try row.next()
            let email: String? = try row.next()
            let zone: String = try row.next()
            let country: String? = try row.next()
            let taxIDs: JSONValue? = try row.next()
            let party = InvoiceDocument.Party(
                name: name,
                address: [],
                country: country,
                taxIDs: (taxIDs?.array ?? []).compactMap { $0["value"]?.string },
                email: email
            )
            return (party, Zone(zone) ?? .utc)
        }
        guard let found else { throw InvoiceError.tenantNotFound(invoice.tenant) }
        return found
    }

    /// The taxes that its lines name, as they were then.
    private static func taxes(
        of invoice: Invoice,
        in transaction: borrowing Transaction
    ) async throws -> [String: InvoiceDocument.TaxLabel] {
        let codes = Set(invoice.lines.flatMap(\.taxes).map(\.code))
        guard !codes.isEmpty else { return [:] }
        let labels: [(String, InvoiceDocument.TaxLabel)] = try await transaction.query(
            """
            SELECT DISTINCT ON (code) code, name, rate FROM app.taxes
            WHERE code = ANY(\(codes.sorted())::text[])
              AND (effective_at IS NULL OR effective_at <= \(invoice.issuedAt))
            ORDER BY code, effective_at DESC NULLS LAST
            """
        ) { row in
            let code: String = try row.next()
            let name: String = try row.next()
            let rate: Decimal12? = try row.next()
            return (code, InvoiceDocument.TaxLabel(name: name, rate: rate?.exact))
        }
        return Dictionary(labels) { first, _ in first }
    }

    private static func explanations(
        of invoice: Invoice,
        in transaction: borrowing Transaction
    ) async throws -> [InvoiceLineID: String] {
        let story = try await SubscriptionQueries.story(
            of: invoice.subscription,
            tenant: invoice.tenant,
            in: transaction
        )
        guard let plans = story?.plans else { return [:] }
        var texts: [InvoiceLineID: String] = [:]
        for line in invoice.lines {
            guard let code = line.price, let price = plans[line.planKey]?.price(code) else { continue }
            texts[line.id] = PriceExplanation.text(price)
        }
        return texts
    }
}
