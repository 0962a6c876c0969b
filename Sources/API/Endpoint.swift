import HTTPTypes
import Tenants
import Values

/// Who may call an endpoint.
enum Access: Sendable {
    /// Anybody, without a key.
    case open
    /// A tenant's key with the scope; staff of the roles may act for a tenant they name in `Abono-Tenant`.
    case tenant(KeyScope, staff: Set<StaffRole>)
    /// Any tenant key whatever its scopes; staff of the roles likewise.
    case anyTenant(staff: Set<StaffRole>)
    /// Staff of these roles only.
    case staff(Set<StaffRole>)
}

/// One route: what OpenAPI says of it and what it does, in one place, so that the document is true.
struct Endpoint: Sendable {
    /// A parameter in the query.
    struct Parameter: Sendable {
        let name: String
        let about: String
        let schema: JSONValue
        var isRequired = false
    }

    let method: HTTPRequest.Method
    /// With parameters in braces: `/v1/invoices/{id}`.
    let path: String
    let summary: String
    let access: Access
    var parameters: [Parameter] = []
    /// The schema of the JSON body; nil if there is none.
    var body: JSONValue?
    /// Whether the body may not be left out.
    var isBodyRequired = true
    /// The schema of a body that is a form of `multipart/form-data` instead.
    var form: JSONValue?
    /// What else than `application/json` the body may be, for the description.
    var otherBodyTypes: [String] = []
    /// Whether it obeys `Idempotency-Key`.
    var isIdempotent = false
    /// Whether a suspended tenant is refused: it uses or orders something.
    var needsActiveTenant = false
    /// Whether errors have OpenAI's shape instead of problem+json.
    var speaksOpenAI = false
    /// The status and schema of a success.
    var success: (status: Int, schema: JSONValue)
    var contentType = "application/json"
    /// Whether a success may also be a stream of server-sent events.
    var isStreamable = false
    /// The largest body, in bytes.
    var bodyLimit = 1 << 20
    let handle: @Sendable (Call) async throws -> Reply
}

/// Schemas as OpenAPI wants them, in few words.
enum Schema {
    static let string: JSONValue = ["type": "string"]
    static let integer: JSONValue = ["type": "integer"]
    static let boolean: JSONValue = ["type": "boolean"]
    static let number: JSONValue = ["type": "number"]
    static let anything: JSONValue = [:]
    static let decimal: JSONValue = ["type": "string", "pattern": "^-?[0-9]+(\\.[0-9]+)?$"]
    static let instant: JSONValue = ["type": "string", "format": "date-time"]
    static let binary: JSONValue = ["type": "string", "format": "binary"]
    static let free: JSONValue = ["type": "object", "additionalProperties": true]
    static let money: JSONValue = object(["amount": decimal, "currency": string], required: ["amount", "currency"])

    static func ref(_ name: String) -> JSONValue { ["$ref": .string("#/components/schemas/\(name)")] }

    static func array(_ items: JSONValue) -> JSONValue { ["type": "array", "items": items] }

    static func nullable(_ schema: JSONValue) -> JSONValue { ["anyOf": [schema, ["type": "null"]]] }

    static func choice(_ values: [String]) -> JSONValue {
        ["type": "string", "enum": .array(values.map { .string($0) })]
    }

    static func object(_ properties: JSONObject, required: [String] = []) -> JSONValue {
        var schema: JSONObject = ["type": "object", "properties": .object(properties)]
        if !required.isEmpty { schema["required"] = .array(required.map { .string($0) }) }
        return .object(schema)
    }

    /// `members`: what the answer has beside the list.
    static func list(_ items: JSONValue, with members: JSONObject = [:]) -> JSONValue {
        var properties: JSONObject = ["data": array(items), "has_more": boolean, "next": nullable(string)]
        for (name, schema) in members { properties[name] = schema }
        return object(properties, required: ["data", "has_more", "next"])
    }
}
