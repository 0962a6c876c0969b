import Logging
import Postgres
import Synchronization
import Tenants
import Values

/// Gathers when keys were used, so that not every request writes.
final class KeyUse: Sendable {
    /// How long uses are gathered.
    private static let interval = Duration.seconds(5)
    /// Beyond as many keys further ones are left out until the next write.
    private static let limit = 100_000

    private let database: Database
    private let logger: Logger
    private let uses = Mutex<[KeyID: Instant]>([:])

    init(database: Database, logger: Logger) {
        self.database = database
        self.logger = logger
    }

    /// Notes a use; costs no round trip.
    func record(_ key: KeyID, at instant: Instant) {
        uses.withLock { uses in
            guard uses.count < Self.limit || uses[key] != nil else { return }
            uses[key] = max(instant, uses[key] ?? instant)
        }
    }

    /// Writes what was gathered, again and again until the task is cancelled, and once more then.
    func run() async {
        while !Task.isCancelled {
            try? await Task.sleep(for: Self.interval)
            // The last write happens in a task that is cancelled already; its own is not.
            await Task { await self.write() }.value
        }
    }

    /// Writes what was gathered; what could not be written is gathered again.
    func write() async {
        let gathered = uses.withLock { uses in
            defer { uses = [:] }
            return uses
        }
        guard !gathered.isEmpty else { return }
        do {
            try await database.transaction(as: .system) { transaction in
                try await KeyOperations.recordUse(gathered.map { (key: $0.key, at: $0.value) }, in: transaction)
            }
        } catch {
            logger.warning("uses of keys are not written yet", metadata: ["error": "\(error)"])
            for (key, instant) in gathered { record(key, at: instant) }
        }
    }
}
