/// Reads one JSON object strictly, field by field.
///
/// Every error names the full path, like `plans[0].prices[1].amount`. A member that is `null` counts as absent. After
/// the last field `finish()` refuses members that nobody read.
package struct JSONFields {
    /// The path of the object itself; empty for the whole input.
    package let path: String
    private let object: JSONObject
    private var isRead: [Bool]

    /// Begins to read an object; anything else is an error at the path.
    package init(_ value: JSONValue, path: String = "") throws(Problem) {
        guard case .object(let object) = value else {
            throw .invalid(path.isEmpty ? "input" : path, "must be an object, not \(value.seen)")
        }
        self.path = path
        self.object = object
        isRead = Array(repeating: false, count: object.count)
    }

    /// The full path of a member.
    package func path(_ key: String) -> String { path.isEmpty ? key : "\(path).\(key)" }

    /// An error at a member.
    package func invalid(_ key: String, _ message: String) -> Problem { .invalid(path(key), message) }

    /// Whether a member is there and not null.
    package func has(_ key: String) -> Bool {
        guard let value = object[key] else { return false }
        return !value.isNull
    }

    /// The raw value of a member, nil if it is absent or null; it counts as read.
    package mutating func value(_ key: String) -> JSONValue? {
        guard let value = valueOrNull(key), !value.isNull else { return nil }
        return value
    }

    /// The raw value of a member, nil only if it is absent; it counts as read.
    package mutating func valueOrNull(_ key: String) -> JSONValue? {
        guard let position = object.position(of: key) else { return nil }
        isRead[position] = true
        return object.member(at: position).value
    }

    /// The raw value of a member that must be there and not null.
    package mutating func requiredValue(_ key: String) throws(Problem) -> JSONValue {
        guard let value = value(key) else { throw absent(key, "a value") }
        return value
    }

    /// Refuses the first member that was not read.
    package func finish() throws(Problem) {
        guard let position = isRead.firstIndex(of: false) else { return }
        throw invalid(object.member(at: position).key, "is not a known field here")
    }

    /// The error for a required member that is not there.
    func absent(_ key: String, _ right: String) -> Problem { invalid(key, "is required: \(right)") }

    /// The error for a member of another type or form.
    func wrong(_ key: String, _ value: JSONValue, _ right: String) -> Problem {
        invalid(key, "must be \(right), not \(value.seen)")
    }

    /// Reads a member by a conversion that says nil for what it does not take.
    private mutating func optional<Value>(
        _ key: String,
        _ right: String,
        _ convert: (JSONValue) -> Value?
    ) throws(Problem) -> Value? {
        guard let value = value(key) else { return nil }
        guard let converted = convert(value) else { throw wrong(key, value, right) }
        return converted
    }

    private mutating func required<Value>(
        _ key: String,
        _ right: String,
        _ convert: (JSONValue) -> Value?
    ) throws(Problem) -> Value {
        guard let value = try optional(key, right, convert) else { throw absent(key, right) }
        return value
    }
}

extension JSONFields {
    /// A string.
    package mutating func string(_ key: String) throws(Problem) -> String {
        try required(key, "a string", \.string)
    }

    /// A string, if there is one.
    package mutating func optionalString(_ key: String) throws(Problem) -> String? {
        try optional(key, "a string", \.string)
    }

    /// A whole JSON number.
    package mutating func int(_ key: String) throws(Problem) -> Int {
        try required(key, "an integer", \.int)
    }

    /// A whole JSON number, if there is one.
    package mutating func optionalInt(_ key: String) throws(Problem) -> Int? {
        try optional(key, "an integer", \.int)
    }

    /// A boolean.
    package mutating func bool(_ key: String) throws(Problem) -> Bool {
        try required(key, "true or false", \.bool)
    }

    /// A boolean, if there is one.
    package mutating func optionalBool(_ key: String) throws(Problem) -> Bool? {
        try optional(key, "true or false", \.bool)
    }

    /// A JSON number.
    package mutating func double(_ key: String) throws(Problem) -> Double {
        try required(key, "a number", JSONFields.finiteNumber)
    }

    /// A JSON number, if there is one.
    package mutating func optionalDouble(_ key: String) throws(Problem) -> Double? {
        try optional(key, "a number", JSONFields.finiteNumber)
    }

    private static func finiteNumber(_ value: JSONValue) -> Double? {
        guard let number = value.double, number.isFinite else { return nil }
        return number
    }

    /// One of the words of a closed set.
    package mutating func choice<Value: RawRepresentable & CaseIterable>(
        _ key: String,
        as type: Value.Type
    ) throws(Problem) -> Value where Value.RawValue == String {
        try required(key, JSONFields.words(type)) { $0.string.flatMap(Value.init(rawValue:)) }
    }

    /// One of the words of a closed set, if there is one.
    package mutating func optionalChoice<Value: RawRepresentable & CaseIterable>(
        _ key: String,
        as type: Value.Type
    ) throws(Problem) -> Value? where Value.RawValue == String {
        try optional(key, JSONFields.words(type)) { $0.string.flatMap(Value.init(rawValue:)) }
    }

    private static func words<Value: RawRepresentable & CaseIterable>(_ type: Value.Type) -> String
    where Value.RawValue == String {
        "one of " + type.allCases.map { "\"\($0.rawValue)\"" }.joined(separator: ", ")
    }

    /// An object, to be read in turn (and finished by the reader).
    package mutating func object(_ key: String) throws(Problem) -> JSONFields {
        guard let fields = try optionalObject(key) else { throw absent(key, "an object") }
        return fields
    }

    /// An object, if there is one.
    package mutating func optionalObject(_ key: String) throws(Problem) -> JSONFields? {
        guard let value = value(key) else { return nil }
        return try JSONFields(value, path: path(key))
    }

    /// The elements of an array, each with its path.
    package mutating func array(_ key: String) throws(Problem) -> [(value: JSONValue, path: String)] {
        guard let elements = try optionalArray(key) else { throw absent(key, "an array") }
        return elements
    }

    /// The elements of an array, each with its path, if there is one.
    package mutating func optionalArray(_ key: String) throws(Problem) -> [(value: JSONValue, path: String)]? {
        guard let elements = try optional(key, "an array", \.array) else { return nil }
        let path = path(key)
        return elements.enumerated().map { ($1, "\(path)[\($0)]") }
    }
}
