/// Pieces of sentences that can answer a question, as places of their words.
enum TextPieces {
    typealias Words = [TextWords.Word]

    private static let months: Set<String> = [
        "january", "february", "march", "april", "may", "june", "july", "august", "september", "october", "november",
        "december",
    ]
    private static let days: Set<String> = [
        "monday", "tuesday", "wednesday", "thursday", "friday", "saturday", "sunday", "today", "tomorrow", "yesterday",
        "noon", "midnight", "spring", "summer", "autumn", "winter",
    ]
    private static let hours: Set<String> = ["am", "pm", "a.m", "p.m", "o'clock", "bc", "ad", "bce", "ce", "century"]
    private static let small: Set<String> = [
        "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve", "twenty",
        "thirty", "forty", "fifty", "sixty", "hundred", "thousand", "million", "billion", "half", "dozen", "several",
    ]

    /// Dates, years and times of day.
    static func times(_ words: Words) -> [Range<Int>] {
        let isTime = words.indices.map { index -> Bool in
            let text = words[index].text.lowercased()
            if months.contains(text) { return text != "may" || words[index].isCapitalized }
            if days.contains(text) || hours.contains(text) { return true }
            guard words[index].isNumber else { return false }
            if text.contains(":") || isYear(text) || text.hasSuffix("s") && isYear(String(text.dropLast())) {
                return true
            }
            let isNextTo = [index - 1, index + 1].contains { other in
                guard words.indices.contains(other) else { return false }
                let neighbour = words[other].text.lowercased()
                return months.contains(neighbour) || hours.contains(neighbour)
            }
            return isNextTo
        }
        return joined(groups(words.count) { isTime[$0] }, words, by: ["and", "to", "until"])
    }

    /// Makes one of pieces that a single word of some stands between.
    private static func joined(_ pieces: [Range<Int>], _ words: Words, by links: Set<String>) -> [Range<Int>] {
        pieces.reduce(into: []) { joined, piece in
            guard let last = joined.last, piece.lowerBound == last.upperBound + 1,
                links.contains(words[last.upperBound].text.lowercased())
            else { return joined.append(piece) }
            joined[joined.count - 1] = last.lowerBound..<piece.upperBound
        }
    }

    private static func isYear(_ text: String) -> Bool {
        text.count == 4 && text.allSatisfy(\.isNumber) && ("1000"..."2100").contains(text)
    }

    /// Numbers with what they count.
    static func numbers(_ words: Words) -> [Range<Int>] {
        func isNumber(_ index: Int) -> Bool { words[index].isNumber || small.contains(words[index].text.lowercased()) }
        return groups(words.count, isNumber).map { group in
            let next = group.upperBound
            guard next < words.count, !words[next].isStopWord, !words[next].isCapitalized,
                words[next].range.lowerBound - words[next - 1].range.upperBound == 1
            else { return group }
            return group.lowerBound..<next + 1
        }
    }

    /// Names: words in capitals that do not only begin the sentence.
    static func names(_ words: Words, _ scalars: [Unicode.Scalar]) -> [Range<Int>] {
        let isName = words.indices.map { index -> Bool in
            guard words[index].isCapitalized, !words[index].isStopWord, words[index].text != "I" else { return false }
            return !months.contains(words[index].text.lowercased())
        }
        return groups(words.count) { index in
            if isName[index] { return true }
            // "Ludwig van Beethoven"
            let links: Set<String> = ["van", "von", "de", "da", "of", "der", "la", "bin"]
            return links.contains(words[index].text) && index > 0 && index + 1 < words.count && isName[index - 1]
                && isName[index + 1]
        }.flatMap { split($0, words, scalars) }
    }

    /// Names after "in", "at", "near" and the like; without names what follows these words.
    static func places(_ words: Words, _ scalars: [Unicode.Scalar]) -> [Range<Int>] {
        let leads: Set<String> = [
            "in", "at", "near", "from", "on", "to", "into", "inside", "under", "behind", "between", "outside",
            "through", "along", "beside", "above",
        ]
        let ends: Set<String> = ["and", "but", "where", "which", "that", "by", "with", "for", "since"]
        let times = times(words)
        func isTime(_ index: Int) -> Bool { times.contains { $0.contains(index) } }
        var found: [Range<Int>] = []
        for index in words.indices where leads.contains(words[index].text.lowercased()) {
            var end = index + 1
            let begin = end
            while end < words.count, !isTime(end), end == begin || isBeside(words, scalars, end) {
                let word = words[end].text.lowercased()
                if leads.contains(word) || ends.contains(word) { break }
                end += 1
            }
            let trimmed = trimmed(begin..<end, words)
            if !trimmed.isEmpty { found.append(trimmed) }
        }
        let named = found.filter { $0.contains { words[$0].isCapitalized } }
        // "the Champ de Mars in Paris"
        return named.isEmpty ? found : joined(named, words, by: leads)
    }

    /// What follows "because", "since", "due to", "in order to" and "so that".
    static func reasons(_ words: Words) -> [Range<Int>] {
        for index in words.indices {
            let pair = words[index...].prefix(2).map { $0.text.lowercased() }
            if pair.first == "because" { return [trimmed(index..<words.count, words, keepsFirst: true)] }
            if pair == ["due", "to"] || pair == ["so", "that"] || pair == ["thanks", "to"] {
                return [index..<words.count]
            }
            if pair == ["in", "order"] || pair.first == "since" && index > 0 { return [index..<words.count] }
        }
        for index in words.indices.dropFirst() where words[index].text.lowercased() == "to" {
            // "to keep warm" and not "to the city"
            if index + 1 < words.count, !words[index + 1].isStopWord, !words[index + 1].isCapitalized {
                return [index..<words.count]
            }
        }
        return []
    }

    /// Stretches of words that fulfil a condition, ended by commas and the like.
    static func runs(_ words: Words, _ scalars: [Unicode.Scalar], _ isIn: (Int) -> Bool) -> [Range<Int>] {
        groups(words.count, isIn).flatMap { split($0, words, scalars) }
    }

    /// Without the small words at both ends.
    static func trimmed(_ range: Range<Int>, _ words: Words, keepsFirst: Bool = false) -> Range<Int> {
        var (low, high) = (range.lowerBound, range.upperBound)
        let edges: Set<String> = [
            "is", "are", "was", "were", "be", "been", "being", "a", "an", "the", "of", "in", "on", "at", "by", "to",
            "and", "or", "for", "with", "has", "have", "had", "that", "which", "from", "as", "it", "its", "he",
            "she", "they", "called", "named", "known", "also", "who", "into", "did", "does", "do", "will",
        ]
        if !keepsFirst { while low < high, edges.contains(words[low].text.lowercased()) { low += 1 } }
        while high > low, edges.contains(words[high - 1].text.lowercased()) { high -= 1 }
        return low..<high
    }

    private static func groups(_ count: Int, _ isIn: (Int) -> Bool) -> [Range<Int>] {
        var groups: [Range<Int>] = []
        var start: Int?
        for index in 0...count {
            if index < count, isIn(index) {
                start = start ?? index
            } else if let begin = start {
                groups.append(begin..<index)
                start = nil
            }
        }
        return groups
    }

    /// Cuts a stretch where something else than spaces stands between words.
    private static func split(_ range: Range<Int>, _ words: Words, _ scalars: [Unicode.Scalar]) -> [Range<Int>] {
        var parts: [Range<Int>] = []
        var start = range.lowerBound
        for index in range where index > range.lowerBound && !isBeside(words, scalars, index) {
            parts.append(start..<index)
            start = index
        }
        parts.append(start..<range.upperBound)
        return parts
    }

    /// Whether only spaces, or the dot of a title or an initial, are between a word and the one before.
    private static func isBeside(_ words: Words, _ scalars: [Unicode.Scalar], _ index: Int) -> Bool {
        guard index > 0 else { return false }
        let between = scalars[words[index - 1].range.upperBound..<words[index].range.lowerBound]
        return between.allSatisfy { $0 == " " || $0 == "." }
    }
}
