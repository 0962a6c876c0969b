import CPostgres
import Foundation
import Synchronization

/// One libpq connection on a thread of its own.
///
/// Statements are prepared once and kept by their text; several are sent in one pipeline. Values travel as text.
@safe actor Connection {
    nonisolated let canceller: Canceller
    private let executor: ThreadExecutor
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    private let pointer: OpaquePointer?
    /// Statement text → its name on this connection.
    private var prepared: [String: String] = [:]
    private var preparedCount = 0
    /// What opens the transaction; sent with its first statement, in the same round trip.
    private var head: [SQL] = []
    /// The last failure in this transaction, whatever the closure made of it.
    private(set) var failure: PostgresError?

    /// Channels to notify once the transaction has committed.
    private(set) var signals: Set<String> = []

    /// Bounds a connection's prepared statements; beyond it they are forgotten together.
    private static let preparedLimit = 500

    /// Connects; blocks a thread of its own, not the caller's.
    static func open(url: String, name: String) async throws(PostgresError) -> Connection {
        let executor = ThreadExecutor(name: name)
        let opener = Opener(executor: executor)
        do {
            let pointer = try await opener.connect(url)
            return Connection(executor: executor, handle: pointer)
        } catch {
            executor.stop()
            throw error
        }
    }

    private init(executor: ThreadExecutor, handle: Opener.Handle) {
        self.executor = executor
        unsafe pointer = handle.pointer
        canceller = unsafe Canceller(connection: handle.pointer)
    }

    isolated deinit {
        unsafe PQfinish(pointer)
        executor.stop()
    }

    /// Whether the connection is up and outside a transaction, so that the next user can have it.
    var isReusable: Bool {
        unsafe PQstatus(pointer) == CONNECTION_OK && PQtransactionStatus(pointer) == PQTRANS_IDLE
            && failure?.isStalePlan != true
    }

    /// Begins a transaction: the statements are sent with the first one of its body.
    func begin(_ head: [SQL]) {
        self.head = head
        failure = nil
        signals = []
    }

    /// Has a channel notified once the transaction has committed.
    func signal(_ channel: String) { signals.insert(channel) }

    /// Whether nothing was sent since `begin`.
    var hasPendingHead: Bool { !head.isEmpty }

    /// Drops a head that was never sent.
    func abandonHead() { head = [] }

    /// Forgets the failure of a part that was rolled back to its savepoint, unless the whole must run again.
    func forgiveFailure() {
        if failure?.isRetryable != true { failure = nil }
    }

    /// Runs statements in one pipeline and returns a result for each; stops at the task's cancellation.
    func run(_ statements: [SQL]) async throws(PostgresError) -> [ResultSet] {
        guard !Task.isCancelled else { throw fail(PostgresError(.cancelled, "the task was cancelled")) }
        guard !canceller.isExpired else { throw fail(PostgresError(.timeout, "the transaction's time is over")) }
        do {
            return try await withTaskCancellationHandler {
                try execute(statements)
            } onCancel: {
                canceller.cancelRunning()
            }
        } catch let error as PostgresError {
            throw fail(error)
        } catch {
            throw fail(PostgresError(.usage, "\(type(of: error))"))
        }
    }

    /// Runs one statement whatever the task's state: COMMIT and ROLLBACK must reach the server.
    func runShielded(_ statement: SQL) throws(PostgresError) -> ResultSet {
        let results = try execute([statement])
        guard let result = results.first else { throw PostgresError(.usage, "no result") }
        return result
    }

    /// Runs a script of several statements by the simple protocol; for migrations.
    func script(_ text: String) throws(PostgresError) {
        let result = unsafe PQexec(pointer, text)
        defer { unsafe PQclear(result) }
        let status = unsafe PQresultStatus(result)
        guard status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK else { throw unsafe error(of: result) }
    }

    private func fail(_ error: PostgresError) -> PostgresError {
        var error = error
        if error.sqlState == "57014" {
            error =
                canceller.isExpired
                ? PostgresError(.timeout, "the transaction's time is over")
                : Task.isCancelled
                    ? PostgresError(.cancelled, "the task was cancelled") : PostgresError(.timeout, error.message)
        }
        if failure == nil { failure = error }
        return error
    }

    // MARK: - Pipeline

    private func execute(_ statements: [SQL]) throws(PostgresError) -> [ResultSet] {
        let batch = head + statements
        let skipped = head.count
        head = []
        canceller.begin()
        defer { canceller.end() }
        if prepared.count + batch.count > Self.preparedLimit { try forgetPrepared() }
        guard unsafe PQenterPipelineMode(pointer) == 1 else { throw broken() }
        var preparing: [String] = []
        do throws(PostgresError) {
            for statement in batch { try send(statement, preparing: &preparing) }
            guard unsafe PQpipelineSync(pointer) == 1 else { throw broken() }
            try flush()
        } catch {
            _ = unsafe PQexitPipelineMode(pointer)
            throw error
        }
        let results = try receive(batch, preparing: preparing)
        return Array(results.dropFirst(skipped))
    }

    private func send(_ statement: SQL, preparing: inout [String]) throws(PostgresError) {
        let name: String
        if let known = prepared[statement.text] {
            name = known
        } else {
            preparedCount += 1
            name = "s\(preparedCount)"
            guard unsafe PQsendPrepare(pointer, name, statement.text, 0, nil) == 1 else { throw broken() }
            // Known from here on, so that the same text later in the batch reuses it; withdrawn if it fails.
            prepared[statement.text] = name
            preparing.append(statement.text)
        }
        let sent = try unsafe BindBuffer(statement.binds).withPointers { count, values in
            unsafe PQsendQueryPrepared(pointer, name, count, values, nil, nil, 0)
        }
        guard sent == 1 else { throw broken() }
    }

    /// Reads the results in the order sent. After an error the server skips the rest up to the sync.
    private func receive(_ batch: [SQL], preparing: [String]) throws(PostgresError) -> [ResultSet] {
        var results: [ResultSet] = []
        var failed: PostgresError?
        var awaited = preparing[...]
        for statement in batch {
            if awaited.first == statement.text {
                awaited.removeFirst()
                if case .failure(let error) = try next() {
                    failed = failed ?? error
                    prepared[statement.text] = nil
                }
            }
            switch try next() {
            case .success(let result): results.append(result)
            case .failure(let error): failed = failed ?? error
            }
        }
        unsafe PQclear(PQgetResult(pointer))
        _ = unsafe PQexitPipelineMode(pointer)
        if let failed { throw failed }
        return results
    }

    private func next() throws(PostgresError) -> Result<ResultSet, PostgresError> {
        let raw = unsafe PQgetResult(pointer)
        guard unsafe raw != nil else { throw broken() }
        defer {
            unsafe PQclear(raw)
            // Every command's results end with a null.
            unsafe PQclear(PQgetResult(pointer))
        }
        switch unsafe PQresultStatus(raw) {
        case PGRES_TUPLES_OK, PGRES_COMMAND_OK:
            return .success(unsafe read(raw))
        case PGRES_PIPELINE_ABORTED:
            return .failure(PostgresError(.server, sqlState: "25P02", "skipped after an error"))
        default:
            return .failure(unsafe error(of: raw))
        }
    }

    /// Sends all that is buffered, reading meanwhile, so that neither side waits for the other for ever.
    private func flush() throws(PostgresError) {
        while true {
            switch unsafe PQflush(pointer) {
            case 0: return
            case 1:
                var descriptor = pollfd(
                    fd: unsafe PQsocket(pointer), events: Int16(POLLIN | POLLOUT), revents: 0)
                _ = unsafe poll(&descriptor, 1, 1000)
                if descriptor.revents & Int16(POLLIN) != 0, unsafe PQconsumeInput(pointer) == 0 { throw broken() }
            default: throw broken()
            }
        }
    }

    private func forgetPrepared() throws(PostgresError) {
        prepared = [:]
        try script("DEALLOCATE ALL")
    }

    // MARK: - Results

    private func read(_ raw: OpaquePointer?) -> ResultSet {
        let columns = Int(unsafe PQnfields(raw))
        let rows = Int(unsafe PQntuples(raw))
        var cells: [String?] = []
        cells.reserveCapacity(rows * columns)
        for row in 0..<Int32(rows) {
            for column in 0..<Int32(columns) {
                if unsafe PQgetisnull(raw, row, column) == 1 {
                    cells.append(nil)
                } else if let value = unsafe PQgetvalue(raw, row, column) {
                    cells.append(unsafe String(cString: value))
                }
            }
        }
        let affected = unsafe PQcmdTuples(raw).flatMap { unsafe Int(String(cString: $0)) } ?? 0
        let tag = unsafe PQcmdStatus(raw).map { unsafe String(cString: $0) } ?? ""
        return ResultSet(columns: columns, cells: cells, affected: affected, tag: tag)
    }

    private func error(of raw: OpaquePointer?) -> PostgresError {
        guard let state = unsafe PQresultErrorField(raw, Int32(UInt8(ascii: "C"))) else { return broken() }
        let message = unsafe PQresultErrorField(raw, Int32(UInt8(ascii: "M"))).map { unsafe String(cString: $0) } ?? ""
        return unsafe PostgresError(.server, sqlState: String(cString: state), message)
    }

    private func broken() -> PostgresError {
        let text = unsafe PQerrorMessage(pointer).map { unsafe String(cString: $0) } ?? "no connection"
        return PostgresError(.connection, text.trimmingCharacters(in: .whitespacesAndNewlines))
    }

    // MARK: - COPY

    /// Sends rows to `COPY … FROM STDIN`; returns how many were stored.
    func copyIn(_ sql: String, chunks: [[UInt8]]) throws(PostgresError) -> Int {
        try openHeadForCopy()
        canceller.begin()
        defer { canceller.end() }
        let opened = unsafe PQexec(pointer, sql)
        defer { unsafe PQclear(opened) }
        guard unsafe PQresultStatus(opened) == PGRES_COPY_IN else { throw fail(unsafe error(of: opened)) }
        var isBroken = false
        for chunk in chunks where !isBroken { isBroken = !put(chunk) }
        _ = unsafe PQputCopyEnd(pointer, isBroken ? "the client gave up" : nil)
        var affected = 0
        var failed: PostgresError?
        while let result = unsafe PQgetResult(pointer) {
            if unsafe PQresultStatus(result) == PGRES_COMMAND_OK {
                affected = unsafe read(result).affected
            } else {
                failed = unsafe error(of: result)
            }
            unsafe PQclear(result)
        }
        if let failed { throw fail(failed) }
        return affected
    }

    private func put(_ chunk: [UInt8]) -> Bool {
        while true {
            let outcome = unsafe chunk.withUnsafeBytes { bytes in
                unsafe PQputCopyData(pointer, bytes.bindMemory(to: CChar.self).baseAddress, Int32(bytes.count))
            }
            if outcome == 1 { return true }
            guard outcome == 0, (try? flush()) != nil else { return false }
        }
    }

    /// Reads all of `COPY … TO STDOUT`, handing each row's bytes over as they come.
    func copyOut(_ sql: String, _ row: @Sendable ([UInt8]) throws -> Void) throws {
        try openHeadForCopy()
        canceller.begin()
        defer { canceller.end() }
        let opened = unsafe PQexec(pointer, sql)
        defer { unsafe PQclear(opened) }
        guard unsafe PQresultStatus(opened) == PGRES_COPY_OUT else { throw fail(unsafe error(of: opened)) }
        while true {
            var buffer: UnsafeMutablePointer<CChar>?
            let length = unsafe PQgetCopyData(pointer, &buffer, 0)
            guard length > 0 else { break }
            let bytes = unsafe Array(UnsafeRawBufferPointer(start: buffer, count: Int(length)))
            unsafe PQfreemem(buffer)
            try row(bytes)
        }
        var failed: PostgresError?
        while let result = unsafe PQgetResult(pointer) {
            if unsafe PQresultStatus(result) != PGRES_COMMAND_OK { failed = unsafe error(of: result) }
            unsafe PQclear(result)
        }
        if let failed { throw fail(failed) }
    }

    /// COPY cannot run in a pipeline, so the head goes ahead of it.
    private func openHeadForCopy() throws(PostgresError) {
        guard !head.isEmpty else { return }
        _ = try execute(["SELECT 1"])
    }
}

/// Connects on the connection's own thread before the connection exists.
private actor Opener {
    /// The pointer, on its way from the thread that made it to the actor that keeps it.
    @safe struct Handle: @unchecked Sendable {
        let pointer: OpaquePointer?
    }

    private let executor: ThreadExecutor
    nonisolated var unownedExecutor: UnownedSerialExecutor { unsafe executor.asUnownedSerialExecutor() }

    init(executor: ThreadExecutor) {
        self.executor = executor
    }

    func connect(_ url: String) throws(PostgresError) -> Handle {
        let pointer = unsafe PQconnectdb(url)
        guard unsafe PQstatus(pointer) == CONNECTION_OK else {
            let message = unsafe PQerrorMessage(pointer).map { unsafe String(cString: $0) } ?? ""
            unsafe PQfinish(pointer)
            throw PostgresError(.connection, message.trimmingCharacters(in: .whitespacesAndNewlines))
        }
        // Notices would go to standard error; what matters comes back as errors.
        _ = unsafe PQsetNoticeProcessor(pointer, { _, _ in }, nil)
        for setting in ["SET TIME ZONE 'UTC'", "SET DATESTYLE = 'ISO'", "SET client_encoding = 'UTF8'"] {
            unsafe PQclear(PQexec(pointer, setting))
        }
        guard unsafe PQsetnonblocking(pointer, 1) == 0 else {
            unsafe PQfinish(pointer)
            throw PostgresError(.connection, "cannot switch to non-blocking writes")
        }
        return unsafe Handle(pointer: pointer)
    }
}
