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
            Migration(file: "0011_catalogue.sql", bytes: PackageResources._011_catalogue_sql),
            Migration(file: "0012_lifecycle.sql", bytes: PackageResources._012_lifecycle_sql),
            Migration(file: "0013_adjustments.sql", bytes: PackageResources._013_adjustments_sql),
            Migration(file: "0014_invoicing.sql", bytes: PackageResources._014_invoicing_sql),
            Migration(file: "0015_payments.sql", bytes: PackageResources._015_payments_sql),
            Migration(file: "0016_gateways.sql", bytes: PackageResources._016_gateways_sql),
            Migration(file: "0017_credit_notes.sql", bytes: PackageResources._017_credit_notes_sql),
            Migration(file: "0018_webhooks.sql", bytes: PackageResources._018_webhooks_sql),
            Migration(file: "0019_clocks.sql", bytes: PackageResources._019_clocks_sql),
            Migration(file: "0020_usage.sql", bytes: PackageResources._020_usage_sql),
            Migration(file: "0021_entitlements.sql", bytes: PackageResources._021_entitlements_sql),
            Migration(file: "0022_ingest.sql", bytes: PackageResources._022_ingest_sql),
            Migration(file: "0023_costs.sql", bytes: PackageResources._023_costs_sql),
            Migration(file: "0024_reports.sql", bytes: PackageResources._024_reports_sql),
            Migration(file: "0025_corrections.sql", bytes: PackageResources._025_corrections_sql),
            Migration(file: "0026_settlement.sql", bytes: PackageResources._026_settlement_sql),
            Migration(file: "0027_catalogue_rules.sql", bytes: PackageResources._027_catalogue_rules_sql),
            Migration(file: "0028_movements.sql", bytes: PackageResources._028_movements_sql),
            Migration(file: "0029_tasks.sql", bytes: PackageResources._029_tasks_sql),
        ]
    }
}
