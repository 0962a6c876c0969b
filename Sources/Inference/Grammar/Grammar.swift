import Values

/// A part of a grammar.
///
/// Pure.
indirect enum GrammarPart: Hashable, Sendable {
    case literal(String)
    case characters(CharacterRanges)
    case sequence([GrammarPart])
    case choice([GrammarPart])
    /// At least `min` times; `max` nil is without end. The part is never empty itself.
    case repeated(GrammarPart, min: Int, max: Int?)
    case rule(String)

    /// Nothing, which always fits.
    static let nothing = GrammarPart.sequence([])
    /// What nothing fits.
    static let impossible = GrammarPart.choice([])

    static func optional(_ part: GrammarPart) -> GrammarPart { .repeated(part, min: 0, max: 1) }

    /// How many parts it is once repetitions are written out; counts no rules it refers to.
    var size: Int {
        switch self {
        case .literal, .characters, .rule: 1
        case .sequence(let parts), .choice(let parts): parts.reduce(1) { $0 + $1.size }
        case .repeated(let part, let min, let max): part.size * Swift.max(max ?? min, 1)
        }
    }

    static func characters(_ text: String) -> GrammarPart {
        .characters(CharacterRanges(text.unicodeScalars.map { $0.value...$0.value }))
    }
}

/// The rules of a grammar and how llama.cpp reads them (GBNF).
///
/// Pure and bounded. A repetition there is written out as often as it may happen and refused from 2000 on, so ours are
/// shorter.
struct Grammar: Hashable, Sendable {
    /// Most repetitions in one place.
    static let repetitionLimit = 1000
    /// Most rules of one grammar, and bytes of its text.
    static let ruleLimit = 4000
    static let byteLimit = 256 << 10

    private(set) var rules: [String: GrammarPart] = [:]
    /// In the order of their making.
    private var names: [String] = []

    /// Sets a rule.
    subscript(name: String) -> GrammarPart? {
        get { rules[name] }
        set {
            if rules[name] == nil { names.append(name) }
            rules[name] = newValue
        }
    }

    /// Adds a rule under a new name.
    mutating func add(_ part: GrammarPart) -> GrammarPart {
        if case .rule = part { return part }
        let name = "r\(names.count)"
        self[name] = part
        return .rule(name)
    }

    /// The grammar without what can never come to an end; false if that is all of it.
    mutating func prune() -> Bool {
        var ending: Set<String> = []
        while true {
            let more = names.filter { !ending.contains($0) && (rules[$0].map { $0.ends(ending) } ?? false) }
            if more.isEmpty { break }
            ending.formUnion(more)
        }
        guard ending.contains("root") else { return false }
        for name in names { rules[name] = rules[name]?.pruned(ending) }
        var used: Set<String> = ["root"]
        var unseen = ["root"]
        while let name = unseen.popLast() {
            for next in rules[name]?.references ?? [] where used.insert(next).inserted { unseen.append(next) }
        }
        names.removeAll { !used.contains($0) }
        rules = rules.filter { used.contains($0.key) }
        return true
    }

    /// Whether a rule can lead back to itself without having read anything, which no reader of grammars survives.
    var isLeftRecursive: Bool {
        var empty: Set<String> = []
        while true {
            let more = names.filter { !empty.contains($0) && (rules[$0].map { $0.isEmpty(empty) } ?? false) }
            if more.isEmpty { break }
            empty.formUnion(more)
        }
        var state: [String: Bool] = [:]
        // Iterative: chains of rules may be long.
        for start in names where state[start] == nil {
            var path: [(name: String, rest: [String])] = [(start, rules[start]?.beginnings(empty) ?? [])]
            state[start] = false
            while let last = path.last {
                guard let next = last.rest.last else {
                    state[last.name] = true
                    path.removeLast()
                    continue
                }
                path[path.count - 1].rest.removeLast()
                switch state[next] {
                case true?: break
                case false?: return true
                case nil:
                    state[next] = false
                    path.append((next, rules[next]?.beginnings(empty) ?? []))
                }
            }
        }
        return false
    }

    /// The text that llama.cpp reads.
    var text: String {
        names.map { "\($0) ::= \(rules[$0]?.text ?? "\"\"")\n" }.joined()
    }
}

extension GrammarPart {
    /// Whether a text can fit, if those rules can.
    fileprivate func ends(_ ending: Set<String>) -> Bool {
        switch self {
        case .literal: true
        case .characters(let ranges): !ranges.isEmpty
        case .sequence(let parts): parts.allSatisfy { $0.ends(ending) }
        case .choice(let parts): parts.contains { $0.ends(ending) }
        case .repeated(let part, let min, _): min == 0 || part.ends(ending)
        case .rule(let name): ending.contains(name)
        }
    }

    fileprivate func pruned(_ ending: Set<String>) -> GrammarPart {
        switch self {
        case .literal, .characters, .rule: self
        case .sequence(let parts): .sequence(parts.map { $0.pruned(ending) })
        case .choice(let parts): .choice(parts.filter { $0.ends(ending) }.map { $0.pruned(ending) })
        case .repeated(let part, let min, let max):
            part.ends(ending) ? .repeated(part.pruned(ending), min: min, max: max) : .nothing
        }
    }

    fileprivate var references: [String] {
        switch self {
        case .literal, .characters: []
        case .sequence(let parts), .choice(let parts): parts.flatMap(\.references)
        case .repeated(let part, _, _): part.references
        case .rule(let name): [name]
        }
    }

    /// Whether the empty text fits, if it fits those rules.
    func isEmpty(_ empty: Set<String>) -> Bool {
        switch self {
        case .literal(let text): text.isEmpty
        case .characters: false
        case .sequence(let parts): parts.allSatisfy { $0.isEmpty(empty) }
        case .choice(let parts): parts.contains { $0.isEmpty(empty) }
        case .repeated(let part, let min, _): min == 0 || part.isEmpty(empty)
        case .rule(let name): empty.contains(name)
        }
    }

    /// The rules that can come first.
    fileprivate func beginnings(_ empty: Set<String>) -> [String] {
        switch self {
        case .literal, .characters: return []
        case .sequence(let parts):
            var names: [String] = []
            for part in parts {
                names += part.beginnings(empty)
                if !part.isEmpty(empty) { break }
            }
            return names
        case .choice(let parts): return parts.flatMap { $0.beginnings(empty) }
        case .repeated(let part, _, _): return part.beginnings(empty)
        case .rule(let name): return [name]
        }
    }

    /// As GBNF, in parentheses where it would come apart.
    fileprivate var text: String {
        switch self {
        case .literal(let text): GBNF.literal(text)
        case .characters(let ranges): GBNF.characters(ranges)
        case .sequence(let parts) where parts.isEmpty: "\"\""
        case .sequence(let parts):
            parts.map { if case .choice = $0 { "(\($0.text))" } else { $0.text } }.joined(separator: " ")
        case .choice(let parts): parts.map(\.text).joined(separator: " | ")
        case .repeated(.rule(let name), let min, let max): name + GBNF.count(min, max)
        case .repeated(.characters(let ranges), let min, let max): GBNF.characters(ranges) + GBNF.count(min, max)
        case .repeated(let part, let min, let max): "(\(part.text))" + GBNF.count(min, max)
        case .rule(let name): name
        }
    }
}

/// How GBNF spells things.
private enum GBNF {
    static func literal(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"", "\\": result += "\\" + String(scalar)
            case " "..."~": result.unicodeScalars.append(scalar)
            default: result += escape(scalar.value)
            }
        }
        return result + "\""
    }

    static func characters(_ ranges: CharacterRanges) -> String {
        let parts = ranges.ranges.map { range in
            range.count == 1 ? bound(range.lowerBound) : "\(bound(range.lowerBound))-\(bound(range.upperBound))"
        }
        return "[" + parts.joined() + "]"
    }

    private static func bound(_ value: UInt32) -> String {
        switch value {
        case 0x30...0x39, 0x41...0x5A, 0x61...0x7A:
            Unicode.Scalar(value).map(String.init) ?? escape(value)
        default: escape(value)
        }
    }

    private static func escape(_ value: UInt32) -> String {
        let digits = String(value, radix: 16, uppercase: true)
        let (mark, width) = value <= 0xFF ? ("x", 2) : value <= 0xFFFF ? ("u", 4) : ("U", 8)
        return "\\\(mark)" + String(repeating: "0", count: width - digits.count) + digits
    }

    static func count(_ min: Int, _ max: Int?) -> String {
        switch (min, max) {
        case (0, nil): "*"
        case (1, nil): "+"
        case (0, 1): "?"
        case (_, nil): "{\(min),}"
        case (_, let max?): min == max ? "{\(min)}" : "{\(min),\(max)}"
        }
    }
}
