import Billing
import Crypto
import Foundation
import Metering
import Postgres
import Synchronization
import Values

/// Moves months of events into files and back, each step so that it can be done again.
struct UsageArchiver: Sendable {
    let database: Database
    let stamp: Stamp

    /// A file that others write to the database meanwhile is written as often.
    private static let tries = 3

    /// Its own connections: a month takes longer to write than a request may.
    static func with<Value>(_ session: Session, _ body: (UsageArchiver) async throws -> Value) async throws -> Value {
        let database = Database(url: session.database.url, connections: 2, deadline: .seconds(6 * 3_600))
        defer { database.close() }
        return try await body(UsageArchiver(database: database, stamp: session.stamp))
    }

    /// The name of a month's file, and of its manifest.
    static func file(_ month: CalendarDate, in folder: String) -> String {
        let whole = URL(fileURLWithPath: folder).standardizedFileURL.path
        return "\(whole)/usage-\(month.text.prefix(7)).ndjson.gz"
    }

    /// Archives a month, or goes on where it was left; one that is archived already stays as it is.
    func archive(_ month: CalendarDate, in folder: String) async throws -> UsageArchive {
        guard let period = UsageArchiveQueries.period(of: month) else {
            throw Problem.invalid("month", "\(month) is no month")
        }
        let begun = try await database.transaction(as: .system) { transaction in
            try await UsageArchiveBilling.requireBilled(period, in: transaction)
            return try await UsageArchiveOperations.begin(
                month,
                file: Self.file(month, in: folder),
                by: stamp,
                in: transaction
            )
        }
        guard begun.state != .archived else { return begun }
        var isWritten = begun.state == .written
        if isWritten, await !holds(begun) {
            try await database.transaction(as: .system) { transaction in
                try await UsageArchiveOperations.rewrite(month, in: transaction)
            }
            isWritten = false
        }
        for _ in 0..<Self.tries {
            if !isWritten { try await write(month, to: begun.file) }
            let isGone = try await database.transaction(as: .system) { transaction in
                try await UsageArchiveOperations.drop(month, by: stamp, in: transaction)
            }
            if isGone { return try await find(month) ?? begun }
            isWritten = false
        }
        throw Problem(.conflict, "events of \(month.text.prefix(7)) come in all the time; try again later")
    }

    /// Brings the events of a file back.
    ///
    /// Returns nil if they are in the database.
    func restore(_ file: String) async throws -> UsageArchive? {
        let sha256 = try await digest(of: file)
        return try await database.transaction(as: .system) { transaction in
            guard let archive = try await UsageRestoreOperations.begin(sha256: sha256, in: transaction) else {
                return nil
            }
            var rest: [UInt8] = []
            try await Gzip.read(file) { piece in
                rest += piece
                guard let end = rest.lastIndex(of: UInt8(ascii: "\n")) else { return }
                try await UsageRestoreOperations.store(Array(rest[...end]), in: transaction)
                rest.removeFirst(end + 1)
            }
            try await UsageRestoreOperations.finish(archive, by: stamp, in: transaction)
            return try await UsageArchiveQueries.find(archive.month, in: transaction)
        }
    }

    private func find(_ month: CalendarDate) async throws -> UsageArchive? {
        try await database.transaction(as: .finance) { transaction in
            try await UsageArchiveQueries.find(month, in: transaction)
        }
    }

    /// Writes the file and its manifest, reads it back, and says that it is there.
    private func write(_ month: CalendarDate, to file: String) async throws {
        let temporary = "\(file).\(getpid()).part"
        let manifest: UsageManifest
        do {
            manifest = try await Gzip.write(to: temporary) { sink in
                try await database.transaction(as: .finance, isolation: .snapshot) { transaction in
                    try await UsageArchiveOperations.export(month, in: transaction, sink: sink)
                }
            }
            guard try await digest(of: temporary) == manifest.sha256 else {
                throw Problem(.internal, code: "archive_differs", "\(file) does not hold what was written to it")
            }
            try manifest.json.prettyText.write(toFile: file + ".json", atomically: true, encoding: .utf8)
            guard unsafe rename(temporary, file) == 0 else {
                throw Problem.invalid("to", "\(file) cannot be written")
            }
        } catch {
            try? FileManager.default.removeItem(atPath: temporary)
            throw error
        }
        try await database.transaction(as: .system) { transaction in
            try await UsageArchiveOperations.verified(month, manifest, by: stamp, in: transaction)
        }
    }

    /// Whether the file of an archive holds what its manifest says.
    private func holds(_ archive: UsageArchive) async -> Bool {
        guard let manifest = archive.manifest, let found = try? await digest(of: archive.file) else { return false }
        return found == manifest.sha256
    }

    private func digest(of file: String) async throws -> [UInt8] {
        var hash = SHA256()
        try await Gzip.read(file) { piece in hash.update(data: piece) }
        return Array(hash.finalize())
    }
}
