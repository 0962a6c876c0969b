import Foundation
import Glibc
import Values

/// One kept-alive connection of the load on ingest: sends whole requests, and counts what the events were answered.
///
/// It shares the machine with what it measures, so it does as little as possible.
struct IngestBenchConnection: ~Copyable {
    /// What came back for a request.
    struct Answer {
        var status = 0
        var accepted = 0
        var duplicate = 0
        /// Conflicts and rejections, which the benchmark never provokes.
        var other = 0
    }

    private let descriptor: Int32
    private var buffer = [UInt8](repeating: 0, count: 1 << 18)
    private var filled = 0

    init(port: Int) throws {
        descriptor = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
        guard descriptor >= 0 else { throw Problem(.internal, "a socket cannot be opened") }
        var address = sockaddr_in()
        address.sin_family = sa_family_t(AF_INET)
        address.sin_port = in_port_t(UInt16(truncatingIfNeeded: port)).bigEndian
        address.sin_addr.s_addr = UInt32(0x7F00_0001).bigEndian
        var on: Int32 = 1
        _ = unsafe setsockopt(descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &on, socklen_t(MemoryLayout<Int32>.size))
        let connected = unsafe withUnsafePointer(to: &address) { pointer in
            unsafe pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
                unsafe connect(descriptor, generic, socklen_t(MemoryLayout<sockaddr_in>.size))
            }
        }
        guard connected == 0 else {
            close(descriptor)
            throw Problem(.unavailable, "nothing answers on port \(port)")
        }
    }

    deinit { close(descriptor) }

    /// Sends a request and reads the whole answer.
    mutating func exchange(_ request: [UInt8]) throws -> Answer {
        try send(request)
        filled = 0
        while true {
            try fill()
            guard let head = find("\r\n\r\n", from: 0) else { continue }
            guard let name = find("ontent-Length: ", from: 0) ?? find("ontent-length: ", from: 0), name < head else {
                throw Problem(.internal, "an answer without Content-Length")
            }
            let whole = head + 4 + number(at: name + 15)
            while filled < whole { try fill() }
            return count(from: head + 4, status: number(at: 9))
        }
    }

    private mutating func fill() throws {
        if filled == buffer.count { buffer += [UInt8](repeating: 0, count: buffer.count) }
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes { bytes in
                unsafe recv(descriptor, bytes.baseAddress.map { unsafe $0 + filled }, bytes.count - filled, 0)
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Problem(.unavailable, "the server closed a connection") }
            filled += count
            return
        }
    }

    private func send(_ bytes: [UInt8]) throws {
        var sent = 0
        while sent < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { all in
                unsafe Glibc.send(
                    descriptor,
                    all.baseAddress.map { unsafe $0 + sent },
                    all.count - sent,
                    Int32(MSG_NOSIGNAL)
                )
            }
            if count < 0, errno == EINTR { continue }
            guard count > 0 else { throw Problem(.unavailable, "the server closed a connection") }
            sent += count
        }
    }

    private func find(_ text: StaticString, from start: Int) -> Int? {
        unsafe buffer.withUnsafeBytes { bytes in
            guard let base = bytes.baseAddress else { return nil }
            var place = start
            while place + text.utf8CodeUnitCount <= filled {
                let rest = filled - place
                guard let found = unsafe memchr(base + place, Int32(text.utf8Start.pointee), rest) else { return nil }
                place = unsafe UnsafeRawPointer(found) - base
                guard place + text.utf8CodeUnitCount <= filled else { return nil }
                if unsafe memcmp(found, text.utf8Start, text.utf8CodeUnitCount) == 0 { return place }
                place += 1
            }
            return nil
        }
    }

    private func number(at start: Int) -> Int {
        var value = 0
        var index = start
        while index < filled, buffer[index] &- UInt8(ascii: "0") < 10 {
            value = value * 10 + Int(buffer[index] - UInt8(ascii: "0"))
            index += 1
        }
        return value
    }

    private func count(from start: Int, status: Int) -> Answer {
        var answer = Answer(status: status)
        var place = start
        while let found = find("outcome\":\"", from: place) {
            switch buffer[found + 10] {
            case UInt8(ascii: "a"): answer.accepted += 1
            case UInt8(ascii: "d"): answer.duplicate += 1
            default: answer.other += 1
            }
            place = found + 11
        }
        return answer
    }
}
