import Glibc
import Values

/// The task `detect_language`.
struct LanguageTask: TextComputation {
    let input: String

    init(_ fields: inout JSONFields) throws(Problem) {
        input = try TextWords.text("input", &fields)
    }

    func output() -> JSONValue {
        let guess = LanguageGuess(input)
        return [
            "language": .string(guess.language),
            "confidence": .double((guess.confidence * 10_000).rounded() / 10_000),
        ]
    }
}

/// Which language a text is in: by its script where one script means one language, else by the words that every
/// sentence needs, by letters that few languages have, and by the triplets of letters of those words.
struct LanguageGuess: Hashable, Sendable {
    /// ISO 639-1; `und` if the text has no letters.
    let language: String
    /// From 0 to 1.
    let confidence: Double

    /// So many letters are looked at.
    private static let limit = 4_000

    init(_ text: String) {
        let letters = Array(text.unicodeScalars.lazy.filter(\.properties.isAlphabetic).prefix(Self.limit))
        guard !letters.isEmpty else {
            (language, confidence) = ("und", 0)
            return
        }
        var counts: [LanguageScript: Int] = [:]
        for letter in letters { counts[LanguageScript(letter), default: 0] += 1 }
        // One Japanese sentence in two has more Chinese characters than its own.
        let kana = counts[.kana] ?? 0
        if kana * 10 >= letters.count, let han = counts.removeValue(forKey: .han) { counts[.kana, default: 0] += han }
        let main = counts.max { ($0.value, $1.key.rawValue) < ($1.value, $0.key.rawValue) }
        let script = main?.key ?? .latin
        let share = Double(main?.value ?? 0) / Double(letters.count)
        let candidates = script.languages
        guard candidates.count > 1 else {
            (language, confidence) = (candidates.first ?? "und", share)
            return
        }
        let scores = Self.scores(String(text.prefix(Self.limit)), among: candidates)
        let best = scores.max { ($0.value, $1.key) < ($1.value, $0.key) }
        let top = best?.value ?? 0
        let total = scores.values.reduce(0) { $0 + Glibc.exp($1 - top) }
        (language, confidence) = (best?.key ?? "und", share / total)
    }

    /// Logarithms of how well each language fits, up to a number that is the same for all.
    private static func scores(_ text: String, among languages: [String]) -> [String: Double] {
        let words = TextWords.words(text.lowercased()).map(\.text)
        let trigrams = words.flatMap(LanguageProfile.trigrams)
        // Of a long text the triplets would outweigh everything.
        let weight = 1 / max(1, Double(trigrams.count) / 60)
        var scores: [String: Double] = [:]
        for language in languages {
            guard let profile = LanguageProfile.all[language] else { continue }
            var score = trigrams.reduce(0) { $0 + profile.weight(ofTrigram: $1) } * weight * 0.35
            var hits = 0.0
            for word in words { hits += profile.weight(ofWord: word) }
            score += hits * 12 / max(4, Double(words.count).squareRoot() * 3)
            for scalar in text.unicodeScalars where profile.letters.contains(Character(scalar)) {
                score += 1.2 / max(1, Double(words.count) / 12)
            }
            for scalar in text.lowercased().unicodeScalars where scalar.value > 127 && scalar.properties.isAlphabetic {
                guard !profile.alphabet.contains(Character(scalar)) else { continue }
                score -= 1.5 / max(1, Double(words.count) / 12)
            }
            scores[language] = score
        }
        return scores
    }
}

/// The scripts that are told apart.
enum LanguageScript: String, Sendable {
    case latin, cyrillic, arabic, greek, hebrew, devanagari, bengali, tamil, telugu, gujarati, gurmukhi, kannada,
        malayalam, thai, lao, khmer, myanmar, sinhala, ethiopic, georgian, armenian, hangul, kana, han

    private static let ranges: [(ClosedRange<UInt32>, LanguageScript)] = [
        (0x370...0x3FF, .greek), (0x1F00...0x1FFF, .greek), (0x400...0x52F, .cyrillic), (0x530...0x58F, .armenian),
        (0x590...0x5FF, .hebrew), (0x600...0x77F, .arabic), (0xFB50...0xFDFF, .arabic), (0xFE70...0xFEFF, .arabic),
        (0x900...0x97F, .devanagari), (0x980...0x9FF, .bengali), (0xA00...0xA7F, .gurmukhi), (0xA80...0xAFF, .gujarati),
        (0xB80...0xBFF, .tamil), (0xC00...0xC7F, .telugu), (0xC80...0xCFF, .kannada), (0xD00...0xD7F, .malayalam),
        (0xD80...0xDFF, .sinhala), (0xE00...0xE7F, .thai), (0xE80...0xEFF, .lao), (0x1000...0x109F, .myanmar),
        (0x10A0...0x10FF, .georgian), (0x1200...0x139F, .ethiopic), (0x1780...0x17FF, .khmer),
        (0x1100...0x11FF, .hangul), (0x3130...0x318F, .hangul), (0xAC00...0xD7AF, .hangul), (0x3040...0x30FF, .kana),
        (0x3400...0x4DBF, .han), (0x4E00...0x9FFF, .han),
    ]

    init(_ scalar: Unicode.Scalar) {
        self = Self.ranges.first { $0.0.contains(scalar.value) }?.1 ?? .latin
    }

    /// The languages that are written in it.
    var languages: [String] {
        switch self {
        case .latin: LanguageProfile.latin
        case .cyrillic: ["ru", "uk", "bg", "sr"]
        case .arabic: ["ar", "fa", "ur"]
        case .greek: ["el"]
        case .hebrew: ["he"]
        case .devanagari: ["hi", "mr"]
        case .bengali: ["bn"]
        case .tamil: ["ta"]
        case .telugu: ["te"]
        case .gujarati: ["gu"]
        case .gurmukhi: ["pa"]
        case .kannada: ["kn"]
        case .malayalam: ["ml"]
        case .thai: ["th"]
        case .lao: ["lo"]
        case .khmer: ["km"]
        case .myanmar: ["my"]
        case .sinhala: ["si"]
        case .ethiopic: ["am"]
        case .georgian: ["ka"]
        case .armenian: ["hy"]
        case .hangul: ["ko"]
        case .kana: ["ja"]
        case .han: ["zh"]
        }
    }
}
