import CPostgres
import Synchronization

/// Cancels the statement a connection is running, and never the one after it.
///
/// `PQcancel` reaches the server whenever it likes, so the flag `running` and the request are kept under one lock:
/// a statement that has ended can no longer be cancelled.
final class Canceller: Sendable {
    private let state: Mutex<State>

    @safe private struct State: ~Copyable, @unchecked Sendable {
        var handle: OpaquePointer?
        var isRunning = false
        /// The transaction that may still be cancelled; a deadline that fires late names an older one.
        var transaction: UInt64 = 0
        var isExpired = false

        deinit { unsafe PQfreeCancel(handle) }
    }

    init(connection pointer: OpaquePointer?) {
        state = unsafe Mutex(State(handle: PQgetCancel(pointer)))
    }

    /// Marks the begin of a statement.
    func begin() {
        state.withLock { $0.isRunning = true }
    }

    /// Marks its end.
    func end() {
        state.withLock { $0.isRunning = false }
    }

    /// Cancels what runs now, if anything does.
    func cancelRunning() {
        state.withLock { Self.request(&$0) }
    }

    /// Begins a new transaction and returns its number, by which a deadline can expire it.
    func beginTransaction() -> UInt64 {
        state.withLock {
            $0.transaction &+= 1
            $0.isExpired = false
            return $0.transaction
        }
    }

    /// Ends the transaction's time: what runs is cancelled, what follows is refused.
    func expire(_ transaction: UInt64) {
        state.withLock {
            guard $0.transaction == transaction else { return }
            $0.isExpired = true
            Self.request(&$0)
        }
    }

    /// Ends the transaction, so that its deadline no longer matters.
    func endTransaction() {
        state.withLock {
            $0.transaction &+= 1
            $0.isExpired = false
        }
    }

    /// Whether the running transaction's deadline has passed.
    var isExpired: Bool { state.withLock { $0.isExpired } }

    private static func request(_ state: inout State) {
        guard state.isRunning else { return }
        var buffer = [CChar](repeating: 0, count: 256)
        let size = Int32(buffer.count)
        _ = unsafe buffer.withUnsafeMutableBufferPointer { unsafe PQcancel(state.handle, $0.baseAddress, size) }
    }
}
