import Glibc
import Values

/// Texts taken apart, for the tasks that Abono computes itself.
enum TextWords {
    /// A word with its place, in Unicode scalars.
    struct Word: Hashable, Sendable {
        let text: String
        /// In lower case and without its ending.
        let stem: String
        let range: Range<Int>

        var isCapitalized: Bool { text.first?.isUppercase == true }
        var isNumber: Bool { text.first?.isNumber == true }
        var isStopWord: Bool { TextWords.stopWords.contains(text.lowercased()) }
    }

    /// A sentence with its place, in Unicode scalars, and its words.
    struct Sentence: Hashable, Sendable {
        let text: String
        let range: Range<Int>
        let words: [Word]

        /// The stems of words that carry meaning.
        var terms: [String] { words.filter { !$0.isStopWord }.map(\.stem) }
    }

    /// The most text that a task takes, in bytes.
    static let limit = 200_000

    /// Reads a field with a text that is neither empty nor too long.
    static func text(_ name: String, _ fields: inout JSONFields, limit: Int = limit) throws(Problem) -> String {
        try check(fields.path(name), try fields.string(name), limit: limit)
    }

    /// Refuses a text that is empty or too long.
    static func check(_ path: String, _ text: String, limit: Int = limit) throws(Problem) -> String {
        guard !text.allSatisfy(\.isWhitespace) else { throw .invalid(path, "must not be empty") }
        guard text.utf8.count <= limit else {
            throw .invalid(path, "has \(text.utf8.count) bytes; at most \(limit) are allowed")
        }
        return text
    }

    // MARK: - Words

    /// The words of a text: letters and digits, with apostrophes, dots and commas between them.
    static func words(_ text: String, from offset: Int = 0) -> [Word] {
        words(Array(text.unicodeScalars), offset)
    }

    private static func words(_ scalars: [Unicode.Scalar], _ offset: Int) -> [Word] {
        var words: [Word] = []
        var start: Int?
        for index in 0...scalars.count {
            if index < scalars.count, isPart(scalars, index) {
                start = start ?? index
            } else if let begin = start {
                let text = String(String.UnicodeScalarView(scalars[begin..<index]))
                words.append(Word(text: text, stem: stem(text), range: begin + offset..<index + offset))
                start = nil
            }
        }
        return words
    }

    private static func isPart(_ scalars: [Unicode.Scalar], _ index: Int) -> Bool {
        func isLetter(_ place: Int) -> Bool {
            scalars.indices.contains(place)
                && (scalars[place].properties.isAlphabetic || scalars[place].properties.numericType != nil
                    || scalars[place].properties.generalCategory == .nonspacingMark)
        }
        func isDigit(_ place: Int) -> Bool {
            scalars.indices.contains(place) && scalars[place].properties.numericType != nil
        }
        if isLetter(index) { return true }
        switch scalars[index] {
        case "'", "’", "-": return isLetter(index - 1) && isLetter(index + 1)
        case ".", ",", ":": return isDigit(index - 1) && isDigit(index + 1)
        default: return false
        }
    }

    /// A word in lower case without the endings that English puts on words.
    static func stem(_ word: String) -> String {
        var stem = word.lowercased().replacing("’", with: "'")
        for ending in ["'s", "'"] where stem.hasSuffix(ending) { stem.removeLast(ending.count) }
        guard stem.count > 3, stem.allSatisfy(\.isLetter) else { return stem }
        if stem.hasSuffix("ies"), stem.count > 4 {
            stem = String(stem.dropLast(3)) + "y"
        } else if stem.hasSuffix("sses") || stem.hasSuffix("shes") || stem.hasSuffix("ches") || stem.hasSuffix("xes") {
            stem.removeLast(2)
        } else if stem.hasSuffix("s"), !stem.hasSuffix("ss"), !stem.hasSuffix("us"), !stem.hasSuffix("is") {
            stem.removeLast()
        }
        for ending in ["ational", "ization", "fulness", "iveness", "ation", "ement", "ing", "ed", "ly", "ment", "ion"]
        where stem.hasSuffix(ending) && stem.count - ending.count >= 3 {
            stem.removeLast(ending.count)
            break
        }
        let tail = Array(stem.suffix(2))
        if tail.count == 2, tail[0] == tail[1], !"lsz".contains(tail[0]), stem.count > 3 { stem.removeLast() }
        if stem.hasSuffix("e"), stem.count > 3 { stem.removeLast() }
        if stem.hasSuffix("y"), stem.count > 3 { stem = String(stem.dropLast()) + "i" }
        return stem
    }

    // MARK: - Sentences

    /// The sentences of a text, in order; a line that is empty ends one, too.
    static func sentences(_ text: String) -> [Sentence] {
        let scalars = Array(text.unicodeScalars)
        var sentences: [Sentence] = []
        var start = 0
        func close(_ end: Int) {
            var (low, high) = (start, end)
            while low < high, scalars[low].properties.isWhitespace { low += 1 }
            while high > low, scalars[high - 1].properties.isWhitespace { high -= 1 }
            start = end
            guard low < high else { return }
            let part = Array(scalars[low..<high])
            sentences.append(
                Sentence(
                    text: String(String.UnicodeScalarView(part)),
                    range: low..<high,
                    words: words(part, low)
                )
            )
        }
        for index in scalars.indices where isEnd(scalars, index) { close(index + 1) }
        close(scalars.count)
        return sentences
    }

    private static func isEnd(_ scalars: [Unicode.Scalar], _ index: Int) -> Bool {
        let next = index + 1 < scalars.count ? scalars[index + 1] : " "
        switch scalars[index] {
        case "。", "！", "？", "।": return true
        case "\n": return next == "\n" || next == "-" || next == "*"
        case "!", "?": return next.properties.isWhitespace || "\"”')".unicodeScalars.contains(next)
        case ".":
            guard next.properties.isWhitespace || next == "\"" || next == "”" else { return false }
            return !isAbbreviation(scalars, index)
        default: return false
        }
    }

    /// Whether the dot at a place belongs to the word before it, like that of `Dr.` and those of `e.g.` do.
    private static func isAbbreviation(_ scalars: [Unicode.Scalar], _ index: Int) -> Bool {
        var begin = index
        while begin > 0, !scalars[begin - 1].properties.isWhitespace, scalars[begin - 1] != "(" { begin -= 1 }
        let word = String(String.UnicodeScalarView(scalars[begin..<index])).lowercased()
        if word.count == 1, word.first?.isLetter == true, word != "i" { return true }
        return abbreviations.contains(word)
    }

    private static let abbreviations: Set<String> = [
        "dr", "mr", "mrs", "ms", "prof", "st", "jr", "sr", "vs", "etc", "e.g", "i.e", "inc", "ltd", "co", "no", "fig",
        "approx", "dept", "gen", "gov", "sen", "rep", "u.s", "u.k", "a.m", "p.m", "jan", "feb", "mar", "apr", "jun",
        "jul", "aug", "sep", "sept", "oct", "nov", "dec",
    ]

    /// English words that carry no meaning of their own.
    static let stopWords: Set<String> = Set(
        """
        a about above after again all am an and any are as at be because been before being below between both but by
        can could did do does doing down during each few for from further had has have having he her here hers him his
        how i if in into is it its it's just me more most my no nor not of off on once only or other our out over own
        same she should so some such than that the their them then there these they this those through to too under
        until up us very was we were what when where which while who whom whose why will with would you your
        """.split(whereSeparator: \.isWhitespace).map(String.init)
    )
}

/// How much a document says about some terms, next to others: Okapi BM25.
struct TermRanking: Sendable {
    private let documents: [[String: Int]]
    private let lengths: [Double]
    private let average: Double
    private let frequencies: [String: Int]

    init(_ documents: [[String]]) {
        self.documents = documents.map { terms in terms.reduce(into: [:]) { $0[$1, default: 0] += 1 } }
        lengths = documents.map { Double($0.count) }
        average = max(1, lengths.reduce(0, +) / Double(max(1, documents.count)))
        var frequencies: [String: Int] = [:]
        for document in self.documents {
            for term in document.keys { frequencies[term, default: 0] += 1 }
        }
        self.frequencies = frequencies
    }

    /// How much it says that a document has a term; one that none has weighs as one that a single document has.
    func weight(_ term: String) -> Double {
        let count = Double(frequencies[term] ?? 1)
        return Glibc.log(1 + (Double(documents.count) - count + 0.5) / (count + 0.5))
    }

    func score(_ terms: Set<String>, in index: Int) -> Double {
        terms.sorted().reduce(0) { sum, term in
            guard let count = documents[index][term] else { return sum }
            let frequency = Double(count)
            let norm = 1.2 * (0.25 + 0.75 * lengths[index] / average)
            return sum + weight(term) * frequency * 2.2 / (frequency + norm)
        }
    }
}
