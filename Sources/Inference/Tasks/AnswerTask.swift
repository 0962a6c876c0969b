import Values

/// The task `answer`: the words of a context that answer a question, or nothing.
///
/// It finds the sentence that has most of the question's words, and in it the piece that is of the kind asked for (a
/// time, a number, a name, a place) or stands next to those words. It does not draw conclusions.
struct AnswerTask: TextComputation {
    let question: String
    let context: String

    init(_ fields: inout JSONFields) throws(Problem) {
        question = try TextWords.text("question", &fields, limit: 4_000)
        context = try TextWords.text("context", &fields)
    }

    func output() -> JSONValue {
        guard let found = AnswerSearch(question, context).answer else {
            return ["answer": .null, "start": .null, "end": .null, "confidence": .double(0)]
        }
        return [
            "answer": .string(found.text), "start": .int(found.range.lowerBound), "end": .int(found.range.upperBound),
            "confidence": .double((found.confidence * 1000).rounded() / 1000),
        ]
    }
}

/// What a question asks for.
enum QuestionKind: Sendable {
    case time, number, person, place, reason, thing

    init(_ words: [String]) {
        let pairs = zip(words, words.dropFirst()).map { "\($0) \($1)" }
        func has(_ some: String...) -> Bool { some.contains { words.contains($0) || pairs.contains($0) } }
        if has(
            "when",
            "what year",
            "which year",
            "what date",
            "what day",
            "which day",
            "what time",
            "which month",
            "what month",
            "what century",
            "which century"
        ) {
            self = .time
        } else if has(
            "how many",
            "how much",
            "how long",
            "how old",
            "how tall",
            "how far",
            "how high",
            "how large",
            "how big",
            "how deep",
            "how fast",
            "how often",
            "how wide",
            "what percentage",
            "what number",
            "how heavy"
        ) {
            self = .number
        } else if has("who", "whom", "whose") {
            self = .person
        } else if has("where", "what city", "which city", "what country", "which country") {
            self = .place
        } else if has("why") {
            self = .reason
        } else {
            self = .thing
        }
    }
}

/// The search for an answer.
struct AnswerSearch: Sendable {
    struct Found: Hashable, Sendable {
        let text: String
        /// In Unicode scalars of the context.
        let range: Range<Int>
        let confidence: Double
    }

    private(set) var answer: Found?

    /// A sentence must have so much of what the question's words weigh.
    private static let least = 0.45

    private let kind: QuestionKind
    private let asked: Set<String>
    private let scalars: [Unicode.Scalar]

    init(_ question: String, _ context: String) {
        let words = TextWords.words(question)
        kind = QuestionKind(words.map { $0.text.lowercased() })
        let ignored: Set<String> = ["name", "call", "mani", "much", "long", "year", "date", "kind", "type"]
        let all = Set(words.filter { !$0.isStopWord }.map(\.stem))
        let kept = all.filter { !ignored.contains($0) }
        asked = kept.isEmpty ? all : kept
        scalars = Array(context.unicodeScalars)
        answer = search(TextWords.sentences(context))
    }

    private func search(_ sentences: [TextWords.Sentence]) -> Found? {
        let ranking = TermRanking(sentences.map { $0.words.map(\.stem) })
        let total = asked.sorted().reduce(0) { $0 + ranking.weight($1) }
        guard total > 0 else { return nil }
        var best: (found: Found, score: Double)?
        for (index, sentence) in sentences.enumerated() {
            let own = Set(sentence.words.map(\.stem))
            var share = Self.share(own, of: asked, ranking, total)
            // What "it" or "she" stands for is named before.
            if index > 0, let first = sentence.words.first?.text.lowercased(), Self.pronouns.contains(first) {
                let before = own.union(sentences[index - 1].words.map(\.stem))
                share = max(share, 0.9 * Self.share(before, of: asked, ranking, total))
            }
            guard share >= Self.least, let candidate = piece(of: sentence) else { continue }
            let score = share + 0.2 * candidate.fitness
            guard score > (best?.score ?? 0) else { continue }
            let text = String(String.UnicodeScalarView(scalars[candidate.range]))
            let confidence = min(0.99, share * (0.5 + 0.5 * candidate.fitness))
            best = (Found(text: text, range: candidate.range, confidence: confidence), score)
        }
        return best?.found
    }

    private static let pronouns: Set<String> = [
        "it", "its", "he", "she", "his", "her", "they", "their", "this", "these",
    ]

    private static func share(
        _ own: Set<String>,
        of asked: Set<String>,
        _ ranking: TermRanking,
        _ total: Double
    ) -> Double {
        asked.intersection(own).sorted().reduce(0) { $0 + ranking.weight($1) } / total
    }

    // MARK: - Pieces

    private struct Piece {
        let range: Range<Int>
        /// Its words' places in the sentence.
        let words: Range<Int>
        /// How well it is what was asked for, from 0 to 1.
        let fitness: Double
    }

    private func piece(of sentence: TextWords.Sentence) -> Piece? {
        let words = sentence.words
        guard !words.isEmpty else { return nil }
        let pieces: [Range<Int>] =
            switch kind {
            case .time: TextPieces.times(words)
            case .number: TextPieces.numbers(words)
            case .person: TextPieces.names(words, scalars)
            case .place: TextPieces.places(words, scalars)
            case .reason: TextPieces.reasons(words)
            case .thing: []
            }
        let isAsked = words.map { asked.contains($0.stem) }
        let candidates = pieces.filter { !$0.allSatisfy { isAsked[$0] } }
        if let nearest = candidates.min(by: { distance($0, isAsked) < distance($1, isAsked) }) {
            return piece(nearest, words, fitness: 1)
        }
        // Only for things anything will do; a number that is not there is no answer.
        guard kind == .thing || kind == .reason || kind == .place else { return nil }
        return rest(of: words, isAsked)
    }

    private func piece(_ places: Range<Int>, _ words: [TextWords.Word], fitness: Double) -> Piece? {
        guard !places.isEmpty, words.indices.contains(places.lowerBound), places.upperBound <= words.count else {
            return nil
        }
        var end = words[places.upperBound - 1].range.upperBound
        var start = words[places.lowerBound].range.lowerBound
        if start > 0, "$€£¥".unicodeScalars.contains(scalars[start - 1]) { start -= 1 }
        if end < scalars.count, scalars[end] == "%" { end += 1 }
        return Piece(range: start..<end, words: places, fitness: fitness)
    }

    /// How far a piece is from the nearest word of the question; what comes after it is a little nearer.
    private func distance(_ piece: Range<Int>, _ isAsked: [Bool]) -> Double {
        var best = Double.infinity
        var sum = 0.0
        for index in isAsked.indices where isAsked[index] && !piece.contains(index) {
            let steps =
                index < piece.lowerBound
                ? Double(piece.lowerBound - index) : Double(index - piece.upperBound) + 1.5
            best = min(best, steps)
            sum += steps
        }
        return best + sum * 0.01
    }

    /// The words beside those of the question: after its verb if there are any, else before it.
    private func rest(of words: [TextWords.Word], _ isAsked: [Bool]) -> Piece? {
        let runs = TextPieces.runs(words, scalars) { index in !isAsked[index] }
        let scored = runs.compactMap { run -> (Range<Int>, Double)? in
            let trimmed = TextPieces.trimmed(run, words)
            guard !trimmed.isEmpty, trimmed.contains(where: { !words[$0].isStopWord }) else { return nil }
            let nearest =
                isAsked.indices.filter { isAsked[$0] }.map { index in
                    index < trimmed.lowerBound
                        ? Double(trimmed.lowerBound - index) : Double(index - trimmed.upperBound) + 1.8
                }.min() ?? 10
            let size = Double(trimmed.count { !words[$0].isStopWord })
            return (trimmed, nearest - min(size, 3) * 0.4)
        }
        guard let best = scored.min(by: { $0.1 < $1.1 }) else { return nil }
        return piece(best.0, words, fitness: 0.6)
    }
}
