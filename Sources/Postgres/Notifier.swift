import CPostgres
import Foundation

/// Sends NOTIFY for committed transactions, coalesced: however many signals come while one is sent, one follows.
///
/// NOTIFY holds a lock on the whole database through its commit, so it is never part of anybody's transaction.
final class Notifier: @unchecked Sendable {
    private let url: String
    // `condition` guards the variables below.
    private let condition = NSCondition()
    private var pending: Set<String> = []
    private var isStarted = false
    private var isStopped = false
    private var isFinished = false

    init(url: String) {
        self.url = url
    }

    /// Has the channels notified soon.
    func raise(_ channels: Set<String>) {
        condition.lock()
        defer { condition.unlock() }
        guard !isStopped else { return }
        pending.formUnion(channels)
        if !isStarted {
            isStarted = true
            let thread = Thread { [self] in send() }
            thread.name = "postgres notify"
            thread.start()
        }
        condition.broadcast()
    }

    /// Sends what is pending and ends the thread; waits at most two seconds.
    func stop() {
        condition.lock()
        defer { condition.unlock() }
        isStopped = true
        condition.broadcast()
        let limit = Date(timeIntervalSinceNow: 2)
        while isStarted, !isFinished, condition.wait(until: limit) {}
    }

    private func send() {
        var pointer: OpaquePointer?
        while let channels = next() {
            for channel in channels.sorted() {
                // That a connection broke while nothing was sent shows in its next use, so there is a second try. A
                // signal that cannot be sent is not lost work: workers also look every second.
                for _ in 0..<2 {
                    if unsafe PQstatus(pointer) != CONNECTION_OK {
                        unsafe PQfinish(pointer)
                        unsafe pointer = PQconnectdb(url)
                    }
                    let answer = unsafe PQexec(pointer, "NOTIFY \"\(channel)\"")
                    let isSent = unsafe PQresultStatus(answer) == PGRES_COMMAND_OK
                    unsafe PQclear(answer)
                    if isSent { break }
                }
            }
        }
        unsafe PQfinish(pointer)
        condition.lock()
        isFinished = true
        condition.broadcast()
        condition.unlock()
    }

    private func next() -> Set<String>? {
        condition.lock()
        defer { condition.unlock() }
        while pending.isEmpty {
            if isStopped { return nil }
            condition.wait()
        }
        let channels = pending
        pending = []
        return channels
    }
}
