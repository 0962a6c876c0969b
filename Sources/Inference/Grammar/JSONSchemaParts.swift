import Values

/// Strings, numbers, arrays and objects.
extension JSONSchemaGrammar {
    // MARK: - Strings

    mutating func string(_ schema: Schema) throws(Problem) -> GrammarPart {
        let quote = GrammarPart.literal("\"")
        let low = try schema.count("minLength") ?? 0
        let high = try schema.count("maxLength")
        let pattern = try schema.string("pattern")
        let format = try schema.string("format")
        let hasLength = low > 0 || high != nil
        if pattern != nil, hasLength || format != nil {
            throw .invalid("\(schema.path).pattern", "is not supported beside a length or a format; write one pattern")
        }
        if let pattern {
            let part = try StringPattern.part(pattern, path: "\(schema.path).pattern")
            return .sequence([quote, part, quote])
        }
        if let format {
            guard !hasLength else {
                throw .invalid("\(schema.path).format", "is not supported beside a length")
            }
            guard let part = StringFormat(rawValue: format)?.part else {
                let known = StringFormat.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
                throw .invalid("\(schema.path).format", "must be one of \(known), not \(JSONValue.string(format).seen)")
            }
            return .sequence([quote, part, quote])
        }
        guard hasLength else { return .rule(Self.string) }
        if let high, high < low { return .impossible }
        return .sequence([quote, characters(from: low, to: high), quote])
    }

    /// As many characters; long stretches are shared, so that a long text costs few rules.
    private mutating func characters(from low: Int, to high: Int?) -> GrammarPart {
        let stretch = Grammar.repetitionLimit
        let character = GrammarPart.rule(Self.character)
        var parts = exactly(low)
        guard let high else { return .sequence(parts + [.repeated(character, min: 0, max: nil)]) }
        let more = high - low
        guard more > 0 else { return .sequence(parts) }
        // From the end: either the text ends within a stretch, or that is full and the next one follows.
        var tail = GrammarPart.repeated(character, min: 0, max: (more - 1) % stretch + 1)
        for _ in 0..<((more - 1) / stretch) {
            let full = grammar.add(.sequence(exactly(stretch)))
            tail = grammar.add(.choice([.repeated(character, min: 0, max: stretch - 1), .sequence([full, tail])]))
        }
        parts.append(tail)
        return .sequence(parts)
    }

    private func exactly(_ count: Int) -> [GrammarPart] {
        let stretch = Grammar.repetitionLimit
        let lengths = Array(repeating: stretch, count: count / stretch) + [count % stretch]
        return lengths.filter { $0 > 0 }.map { .repeated(.rule(Self.character), min: $0, max: $0) }
    }

    // MARK: - Numbers

    func integer(_ schema: Schema) throws(Problem) -> GrammarPart {
        let bounds = try bounds(schema)
        if let step = schema.value["multipleOf"], step.double != 1 {
            throw .invalid("\(schema.path).multipleOf", "is not supported other than 1")
        }
        var low = -NumberRange.largest
        var high = NumberRange.largest
        if let bound = bounds.low {
            low = Self.whole(bound.value, up: true)
            if !bound.isIncluded, bound.value.fraction.isEmpty { low += 1 }
        }
        if let bound = bounds.high {
            high = Self.whole(bound.value, up: false)
            if !bound.isIncluded, bound.value.fraction.isEmpty { high -= 1 }
        }
        return NumberRange.integers(low, high) ?? .impossible
    }

    /// The nearest whole number that is not below (`up`) or not above.
    private static func whole(_ decimal: NumberRange.Decimal, up: Bool) -> Int {
        let whole = decimal.isNegative ? -decimal.whole : decimal.whole
        guard !decimal.fraction.isEmpty else { return whole }
        if decimal.isNegative { return up ? whole : whole - 1 }
        return up ? whole + 1 : whole
    }

    func number(_ schema: Schema) throws(Problem) -> GrammarPart {
        if schema.value["multipleOf"] != nil {
            throw .invalid("\(schema.path).multipleOf", "is only supported as 1 of an integer")
        }
        let bounds = try bounds(schema)
        return NumberRange.numbers(bounds.low, bounds.high) ?? .impossible
    }

    private func bounds(_ schema: Schema) throws(Problem) -> (low: NumberRange.Bound?, high: NumberRange.Bound?) {
        var low = try schema.decimal("minimum").map { NumberRange.Bound(value: $0, isIncluded: true) }
        var high = try schema.decimal("maximum").map { NumberRange.Bound(value: $0, isIncluded: true) }
        if let other = try schema.decimal("exclusiveMinimum") {
            if low.map({ !NumberRange.Decimal.isLess(other, $0.value) }) ?? true {
                low = NumberRange.Bound(value: other, isIncluded: false)
            }
        }
        if let other = try schema.decimal("exclusiveMaximum") {
            if high.map({ !NumberRange.Decimal.isLess($0.value, other) }) ?? true {
                high = NumberRange.Bound(value: other, isIncluded: false)
            }
        }
        return (low, high)
    }

    // MARK: - Arrays

    mutating func array(_ schema: Schema, depth: Int) throws(Problem) -> GrammarPart {
        let low = try schema.count("minItems", limit: Grammar.repetitionLimit) ?? 0
        let high = try schema.count("maxItems", limit: Grammar.repetitionLimit)
        if let high, high < low { return .impossible }
        if schema.value["uniqueItems"]?.bool == true, (high ?? 2) > 1 {
            throw .invalid("\(schema.path).uniqueItems", "is not supported")
        }
        if let first = try schema.list("prefixItems") {
            // All of them and nothing after them.
            guard first.count >= low, first.count <= high ?? first.count else {
                throw .invalid("\(schema.path).prefixItems", "is only supported with its own number of items")
            }
            var parts: [GrammarPart] = [.literal("["), .rule(Self.space)]
            for (index, item) in first.enumerated() {
                if index > 0 { parts += [.literal(","), .rule(Self.space)] }
                parts.append(try part(item, depth: depth + 1))
            }
            return .sequence(parts + [.rule(Self.space), .literal("]")])
        }
        let element: GrammarPart
        if let items = schema.child("items") {
            element = try part(items, depth: depth + 1)
        } else {
            element = anyValue(depth: 0)
        }
        return list("[", element, min: low, max: high, "]")
    }

    // MARK: - Objects

    mutating func object(_ schema: Schema, depth: Int) throws(Problem) -> GrammarPart {
        let properties = try schema.properties()
        let required = try schema.required()
        let least = try schema.count("minProperties") ?? 0
        let most = try schema.count("maxProperties", limit: Grammar.repetitionLimit)
        if properties.isEmpty, required.isEmpty, schema.value["additionalProperties"]?.bool != false {
            return try map(schema, least: least, most: most, depth: depth)
        }
        if least > required.count {
            throw .invalid("\(schema.path).minProperties", "is only supported up to the number of required members")
        }
        guard properties.count <= most ?? properties.count else {
            throw .invalid("\(schema.path).maxProperties", "is only supported from the number of properties on")
        }
        var members: [(part: GrammarPart, isRequired: Bool)] = []
        for (name, child) in properties {
            let value = try part(child, depth: depth + 1)
            let member = GrammarPart.sequence([
                .literal(JSONValue.string(name).text + ":"), .rule(Self.space), grammar.add(value),
            ])
            members.append((grammar.add(member), required.contains(name)))
        }
        let known = Set(properties.map(\.name))
        for name in required where !known.contains(name) {
            let value: GrammarPart
            switch schema.child("additionalProperties") {
            case let child? where child.value.bool != true: value = try part(child, depth: depth + 1)
            default: value = anyValue(depth: 0)
            }
            let member = GrammarPart.sequence([
                .literal(JSONValue.string(name).text + ":"), .rule(Self.space), value,
            ])
            members.append((grammar.add(member), true))
        }
        let space = GrammarPart.rule(Self.space)
        return .sequence([.literal("{"), space, joined(members), .literal("}")])
    }

    private mutating func map(_ schema: Schema, least: Int, most: Int?, depth: Int) throws(Problem) -> GrammarPart {
        // Nothing keeps the model from writing a name twice, which then counts once.
        guard least <= 1 else {
            throw .invalid("\(schema.path).minProperties", "is only supported up to 1 where members are not named")
        }
        let value: GrammarPart
        if let child = schema.child("additionalProperties") {
            value = try part(child, depth: depth + 1)
        } else {
            value = anyValue(depth: 0)
        }
        return list("{", map(to: value), min: least, max: most, "}")
    }

    /// Members in their order, with commas between those that are there.
    private mutating func joined(_ members: [(part: GrammarPart, isRequired: Bool)]) -> GrammarPart {
        let space = GrammarPart.rule(Self.space)
        // What may follow once a member is there, and what may stand where none is yet.
        var rest = space
        var first = GrammarPart.nothing
        for member in members.reversed() {
            let following = GrammarPart.sequence([.literal(","), space, member.part, rest])
            let leading = GrammarPart.sequence([member.part, rest])
            rest = grammar.add(member.isRequired ? following : .choice([following, rest]))
            first = grammar.add(member.isRequired ? leading : .choice([leading, first]))
        }
        return first
    }
}
