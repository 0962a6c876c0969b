/// Statements that cannot run in a transaction, such as CREATE DATABASE.
package enum Administration {
    /// Runs one on a connection of its own.
    package static func run(_ sql: String, url: String) async throws {
        let connection = try await Connection.open(url: url, name: "administration")
        try await connection.script(sql)
    }
}
