import CPostgres
import Foundation

/// What the server itself holds a connection to, so that a transaction ends in time also if its process stands still.
struct ServerLimits: Sendable {
    /// The longest a statement runs.
    var statement: Duration
    /// The longest a transaction waits for its next statement.
    var idleInTransaction: Duration

    fileprivate var settings: [String] {
        [
            "SET statement_timeout = \(Self.milliseconds(statement))",
            "SET idle_in_transaction_session_timeout = \(Self.milliseconds(idleInTransaction))",
        ]
    }

    /// At least 1: to the server 0 is no limit.
    private static func milliseconds(_ duration: Duration) -> Int64 {
        let (seconds, attoseconds) = duration.components
        return max(1, min(seconds, 1_000_000) * 1000 + attoseconds / 1_000_000_000_000_000)
    }
}

/// Connects on the connection's own thread before the connection exists.
actor Opener {
    /// The pointer, on its way from the thread that made it to the actor that keeps it.
    @safe struct Handle: @unchecked Sendable {
        let pointer: OpaquePointer?
    }

    private let executor: ThreadExecutor
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    init(executor: ThreadExecutor) {
        self.executor = executor
    }

    func connect(_ url: String, _ limits: ServerLimits?) throws(PostgresError) -> Handle {
        let pointer = try unsafe Self.pointer(url)
        guard unsafe PQstatus(pointer) == CONNECTION_OK else {
            let message = unsafe PQerrorMessage(pointer).map { unsafe String(cString: $0) } ?? ""
            unsafe PQfinish(pointer)
            throw PostgresError(.connection, message.trimmingCharacters(in: .whitespacesAndNewlines))
        }
        // Notices would go to standard error; what matters comes back as errors.
        _ = unsafe PQsetNoticeProcessor(pointer, { _, _ in }, nil)
        let settings = ["SET TIME ZONE 'UTC'", "SET DATESTYLE = 'ISO'", "SET client_encoding = 'UTF8'"]
        let answer = unsafe PQexec(pointer, (settings + (limits?.settings ?? [])).joined(separator: ";"))
        defer { unsafe PQclear(answer) }
        guard unsafe PQresultStatus(answer) == PGRES_COMMAND_OK, unsafe PQsetnonblocking(pointer, 1) == 0 else {
            unsafe PQfinish(pointer)
            throw PostgresError(.connection, "cannot set up the connection")
        }
        return unsafe Handle(pointer: pointer)
    }

    /// A server that does not answer at all is given up after ten seconds, unless the URL says otherwise.
    private static func pointer(_ url: String) throws(PostgresError) -> OpaquePointer? {
        let keywords = try BindBuffer([.text("connect_timeout"), .text("dbname"), .null])
        let values = try BindBuffer([.text("10"), .text(url), .null])
        var pointer: OpaquePointer?
        _ = unsafe keywords.withPointers { _, keywords, _, _ in
            unsafe values.withPointers { _, values, _, _ in
                unsafe pointer = PQconnectdbParams(keywords, values, 1)
                return 0
            }
        }
        return unsafe pointer
    }
}
