package import Postgres
package import Values

/// Reading partners and who they brought.
package enum PartnerQueries {
    /// The partners in the order of their codes.
    ///
    /// `after`: the last code of the page before.
    package static func list(
        limit: Int,
        after: String? = nil,
        in transaction: borrowing Transaction
    ) async throws -> [Partner] {
        try await transaction.query(
            """
            SELECT \(fragment: columns) FROM app.partners
            WHERE (\(after)::text IS NULL OR code > \(after)) ORDER BY code LIMIT \(limit)
            """,
            partner
        )
    }

    /// The partner with a code.
    package static func find(_ code: String, in transaction: borrowing Transaction) async throws -> Partner? {
        try await transaction.first("SELECT \(fragment: columns) FROM app.partners WHERE code = \(code)", partner)
    }

    /// All partners by their ids.
    package static func all(in transaction: borrowing Transaction) async throws -> [PartnerID: Partner] {
        let partners = try await transaction.query("SELECT \(fragment: columns) FROM app.partners", partner)
        return Dictionary(partners.map { ($0.id, $0) }) { first, _ in first }
    }

    /// Who brought a tenant, in the order in which it was written.
    package static func attributions(
        of tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> [PartnerAttribution] {
        try await transaction.query(
            """
            SELECT partner_id, effective_at, recorded_at FROM app.partner_attributions
            WHERE tenant_id = \(tenant) ORDER BY recorded_at, id
            """,
            attribution
        )
    }

    /// Who brought whom, as it was known at an instant: for `.finance`.
    static func attributions(
        asOf: Instant,
        in transaction: borrowing Transaction
    ) async throws -> [TenantID: [PartnerAttribution]] {
        let rows: [(tenant: TenantID, attribution: PartnerAttribution)] = try await transaction.query(
            """
            SELECT tenant_id, partner_id, effective_at, recorded_at FROM app.partner_attributions
            WHERE recorded_at <= \(asOf) ORDER BY tenant_id, recorded_at, id
            """
        ) { row in (tenant: try row.next(), attribution: try attribution(&row)) }
        return Dictionary(grouping: rows, by: \.tenant).mapValues { $0.map(\.attribution) }
    }

    /// The tenants that are a partner's at an instant, in the order of their ids: for `.finance`.
    package static func tenants(
        of partner: PartnerID,
        at instant: Instant,
        in transaction: borrowing Transaction
    ) async throws -> [(tenant: TenantID, from: Instant)] {
        let rows: [(tenant: TenantID, partner: PartnerID?, from: Instant)] = try await transaction.query(
            """
            SELECT DISTINCT ON (tenant_id) tenant_id, partner_id, effective_at FROM app.partner_attributions
            WHERE effective_at <= \(instant) ORDER BY tenant_id, effective_at DESC, recorded_at DESC, id DESC
            """
        ) { row in (tenant: try row.next(), partner: try row.next(), from: try row.next()) }
        return rows.filter { $0.partner == partner }.map { (tenant: $0.tenant, from: $0.from) }
    }

    static func insert(_ partner: Partner, by stamp: Stamp) -> SQL {
        """
        INSERT INTO app.partners (id, code, name, role, tiers, tiers_per, term_months, created_at, recorded_at, author)
        VALUES (\(partner.id), \(partner.code), \(partner.name), \(partner.role.rawValue), \(partner.share.json),
                \(partner.tiersPer.rawValue), \(partner.termMonths), \(partner.createdAt), \(stamp.recordedAt),
                \(stamp.author))
        ON CONFLICT DO NOTHING
        """
    }

    static func insert(_ attribution: PartnerAttribution, of tenant: TenantID, by stamp: Stamp) -> SQL {
        """
        INSERT INTO app.partner_attributions (tenant_id, id, partner_id, effective_at, recorded_at, author)
        VALUES (\(tenant), \(PartnerAttributionID.make(at: stamp.recordedAt)), \(attribution.partner),
                \(attribution.from), \(stamp.recordedAt), \(stamp.author))
        """
    }

    private static let columns: SQL = "id, code, name, role, tiers, tiers_per, term_months, created_at"

    private static func attribution(_ row: inout RowReader) throws -> PartnerAttribution {
        PartnerAttribution(partner: try row.next(), from: try row.next(), recordedAt: try row.next())
    }

    private static func partner(_ row: inout RowReader) throws -> Partner {
        let id: PartnerID = try row.next()
        let code: String = try row.next()
        let name: String = try row.next()
        let role: String = try row.next()
        let tiers: JSONValue = try row.next()
        let stretch: String = try row.next()
        let elements = (tiers.array ?? []).enumerated().map { (value: $1, path: "tiers[\($0)]") }
        return Partner(
            id: id,
            code: code,
            name: name,
            role: try CostQueries.word(role),
            share: try PartnerShare(json: elements),
            tiersPer: try CostQueries.word(stretch),
            termMonths: try row.next(),
            createdAt: try row.next()
        )
    }
}
