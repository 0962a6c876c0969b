import CPostgres
import Foundation
import Synchronization

/// Listens to one channel on a connection and a thread of its own, and yields each notification's payload.
///
/// After the connection broke it reconnects; since notifications sent meanwhile are lost, it then yields an empty
/// payload, which tells the reader to look for itself.
package final class Listener: Sendable {
    /// The payloads, newest kept: readers look at the tables anyway.
    package let payloads: AsyncStream<String>

    private let continuation: AsyncStream<String>.Continuation
    private let isStopped = Mutex(false)

    /// Starts listening.
    package init(url: String, channel: String) {
        (payloads, continuation) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(16))
        let thread = Thread { [weak self] in self?.listen(url, channel) }
        thread.name = "postgres listen"
        thread.start()
    }

    /// Ends the stream and the thread within a second.
    package func stop() {
        isStopped.withLock { $0 = true }
        continuation.finish()
    }

    private var isRunning: Bool { !isStopped.withLock { $0 } }

    private func listen(_ url: String, _ channel: String) {
        var pause = 0.05
        while isRunning {
            let pointer = unsafe PQconnectdb(url)
            defer { unsafe PQfinish(pointer) }
            guard unsafe PQstatus(pointer) == CONNECTION_OK else {
                Thread.sleep(forTimeInterval: pause)
                pause = min(pause * 2, 1)
                continue
            }
            pause = 0.05
            unsafe PQclear(PQexec(pointer, "LISTEN \"\(channel)\""))
            continuation.yield("")
            while isRunning, unsafe wait(pointer) {}
        }
    }

    /// Waits for input up to a second; false if the connection broke.
    private func wait(_ pointer: OpaquePointer?) -> Bool {
        var descriptor = pollfd(fd: unsafe PQsocket(pointer), events: Int16(POLLIN), revents: 0)
        _ = unsafe poll(&descriptor, 1, 1000)
        guard unsafe PQconsumeInput(pointer) == 1 else { return false }
        while let notification = unsafe PQnotifies(pointer) {
            if let payload = unsafe notification.pointee.extra { continuation.yield(unsafe String(cString: payload)) }
            unsafe PQfreemem(notification)
        }
        return true
    }
}
