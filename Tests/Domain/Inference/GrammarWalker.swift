/// Reads GBNF by itself and walks it: a second opinion on what our grammars say.
struct GrammarWalker {
    private indirect enum Node {
        case text([Unicode.Scalar])
        case set([ClosedRange<UInt32>], isInverted: Bool)
        case all([Node])
        case one([Node])
        case times(Node, Int, Int?)
        case rule(String)
    }

    struct Malformed: Error {
        let reason: String
    }

    private var rules: [String: Node] = [:]
    /// The least depth at which each rule comes to an end.
    private var depths: [String: Int] = [:]

    init(_ text: String) throws {
        for line in text.split(separator: "\n") {
            guard let mark = line.firstRange(of: " ::= ") else { throw Malformed(reason: "no rule: \(line)") }
            var reader = Reader(line[mark.upperBound...])
            let node = try reader.choice()
            guard reader.isAtEnd else { throw Malformed(reason: "rest of \(line)") }
            rules[String(line[..<mark.lowerBound])] = node
        }
        guard rules["root"] != nil else { throw Malformed(reason: "no root") }
        while true {
            let before = depths.count
            for (name, node) in rules where depths[name] == nil {
                if let depth = depth(node) { depths[name] = depth + 1 }
            }
            if depths.count == before { break }
        }
        // Without this a rule that never ends would be found only by walking into it.
        guard depths.count == rules.count else { throw Malformed(reason: "a rule never ends") }
    }

    var ruleCount: Int { rules.count }

    /// A text of the grammar.
    func walk(_ random: inout some RandomNumberGenerator) -> String {
        var result = String.UnicodeScalarView()
        var budget = 300
        append(.rule("root"), to: &result, &budget, &random)
        return String(result)
    }

    private func depth(_ node: Node) -> Int? {
        switch node {
        case .text, .set: return 0
        case .all(let nodes):
            var most = 0
            for node in nodes {
                guard let depth = depth(node) else { return nil }
                most = max(most, depth)
            }
            return most
        case .one(let nodes): return nodes.compactMap(depth).min()
        case .times(let node, let min, _): return min == 0 ? 0 : depth(node)
        case .rule(let name): return depths[name]
        }
    }

    private func append(
        _ node: Node,
        to result: inout String.UnicodeScalarView,
        _ budget: inout Int,
        _ random: inout some RandomNumberGenerator
    ) {
        switch node {
        case .text(let scalars): result.append(contentsOf: scalars)
        case .set(let ranges, let isInverted): result.append(pick(ranges, isInverted, &random))
        case .all(let nodes): for node in nodes { append(node, to: &result, &budget, &random) }
        case .one(let nodes):
            budget -= 1
            let shortest = nodes.min { (depth($0) ?? .max) < (depth($1) ?? .max) }
            if let next = budget > 0 ? nodes.randomElement(using: &random) : shortest {
                append(next, to: &result, &budget, &random)
            }
        case .times(let node, let min, let max):
            let most = budget > 0 ? Swift.min(max ?? min + 6, min + 6) : min
            // The upper bound itself comes up often: it is where a count would be wrong.
            let isFull = Int.random(in: 0..<8, using: &random) == 0
            let count = isFull && budget > 0 ? Swift.min(max ?? most, 1200) : Int.random(in: min...most, using: &random)
            for _ in 0..<count {
                budget -= 1
                append(node, to: &result, &budget, &random)
            }
        case .rule(let name):
            if let rule = rules[name] { append(rule, to: &result, &budget, &random) }
        }
    }

    private func pick(
        _ ranges: [ClosedRange<UInt32>],
        _ isInverted: Bool,
        _ random: inout some RandomNumberGenerator
    ) -> Unicode.Scalar {
        // Bounds of ranges as often as their insides.
        while !isInverted, let range = ranges.randomElement(using: &random) {
            let value =
                switch Int.random(in: 0..<4, using: &random) {
                case 0: range.lowerBound
                case 1: range.upperBound
                default: UInt32.random(in: range, using: &random)
                }
            if let scalar = Unicode.Scalar(value) { return scalar }
        }
        return "?"
    }

    /// The syntax, as far as llama.cpp documents it.
    private struct Reader {
        private let scalars: [Unicode.Scalar]
        private var position = 0

        init(_ text: Substring) {
            scalars = Array(text.unicodeScalars)
        }

        var isAtEnd: Bool { position == scalars.count }
        private var peek: Unicode.Scalar? { position < scalars.count ? scalars[position] : nil }

        private mutating func next() throws -> Unicode.Scalar {
            guard let scalar = peek else { throw Malformed(reason: "cut off") }
            position += 1
            return scalar
        }

        mutating func choice() throws -> Node {
            var nodes = [try sequence()]
            while peek == "|" {
                position += 1
                nodes.append(try sequence())
            }
            return nodes.count == 1 ? nodes[0] : .one(nodes)
        }

        private mutating func sequence() throws -> Node {
            var nodes: [Node] = []
            while let scalar = peek, scalar != "|", scalar != ")" {
                if scalar == " " {
                    position += 1
                    continue
                }
                nodes.append(try counted(try item()))
            }
            return .all(nodes)
        }

        private mutating func item() throws -> Node {
            switch try next() {
            case "\"":
                var text: [Unicode.Scalar] = []
                while peek != "\"" { text.append(try character()) }
                position += 1
                return .text(text)
            case "[":
                var ranges: [ClosedRange<UInt32>] = []
                while peek != "]" {
                    let low = try character().value
                    guard peek == "-" else {
                        ranges.append(low...low)
                        continue
                    }
                    position += 1
                    let high = try character().value
                    guard low <= high else { throw Malformed(reason: "a range backwards") }
                    ranges.append(low...high)
                }
                position += 1
                guard !ranges.isEmpty else { throw Malformed(reason: "an empty set") }
                return .set(ranges, isInverted: false)
            case "(":
                let node = try choice()
                guard try next() == ")" else { throw Malformed(reason: "no )") }
                return node
            case let first where first.properties.isAlphabetic:
                var name = String(first)
                while let scalar = peek, scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) {
                    name.unicodeScalars.append(scalar)
                    position += 1
                }
                return .rule(name)
            case let other: throw Malformed(reason: "unexpected \(other)")
            }
        }

        private mutating func counted(_ node: Node) throws -> Node {
            switch peek {
            case "*":
                position += 1
                return .times(node, 0, nil)
            case "+":
                position += 1
                return .times(node, 1, nil)
            case "?":
                position += 1
                return .times(node, 0, 1)
            case "{":
                position += 1
                let low = try number()
                var high: Int? = low
                if peek == "," {
                    position += 1
                    high = peek == "}" ? nil : try number()
                }
                guard try next() == "}", low < 2000, (high ?? 0) < 2000 else {
                    throw Malformed(reason: "a count that llama.cpp refuses")
                }
                return .times(node, low, high)
            default: return node
            }
        }

        private mutating func number() throws -> Int {
            var digits = ""
            while let scalar = peek, ("0"..."9").contains(scalar) {
                digits.unicodeScalars.append(scalar)
                position += 1
            }
            guard let number = Int(digits) else { throw Malformed(reason: "no number") }
            return number
        }

        private mutating func character() throws -> Unicode.Scalar {
            let scalar = try next()
            guard scalar == "\\" else { return scalar }
            let mark = try next()
            let width: Int
            switch mark {
            case "x": width = 2
            case "u": width = 4
            case "U": width = 8
            case "\"", "\\", "[", "]": return mark
            default: throw Malformed(reason: "unknown escape \(mark)")
            }
            var digits = ""
            for _ in 0..<width { digits.unicodeScalars.append(try next()) }
            guard let value = UInt32(digits, radix: 16), let result = Unicode.Scalar(value) else {
                throw Malformed(reason: "no character \(digits)")
            }
            return result
        }
    }
}
