import Values

/// Numbers that are the same every time.
struct SeededRandom: RandomNumberGenerator {
    var state: UInt64

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var mixed = state
        mixed = (mixed ^ (mixed >> 30)) &* 0xBF58_476D_1CE4_E5B9
        mixed = (mixed ^ (mixed >> 27)) &* 0x94D0_49BB_1331_11EB
        return mixed ^ (mixed >> 31)
    }
}

/// Schemas of every kind, some of them nonsense.
enum RandomSchema {
    static func make(_ random: inout SeededRandom) -> JSONValue {
        var schema = schema(depth: 0, &random).object ?? JSONObject()
        schema["$defs"] = ["x": self.schema(depth: 2, &random), "y": self.schema(depth: 1, &random)]
        return .object(schema)
    }

    private static func schema(depth: Int, _ random: inout SeededRandom) -> JSONValue {
        let deep = depth < 3
        switch Int.random(in: 0..<(deep ? 15 : 8), using: &random) {
        case 0: return ["type": "string", "maxLength": .int(Int.random(in: 0...30, using: &random))]
        case 1: return number("integer", &random)
        case 2: return number("number", &random)
        case 3:
            return ["enum": [.int(Int.random(in: 0...3, using: &random)), "ü\n\u{7F}\"", [1, ["a": nil]], nil, true]]
        case 4: return ["type": ["null", "boolean"]]
        case 5:
            let pattern = JSONSchemaGrammarTests.patterns.randomElement(using: &random) ?? ""
            return ["type": "string", "pattern": .string(pattern)]
        case 6: return Bool.random(using: &random) ? ["$ref": "#/$defs/x"] : ["$ref": "#/$defs/y"]
        case 7: return nonsense(&random)
        case 8, 9, 10: return object(depth: depth, &random)
        case 11:
            var array = members(["type": "array", "items": schema(depth: depth + 1, &random)])
            if Bool.random(using: &random) { array["minItems"] = .int(Int.random(in: 0...3, using: &random)) }
            if Bool.random(using: &random) { array["maxItems"] = .int(Int.random(in: 0...5, using: &random)) }
            return .object(array)
        case 12: return ["anyOf": some(depth: depth, &random)]
        case 13: return ["oneOf": some(depth: depth, &random)]
        default: return ["allOf": some(depth: depth, &random)]
        }
    }

    private static func members(_ value: JSONValue) -> JSONObject { value.object ?? JSONObject() }

    private static func some(depth: Int, _ random: inout SeededRandom) -> JSONValue {
        .array((0..<Int.random(in: 1...3, using: &random)).map { _ in schema(depth: depth + 1, &random) })
    }

    private static func number(_ type: String, _ random: inout SeededRandom) -> JSONValue {
        var object = members(["type": .string(type)])
        for key in ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum"] where Bool.random(using: &random) {
            let whole = Int.random(in: -200...200, using: &random)
            object[key] = Bool.random(using: &random) ? .int(whole) : .double(Double(whole) / 8)
        }
        return .object(object)
    }

    private static func object(depth: Int, _ random: inout SeededRandom) -> JSONValue {
        let names = ["a", "b", "c d", "é\""].filter { _ in Bool.random(using: &random) }
        var properties = JSONObject()
        for name in names { properties[name] = schema(depth: depth + 1, &random) }
        var object = members(["type": "object", "properties": .object(properties)])
        let required = ["a", "b", "z"].filter { _ in Int.random(in: 0..<3, using: &random) == 0 }
        if !required.isEmpty { object["required"] = .array(required.map(JSONValue.string)) }
        switch Int.random(in: 0..<4, using: &random) {
        case 0: object["additionalProperties"] = false
        case 1: object["additionalProperties"] = schema(depth: depth + 1, &random)
        default: break
        }
        return .object(object)
    }

    private static func nonsense(_ random: inout SeededRandom) -> JSONValue {
        let values: [JSONValue] = [
            true, false, [:], 7, "string", [], ["type": "any"], ["properties": []], ["required": "a"], ["not": [:]],
            ["minLength": "3"], ["items": [[:]]], ["$ref": "#/nowhere"], ["$ref": 3], ["anyOf": []], ["type": []],
            ["maximum": 1e300], ["pattern": "("], ["const": nil, "enum": [1]],
        ]
        return values.randomElement(using: &random) ?? true
    }
}
