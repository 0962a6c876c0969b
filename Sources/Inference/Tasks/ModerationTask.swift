import Values

/// The task `moderate`.
struct ModerationTask: TextComputation {
    let input: String

    init(_ fields: inout JSONFields) throws(Problem) {
        input = try TextWords.text("input", &fields)
    }

    func output() -> JSONValue {
        let found = Moderation(input)
        var categories = JSONObject()
        for category in ModerationCategory.allCases {
            categories[category.rawValue] = .double(found.scores[category] ?? 0)
        }
        return ["flagged": .bool(found.isFlagged), "categories": .object(categories)]
    }
}

/// What texts are looked at for; the names are OpenAI's.
package enum ModerationCategory: String, CaseIterable, Sendable {
    case harassment
    case threat = "harassment/threatening"
    case hate
    case hateThreat = "hate/threatening"
    case illicit
    case illicitViolent = "illicit/violent"
    case selfHarm = "self-harm"
    case selfHarmIntent = "self-harm/intent"
    case selfHarmInstructions = "self-harm/instructions"
    case sexual
    case sexualMinors = "sexual/minors"
    case violence
    case graphicViolence = "violence/graphic"
}

/// Whether a text is one that should be looked at, by lists of words and turns of phrase in English.
///
/// It sees what is said outright and nothing of what is meant: no irony, no quotation, no other language.
package struct Moderation: Hashable, Sendable {
    /// From this score on a category is flagged.
    package static let threshold = 0.5

    /// From 0 to 1; only those above 0.
    package let scores: [ModerationCategory: Double]

    /// Whether any category is flagged.
    package var isFlagged: Bool { scores.values.contains { $0 >= Self.threshold } }

    /// Looks at a text.
    package init(_ text: String) {
        let words = TextWords.words(Self.plain(text)).map { $0.text.lowercased() }
        var scores: [ModerationCategory: Double] = [:]
        for rule in ModerationLexicon.rules {
            let hits = rule.count(in: words)
            guard hits > 0 else { continue }
            for category in rule.categories {
                // Each hit leaves so much of the doubt.
                var doubt = 1 - (scores[category] ?? 0)
                for _ in 0..<min(hits, 3) { doubt *= 1 - rule.weight }
                scores[category] = ((1 - doubt) * 10_000).rounded() / 10_000
            }
        }
        self.scores = scores
    }

    /// Letters instead of the digits and signs that stand for them.
    private static func plain(_ text: String) -> String {
        text.split(separator: " ", omittingEmptySubsequences: false).map { word in
            let isMixed = word.contains(where: \.isLetter) && word.contains { "0134@$5".contains($0) }
            guard isMixed, word.count <= 20 else { return String(word) }
            return String(word.map { swaps[$0] ?? $0 })
        }.joined(separator: " ")
    }

    private static let swaps: [Character: Character] = [
        "0": "o", "1": "i", "3": "e", "4": "a", "@": "a", "$": "s", "5": "s",
    ]
}

/// A word or a turn of phrase, and what it says.
struct ModerationRule: Sendable {
    /// Word by word: `a|b` is either, `word*` any with that beginning, `_` any one, `...` up to four of any.
    private let steps: [Step]
    let categories: [ModerationCategory]
    /// How sure one hit makes, from 0 to 1.
    let weight: Double

    private enum Step: Sendable {
        case word(Set<String>, prefixes: [String])
        case any
        case gap
    }

    init(_ pattern: String, _ categories: [ModerationCategory], _ weight: Double) {
        self.categories = categories
        self.weight = weight
        steps = pattern.split(separator: " ").map { part in
            if part == "_" { return .any }
            if part == "..." { return .gap }
            let choices = part.split(separator: "|").map(String.init)
            return .word(
                Set(choices.filter { !$0.hasSuffix("*") }),
                prefixes: choices.filter { $0.hasSuffix("*") }.map { String($0.dropLast()) }
            )
        }
    }

    func count(in words: [String]) -> Int {
        words.indices.reduce(0) { $0 + (isMatch(words[$1...], steps[...]) ? 1 : 0) }
    }

    private func isMatch(_ words: ArraySlice<String>, _ steps: ArraySlice<Step>) -> Bool {
        guard let step = steps.first else { return true }
        switch step {
        case .gap: return (0...4).contains { isMatch(words.dropFirst($0), steps.dropFirst()) }
        case .any: return !words.isEmpty && isMatch(words.dropFirst(), steps.dropFirst())
        case .word(let exact, let prefixes):
            guard let word = words.first else { return false }
            guard exact.contains(word) || prefixes.contains(where: word.hasPrefix) else { return false }
            return isMatch(words.dropFirst(), steps.dropFirst())
        }
    }
}
