import BigInt

extension BigInt {
    /// A whole number of 128 bits.
    ///
    /// Goes through the magnitude's two words: the generic conversions between `BigInt` and `Int128` are off by 2^64
    /// for some negative numbers (BigInt 6.0.1 with Swift 6.3.1).
    init(wide value: Int128) {
        let magnitude = value.magnitude
        let low = UInt(truncatingIfNeeded: magnitude)
        let high = UInt(truncatingIfNeeded: magnitude >> 64)
        self.init(sign: value < 0 ? .minus : .plus, magnitude: BigUInt(words: [low, high]))
    }

    /// The same in 128 bits; nil if its magnitude has more than 127 bits.
    var int128: Int128? {
        guard magnitude.bitWidth <= 127 else { return nil }
        let words = Array(magnitude.words)
        let low = words.count > 0 ? Int128(words[0]) : 0
        let high = words.count > 1 ? Int128(words[1]) : 0
        let value = high << 64 | low
        return sign == .minus ? -value : value
    }
}
