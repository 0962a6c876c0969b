import Foundation
import Glibc
import Synchronization
import Values

/// Why the conversation with an engine ended.
package enum EngineEnd: Hashable, Sendable {
    /// The engine closed its end: it ended or died.
    case closed
    /// It did not answer, or did not work.
    case hung(String)
    /// It wrote what is not a frame.
    case garbled(String)
}

/// The server's end of the socket to one engine, served by a thread of its own.
///
/// The thread sleeps in `poll` and wakes for frames in either direction and for heartbeats, so an idle engine costs a
/// wake-up a second. Nobody who sends ever waits: frames are queued and the thread writes them.
final class EngineChannel: Sendable {
    private struct Outbox {
        var bytes: [UInt8] = []
        var isClosed = false
    }

    private let socket: Int32
    /// Bytes that arrive at `ours` wake the thread.
    private let alarm: SocketPair
    private let heartbeat: Heartbeat
    private let outbox = Mutex(Outbox())

    /// Takes over `socket` and closes it when the conversation has ended.
    init(socket: Int32, heartbeat: Heartbeat) throws(SystemCallError) {
        alarm = try SocketPair()
        self.socket = socket
        self.heartbeat = heartbeat
    }

    deinit {
        alarm.close()
        close(socket)
    }

    /// Queues a frame; after the end it goes nowhere.
    func send(_ command: EngineCommand) {
        outbox.withLock { outbox in
            guard !outbox.isClosed else { return }
            outbox.bytes.append(contentsOf: command.line.utf8)
        }
        // If there is no room for one more byte, the thread is being woken anyway.
        _ = unsafe Glibc.send(alarm.theirs, [0], 1, Int32(MSG_DONTWAIT))
    }

    /// Holds the conversation until the engine ends or has to be ended.
    ///
    /// `receive` is called on the channel's thread.
    func serve(_ receive: @escaping @Sendable (EngineReport) -> Void) async -> EngineEnd {
        await withCheckedContinuation { continuation in
            let thread = Thread {
                let end = self.converse(receive)
                self.outbox.withLock { $0.isClosed = true }
                // The engine reads the end of the file now and not when the last reference to us goes.
                shutdown(self.socket, Int32(SHUT_RDWR))
                continuation.resume(returning: end)
            }
            thread.name = "engine channel"
            thread.stackSize = 1 << 20
            thread.start()
        }
    }

    private func converse(_ receive: (EngineReport) -> Void) -> EngineEnd {
        var lines = LineSocket(descriptor: socket)
        var heartbeat = heartbeat
        var unsent: [UInt8] = []
        var last = SuspendingClock.now
        while true {
            outbox.withLock { outbox in
                unsent.append(contentsOf: outbox.bytes)
                outbox.bytes.removeAll(keepingCapacity: true)
            }
            guard lines.send(&unsent) else { return .closed }
            wait(forSpace: !unsent.isEmpty)
            switch lines.receive() {
            case .endOfFile: return .closed
            case .oversized: return .garbled("a line without end")
            case .lines(let arrived):
                for line in arrived {
                    do throws(Problem) {
                        let report = try EngineReport(JSONValue(parsing: line))
                        if case .pong(let number, let statistics) = report {
                            heartbeat.received(pong: number, statistics)
                        }
                        receive(report)
                    } catch {
                        return .garbled(error.message)
                    }
                }
            }
            let now = SuspendingClock.now
            switch heartbeat.advance(by: now - last) {
            case .nothing: break
            case .ping(let number): unsent.append(contentsOf: EngineCommand.ping(number).line.utf8)
            case .hung(let reason): return .hung(reason)
            }
            last = now
        }
    }

    /// Sleeps until something arrives, something is to be sent, or the next heartbeat may be due.
    private func wait(forSpace: Bool) {
        let events = forSpace ? POLLIN | POLLOUT : POLLIN
        var descriptors = [
            pollfd(fd: socket, events: Int16(events), revents: 0),
            pollfd(fd: alarm.ours, events: Int16(POLLIN), revents: 0),
        ]
        let milliseconds = heartbeat.interval / .milliseconds(1)
        _ = unsafe poll(&descriptors, nfds_t(descriptors.count), Int32(milliseconds))
        var rung = [UInt8](repeating: 0, count: 256)
        _ = unsafe recv(alarm.ours, &rung, rung.count, Int32(MSG_DONTWAIT))
    }
}
