import Jobs
package import Postgres
package import Values

extension TenantOperations {
    /// Fixes the currencies of tenants at their first invoices; where a currency is fixed it must be the same.
    ///
    /// - Throws: `TenantError.notFound`, `.currencyFixed` if a tenant has another.
    package static func fixCurrencies(
        _ asked: [(tenant: TenantID, currency: Currency)],
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws {
        let currencies = Dictionary(asked) { first, _ in first }
        let known: [(TenantID, Currency?)] = try await transaction.query(
            "SELECT tenant_id, currency FROM app.tenants WHERE tenant_id = ANY (\(currencies.keys.sorted())::uuid[])"
        ) { row in (try row.next(), try row.next()) }
        let fixed = Dictionary(known) { first, _ in first }
        // In the order of tenants, so that two who fix the same do not wait for each other.
        for (tenant, currency) in asked.sorted(by: { $0.tenant < $1.tenant })
        where fixed[tenant].flatMap({ $0 }) != currency {
            try await fixCurrency(currency, of: tenant, by: stamp, in: transaction)
        }
    }
}
