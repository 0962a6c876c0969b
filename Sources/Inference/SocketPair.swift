import Glibc

/// A failed system call, in words.
package struct SystemCallError: Error, CustomStringConvertible {
    package let description: String

    package init(_ call: String) {
        description = "\(call) failed: \(unsafe String(cString: strerror(errno)))"
    }
}

/// Two connected ends of a local stream, neither of which other children inherit.
package struct SocketPair {
    package let ours: Int32
    package let theirs: Int32

    /// Opens them.
    ///
    /// - Throws: If no descriptors are left.
    package init() throws(SystemCallError) {
        var ends: [Int32] = [-1, -1]
        let type = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
        guard unsafe socketpair(AF_UNIX, type, 0, &ends) == 0 else { throw SystemCallError("socketpair") }
        ours = ends[0]
        theirs = ends[1]
    }

    func close() {
        Glibc.close(ours)
        Glibc.close(theirs)
    }
}

/// One end of a stream of lines, without blocking: what cannot be written now is kept, what has arrived is cut up.
package struct LineSocket {
    /// What a read brought.
    package enum Arrival {
        case lines([[UInt8]])
        case endOfFile
        /// A line beyond the bound: the other side does not speak our language.
        case oversized
    }

    private static let maximumLineBytes = 32 << 20

    package let descriptor: Int32
    private var partial: [UInt8] = []

    package init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// Reads what has arrived and returns the lines that are whole; waits for nothing.
    package mutating func receive() -> Arrival {
        var lines: [[UInt8]] = []
        var buffer = [UInt8](repeating: 0, count: 65536)
        while true {
            let count = unsafe buffer.withUnsafeMutableBytes { bytes in
                unsafe recv(descriptor, bytes.baseAddress, bytes.count, Int32(MSG_DONTWAIT))
            }
            if count > 0 {
                cut(buffer[..<count], into: &lines)
                guard partial.count <= Self.maximumLineBytes else { return .oversized }
            } else if count == 0 || ![EAGAIN, EWOULDBLOCK, EINTR].contains(errno) {
                // What came before the end still counts; the end is seen again at the next read.
                return lines.isEmpty ? .endOfFile : .lines(lines)
            } else if errno != EINTR {
                return .lines(lines)
            }
        }
    }

    private mutating func cut(_ bytes: ArraySlice<UInt8>, into lines: inout [[UInt8]]) {
        var rest = bytes
        while let end = rest.firstIndex(of: UInt8(ascii: "\n")) {
            lines.append(partial + rest[..<end])
            partial.removeAll(keepingCapacity: true)
            rest = rest[(end + 1)...]
        }
        partial.append(contentsOf: rest)
    }

    /// Writes as much of `bytes` as goes without waiting and removes it; false if the other side is gone.
    package func send(_ bytes: inout [UInt8]) -> Bool {
        var sent = 0
        defer { bytes.removeFirst(sent) }
        while sent < bytes.count {
            let count = unsafe bytes.withUnsafeBytes { all in
                let rest = unsafe UnsafeRawBufferPointer(rebasing: all[sent...])
                let flags = Int32(MSG_DONTWAIT) | Int32(MSG_NOSIGNAL)
                return unsafe Glibc.send(descriptor, rest.baseAddress, rest.count, flags)
            }
            if count > 0 {
                sent += count
            } else if errno != EINTR {
                return errno == EAGAIN || errno == EWOULDBLOCK
            }
        }
        return true
    }
}
