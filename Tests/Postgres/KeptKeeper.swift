import Jobs
import Logging
import Postgres
import Values

/// A keeper whose lease stays good for as long as the test keeps it, however slow the machine is.
func keptKeeper(_ database: Database, _ time: ManualTime) async throws -> NodeKeeper {
    let keeper = NodeKeeper(url: database.url, name: "test", time: time, logger: Logger(label: "test"))
    try await keeper.register()
    Task { [weak keeper] in
        while true {
            try await Task.sleep(for: .milliseconds(500))
            guard let keeper else { return }
            try await keeper.register()
        }
    }
    return keeper
}
