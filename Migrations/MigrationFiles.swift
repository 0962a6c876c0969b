package import Postgres

/// The files of this folder, carried in the program; a test compares the list with the folder.
package enum MigrationFiles {
    /// All migrations, in order.
    ///
    /// - Throws: a file whose name is not `0001_name.sql`.
    package static func all() throws -> [Migration] {
        try [
            Migration(file: "0001_foundation.sql", bytes: PackageResources._001_foundation_sql),
            Migration(file: "0002_tenants.sql", bytes: PackageResources._002_tenants_sql),
            Migration(file: "0003_jobs.sql", bytes: PackageResources._003_jobs_sql),
            Migration(file: "0004_plans.sql", bytes: PackageResources._004_plans_sql),
            Migration(file: "0005_metering.sql", bytes: PackageResources._005_metering_sql),
            Migration(file: "0006_ledger.sql", bytes: PackageResources._006_ledger_sql),
            Migration(file: "0007_subscriptions.sql", bytes: PackageResources._007_subscriptions_sql),
            Migration(file: "0008_billing.sql", bytes: PackageResources._008_billing_sql),
            Migration(file: "0009_inference.sql", bytes: PackageResources._009_inference_sql),
            Migration(file: "0010_api.sql", bytes: PackageResources._010_api_sql),
        ]
    }
}
