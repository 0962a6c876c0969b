import Values

extension JSONSchemaGrammar {
    /// The types of JSON.
    enum ValueType: String, CaseIterable {
        case null, boolean, integer, number, string, array, object

        /// Whether a value is of the type.
        func holds(_ value: JSONValue) -> Bool {
            switch (self, value) {
            case (.null, .null), (.boolean, .bool), (.number, .number), (.string, .string), (.array, .array),
                (.object, .object):
                true
            case (.integer, .number(let number)): number.int != nil
            default: false
            }
        }

        func overlaps(_ other: ValueType) -> Bool {
            self == other || (self == .integer && other == .number) || (self == .number && other == .integer)
        }
    }

    /// One schema and where it stands.
    ///
    /// Pure.
    struct Schema: Hashable {
        let value: JSONValue
        let path: String

        /// Keywords that say nothing of what is valid.
        static let annotations: Set<String> = [
            "title", "description", "default", "examples", "example", "$schema", "$id", "$comment", "$defs",
            "definitions", "deprecated", "readOnly", "writeOnly",
        ]
        private static let keywordTypes: [(type: ValueType, keywords: [String])] = [
            (
                .object,
                ["properties", "required", "additionalProperties", "minProperties", "maxProperties"]
            ),
            (.array, ["items", "prefixItems", "minItems", "maxItems", "uniqueItems"]),
            (.string, ["minLength", "maxLength", "pattern", "format"]),
            (.number, ["minimum", "maximum", "exclusiveMinimum", "exclusiveMaximum", "multipleOf"]),
        ]
        private static let combinations: Set<String> = ["$ref", "allOf", "anyOf", "oneOf", "type", "enum", "const"]

        init(_ value: JSONValue, at path: String) {
            self.value = value
            self.path = path
        }

        private var keys: [String] { value.object?.keys ?? [] }

        /// Refuses what cannot be kept.
        func checkKeywords() throws(Problem) {
            for key in keys where !Self.annotations.contains(key) && !Self.combinations.contains(key) {
                guard Self.keywordTypes.contains(where: { $0.keywords.contains(key) }) else {
                    throw .invalid("\(path).\(key)", "is not a supported keyword of JSON Schema")
                }
            }
        }

        /// Whether it says nothing.
        var isEmpty: Bool { keys.allSatisfy(Self.annotations.contains) && value.bool != false }

        /// Its pointer, if it is nothing but a reference.
        var soleReference: String? {
            guard let pointer = value["$ref"]?.string else { return nil }
            return keys.allSatisfy { $0 == "$ref" || Self.annotations.contains($0) } ? pointer : nil
        }

        /// Keywords beside its type and its values.
        var restrictions: [String] {
            keys.filter { key in Self.keywordTypes.contains { $0.keywords.contains(key) } }
        }

        func without(_ keyword: String) -> Schema {
            guard var object = value.object else { return self }
            object[keyword] = nil
            return Schema(.object(object), at: path)
        }

        // MARK: - Members

        func string(_ keyword: String) throws(Problem) -> String? {
            guard let found = value[keyword] else { return nil }
            guard let text = found.string else {
                throw .invalid("\(path).\(keyword)", "must be a string, not \(found.seen)")
            }
            return text
        }

        /// The schemas of a list that is not empty.
        func list(_ keyword: String) throws(Problem) -> [Schema]? {
            guard let found = value[keyword] else { return nil }
            guard let elements = found.array, (1...200).contains(elements.count) else {
                throw .invalid("\(path).\(keyword)", "must be a list of 1 to 200 schemas, not \(found.seen)")
            }
            return elements.enumerated().map { Schema($1, at: "\(path).\(keyword)[\($0)]") }
        }

        func child(_ keyword: String) -> Schema? {
            value[keyword].map { Schema($0, at: "\(path).\(keyword)") }
        }

        func count(_ keyword: String, limit: Int = 100_000) throws(Problem) -> Int? {
            guard let found = value[keyword] else { return nil }
            guard let count = found.int, (0...limit).contains(count) else {
                throw .invalid("\(path).\(keyword)", "must be a whole number from 0 to \(limit), not \(found.seen)")
            }
            return count
        }

        func decimal(_ keyword: String) throws(Problem) -> NumberRange.Decimal? {
            guard let found = value[keyword] else { return nil }
            guard case .number(let number) = found, let decimal = NumberRange.Decimal(number) else {
                let right = "must be a number of at most 15 digits before and after the point"
                throw .invalid("\(path).\(keyword)", "\(right), not \(found.seen)")
            }
            return decimal
        }

        func properties() throws(Problem) -> [(name: String, schema: Schema)] {
            guard let found = value["properties"] else { return [] }
            guard let object = found.object, object.count <= 200 else {
                throw .invalid("\(path).properties", "must be an object of at most 200 schemas, not \(found.seen)")
            }
            return object.keys.map { ($0, Schema(object[$0] ?? true, at: "\(path).properties.\($0)")) }
        }

        /// Names in their order, each once.
        func required() throws(Problem) -> [String] {
            guard let found = value["required"] else { return [] }
            let names = found.array?.compactMap(\.string) ?? []
            guard let array = found.array, names.count == array.count, names.count <= 200 else {
                throw .invalid("\(path).required", "must be a list of at most 200 names, not \(found.seen)")
            }
            var seen: Set<String> = []
            return names.filter { seen.insert($0).inserted }
        }

        /// The values of `enum` and `const` that both allow.
        func values() throws(Problem) -> [JSONValue]? {
            var values: [JSONValue]?
            if let found = value["enum"] {
                guard let array = found.array, (1...1000).contains(array.count) else {
                    throw .invalid("\(path).enum", "must be a list of 1 to 1000 values, not \(found.seen)")
                }
                values = array
            }
            guard let constant = value["const"] else { return values }
            return (values ?? [constant]).contains(constant) ? [constant] : []
        }

        func types() throws(Problem) -> [ValueType]? {
            guard let found = value["type"] else { return nil }
            let names = found.array ?? [found]
            let types = names.compactMap { $0.string.flatMap(ValueType.init(rawValue:)) }
            guard types.count == names.count, !types.isEmpty else {
                let known = ValueType.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
                throw .invalid("\(path).type", "must be one of \(known), or a list of them, not \(found.seen)")
            }
            var seen: Set<ValueType> = []
            return types.filter { seen.insert($0).inserted }
        }

        /// The type that its keywords are for, if there are any.
        var impliedTypes: [ValueType]? {
            Self.keywordTypes.first { entry in keys.contains { entry.keywords.contains($0) } }.map { [$0.type] }
        }

        /// Whether it is plain that no value is valid under both; looks at types, values and required constants.
        func isDisjoint(from other: Schema) -> Bool {
            if let left = try? values(), let right = try? other.values() {
                return !left.contains { right.contains($0) }
            }
            if let values = (try? values()) ?? (try? other.values()) {
                let types = (try? self.values()) == nil ? plainTypes : other.plainTypes
                return types.map { types in !values.contains { value in types.contains { $0.holds(value) } } } ?? false
            }
            guard let left = plainTypes, let right = other.plainTypes else { return false }
            if !left.contains(where: { type in right.contains { $0.overlaps(type) } }) { return true }
            guard left == [.object], right == [.object], let ours = try? required(), let theirs = try? other.required()
            else { return false }
            return ours.contains { name in
                guard theirs.contains(name), let mine = value["properties"]?[name],
                    let yours = other.value["properties"]?[name],
                    let left = try? Schema(mine, at: path).values(), let right = try? Schema(yours, at: path).values()
                else { return false }
                return !left.contains { right.contains($0) }
            }
        }

        /// Only types that are written down: keywords alone let every other type pass.
        private var plainTypes: [ValueType]? { try? types() }
    }
}
