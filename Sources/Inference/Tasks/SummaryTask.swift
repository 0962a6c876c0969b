import Glibc
import Values

/// The task `summarize`: the sentences that the others of a text have most in common with, in their order.
struct SummaryTask: TextComputation {
    /// So many sentences are compared with each other; those after them stay out.
    private static let limit = 400
    private static let rounds = 30
    private static let damping = 0.85

    let input: String
    let maxSentences: Int

    init(_ fields: inout JSONFields) throws(Problem) {
        input = try TextWords.text("input", &fields)
        maxSentences = try fields.optionalInt("max_sentences") ?? 3
        guard (1...50).contains(maxSentences) else {
            throw fields.invalid("max_sentences", "is \(maxSentences); it must be from 1 to 50")
        }
    }

    func output() -> JSONValue {
        let sentences = Array(TextWords.sentences(input).prefix(Self.limit))
        guard sentences.count > maxSentences else {
            return ["summary": .string(sentences.map(\.text).joined(separator: " "))]
        }
        let ranks = Self.ranks(sentences)
        let chosen = sentences.indices.sorted { (ranks[$0], $1) > (ranks[$1], $0) }
        var kept: [Int] = []
        for index in chosen where kept.count < maxSentences {
            // What says the same again is left out.
            let terms = Set(sentences[index].terms)
            let isRepeated = kept.contains { other in
                let others = Set(sentences[other].terms)
                return Double(terms.intersection(others).count) > 0.8 * Double(max(1, min(terms.count, others.count)))
            }
            if !isRepeated { kept.append(index) }
        }
        return ["summary": .string(kept.sorted().map { sentences[$0].text }.joined(separator: " "))]
    }

    /// TextRank: how much each sentence is pointed to by those that matter, the first a little more.
    private static func ranks(_ sentences: [TextWords.Sentence]) -> [Double] {
        let count = sentences.count
        let terms = sentences.map { Set($0.terms) }
        var links = [[(to: Int, weight: Double)]](repeating: [], count: count)
        for left in 0..<count {
            for right in left + 1..<max(count, left + 1) {
                let common = terms[left].intersection(terms[right]).count
                guard common > 0 else { continue }
                let size = Glibc.log(Double(terms[left].count) + 1) + Glibc.log(Double(terms[right].count) + 1)
                let weight = Double(common) / max(size, 0.1)
                links[left].append((right, weight))
                links[right].append((left, weight))
            }
        }
        let totals = links.map { $0.reduce(0) { $0 + $1.weight } }
        var ranks = [Double](repeating: 1, count: count)
        for _ in 0..<rounds {
            var next = [Double](repeating: 1 - damping, count: count)
            for index in 0..<count where totals[index] > 0 {
                for link in links[index] {
                    next[link.to] += damping * ranks[index] * link.weight / totals[index]
                }
            }
            ranks = next
        }
        // Texts say first what they are about.
        for index in 0..<count { ranks[index] *= index == 0 ? 1.3 : 1 + 0.1 / Double(index + 1) }
        return ranks
    }
}

/// The task `rerank`: documents in the order of what they say about a query.
struct RerankTask: TextComputation {
    static let documentLimit = 1_000

    let query: String
    let documents: [String]
    let top: Int

    init(_ fields: inout JSONFields) throws(Problem) {
        query = try TextWords.text("query", &fields, limit: 10_000)
        let elements = try fields.array("documents")
        guard (1...Self.documentLimit).contains(elements.count) else {
            throw fields.invalid(
                "documents",
                "has \(elements.count) documents; 1 to \(Self.documentLimit) are allowed"
            )
        }
        var documents: [String] = []
        var bytes = 0
        for (element, path) in elements {
            guard let text = element.string else { throw .invalid(path, "must be a string, not \(element.seen)") }
            bytes += text.utf8.count
            guard bytes <= TextWords.limit * 10 else {
                throw .invalid(path, "goes over \(TextWords.limit * 10) bytes of documents in all")
            }
            documents.append(text)
        }
        self.documents = documents
        top = try fields.optionalInt("top_n") ?? documents.count
        guard top >= 1 else { throw fields.invalid("top_n", "is \(top); it must be at least 1") }
    }

    func output() -> JSONValue {
        let scores = Self.scores(query, documents)
        let order = documents.indices.sorted { (scores[$0], $1) > (scores[$1], $0) }.prefix(top)
        return [
            "results": .array(
                order.map { ["index": .int($0), "score": .double((scores[$0] * 10_000).rounded() / 10_000)] }
            )
        ]
    }

    /// From 0 to 1: words that they share, and parts of words where the words differ.
    static func scores(_ query: String, _ documents: [String]) -> [Double] {
        let asked = TextWords.words(query)
        var terms = Set(asked.filter { !$0.isStopWord }.map(\.stem))
        if terms.isEmpty { terms = Set(asked.map(\.stem)) }
        let words = documents.map { TextWords.words($0).map(\.stem) }
        let ranking = TermRanking(words)
        let parts = Set(terms.flatMap(pieces))
        let best = terms.sorted().reduce(0) { $0 + ranking.weight($1) * 2.2 }
        return documents.indices.map { index in
            let own = Set(words[index].flatMap(pieces))
            let shared = parts.isEmpty ? 0 : Double(parts.intersection(own).count) / Double(parts.count)
            let exact = best > 0 ? ranking.score(terms, in: index) / best : 0
            return min(1, 0.75 * exact + 0.25 * shared)
        }
    }

    /// Four letters each, of which related words have some in common.
    private static func pieces(_ word: String) -> [String] {
        let characters = Array(word)
        guard characters.count > 4 else { return [word] }
        return (0...characters.count - 4).map { String(characters[$0..<$0 + 4]) }
    }
}
