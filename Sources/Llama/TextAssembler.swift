/// Makes text of the bytes that tokens stand for.
///
/// Pure.
///
/// A token may be a part of a character, and a stop text may begin in one token and end in another. So bytes are held
/// back while they may be the beginning of a character or of a stop text, and never longer.
struct TextAssembler: Sendable {
    private let stops: [[UInt8]]
    private var held: [UInt8] = []
    /// Whether a stop text has come; nothing follows it.
    private(set) var isStopped = false

    init(stops: [String]) {
        self.stops = stops.map { Array($0.utf8) }
    }

    /// Takes bytes and returns the text that is certain.
    mutating func append(_ bytes: [UInt8]) -> String {
        guard !isStopped else { return "" }
        held += bytes
        if let stop = firstStop() {
            isStopped = true
            let text = String(decoding: held[..<stop], as: UTF8.self)
            held = []
            return text
        }
        return release(held.count - max(unfinishedCharacter, unfinishedStop))
    }

    /// The rest, when nothing more comes.
    ///
    /// A character that never was finished becomes U+FFFD.
    mutating func finish() -> String {
        release(held.count)
    }

    private mutating func release(_ count: Int) -> String {
        // Whatever held back is longer may cut a character: then this one waits, too.
        let end = Self.characterBoundary(held, at: count)
        let text = String(decoding: held[..<end], as: UTF8.self)
        held.removeFirst(end)
        return text
    }

    /// Where the stop text that ends first begins.
    private func firstStop() -> Int? {
        var best: (start: Int, end: Int)?
        for stop in stops where stop.count <= held.count {
            for start in 0...(held.count - stop.count) where held[start...].starts(with: stop) {
                let found = (start: start, end: start + stop.count)
                if let current = best, (current.end, current.start) <= (found.end, found.start) { break }
                best = found
                break
            }
        }
        return best?.start
    }

    /// Length of the longest end of `held` that begins a stop text.
    private var unfinishedStop: Int {
        let longest = stops.map { min($0.count - 1, held.count) }.max() ?? 0
        for length in stride(from: longest, to: 0, by: -1) {
            let end = held.suffix(length)
            if stops.contains(where: { $0.count > length && $0.starts(with: end) }) {
                return length
            }
        }
        return 0
    }

    /// Length of the character begun at the end of `held`, if it may still be finished.
    private var unfinishedCharacter: Int {
        for length in 1...3 where length <= held.count {
            let byte = held[held.count - length]
            if byte & 0xC0 == 0x80 { continue }
            let needed =
                switch byte {
                case 0xC2...0xDF: 2
                case 0xE0...0xEF: 3
                case 0xF0...0xF4: 4
                default: 1
                }
            return needed > length ? length : 0
        }
        return 0
    }

    /// The last place at or before `index` where no character is cut.
    private static func characterBoundary(_ bytes: [UInt8], at index: Int) -> Int {
        guard index < bytes.count else { return bytes.count }
        var boundary = index
        while boundary > 0, index - boundary < 4, bytes[boundary] & 0xC0 == 0x80 {
            boundary -= 1
        }
        return bytes[boundary] & 0xC0 == 0x80 ? index : boundary
    }
}
