package import Values

/// Which events a meter counts: those whose properties have one of the values named.
package struct MeterFilter: Hashable, Sendable {
    /// One property and the values that pass.
    package struct Condition: Hashable, Sendable {
        /// The property's name.
        package let name: String
        /// Texts, numbers and booleans, compared as JSON values: `"1"` is not `1`, and `1.0` is.
        package let values: [JSONValue]
    }

    private static let propertyLimit = 8
    private static let valueLimit = 100

    /// All of them must hold; in the order of their names.
    package let conditions: [Condition]

    /// Reads `{"property": [values]}`.
    package init(json: JSONValue, path: String) throws(Problem) {
        guard let object = json.object else { throw .invalid(path, "must be an object, not \(json.seen)") }
        guard (1...Self.propertyLimit).contains(object.count) else {
            throw .invalid(path, "names \(object.count) properties; 1 to \(Self.propertyLimit) are allowed")
        }
        var conditions: [Condition] = []
        for (name, value) in object {
            conditions.append(Condition(name: name, values: try Self.values(value, of: name, path: "\(path).\(name)")))
        }
        self.conditions = conditions.sorted { $0.name < $1.name }
    }

    private static func values(_ json: JSONValue, of name: String, path: String) throws(Problem) -> [JSONValue] {
        guard (1...100).contains(name.utf8.count), !name.utf8.contains(0) else {
            throw .invalid(path, "is the name of no property: it must have 1 to 100 bytes")
        }
        guard let values = json.array else {
            throw .invalid(path, "must be an array of the values that count, not \(json.seen)")
        }
        guard (1...valueLimit).contains(values.count) else {
            throw .invalid(path, "has \(values.count) values; 1 to \(valueLimit) are allowed")
        }
        for (index, value) in values.enumerated() {
            let isPlain =
                switch value {
                case .string(let text): !text.utf8.contains(0)
                case .number, .bool: true
                case .null, .array, .object: false
                }
            guard isPlain else {
                throw .invalid("\(path)[\(index)]", "must be a text, a number or a boolean, not \(value.seen)")
            }
        }
        return values
    }

    /// As it stands in a meter's definition.
    package var json: JSONValue {
        var object = JSONObject()
        for condition in conditions { object[condition.name] = .array(condition.values) }
        return .object(object)
    }

    /// Whether an event with these properties counts.
    ///
    /// Compared by bytes, as the database does: Swift's strings are equal for other bytes, too.
    package func passes(_ properties: JSONValue) -> Bool {
        guard let object = properties.object else { return false }
        return conditions.allSatisfy { condition in
            guard let own = object.first(where: { $0.key.utf8.elementsEqual(condition.name.utf8) }) else {
                return false
            }
            let bytes = UsageContent.canonical(own.value)
            return condition.values.contains { UsageContent.canonical($0) == bytes }
        }
    }
}
