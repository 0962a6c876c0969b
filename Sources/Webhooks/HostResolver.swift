import Dispatch
import Glibc
import Values

/// Finds the addresses of a host's name.
package enum HostResolver {
    /// What a name server or the system said.
    package struct Failure: Error, Hashable {
        package let message: String

        package init(_ message: String) { self.message = message }
    }

    /// The system's resolver waits for name servers: it has threads of its own.
    private static let queue = DispatchQueue(label: "webhook host names", attributes: .concurrent)

    /// The addresses of a name, in the order in which the system would try them.
    ///
    /// Cancelled, it ends at once; the system's call ends by itself.
    ///
    /// - Throws: `Failure`; `CancellationError`.
    package static func addresses(of host: String) async throws -> [IPAddress] {
        let (results, continuation) = AsyncStream<Result<[IPAddress], Failure>>.makeStream()
        queue.async {
            continuation.yield(Result { () throws(Failure) in try look(up: host) })
            continuation.finish()
        }
        for await result in results { return try result.get() }
        throw CancellationError()
    }

    private static func look(up host: String) throws(Failure) -> [IPAddress] {
        var hints = unsafe addrinfo()
        unsafe hints.ai_socktype = Int32(SOCK_STREAM.rawValue)
        unsafe hints.ai_flags = AI_ADDRCONFIG
        var list: UnsafeMutablePointer<addrinfo>?
        let status = unsafe getaddrinfo(host, nil, &hints, &list)
        guard status == 0 else { throw Failure(unsafe String(cString: gai_strerror(status))) }
        defer { unsafe freeaddrinfo(list) }
        var addresses: [IPAddress] = []
        var next = unsafe list
        while let entry = unsafe next {
            if let address = unsafe address(entry.pointee), !addresses.contains(address) { addresses.append(address) }
            unsafe next = entry.pointee.ai_next
        }
        return addresses
    }

    private static func address(_ entry: addrinfo) -> IPAddress? {
        guard let pointer = unsafe entry.ai_addr else { return nil }
        let raw = UnsafeRawPointer(pointer)
        switch unsafe entry.ai_family {
        case AF_INET:
            let address = unsafe raw.loadUnaligned(as: sockaddr_in.self)
            return .v4(UInt32(bigEndian: address.sin_addr.s_addr))
        case AF_INET6:
            var address = unsafe raw.loadUnaligned(as: sockaddr_in6.self)
            let bytes = unsafe withUnsafeBytes(of: &address.sin6_addr) { bytes in unsafe Array(bytes) }
            return IPAddress(bytes: bytes)
        default: return nil
        }
    }
}
