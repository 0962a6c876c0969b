/// 128 bits in two words.
///
/// What is stored in values is this and not `Int128`: with a 16-byte aligned member in an asynchronous function's frame
/// Swift 6.3.1 resumes at a null address (a closure that captures such a value across an await is enough).
struct Word128: Hashable, Sendable {
    private let high: Int64
    private let low: UInt64

    init(_ value: Int128) {
        high = Int64(truncatingIfNeeded: value >> 64)
        low = UInt64(truncatingIfNeeded: value)
    }

    var value: Int128 { Int128(high) << 64 | Int128(low) }
}
