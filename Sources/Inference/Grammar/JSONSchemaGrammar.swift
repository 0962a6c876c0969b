package import Values

/// Makes grammars of JSON Schemas, so that what a model writes is valid under them.
///
/// Pure and bounded. Every text of the grammar is valid, but not every valid value is in it: members come in the
/// schema's order, members that the schema does not name are left out, and numbers have at most 15 digits. Nothing
/// keeps an object whose members are not named from having one twice. Keywords that cannot be kept are refused by their
/// path, never passed over.
package struct JSONSchemaGrammar {
    /// Most bytes of a schema.
    package static let byteLimit = 64 << 10
    private static let depthLimit = 32
    private static let workLimit = 4000
    /// How deep values without a schema nest.
    private static let anyDepth = 6

    // Rules that every grammar has.
    static let character = "char"
    static let space = "ws"
    static let string = "string"

    let root: JSONValue
    let rootPath: String
    var grammar = Grammar()
    /// Rules of schemas that are referred to, by their pointers.
    private var references: [String: String] = [:]
    private var work = 0

    private init(_ schema: JSONValue, path: String) {
        root = schema
        rootPath = path
        grammar["root"] = .nothing
        grammar[Self.space] = .optional(
            .choice([.literal(" "), .sequence([.literal("\n"), .repeated(.literal(" "), min: 0, max: 16)])])
        )
        grammar[Self.character] = .choice([
            .characters(.plain), .sequence([.literal("\\"), .characters("\"\\/bfnrt")]),
        ])
        grammar[Self.string] = .sequence([
            .literal("\""), .repeated(.rule(Self.character), min: 0, max: nil), .literal("\""),
        ])
    }

    /// A grammar of the values that are valid under a schema.
    ///
    /// - Throws: What in the schema is wrong or not supported, by its path below `path`.
    package static func gbnf(for schema: JSONValue, at path: String) throws(Problem) -> String {
        guard schema.text.utf8.count <= byteLimit else {
            throw .invalid(path, "has more than \(byteLimit) bytes")
        }
        var builder = JSONSchemaGrammar(schema, path: path)
        let part = try builder.part(Schema(schema, at: path), depth: 0)
        return try builder.finish(part)
    }

    /// A grammar of any JSON object.
    package static let anyObject: String = {
        var builder = JSONSchemaGrammar(true, path: "")
        let part = builder.anyObject(depth: 0)
        return (try? builder.finish(part)) ?? ""
    }()

    private mutating func finish(_ part: GrammarPart) throws(Problem) -> String {
        grammar["root"] = part
        guard grammar.prune() else { throw .invalid(rootPath, "has no value that is valid and finite") }
        guard !grammar.isLeftRecursive else { throw .invalid(rootPath, "refers to itself without an end") }
        let text = grammar.text
        guard grammar.rules.count <= Grammar.ruleLimit, text.utf8.count <= Grammar.byteLimit else {
            throw .invalid(rootPath, "is too large: its grammar has \(grammar.rules.count) rules")
        }
        return text
    }

    // MARK: - One schema

    /// The grammar of one schema.
    mutating func part(_ schema: Schema, depth: Int) throws(Problem) -> GrammarPart {
        guard depth <= Self.depthLimit else {
            throw .invalid(schema.path, "is nested deeper than \(Self.depthLimit) levels")
        }
        work += 1
        guard work <= Self.workLimit else { throw .invalid(rootPath, "has too many parts, references followed") }
        switch schema.value {
        case .bool(true): return anyValue(depth: 0)
        case .bool(false): return .impossible
        case .object: break
        default: throw .invalid(schema.path, "must be a schema: an object, true or false, not \(schema.value.seen)")
        }
        try schema.checkKeywords()
        if let pointer = schema.soleReference { return try reference(pointer, schema, depth: depth) }
        if let pointer = try schema.string("$ref") {
            let merged = try schema.without("$ref").merged(with: try target(of: pointer, schema))
            return try part(merged, depth: depth + 1)
        }
        if let all = try schema.list("allOf") {
            var merged = schema.without("allOf")
            for one in all { merged = try merged.merged(with: try resolved(one)) }
            return try part(merged, depth: depth + 1)
        }
        for keyword in ["anyOf", "oneOf"] {
            guard let several = try schema.list(keyword) else { continue }
            return try alternatives(several, of: schema.without(keyword), exactlyOne: keyword == "oneOf", depth: depth)
        }
        if let values = try schema.values() { return try constants(values, schema) }
        return try typed(schema, depth: depth)
    }

    private mutating func alternatives(
        _ schemas: [Schema],
        of base: Schema,
        exactlyOne: Bool,
        depth: Int
    ) throws(Problem) -> GrammarPart {
        var choices: [GrammarPart] = []
        var merged: [Schema] = []
        for schema in schemas {
            let whole = base.isEmpty ? schema : try base.merged(with: try resolved(schema))
            let target = try resolved(whole)
            if exactlyOne, let other = merged.first(where: { !$0.isDisjoint(from: target) }) {
                throw .invalid(
                    base.path + ".oneOf",
                    "has alternatives that cannot be told apart by type or by a required constant "
                        + "(\(other.path), \(target.path)); use anyOf"
                )
            }
            merged.append(target)
            choices.append(try part(whole, depth: depth + 1))
        }
        return .choice(choices)
    }

    private mutating func constants(_ values: [JSONValue], _ schema: Schema) throws(Problem) -> GrammarPart {
        if let other = schema.restrictions.first {
            throw .invalid("\(schema.path).\(other)", "is not supported beside enum or const")
        }
        let types = try schema.types()
        let fitting = values.filter { value in types?.contains { $0.holds(value) } ?? true }
        return .choice(fitting.map { .literal($0.text) })
    }

    private mutating func typed(_ schema: Schema, depth: Int) throws(Problem) -> GrammarPart {
        let types = try schema.types() ?? schema.impliedTypes
        guard let types else { return anyValue(depth: 0) }
        var choices: [GrammarPart] = []
        for type in types {
            switch type {
            case .null: choices.append(.literal("null"))
            case .boolean: choices.append(.choice([.literal("true"), .literal("false")]))
            // Every whole number is a number, too.
            case .integer where types.contains(.number): break
            case .integer: choices.append(try integer(schema))
            case .number: choices.append(try number(schema))
            case .string: choices.append(try string(schema))
            case .array: choices.append(try array(schema, depth: depth))
            case .object: choices.append(try object(schema, depth: depth))
            }
        }
        return choices.count == 1 ? choices[0] : .choice(choices)
    }

    // MARK: - References

    private mutating func reference(_ pointer: String, _ schema: Schema, depth: Int) throws(Problem) -> GrammarPart {
        if let name = references[pointer] { return .rule(name) }
        let target = try target(of: pointer, schema)
        guard case .rule(let name) = grammar.add(.impossible) else { return .impossible }
        references[pointer] = name
        grammar[name] = try part(target, depth: depth + 1)
        return .rule(name)
    }

    /// A schema that is not merely a reference.
    private func resolved(_ schema: Schema) throws(Problem) -> Schema {
        var schema = schema
        for _ in 0..<Self.depthLimit {
            guard let pointer = schema.soleReference else { return schema }
            schema = try target(of: pointer, schema)
        }
        throw .invalid(schema.path, "refers to itself without an end")
    }

    private func target(of pointer: String, _ schema: Schema) throws(Problem) -> Schema {
        let parts = pointer.split(separator: "/", omittingEmptySubsequences: false)
        guard parts.first == "#" else {
            throw .invalid("\(schema.path).$ref", "must be a pointer into this schema that begins with #")
        }
        var value = root
        var path = rootPath
        for part in parts.dropFirst() {
            let key = String(part.replacing("~1", with: "/").replacing("~0", with: "~"))
            guard let next = Int(key).flatMap({ value[$0] }) ?? value[key] else {
                let name = JSONValue.string(pointer).seen
                throw .invalid("\(schema.path).$ref", "points to \(name), which is not there")
            }
            value = next
            path += ".\(key)"
        }
        return Schema(value, at: path)
    }

    // MARK: - Anything

    /// Any value; the depth is bounded, so that every reader can read it.
    mutating func anyValue(depth: Int) -> GrammarPart {
        let name = "any\(depth)"
        guard grammar[name] == nil else { return .rule(name) }
        // In its place before its parts, which go deeper.
        grammar[name] = .impossible
        var choices: [GrammarPart] = [
            .rule(Self.string), NumberRange.any, .literal("true"), .literal("false"), .literal("null"),
        ]
        if depth < Self.anyDepth {
            choices.append(anyObject(depth: depth + 1))
            choices.append(list("[", anyValue(depth: depth + 1), min: 0, max: nil, "]"))
        }
        grammar[name] = .choice(choices)
        return .rule(name)
    }

    private mutating func anyObject(depth: Int) -> GrammarPart {
        list("{", map(to: anyValue(depth: depth + 1)), min: 0, max: nil, "}")
    }

    /// A member with any name.
    mutating func map(to value: GrammarPart) -> GrammarPart {
        grammar.add(.sequence([.rule(Self.string), .literal(":"), .rule(Self.space), value]))
    }

    /// Elements between brackets, with commas.
    mutating func list(
        _ open: String,
        _ element: GrammarPart,
        min: Int,
        max: Int?,
        _ close: String
    ) -> GrammarPart {
        let space = GrammarPart.rule(Self.space)
        guard max != 0 else { return .sequence([.literal(open), space, .literal(close)]) }
        let element = grammar.add(element)
        let next = grammar.add(.sequence([.literal(","), space, element]))
        let more: GrammarPart =
            max == 1 ? .nothing : .repeated(next, min: Swift.max(min - 1, 0), max: max.map { $0 - 1 })
        let some = GrammarPart.sequence([element, more, space])
        return .sequence([.literal(open), space, min == 0 ? .optional(some) : some, .literal(close)])
    }
}
