package import Postgres

/// Which meters invoices were made of.
package enum BilledMeterQueries {
    /// Those of some meters that an invoice line was made of, of any tenant.
    package static func billed(_ codes: [String], in transaction: borrowing Transaction) async throws -> Set<String> {
        let found: [String] = try await transaction.query(
            """
            SELECT code FROM unnest(\(codes)::text[]) AS code
            WHERE EXISTS (SELECT FROM app.invoice_lines l WHERE l.meter = code)
            """
        ) { row in try row.next() }
        return Set(found)
    }
}
