import Foundation
import Glibc
import Synchronization
import Values

/// Requests over kept-alive connections, each on a thread of its own that waits for every answer: the same small client
/// for everything that is compared.
struct HTTPLoad: Sendable {
    /// The port on 127.0.0.1.
    let port: Int
    /// The whole request, as it goes over the wire.
    let request: [UInt8]

    /// What a stretch of load brought.
    struct Measured: Sendable {
        var seconds: [Double] = []
        var elapsed = 0.0

        var perSecond: Double { elapsed > 0 ? Double(seconds.count) / elapsed : 0 }

        mutating func add(_ other: Measured) {
            seconds += other.seconds
            elapsed += other.elapsed
        }
    }

    /// Makes a GET.
    init(port: Int, path: String, secret: String) {
        self.port = port
        let head = ["GET \(path) HTTP/1.1", "Host: 127.0.0.1", "Authorization: Bearer \(secret)"]
        request = Array((head.joined(separator: "\r\n") + "\r\n\r\n").utf8)
    }

    /// Asks again and again on so many connections for so long.
    ///
    /// - Throws: the first answer that is not 200, or a connection that broke.
    func run(connections: Int, for duration: Duration) async throws -> Measured {
        let started = ContinuousClock.now
        let deadline = started + duration
        var measured = Measured()
        try await withThrowingTaskGroup(of: [Double].self) { group in
            for _ in 0..<connections {
                group.addTask { try await onThread { try self.ask(until: deadline) } }
            }
            for try await seconds in group { measured.seconds += seconds }
        }
        measured.elapsed = (ContinuousClock.now - started).inSeconds
        return measured
    }

    private func ask(until deadline: ContinuousClock.Instant) throws -> [Double] {
        var connection = try HTTPConnection(port: port)
        defer { connection.close() }
        var seconds: [Double] = []
        while true {
            let began = ContinuousClock.now
            guard began < deadline else { return seconds }
            let status = try connection.exchange(request)
            guard status == 200 else { throw Problem(.internal, "the benchmark was answered with status \(status)") }
            seconds.append((ContinuousClock.now - began).inSeconds)
        }
    }
}

/// Runs what blocks on a thread of its own, never on the cooperative pool.
private func onThread<Value: Sendable>(_ body: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Result { try body() }) }
    }
}

/// One kept-alive connection that waits for each answer.
private struct HTTPConnection {
    private let descriptor: Int32
    private var buffer = [UInt8](repeating: 0, count: 1 << 16)
    private var pending: [UInt8] = []

    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw Problem(.internal, "a socket cannot be opened") }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(truncatingIfNeeded: port)).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var noDelay: Int32 = 1
        _ = unsafe setsockopt(
            descriptor,
            Int32(IPPROTO_TCP),
            TCP_NODELAY,
            &noDelay,
            socklen_t(MemoryLayout<Int32>.size)
        )
        let connected = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                unsafe connect(descriptor, generic, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else {
            Glibc.close(descriptor)
            throw Problem(.unavailable, "nothing answers on port \(port)")
        }
    }

    func close() { Glibc.close(descriptor) }

    /// Sends a request, reads the whole answer and returns its status.
    mutating func exchange(_ request: [UInt8]) throws -> Int {
        try send(request)
        var head: (end: Int, status: Int, length: Int)?
        while true {
            if head == nil { head = try Self.head(pending) }
            if let head, pending.count >= head.end + head.length {
                pending.removeFirst(head.end + head.length)
                return head.status
            }
            let count = unsafe buffer.withUnsafeMutableBytes { bytes in
                unsafe recv(descriptor, bytes.baseAddress, bytes.count, 0)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Problem(.unavailable, "the server closed a connection") }
            pending.append(contentsOf: buffer[..<count])
        }
    }

    private func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { all in
                let rest = unsafe UnsafeRawBufferPointer(rebasing: all[sent...])
                return unsafe Glibc.send(descriptor, rest.baseAddress, rest.count, Int32(MSG_NOSIGNAL))
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Problem(.unavailable, "the server closed a connection") }
            sent += count
        }
    }

    /// Where the head ends, its status and the length of what follows; nil while it is not whole.
    private static func head(_ bytes: [UInt8]) throws -> (end: Int, status: Int, length: Int)? {
        guard let end = bytes.firstRange(of: Array("\r\n\r\n".utf8)) else { return nil }
        let text = String(decoding: bytes[..<end.lowerBound], as: UTF8.self)
        let lines = text.split(separator: "\r\n")
        let words = lines.first?.split(separator: " ") ?? []
        let length = lines.dropFirst().compactMap { line -> Int? in
            let parts = line.split(separator: ":", maxSplits: 1)
            guard parts.count == 2, parts[0].lowercased() == "content-length" else { return nil }
            return Int(parts[1].trimmingCharacters(in: .whitespaces))
        }.first
        guard words.count > 1, let status = Int(words[1]), let length else {
            throw Problem(.internal, "an answer without status or Content-Length: \(text.prefix(80))")
        }
        return (end.upperBound, status, length)
    }
}
