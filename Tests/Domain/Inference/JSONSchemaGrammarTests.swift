import Inference
import Testing
import Values

@Suite struct JSONSchemaGrammarTests {
    /// Texts of the grammar of a schema, each read.
    private static func walk(_ schema: JSONValue, _ count: Int, seed: UInt64 = 1) throws -> [JSONValue] {
        let walker = try GrammarWalker(try JSONSchemaGrammar.gbnf(for: schema, at: "schema"))
        var random = SeededRandom(state: seed)
        return try (0..<count).compactMap { _ in try read(walker.walk(&random)) }
    }

    /// Nil for an object that names a member twice, which no grammar can keep from happening.
    private static func read(_ text: String) throws -> JSONValue? {
        do throws(Problem) {
            return try JSONValue(parsing: text)
        } catch {
            guard error.message.contains("twice") else {
                Issue.record("\(error.message) in \(text)")
                throw error
            }
            return nil
        }
    }

    private static func check(_ schema: JSONValue, _ count: Int, seed: UInt64 = 1) throws {
        let validator = SchemaValidator(root: schema)
        for value in try walk(schema, count, seed: seed) {
            let isValid = validator.isValid(value, schema)
            #expect(isValid, "\(value.text) under \(schema.text)")
        }
    }

    private static func problem(_ schema: JSONValue) -> Problem? {
        do throws(Problem) {
            _ = try JSONSchemaGrammar.gbnf(for: schema, at: "schema")
            return nil
        } catch {
            return error
        }
    }

    @Test func `an object has its required members, in their order, and no others`() throws {
        let schema: JSONValue = [
            "type": "object",
            "properties": [
                "name": ["type": "string", "maxLength": 5], "age": ["type": ["integer", "null"], "minimum": 0],
                "tags": ["type": "array", "items": ["enum": ["a", "ä\"\\", 3, nil]], "minItems": 1, "maxItems": 3],
                "note": ["type": "string"],
            ],
            "required": ["name", "tags"], "additionalProperties": false,
        ]
        try Self.check(schema, 300)
        let keys = Set(try Self.walk(schema, 300).map { $0.object?.keys ?? [] })
        #expect(keys.contains(["name", "tags"]))
        #expect(keys.contains(["name", "age", "tags", "note"]))
        #expect(keys.count == 4)
    }

    static let bounds: [(String, JSONValue)] = [
        ("integer", ["minimum": 0, "maximum": 255]), ("integer", ["minimum": -17, "maximum": 1203]),
        ("integer", ["exclusiveMinimum": 99, "exclusiveMaximum": 101]), ("integer", ["minimum": 1.5, "maximum": 2.5]),
        ("integer", ["maximum": -100]), ("integer", ["minimum": 12345]), ("integer", ["minimum": -0.5]),
        ("number", ["minimum": 0, "maximum": 1]), ("number", ["exclusiveMinimum": 0, "exclusiveMaximum": 1]),
        ("number", ["minimum": -0.25, "maximum": 12.5]), ("number", ["minimum": 0.125, "maximum": 0.13]),
        ("number", ["exclusiveMinimum": -3.75, "exclusiveMaximum": -3.5]), ("number", ["maximum": -1e-3]),
        ("number", ["minimum": 9.99e2]), ("number", ["minimum": 7, "maximum": 7]), ("number", [:]), ("integer", [:]),
        ("number", ["exclusiveMinimum": -1, "maximum": 0]), ("number", ["minimum": 0.1, "exclusiveMaximum": 0.2]),
    ]

    @Test(arguments: bounds) func `numbers keep their bounds`(type: String, rules: JSONValue) throws {
        var schema = rules.object ?? JSONObject()
        schema["type"] = .string(type)
        try Self.check(.object(schema), 400)
    }

    @Test func `a range gives every whole number in it`() throws {
        let schema: JSONValue = ["type": "integer", "minimum": -12, "maximum": 112]
        #expect(Set(try Self.walk(schema, 6000).compactMap(\.int)) == Set(-12...112))
    }

    @Test func `a range without a number is refused`() {
        for rules: JSONValue in [
            ["type": "integer", "minimum": 3, "maximum": 2], ["type": "number", "minimum": 1, "exclusiveMaximum": 1],
            ["type": "integer", "exclusiveMinimum": 1, "exclusiveMaximum": 2],
        ] {
            #expect(Self.problem(rules)?.message == "schema: has no value that is valid and finite")
        }
    }

    @Test func `lengths of strings are exact, also long ones`() throws {
        for (low, high) in [(0, 0), (3, 3), (0, 2), (7, 12), (990, 1010), (0, 2500)] {
            let schema: JSONValue = ["type": "string", "minLength": .int(low), "maxLength": .int(high)]
            try Self.check(schema, 60)
        }
        try Self.check(["type": "string", "minLength": 1200], 20)
        let grammar = try JSONSchemaGrammar.gbnf(for: ["type": "string", "maxLength": 100_000], at: "schema")
        #expect(grammar.utf8.count < 20_000)
    }

    static let patterns = [
        "^[A-Z]{2}-\\d{3,5}$", "ab+c?", "^(red|green|blue)$", "^[^a-z\"\\\\]*$", "\\w+@\\w+\\.(com|org)", "^.{2}$",
        "^(?:x|y(z|[0-9])){2,3}$", "^\\$\\.\\[\\]\\/$", "^[\\w.-]+$", "^\\s?\\S\\D$", "", "^ä[ö-ü]$", "^\"\\\\$",
    ]

    @Test(arguments: patterns) func `patterns are kept`(pattern: String) throws {
        try Self.check(["type": "string", "pattern": .string(pattern)], 200)
    }

    @Test(arguments: [
        "(a*)*", "a**", "(?=a)", "\\1", "[z-a]", "(", "a{3", "a{5,2}", "^a|b$", "a$b", "\\bword", "a{2000}",
        "(a{100}){100}", "[a", "a+?", ")",
    ])
    func `patterns beyond the plain ones are refused by name`(pattern: String) {
        let problem = Self.problem(["type": "object", "properties": ["p": ["pattern": .string(pattern)]]])
        #expect(problem?.errors.first?.field == "schema.properties.p.pattern", "\(pattern)")
    }

    @Test(arguments: ["date", "time", "date-time", "uuid", "email", "ipv4"])
    func `formats are kept`(format: String) throws {
        try Self.check(["type": "string", "format": .string(format)], 300)
    }

    @Test func `a schema may refer to itself`() throws {
        let tree: JSONValue = [
            "$ref": "#/$defs/node",
            "$defs": [
                "node": [
                    "type": "object", "required": ["value"],
                    "properties": [
                        "value": ["type": "integer"], "left": ["$ref": "#/$defs/node"],
                        "more": ["type": "array", "items": ["$ref": "#/$defs/node"], "maxItems": 2],
                    ],
                ]
            ],
        ]
        try Self.check(tree, 200)
        #expect(try Self.walk(tree, 200).contains { $0["left"]?["left"] != nil })
        // Never ending, and going in circles.
        let endless: JSONValue = ["type": "object", "required": ["a"], "properties": ["a": ["$ref": "#"]]]
        #expect(Self.problem(endless)?.message == "schema: has no value that is valid and finite")
        for circle: JSONValue in [
            ["$ref": "#"], ["anyOf": [["$ref": "#"], ["type": "null"]]], ["allOf": [["$ref": "#"], ["type": "null"]]],
        ] {
            #expect(Self.problem(circle) != nil)
        }
    }

    @Test func `alternatives and joins`() throws {
        let schemas: [JSONValue] = [
            ["anyOf": [["type": "string", "maxLength": 3], ["type": "number"], ["type": "null"]]],
            ["oneOf": [["type": "string"], ["type": "array", "items": ["type": "boolean"]]]],
            [
                "oneOf": [
                    ["type": "object", "required": ["k"], "properties": ["k": ["const": "a"], "x": true]],
                    ["type": "object", "required": ["k"], "properties": ["k": ["const": "b"], "y": false]],
                ]
            ],
            [
                "type": "object", "properties": ["a": ["type": "integer", "maximum": 9]],
                "allOf": [
                    ["required": ["a"], "properties": ["a": ["minimum": 5]]], ["properties": ["b": ["enum": [1, 2]]]],
                ],
            ],
            [
                "allOf": [["$ref": "#/$defs/base"], ["properties": ["z": ["type": "null"]], "required": ["z"]]],
                "$defs": ["base": ["type": "object", "properties": ["a": ["type": "string"]], "required": ["a"]]],
            ],
            [
                "type": "object", "properties": ["a": ["type": "string"], "b": ["type": "string"]],
                "anyOf": [["required": ["a"]], ["required": ["b"]]],
            ],
            ["type": "object", "additionalProperties": ["type": "integer"], "maxProperties": 3],
            ["prefixItems": [["type": "string"], ["type": "integer"]], "items": false],
            ["type": "object", "required": ["free"]], true, [:], ["type": ["integer", "number"], "minimum": 3],
        ]
        for schema in schemas { try Self.check(schema, 150) }
    }

    @Test func `what is not supported is refused by its path`() {
        let cases: [(JSONValue, String)] = [
            (["type": "object", "patternProperties": [:]], "schema.patternProperties"),
            (["type": "array", "items": ["not": [:]]], "schema.items.not"),
            (["type": "array", "uniqueItems": true], "schema.uniqueItems"),
            (["type": "number", "multipleOf": 0.5], "schema.multipleOf"),
            (["type": "text"], "schema.type"), (["properties": ["a": 1]], "schema.properties.a"),
            (["$ref": "https://example.com/x"], "schema.$ref"), (["$ref": "#/$defs/none"], "schema.$ref"),
            (["oneOf": [["type": "number"], ["type": "integer"]]], "schema.oneOf"),
            (["type": "string", "format": "hostname"], "schema.format"), (["enum": []], "schema.enum"),
            (["enum": [1, 2], "minimum": 2], "schema.minimum"),
            (["type": "string", "minLength": -1], "schema.minLength"),
            (["properties": ["a": ["if": true]]], "schema.properties.a.if"), (3, "schema"),
            (["type": "array", "maxItems": 5000], "schema.maxItems"), (false, "schema"),
        ]
        for (schema, field) in cases { #expect(Self.problem(schema)?.errors.first?.field == field, "\(schema.text)") }
    }

    @Test func `depth and size are bounded`() {
        var deep: JSONValue = ["type": "null"]
        for _ in 0..<60 { deep = ["type": "array", "items": deep] }
        #expect(Self.problem(deep)?.message.contains("nested deeper") == true)
        let wide = JSONValue.string(String(repeating: "x", count: 70_000))
        #expect(Self.problem(["const": wide])?.message.contains("bytes") == true)
        // Joins of joins of a thing with itself grow twice as large with each level.
        var definitions = JSONObject()
        definitions["d0"] = ["type": "object", "properties": ["a": ["type": "null"]]]
        for level in 1...30 {
            let below: JSONValue = ["$ref": .string("#/$defs/d\(level - 1)")]
            definitions["d\(level)"] = ["anyOf": [["allOf": [below, below]], ["allOf": [below, below, below]]]]
        }
        #expect(Self.problem(["$ref": "#/$defs/d30", "$defs": .object(definitions)]) != nil)
    }

    @Test func `any object is an object`() throws {
        let walker = try GrammarWalker(JSONSchemaGrammar.anyObject)
        var random = SeededRandom(state: 5)
        for _ in 0..<200 {
            let value = try Self.read(walker.walk(&random))
            #expect(value.map { $0.object != nil } ?? true)
        }
    }

    @Test(arguments: 1...UInt64(12)) func `whatever the schema, it is refused or kept`(seed: UInt64) throws {
        var random = SeededRandom(state: seed)
        var made = 0
        for round in 0..<60 {
            let schema = RandomSchema.make(&random)
            guard Self.problem(schema) == nil else { continue }
            made += 1
            try Self.check(schema, 12, seed: seed &* 1000 &+ UInt64(round))
        }
        #expect(made >= 10)
    }
}
