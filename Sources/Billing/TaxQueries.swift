package import Postgres
package import Tenants
package import Values

/// Reading taxes and what decides on them.
package enum TaxQueries {
    /// The newest version of each tax, in the order of their codes.
    ///
    /// `archived`: also those that have ended or will.
    ///
    /// `after`: the last code of the page before.
    package static func list(
        includingArchived archived: Bool,
        limit: Int,
        after: String? = nil,
        in transaction: borrowing Transaction
    ) async throws -> [Tax] {
        try await transaction.query(
            """
            SELECT \(fragment: columns) FROM (
                SELECT DISTINCT ON (code) * FROM app.taxes WHERE (\(after)::text IS NULL OR code > \(after))
                ORDER BY code, effective_at DESC NULLS LAST
            ) t WHERE (\(archived)::boolean OR rate IS NOT NULL) ORDER BY code LIMIT \(limit)
            """,
            tax
        )
    }

    /// All versions of a tax, the oldest first.
    package static func history(_ code: String, in transaction: borrowing Transaction) async throws -> [Tax] {
        try await transaction.query(
            """
            SELECT \(fragment: columns) FROM app.taxes WHERE code = \(code) ORDER BY effective_at NULLS FIRST
            """,
            tax
        )
    }

    /// What is known of a tenant for its taxes, from the latest instant on that has begun or will.
    package static func details(of tenant: TenantID, in transaction: borrowing Transaction) async throws -> TaxDetails {
        let found = try await transaction.first(
            """
            SELECT tenant_id, effective_at, country, tax_ids, is_exempt FROM app.tenant_tax_details
            WHERE tenant_id = \(tenant) ORDER BY effective_at DESC NULLS LAST, id DESC LIMIT 1
            """,
            details
        )
        return found?.details ?? .unknown
    }

    /// The taxes that are assigned to a tenant, in the order of their codes.
    package static func assigned(
        to tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> [TaxDetermination.Assignment] {
        try await transaction.query(
            """
            SELECT tenant_id, tax, effective_at, ended_at FROM app.tenant_taxes
            WHERE tenant_id = \(tenant) AND ended_at IS NULL ORDER BY tax
            """
        ) { row in try assignment(&row).assignment }
    }

    /// The instant of the last invoice of a tenant; nil if it has none.
    static func lastInvoice(of tenant: TenantID, in transaction: borrowing Transaction) async throws -> Instant? {
        let last: Instant?? = try await transaction.first(
            "SELECT max(issued_at) FROM app.invoices WHERE tenant_id = \(tenant)"
        ) { row in try row.next() as Instant? }
        return last ?? nil
    }

    /// The instant of the last invoice of any tenant whose money is money, of an entity or of all.
    static func lastInvoice(by entity: EntityID?, in transaction: borrowing Transaction) async throws -> Instant? {
        let last: Instant?? = try await transaction.first(
            """
            SELECT max(i.issued_at) FROM app.invoices i JOIN app.tenants t ON t.tenant_id = i.tenant_id
            WHERE t.clock_id IS NULL AND (\(entity)::uuid IS NULL OR i.legal_entity_id = \(entity))
            """
        ) { row in try row.next() as Instant? }
        return last ?? nil
    }

    /// Keeps a tenant from being billed until the transaction ends.
    static func holdBilling(of tenant: TenantID, in transaction: borrowing Transaction) async throws {
        // In the order of the billing run: subscriptions, then the tenant.
        try await transaction.execute(
            "SELECT id FROM app.subscriptions WHERE tenant_id = \(tenant) ORDER BY id FOR UPDATE"
        )
        _ = try await InvoiceQueries.lockTenant(tenant, in: transaction)
    }

    static func insert(_ tax: Tax, by stamp: Stamp) -> SQL {
        """
        INSERT INTO app.taxes (id, code, name, rate, is_inclusive, country, legal_entity_id, effective_at, recorded_at,
                               author)
        VALUES (\(tax.id), \(tax.code), \(tax.name), \(tax.rate), \(tax.isInclusive), \(tax.country),
                \(tax.legalEntity), \(tax.from), \(stamp.recordedAt), \(stamp.author))
        ON CONFLICT DO NOTHING
        """
    }

    static func insert(_ details: TaxDetails, of tenant: TenantID, by stamp: Stamp) -> SQL {
        """
        INSERT INTO app.tenant_tax_details (tenant_id, id, effective_at, country, tax_ids, is_exempt, recorded_at,
                                            author)
        VALUES (\(tenant), \(TaxDetailsRowID.make(at: stamp.recordedAt)), \(details.from), \(details.country),
                \(JSONValue.array(details.taxIDs.map(\.json))), \(details.isExempt), \(stamp.recordedAt),
                \(stamp.author))
        """
    }

    static func insert(
        _ assignment: TaxDetermination.Assignment,
        to tenant: TenantID,
        by stamp: Stamp
    ) -> SQL {
        """
        INSERT INTO app.tenant_taxes (tenant_id, id, tax, effective_at, recorded_at, author)
        VALUES (\(tenant), \(TaxAssignmentID.make(at: stamp.recordedAt)), \(assignment.code), \(assignment.from),
                \(stamp.recordedAt), \(stamp.author))
        ON CONFLICT DO NOTHING
        """
    }

    static let columns: SQL =
        "id, code, name, rate, is_inclusive, country, legal_entity_id, effective_at, recorded_at"

    static func tax(_ row: inout RowReader) throws -> Tax {
        let id: TaxVersionID = try row.next()
        let code: String = try row.next()
        let name: String = try row.next()
        let rate: Decimal12? = try row.next()
        return Tax(
            id: id,
            code: code,
            name: name,
            rate: rate?.exact,
            isInclusive: try row.next(),
            country: try row.next(),
            legalEntity: try row.next(),
            from: try row.next(),
            recordedAt: try row.next()
        )
    }

    static func details(_ row: inout RowReader) throws -> (tenant: TenantID, details: TaxDetails) {
        let tenant: TenantID = try row.next()
        let from: Instant? = try row.next()
        let country: String? = try row.next()
        let ids: JSONValue = try row.next()
        let details = TaxDetails(
            country: country,
            taxIDs: (ids.array ?? []).compactMap { id in
                guard let kind = id["type"]?.string.flatMap(TaxID.Kind.init(rawValue:)), let value = id["value"]?.string
                else { return nil }
                return TaxID(stored: value, kind: kind)
            },
            isExempt: try row.next(),
            from: from
        )
        return (tenant, details)
    }

    static func assignment(
        _ row: inout RowReader
    ) throws -> (tenant: TenantID, assignment: TaxDetermination.Assignment) {
        let tenant: TenantID = try row.next()
        return (
            tenant,
            TaxDetermination.Assignment(code: try row.next(), from: try row.next(), until: try row.next())
        )
    }
}
