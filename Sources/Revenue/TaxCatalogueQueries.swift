import Postgres
import Values

/// What taxes were, and where customers were, at instants.
struct TaxCatalogue {
    /// A tax as it is from an instant on.
    private struct Version {
        let rate: Exact?
        let country: String?
        let from: Instant?
    }

    private struct Place {
        let country: String?
        let from: Instant?
    }

    private let versions: [String: [Version]]
    private let places: [TenantID: [Place]]

    /// Reads what was known at an instant of recorded time.
    static func read(asOf: Instant, in transaction: borrowing Transaction) async throws -> TaxCatalogue {
        let versions: [(code: String, version: Version)] = try await transaction.query(
            """
            SELECT code, rate, country, effective_at FROM app.taxes
            WHERE recorded_at <= \(asOf) ORDER BY code, effective_at NULLS FIRST
            """
        ) { row in
            let code: String = try row.next()
            let rate: Decimal12? = try row.next()
            return (code: code, version: Version(rate: rate?.exact, country: try row.next(), from: try row.next()))
        }
        let places: [(tenant: TenantID, place: Place)] = try await transaction.query(
            """
            SELECT d.tenant_id, d.country, d.effective_at FROM app.tenant_tax_details d
            WHERE d.recorded_at <= \(asOf) ORDER BY d.tenant_id, d.effective_at NULLS FIRST, d.recorded_at, d.id
            """
        ) { row in
            let tenant: TenantID = try row.next()
            return (tenant: tenant, place: Place(country: try row.next(), from: try row.next()))
        }
        return TaxCatalogue(
            versions: Dictionary(grouping: versions, by: \.code).mapValues { $0.map(\.version) },
            places: Dictionary(grouping: places, by: \.tenant).mapValues { $0.map(\.place) }
        )
    }

    /// A tax's rate and country at an instant.
    func tax(_ code: String, at instant: Instant) -> (rate: Exact?, country: String?) {
        let version = versions[code]?.last { $0.from.map { $0 <= instant } ?? true }
        return (version?.rate, version?.country)
    }

    /// A customer's country at an instant.
    func country(of tenant: TenantID, at instant: Instant) -> String? {
        places[tenant]?.last { $0.from.map { $0 <= instant } ?? true }?.country
    }
}

/// A line of an invoice or a credit note with what it is taxed with.
struct TaxedLine {
    let tenant: TenantID
    let invoice: InvoiceID
    let line: InvoiceLineID
    let note: ID<CreditNoteRow>?
    let at: Instant
    let currency: Currency
    let status: String
    let net: Int64
    let taxes: JSONValue
    /// When the invoice was made: what taxes were then counts.
    let issuedAt: Instant

    /// What it adds to the report, at an instant of the books.
    func shares(at instant: Instant, sign: Int64, _ catalogue: TaxCatalogue) throws -> [TaxReport.Share] {
        let place = catalogue.country(of: tenant, at: issuedAt)
        let ids = [note?.text, invoice.text, line.text].compactMap(\.self)
        func share(_ code: String?, _ tax: Int64) -> TaxReport.Share {
            let known = code.map { catalogue.tax($0, at: issuedAt) }
            return TaxReport.Share(
                tenant: tenant,
                ids: ids,
                at: instant,
                currency: currency,
                code: code,
                rate: known?.rate,
                country: known?.country ?? place,
                status: status,
                base: sign * net,
                tax: sign * tax,
                isCredit: note != nil
            )
        }
        let taxed = try (taxes.array ?? []).map { value in
            var fields = try JSONFields(value, path: "taxes")
            let code = try fields.string("code")
            return share(code, Int64(try fields.int("amount_minor")))
        }
        return taxed.isEmpty ? [share(nil, 0)] : taxed
    }
}
