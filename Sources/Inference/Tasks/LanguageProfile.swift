import Glibc

/// What a language is known by: words that hardly any sentence goes without, and its letters.
struct LanguageProfile: Sendable {
    /// The words, each with its share of the weight: the fewer languages have it, the more it says.
    private let words: Set<String>
    private let trigramCounts: [String: Int]
    private let trigramTotal: Int
    /// Its letters beside those of ASCII; nothing is said of them if it is empty.
    let alphabet: Set<Character>
    /// Letters that few other languages have.
    let letters: Set<Character>

    /// `words`: with spaces between them, the usual ones of everyday texts.
    init(_ words: String, alphabet: String, letters: String) {
        let list = words.split(whereSeparator: \.isWhitespace).map(String.init)
        self.words = Set(list)
        var counts: [String: Int] = [:]
        for word in list { for trigram in Self.trigrams(word) { counts[trigram, default: 0] += 1 } }
        trigramCounts = counts
        trigramTotal = counts.values.reduce(0, +)
        self.letters = Set(letters)
        self.alphabet = Set(alphabet)
    }

    /// All languages that words tell apart.
    static let all = part1.merging(part2) { first, _ in first }

    /// Those that are written with Latin letters.
    static let latin = [
        "en", "de", "fr", "es", "it", "pt", "nl", "sv", "da", "no", "fi", "pl", "cs", "sk", "ro", "hu",
        "tr", "vi", "id", "ca", "hr", "sl", "et", "lv", "lt",
    ]

    /// In how many languages each word is usual.
    private static let spread: [String: Int] = all.values.reduce(into: [:]) { spread, profile in
        for word in profile.words { spread[word, default: 0] += 1 }
    }

    func weight(ofWord word: String) -> Double {
        words.contains(word) ? 1 / Double(Self.spread[word] ?? 1).squareRoot() : 0
    }

    /// The logarithm of how usual three letters are, next to three that are not.
    func weight(ofTrigram trigram: String) -> Double {
        Glibc.log((Double(trigramCounts[trigram] ?? 0) + 0.2) / (Double(trigramTotal) + 200) * 400)
    }

    /// A word's triplets of letters, its borders as spaces.
    static func trigrams(_ word: String) -> [String] {
        let characters = Array(" \(word) ")
        guard characters.count >= 3 else { return [] }
        return (0...characters.count - 3).map { String(characters[$0..<$0 + 3]) }
    }
}
