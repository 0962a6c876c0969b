/// A set of Unicode scalars as sorted ranges that do not touch.
///
/// Pure.
struct CharacterRanges: Hashable, Sendable {
    private(set) var ranges: [ClosedRange<UInt32>]

    /// Every scalar; surrogates are none.
    static let all = CharacterRanges([0...0xD7FF, 0xE000...0x10FFFF])
    /// What may stand in a JSON string as it is; U+007F is left out though it may.
    static let plain = CharacterRanges([0x20...0x21, 0x23...0x5B, 0x5D...0x7E, 0x80...0xD7FF, 0xE000...0x10FFFF])
    static let digits = CharacterRanges([0x30...0x39])

    /// Takes ranges in any order, also overlapping ones.
    init(_ ranges: [ClosedRange<UInt32>]) {
        self.ranges = []
        for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) {
            if let last = self.ranges.last, range.lowerBound <= last.upperBound &+ 1 {
                let end = max(last.upperBound, range.upperBound)
                self.ranges[self.ranges.count - 1] = last.lowerBound...end
            } else {
                self.ranges.append(range)
            }
        }
    }

    /// One scalar.
    init(_ scalar: Unicode.Scalar) {
        ranges = [scalar.value...scalar.value]
    }

    var isEmpty: Bool { ranges.isEmpty }

    func contains(_ scalar: UInt32) -> Bool {
        ranges.contains { $0.contains(scalar) }
    }

    func union(_ other: CharacterRanges) -> CharacterRanges {
        CharacterRanges(ranges + other.ranges)
    }

    func intersection(_ other: CharacterRanges) -> CharacterRanges {
        var common: [ClosedRange<UInt32>] = []
        for left in ranges {
            for right in other.ranges where left.overlaps(right) { common.append(left.clamped(to: right)) }
        }
        return CharacterRanges(common)
    }

    /// All scalars that are not in it.
    var inverted: CharacterRanges {
        var gaps: [ClosedRange<UInt32>] = []
        var next: UInt32 = 0
        for range in ranges {
            if range.lowerBound > next { gaps.append(next...range.lowerBound - 1) }
            next = range.upperBound + 1
        }
        if next <= 0x10FFFF { gaps.append(next...0x10FFFF) }
        return CharacterRanges(gaps).intersection(.all)
    }
}
