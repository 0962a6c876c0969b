/// Any JSON value; objects keep their order and numbers their text.
package enum JSONValue: Hashable, Sendable {
    case null
    case bool(Bool)
    case number(JSONNumber)
    case string(String)
    case array([JSONValue])
    case object(JSONObject)

    /// Parses one JSON text (RFC 8259, UTF-8); an error says at which byte it is wrong.
    package init(parsing bytes: [UInt8]) throws(Problem) {
        var parser = JSONParser(bytes)
        self = try parser.document()
    }

    /// Parses one JSON text from any bytes.
    package init(parsing bytes: some Collection<UInt8>) throws(Problem) {
        try self.init(parsing: Array(bytes))
    }

    /// Parses one JSON text.
    package init(parsing text: String) throws(Problem) {
        try self.init(parsing: Array(text.utf8))
    }

    /// An integer.
    package static func int(_ value: some BinaryInteger) -> JSONValue { .number(JSONNumber(value)) }

    /// A number; `null` if it is infinite or not a number, which JSON cannot say.
    package static func double(_ value: Double) -> JSONValue { JSONNumber(value).map(JSONValue.number) ?? .null }

    /// A string, or `null` for nil.
    package static func optional(_ value: String?) -> JSONValue { value.map(JSONValue.string) ?? .null }

    /// The member of that name, if this is an object that has it.
    package subscript(key: String) -> JSONValue? { object?[key] }

    /// The element at an index, if this is an array that has it.
    package subscript(index: Int) -> JSONValue? {
        guard let array, array.indices.contains(index) else { return nil }
        return array[index]
    }

    /// The text of a string.
    package var string: String? {
        guard case .string(let value) = self else { return nil }
        return value
    }

    /// The value of a number that is whole and fits.
    package var int: Int? {
        guard case .number(let value) = self else { return nil }
        return value.int
    }

    /// The value of a number.
    package var double: Double? {
        guard case .number(let value) = self else { return nil }
        return value.double
    }

    /// The value of a boolean.
    package var bool: Bool? {
        guard case .bool(let value) = self else { return nil }
        return value
    }

    /// The elements of an array.
    package var array: [JSONValue]? {
        guard case .array(let value) = self else { return nil }
        return value
    }

    /// The members of an object.
    package var object: JSONObject? {
        guard case .object(let value) = self else { return nil }
        return value
    }

    /// Whether this is `null`.
    package var isNull: Bool { self == .null }

    /// The value as an error message shows it: short, and only its kind if it has parts.
    package var seen: String {
        switch self {
        case .null, .bool: text
        case .number(let number): JSONValue.shortened(number.text)
        case .string(let value): JSONValue.string(JSONValue.shortened(value)).text
        case .array: "an array"
        case .object: "an object"
        }
    }

    private static func shortened(_ text: String) -> String {
        text.count <= 60 ? text : text.prefix(57) + "..."
    }
}

extension JSONValue: ExpressibleByStringLiteral, ExpressibleByIntegerLiteral, ExpressibleByBooleanLiteral,
    ExpressibleByFloatLiteral, ExpressibleByArrayLiteral, ExpressibleByDictionaryLiteral, ExpressibleByNilLiteral
{
    package init(stringLiteral value: String) { self = .string(value) }

    package init(integerLiteral value: Int) { self = .int(value) }

    package init(booleanLiteral value: Bool) { self = .bool(value) }

    package init(floatLiteral value: Double) { self = .double(value) }

    package init(arrayLiteral elements: JSONValue...) { self = .array(elements) }

    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        var object = JSONObject()
        for (key, value) in elements { object[key] = value }
        self = .object(object)
    }

    package init(nilLiteral: ()) { self = .null }
}
