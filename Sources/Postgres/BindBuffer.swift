/// Binds in one buffer, texts ended by a NUL, with the pointers, lengths and formats libpq wants.
struct BindBuffer {
    private var bytes: [UInt8] = []
    private var offsets: [Int?] = []
    /// Of binary values; libpq measures texts itself.
    private var lengths: [Int32] = []
    /// 0 is text, 1 is binary.
    private var formats: [Int32] = []

    /// Refuses a text that holds a NUL byte: libpq would cut it there without a word.
    init(_ binds: [SQL.Bind]) throws(PostgresError) {
        offsets.reserveCapacity(binds.count)
        lengths.reserveCapacity(binds.count)
        formats.reserveCapacity(binds.count)
        for bind in binds {
            switch bind {
            case .null: append(nil, length: 0, format: 0)
            case .text(let text):
                append(bytes.count, length: 0, format: 0)
                bytes.append(contentsOf: text.utf8)
                guard !text.utf8.contains(0) else {
                    throw PostgresError(.unstorable, "a text with a NUL character cannot be stored")
                }
                bytes.append(0)
            case .binary(let value):
                append(bytes.count, length: Int32(value.count), format: 1)
                bytes.append(contentsOf: value)
            }
        }
        // So that there is an address also where all values are empty.
        bytes.append(0)
    }

    private mutating func append(_ offset: Int?, length: Int32, format: Int32) {
        offsets.append(offset)
        lengths.append(length)
        formats.append(format)
    }

    func withPointers(
        _ body: (
            _ count: Int32, _ values: UnsafePointer<UnsafePointer<CChar>?>?, _ lengths: UnsafePointer<Int32>?,
            _ formats: UnsafePointer<Int32>?
        ) -> Int32
    ) -> Int32 {
        unsafe bytes.withUnsafeBytes { buffer in
            let base = unsafe buffer.assumingMemoryBound(to: CChar.self).baseAddress
            let pointers = unsafe offsets.map { offset in
                unsafe offset.flatMap { offset in unsafe base.map { unsafe $0 + offset } }
            }
            return unsafe pointers.withUnsafeBufferPointer { pointers in
                unsafe lengths.withUnsafeBufferPointer { lengths in
                    unsafe formats.withUnsafeBufferPointer { formats in
                        unsafe body(
                            Int32(offsets.count),
                            pointers.baseAddress,
                            lengths.baseAddress,
                            formats.baseAddress
                        )
                    }
                }
            }
        }
    }
}
