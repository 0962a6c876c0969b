package import Postgres

/// The files of this folder, carried in the program; a test compares the list with the folder.
package enum MigrationFiles {
    /// All migrations, in order.
    ///
    /// - Throws: a file whose name is not `0001_name.sql`.
    package static func all() throws -> [Migration] {
        try [
            Migration(file: "0001_foundation.sql", bytes: PackageResources._001_foundation_sql),
            Migration(file: "0003_jobs.sql", bytes: PackageResources._003_jobs_sql),
            Migration(file: "0010_api.sql", bytes: PackageResources._010_api_sql),
        ]
    }
}
