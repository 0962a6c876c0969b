/// Binds as NUL-terminated text in one buffer, with the pointers libpq wants.
struct BindBuffer {
    private var bytes: [CChar] = []
    private var offsets: [Int?] = []

    /// Refuses a bind that holds a NUL byte: libpq would cut it there without a word.
    init(_ binds: [String?]) throws(PostgresError) {
        offsets.reserveCapacity(binds.count)
        for bind in binds {
            guard let bind else {
                offsets.append(nil)
                continue
            }
            offsets.append(bytes.count)
            let start = bytes.count
            bytes.append(contentsOf: bind.utf8.lazy.map { CChar(bitPattern: $0) })
            guard !bytes[start...].contains(0) else {
                throw PostgresError(.unstorable, "a text with a NUL character cannot be stored")
            }
            bytes.append(0)
        }
    }

    func withPointers(
        _ body: (_ count: Int32, _ values: UnsafePointer<UnsafePointer<CChar>?>?) -> Int32
    ) -> Int32 {
        unsafe bytes.withUnsafeBufferPointer { buffer in
            guard let base = buffer.baseAddress else {
                let nulls = unsafe [UnsafePointer<CChar>?](repeating: nil, count: offsets.count)
                return unsafe nulls.withUnsafeBufferPointer { unsafe body(Int32(offsets.count), $0.baseAddress) }
            }
            let pointers = unsafe offsets.map { offset in unsafe offset.map { unsafe base + $0 } }
            return unsafe pointers.withUnsafeBufferPointer { unsafe body(Int32(offsets.count), $0.baseAddress) }
        }
    }
}
