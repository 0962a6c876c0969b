import Jobs
package import Postgres
package import Values

/// Writing the catalogue of credit packages; for `.admin`.
package enum CreditPackageOperations {
    /// Puts a package into the catalogue, or changes the one with its code; what was bought keeps its terms.
    ///
    /// One that was archived is sold again.
    @discardableResult
    package static func put(
        _ draft: CreditPackageDraft,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> CreditPackage {
        try await transaction.execute(CreditPackageQueries.put(draft, by: stamp))
        return try await changed(draft.code, "credit_package.put", by: stamp, in: transaction)
    }

    /// Ends the sale of a package; doing so again is no work.
    ///
    /// - Throws: `CreditError.packageNotFound`.
    @discardableResult
    package static func archive(
        _ code: String,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> CreditPackage {
        let archived = try await transaction.execute(
            "UPDATE app.credit_packages SET archived_at = \(stamp.at) WHERE code = \(code) AND archived_at IS NULL"
        )
        guard archived == 1 else {
            guard let package = try await CreditPackageQueries.find(code, in: transaction) else {
                throw CreditError.packageNotFound(code)
            }
            return package
        }
        return try await changed(code, "credit_package.archived", by: stamp, in: transaction)
    }

    private static func changed(
        _ code: String,
        _ verb: String,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> CreditPackage {
        guard let package = try await CreditPackageQueries.find(code, in: transaction) else {
            throw CreditError.packageNotFound(code)
        }
        try await Activity.record(
            verb,
            object: code,
            tenant: nil,
            details: package.json,
            by: stamp,
            in: transaction
        )
        return package
    }
}
