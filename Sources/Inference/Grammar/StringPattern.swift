import Values

/// A regular expression of JSON Schema as a grammar of the texts, written as JSON strings, in which it is found.
///
/// Pure. The part of the language that has no memory: literals, `.`, classes, `\d \w \s` and their opposites, groups,
/// `|`, `* + ? {m,n}`, and `^` and `$` at the ends.
struct StringPattern {
    private static let depthLimit = 16
    private static let lengthLimit = 1000

    private let scalars: [Unicode.Scalar]
    private let path: String
    private var position = 0

    private init(_ pattern: String, path: String) {
        scalars = Array(pattern.unicodeScalars)
        self.path = path
    }

    /// The grammar of the string's inside.
    ///
    /// - Throws: A pattern that is not understood, naming `path`.
    static func part(_ pattern: String, path: String) throws(Problem) -> GrammarPart {
        guard pattern.utf8.count <= lengthLimit else {
            throw .invalid(path, "has \(pattern.utf8.count) bytes; at most \(lengthLimit) are allowed")
        }
        var reader = StringPattern(pattern, path: path)
        return try reader.whole()
    }

    /// One character of a set as it stands in a JSON string; characters that JSON cannot show plainly are escaped.
    static func character(_ set: CharacterRanges) -> GrammarPart {
        var choices: [GrammarPart] = []
        let plain = set.intersection(.plain)
        if !plain.isEmpty { choices.append(.characters(plain)) }
        let escapes: [(UInt32, String)] = [
            (0x22, #"\""#), (0x5C, #"\\"#), (0x0A, #"\n"#), (0x0D, #"\r"#), (0x09, #"\t"#), (0x08, #"\b"#),
            (0x0C, #"\f"#),
        ]
        for (scalar, escape) in escapes where set.contains(scalar) { choices.append(.literal(escape)) }
        return choices.count == 1 ? choices[0] : .choice(choices)
    }

    private mutating func whole() throws(Problem) -> GrammarPart {
        let anything = GrammarPart.repeated(.rule(JSONSchemaGrammar.character), min: 0, max: nil)
        let isAnchored = take("^")
        var part = try alternatives(depth: 0)
        let isEnded = take("$")
        guard position == scalars.count else { throw unsupported("at character \(position + 1)") }
        // An anchor binds to its own alternative only, which a reader would not expect of us to guess.
        if isAnchored || isEnded, case .choice = part { throw unsupported("an anchor beside |; put a group round it") }
        if !isAnchored { part = .sequence([anything, part]) }
        return isEnded ? part : .sequence([part, anything])
    }

    private mutating func alternatives(depth: Int) throws(Problem) -> GrammarPart {
        guard depth <= Self.depthLimit else { throw unsupported("groups deeper than \(Self.depthLimit)") }
        var choices = [try sequence(depth: depth)]
        while take("|") { choices.append(try sequence(depth: depth)) }
        return choices.count == 1 ? choices[0] : .choice(choices)
    }

    private mutating func sequence(depth: Int) throws(Problem) -> GrammarPart {
        var parts: [GrammarPart] = []
        while let next = peek, next != "|", next != ")", !(next == "$" && position == scalars.count - 1) {
            parts.append(try repeated(try atom(depth: depth)))
        }
        return parts.count == 1 ? parts[0] : .sequence(parts)
    }

    private mutating func atom(depth: Int) throws(Problem) -> GrammarPart {
        guard let next = advance() else { throw unsupported("an end where something is missing") }
        switch next {
        case "(":
            if take("?") {
                guard take(":") else { throw unsupported("(? other than (?:") }
            }
            let part = try alternatives(depth: depth + 1)
            guard take(")") else { throw unsupported("a group without an end") }
            // In a sequence of its own, so that its alternatives are not taken for the whole pattern's.
            return .sequence([part])
        case "[": return Self.character(try set())
        // Nothing that any dialect takes for the end of a line.
        case ".": return Self.character(CharacterRanges([0x0A...0x0D, 0x85...0x85, 0x2028...0x2029]).inverted)
        case "\\": return Self.character(try escape(isInverted: false))
        case "*", "+", "?", "{", "}", "]", "^", "$":
            throw unsupported("\(next) at character \(position)")
        default: return Self.character(CharacterRanges(next))
        }
    }

    private mutating func repeated(_ part: GrammarPart) throws(Problem) -> GrammarPart {
        guard let next = peek, ["*", "+", "?", "{"].contains(next) else { return part }
        position += 1
        var (min, max): (Int, Int?) =
            switch next {
            case "*": (0, nil)
            case "+": (1, nil)
            case "?": (0, 1)
            default: try bounds()
            }
        guard !take("?"), !take("+") else { throw unsupported("repetitions with ? or + behind them") }
        guard let last = peek, ["*", "+", "{"].contains(last) else {
            guard !part.isEmpty([]) || max == 1 else { throw unsupported("repeating what may be empty") }
            if max == 0 { return .nothing }
            if part.isEmpty([]) { (min, max) = (0, 1) }
            // What is repeated is written out each time, groups in groups more often.
            guard part.size * Swift.max(max ?? min, 1) <= Grammar.repetitionLimit else {
                throw unsupported("more than \(Grammar.repetitionLimit) repetitions")
            }
            return .repeated(part, min: min, max: max)
        }
        throw unsupported("repetitions of repetitions")
    }

    private mutating func bounds() throws(Problem) -> (Int, Int?) {
        guard let min = number() else { throw unsupported("{ without a number") }
        guard take(",") else {
            guard take("}") else { throw unsupported("{ without }") }
            return (min, min)
        }
        let max = number()
        guard take("}") else { throw unsupported("{ without }") }
        if let max, max < min { throw unsupported("{\(min),\(max)}") }
        return (min, max)
    }

    private mutating func number() -> Int? {
        var value: Int?
        while let next = peek, ("0"..."9").contains(next), (value ?? 0) <= Grammar.repetitionLimit {
            value = (value ?? 0) * 10 + Int(next.value - 48)
            position += 1
        }
        return value.flatMap { $0 <= Grammar.repetitionLimit ? $0 : nil }
    }

    // MARK: - Characters

    private mutating func set() throws(Problem) -> CharacterRanges {
        let isInverted = take("^")
        var set = CharacterRanges([])
        var isFirst = true
        while let next = advance() {
            if next == "]", !isFirst { return isInverted ? set.inverted : set }
            isFirst = false
            let low = next == "\\" ? try escape(isInverted: isInverted) : CharacterRanges(next)
            if peek == "-", position + 1 < scalars.count, scalars[position + 1] != "]" {
                position += 1
                guard let end = advance() else { break }
                let high = end == "\\" ? try escape(isInverted: isInverted) : CharacterRanges(end)
                guard let first = low.ranges.first, let last = high.ranges.first, low.ranges.count == 1,
                    first.count == 1, last.count == 1, first.lowerBound <= last.lowerBound
                else { throw unsupported("a range that has no two ends in order") }
                set = set.union(CharacterRanges([first.lowerBound...last.lowerBound]))
            } else {
                set = set.union(low)
            }
        }
        throw unsupported("[ without ]")
    }

    private mutating func escape(isInverted: Bool) throws(Problem) -> CharacterRanges {
        guard let next = advance() else { throw unsupported("a \\ at the end") }
        switch next {
        case "d": return Shorthand.digits.set(isWide: isInverted)
        case "D": return Shorthand.digits.set(isWide: !isInverted).inverted
        case "w": return Shorthand.word.set(isWide: isInverted)
        case "W": return Shorthand.word.set(isWide: !isInverted).inverted
        case "s": return Shorthand.space.set(isWide: isInverted)
        case "S": return Shorthand.space.set(isWide: !isInverted).inverted
        case "n": return CharacterRanges("\n")
        case "r": return CharacterRanges("\r")
        case "t": return CharacterRanges("\t")
        case "f": return CharacterRanges("\u{C}")
        case "a"..."z", "A"..."Z", "0"..."9": throw unsupported("\\\(next)")
        default: return CharacterRanges(next)
        }
    }

    /// What `\d`, `\w` and `\s` stand for: dialects differ in characters beyond ASCII, so that what is to be in such a
    /// set is taken from the narrowest and what is not to be in it is kept out of the widest.
    private struct Shorthand {
        let narrow: CharacterRanges
        let wide: CharacterRanges

        func set(isWide: Bool) -> CharacterRanges { isWide ? wide : narrow }

        static let digits = Shorthand(narrow: .digits, wide: scalars { $0.numericType == .decimal })
        static let word = Shorthand(
            narrow: CharacterRanges([0x30...0x39, 0x41...0x5A, 0x5F...0x5F, 0x61...0x7A]),
            wide: scalars { properties in
                switch properties.generalCategory {
                case .uppercaseLetter, .lowercaseLetter, .titlecaseLetter, .modifierLetter, .otherLetter,
                    .nonspacingMark, .spacingMark, .enclosingMark, .decimalNumber, .letterNumber, .otherNumber,
                    .connectorPunctuation, .format:
                    true
                default: properties.isAlphabetic
                }
            }
        )
        static let space = Shorthand(
            narrow: CharacterRanges([0x09...0x0D, 0x20...0x20]),
            wide: CharacterRanges([0x1C...0x1F, 0x85...0x85, 0x180E...0x180E, 0x200B...0x200D, 0xFEFF...0xFEFF])
                .union(scalars { $0.isWhitespace })
        )

        /// Looks at every character there is, once for each set.
        private static func scalars(_ isIn: (Unicode.Scalar.Properties) -> Bool) -> CharacterRanges {
            var ranges: [ClosedRange<UInt32>] = []
            var start: UInt32?
            for value in UInt32(0)...0x110000 {
                if let scalar = Unicode.Scalar(value), isIn(scalar.properties) {
                    start = start ?? value
                } else if let first = start {
                    ranges.append(first...value - 1)
                    start = nil
                }
            }
            return CharacterRanges(ranges)
        }
    }

    // MARK: - Reading

    private var peek: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

    private mutating func advance() -> Unicode.Scalar? {
        guard let next = peek else { return nil }
        position += 1
        return next
    }

    private mutating func take(_ scalar: Unicode.Scalar) -> Bool {
        guard peek == scalar else { return false }
        position += 1
        return true
    }

    private func unsupported(_ what: String) -> Problem {
        .invalid(path, "is a pattern with \(what), which is not supported")
    }
}
