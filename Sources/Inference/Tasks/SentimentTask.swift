import Values

/// How kind a text is, by VADER's rules (C.
///
/// J. Hutto, 2014): the valences of its words, changed by those before them.
struct VaderSentiment: Sendable {
    /// From −1 to 1.
    let score: Double

    private static let negation = -0.74
    private static let emphasis = 0.733

    init(_ text: String) {
        let tokens = Self.tokens(text)
        let lower = tokens.map { $0.lowercased().replacing("’", with: "'") }
        let isShouted = tokens.contains(where: Self.isShouted) && !tokens.allSatisfy(Self.isShouted)
        var valences = lower.indices.map { index in
            Self.valence(index, tokens, lower, isShouted: isShouted)
        }
        // What comes after the turn weighs more.
        if let but = lower.lastIndex(where: { $0 == "but" || $0 == "however" }) {
            for index in valences.indices where index != but { valences[index] *= index < but ? 0.5 : 1.5 }
        }
        var sum = valences.reduce(0, +)
        let marks = Double(min(4, text.count { $0 == "!" })) * 0.292
        if sum > 0 { sum += marks } else if sum < 0 { sum -= marks }
        score = sum == 0 ? 0 : max(-1, min(1, sum / (sum * sum + 15).squareRoot()))
    }

    private static func tokens(_ text: String) -> [String] {
        text.split(whereSeparator: \.isWhitespace).map { token in
            func isEdge(_ character: Character) -> Bool { !character.isLetter && !character.isNumber }
            let stripped = token.drop(while: isEdge)
            let core = stripped.reversed().drop(while: isEdge).reversed()
            return core.count <= 2 && VaderLexicon.valences[token.lowercased()] != nil ? String(token) : String(core)
        }.filter { !$0.isEmpty }
    }

    private static func isShouted(_ word: String) -> Bool {
        word.count > 1 && word.contains(where: \.isLetter) && word == word.uppercased()
    }

    private static func known(_ word: String) -> Double? {
        VaderLexicon.additions[word] ?? VaderLexicon.valences[word]
    }

    private static func valence(_ index: Int, _ tokens: [String], _ lower: [String], isShouted: Bool) -> Double {
        let word = lower[index]
        if let phrase = phrase(endingAt: index, lower) {
            return phrase.valence * (isNegated(phrase.start, lower) ? negation : 1)
        }
        guard VaderLexicon.boosters[word] == nil, !begins(index, lower), var valence = known(word) else { return 0 }
        if word == "no", index + 1 < lower.count, known(lower[index + 1]) != nil { return 0 }
        // "like" as a preposition, "kind of" and "well" before a word say nothing.
        if word == "kind", index + 1 < lower.count, lower[index + 1] == "of" { return 0 }
        if isShouted, Self.isShouted(tokens[index]) { valence += valence > 0 ? emphasis : -emphasis }
        for distance in 1...3 where index >= distance {
            let before = lower[index - distance]
            guard known(before) == nil || before == "no" || VaderLexicon.boosters[before] != nil else { continue }
            if let boost = VaderLexicon.boosters[before] {
                let share = [1, 0.95, 0.9][distance - 1]
                valence += (valence < 0 ? -boost : boost) * share
            }
            if VaderLexicon.isNegation(before), !isExempt(index - distance, lower) {
                valence *= negation
            }
        }
        if index > 0, lower[index - 1] == "least", index < 2 || !["at", "very"].contains(lower[index - 2]) {
            valence *= negation
        }
        return valence
    }

    /// "not only", "without doubt" and "never so" do not take back what follows.
    private static func isExempt(_ index: Int, _ lower: [String]) -> Bool {
        guard index + 1 < lower.count else { return false }
        let pair = lower[index] + " " + lower[index + 1]
        return ["not only", "without doubt", "without a", "never so", "nothing but", "cannot wait", "can't wait"]
            .contains(pair)
    }

    private static func isNegated(_ start: Int, _ lower: [String]) -> Bool {
        start > 0 && VaderLexicon.isNegation(lower[start - 1])
    }

    private static func phrase(endingAt index: Int, _ lower: [String]) -> (start: Int, valence: Double)? {
        for length in [4, 3, 2] where index + 1 >= length {
            let start = index + 1 - length
            if let valence = VaderLexicon.phrases[lower[start...index].joined(separator: " ")] {
                return (start, valence)
            }
        }
        return nil
    }

    /// Whether a word is part of a phrase that ends later, and counts there.
    private static func begins(_ index: Int, _ lower: [String]) -> Bool {
        for end in index + 1..<min(lower.count, index + 4) where end < lower.count {
            if let phrase = phrase(endingAt: end, lower), phrase.start <= index { return true }
        }
        return false
    }
}

/// The task `sentiment`.
struct SentimentTask: TextComputation {
    /// Between is neutral.
    static let threshold = 0.05
    let input: String

    init(_ fields: inout JSONFields) throws(Problem) {
        input = try TextWords.text("input", &fields)
    }

    func output() -> JSONValue {
        let score = VaderSentiment(input).score
        let label = score >= Self.threshold ? "positive" : score <= -Self.threshold ? "negative" : "neutral"
        return ["label": .string(label), "score": .double((score * 10_000).rounded() / 10_000)]
    }
}
