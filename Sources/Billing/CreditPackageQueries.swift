package import Postgres
import Values

/// Reading the catalogue of credit packages.
package enum CreditPackageQueries {
    /// The package with a code, also one that is not sold any more.
    package static func find(_ code: String, in transaction: borrowing Transaction) async throws -> CreditPackage? {
        try await transaction.first(
            "SELECT \(fragment: columns) FROM app.credit_packages WHERE code = \(code)",
            package
        )
    }

    /// Packages in the order of their codes.
    ///
    /// `archived`: also those that are not sold any more.
    ///
    /// `after`: the last code of the page before.
    package static func list(
        archived: Bool = false,
        limit: Int,
        after: String? = nil,
        in transaction: borrowing Transaction
    ) async throws -> [CreditPackage] {
        try await transaction.query(
            """
            SELECT \(fragment: columns) FROM app.credit_packages
            WHERE (\(archived)::boolean OR archived_at IS NULL) AND (\(after)::text IS NULL OR code > \(after))
            ORDER BY code LIMIT \(limit)
            """,
            package
        )
    }

    static func put(_ draft: CreditPackageDraft, by stamp: Stamp) -> SQL {
        """
        INSERT INTO app.credit_packages AS p (code, name, currency, price_minor, credit_minor, expires_after_days,
                                              priority, created_at, recorded_at, author)
        VALUES (\(draft.code), \(draft.name), \(draft.price.currency), \(draft.price.minor), \(draft.credit.minor),
                \(draft.expiresAfterDays), \(draft.priority), \(stamp.at), \(stamp.recordedAt), \(stamp.author))
        ON CONFLICT (code) DO UPDATE SET name = excluded.name, currency = excluded.currency,
            price_minor = excluded.price_minor, credit_minor = excluded.credit_minor,
            expires_after_days = excluded.expires_after_days, priority = excluded.priority, archived_at = NULL,
            recorded_at = excluded.recorded_at, author = excluded.author
        """
    }

    private static let columns: SQL =
        """
        code, name, currency, price_minor, credit_minor, expires_after_days, priority, archived_at, created_at
        """

    private static func package(_ row: inout RowReader) throws -> CreditPackage {
        let code: String = try row.next()
        let name: String = try row.next()
        let currency: Currency = try row.next()
        return CreditPackage(
            code: code,
            name: name,
            price: Money(minor: try row.next(), currency: currency),
            credit: Money(minor: try row.next(), currency: currency),
            expiresAfterDays: try row.next(),
            priority: try row.next(),
            archivedAt: try row.next(),
            createdAt: try row.next()
        )
    }
}
