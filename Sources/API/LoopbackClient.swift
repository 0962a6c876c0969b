import Foundation
package import Values

/// A small HTTP/1.1 client for this machine's own server: one connection that is kept, blocking, for one thread at
/// a time.
///
/// What measures and demonstrates the server speaks to it as any client does.
package final class LoopbackClient {
    /// What came back.
    package struct Answer {
        package let status: Int
        /// Names in lower case.
        package let headers: [String: String]
        package let body: [UInt8]

        /// The body as JSON.
        package func json() throws(Problem) -> JSONValue { try JSONValue(parsing: body) }
    }

    private let port: Int
    private let key: String?
    private var descriptor: Int32 = -1
    private var received: [UInt8] = []

    /// A client of the server at a port of 127.0.0.1.
    ///
    /// The secret of a key, if there is one, goes with every request.
    package init(port: Int, key: String? = nil) {
        self.port = port
        self.key = key
    }

    deinit { if descriptor >= 0 { close(descriptor) } }

    /// Sends a request and reads its answer; a body is sent as JSON.
    package func call(
        _ method: String,
        _ path: String,
        _ body: JSONValue? = nil,
        headers: [String: String] = [:]
    ) throws -> Answer {
        if descriptor < 0 { try connect() }
        let bytes = body.map { Array($0.text.utf8) } ?? []
        var head = "\(method) \(path) HTTP/1.1\r\nHost: 127.0.0.1:\(port)\r\nContent-Length: \(bytes.count)\r\n"
        if body != nil { head += "Content-Type: application/json\r\n" }
        if let key { head += "Authorization: Bearer \(key)\r\n" }
        for (name, value) in headers { head += "\(name): \(value)\r\n" }
        do {
            try send(Array((head + "\r\n").utf8) + bytes)
            let answer = try receive()
            if answer.headers["connection"]?.lowercased() == "close" { disconnect() }
            return answer
        } catch {
            disconnect()
            throw error
        }
    }

    private func disconnect() {
        close(descriptor)
        descriptor = -1
        received = []
    }

    private func connect() throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw failure("no socket can be made") }
        var on: Int32 = 1
        // Small requests must not wait for the acknowledgement of the last answer.
        _ = unsafe setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(port)).bigEndian
        address.sin_addr.s_addr = in_addr_t(0x7F00_0001).bigEndian
        let size = socklen_t(MemoryLayout<sockaddr_in>.size)
        let result = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
                unsafe Glibc.connect(descriptor, $0, size)
            }
        }
        guard result == 0 else {
            close(descriptor)
            descriptor = -1
            throw failure("nobody listens on port \(port)")
        }
    }

    private func send(_ bytes: [UInt8]) throws {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = unsafe rest.withUnsafeBytes { unsafe write(descriptor, $0.baseAddress, $0.count) }
            guard count > 0 else { throw failure("the server closed the connection") }
            rest = rest.dropFirst(count)
        }
    }

    private func receive() throws -> Answer {
        let head = try readHead()
        let lines = head.components(separatedBy: "\r\n")
        let words = lines[0].split(separator: " ")
        guard words.count >= 2, let status = Int(words[1]) else { throw failure("the answer is not HTTP") }
        var headers: [String: String] = [:]
        for line in lines.dropFirst() {
            guard let colon = line.firstIndex(of: ":") else { continue }
            headers[line[..<colon].lowercased()] = line[line.index(after: colon)...].trimmingCharacters(
                in: .whitespaces
            )
        }
        let body: [UInt8]
        if headers["transfer-encoding"]?.lowercased() == "chunked" {
            body = try readChunks()
        } else {
            body = try take(headers["content-length"].flatMap(Int.init) ?? 0)
        }
        return Answer(status: status, headers: headers, body: body)
    }

    private func readHead() throws -> String {
        let end = Array("\r\n\r\n".utf8)
        var scanned = 0
        while true {
            if received.count >= end.count {
                for index in max(0, scanned - 3)...(received.count - end.count)
                where received[index..<index + end.count].elementsEqual(end) {
                    let head = String(decoding: received[..<index], as: UTF8.self)
                    received.removeFirst(index + end.count)
                    return head
                }
                scanned = received.count
            }
            try fill()
        }
    }

    private func readChunks() throws -> [UInt8] {
        var body: [UInt8] = []
        while true {
            var line: [UInt8] = []
            while !line.suffix(2).elementsEqual([13, 10]) { line += try take(1) }
            guard let size = Int(String(decoding: line.dropLast(2), as: UTF8.self), radix: 16) else {
                throw failure("a chunk of the answer has no size")
            }
            body += try take(size)
            _ = try take(2)
            if size == 0 { return body }
        }
    }

    private func take(_ count: Int) throws -> [UInt8] {
        while received.count < count { try fill() }
        defer { received.removeFirst(count) }
        return Array(received.prefix(count))
    }

    private func fill() throws {
        var buffer = [UInt8](repeating: 0, count: 1 << 16)
        let count = unsafe buffer.withUnsafeMutableBytes { unsafe read(descriptor, $0.baseAddress, $0.count) }
        guard count > 0 else { throw failure("the server closed the connection") }
        received += buffer[..<count]
    }

    private func failure(_ why: String) -> Problem { Problem(.unavailable, "127.0.0.1:\(port): \(why)") }
}

/// Runs blocking work on a thread of its own, so that it does not hold one of the few that run tasks.
package func onOwnThread<Value: Sendable>(_ work: @escaping @Sendable () throws -> Value) async throws -> Value {
    try await withCheckedThrowingContinuation { continuation in
        Thread.detachNewThread { continuation.resume(with: Result { try work() }) }
    }
}
