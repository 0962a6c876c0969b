import HTTPTypes
import Hummingbird
import Jobs
import Logging
import Postgres
import Tenants
import Values

/// One request on its way through an endpoint.
struct Call: Sendable {
    let services: Services
    let endpoint: Endpoint
    let request: Request
    /// The values of the path's braces.
    let path: [String: String]
    let body: [UInt8]
    let requestID: String
    let logger: Logger

    func header(_ name: String) -> String? {
        HTTPField.Name(name).flatMap { request.headers[$0] }
    }

    // MARK: - Reading

    /// The body as one JSON object.
    func fields() throws(Problem) -> JSONFields { try JSONFields(try json()) }

    func json() throws(Problem) -> JSONValue {
        guard !body.isEmpty else { throw .invalid("body", "a JSON object is required, the body is empty") }
        if let type = header("Content-Type"), !type.lowercased().contains("json") {
            throw Problem(.invalid, code: "unsupported_media_type", "Content-Type is \(type); send application/json")
        }
        do { return try JSONValue(parsing: body) } catch { throw .invalid("body", error.message) }
    }

    /// The body's fields, or none where a body is optional.
    func optionalFields() throws(Problem) -> JSONFields {
        body.isEmpty ? try JSONFields([:]) : try fields()
    }

    /// Reads the path's id; one of another kind or no id at all is simply not found.
    func id<Kind: Entity>(_ name: String = "id", as kind: ID<Kind>.Type) throws(Problem) -> ID<Kind> {
        let text = path[name] ?? ""
        guard let id = ID<Kind>(text) else { throw .notFound(String(describing: Kind.self).lowercased(), text) }
        return id
    }

    func query(_ name: String) -> String? {
        request.uri.queryParameters[Substring(name)].map { String($0) }
    }

    func queryInstant(_ name: String, in zone: Zone = .utc) throws(Problem) -> Instant? {
        guard let text = query(name) else { return nil }
        var fields = try JSONFields([name: .string(text)] as JSONValue)
        return try fields.instant(name, in: zone)
    }

    func queryBool(_ name: String) throws(Problem) -> Bool {
        switch query(name) {
        case nil, "false": return false
        case "true", "": return true
        case .some(let text): throw .invalid(name, "is \(text); true or false is expected")
        }
    }

    /// The page asked for: `limit` 1…200, default 50.
    func limit() throws(Problem) -> Int {
        guard let text = query("limit") else { return 50 }
        guard let limit = Int(text), (1...200).contains(limit) else {
            throw .invalid("limit", "is \(text); a whole number from 1 to 200 is expected")
        }
        return limit
    }

    /// The cursor: the last id of the page before.
    func after<Kind: Entity>(as kind: ID<Kind>.Type) throws(Problem) -> ID<Kind>? {
        guard let text = query("after") else { return nil }
        guard let id = ID<Kind>(text) else {
            throw .invalid("after", "is \(text); the `next` of the page before is expected")
        }
        return id
    }

    // MARK: - Authentication

    /// The key's secret, from `Authorization: Bearer abk_…`.
    func secret() throws(Problem) -> String {
        guard let header = request.headers[.authorization] else {
            throw Problem(.unauthenticated, code: "missing_api_key", "send your key as `Authorization: Bearer abk_…`")
        }
        guard header.lowercased().hasPrefix("bearer "), header.utf8.count < 512 else {
            throw Problem(.unauthenticated, code: "invalid_api_key", "send your key as `Authorization: Bearer abk_…`")
        }
        return String(header.dropFirst(7).filter { $0 != " " })
    }

    /// The tenant a staff key acts for.
    func namedTenant() throws(Problem) -> TenantID? {
        guard let text = header("Abono-Tenant") else { return nil }
        guard let id = TenantID(text) else {
            throw .invalid("Abono-Tenant", "is \(text); an id like ten_… is expected")
        }
        return id
    }

    /// What is written of a request; of a tenant in test mode it counts at the tenant's own time.
    func stamp(_ caller: Caller, testTime: Instant?) -> Stamp {
        let author: Author = caller.staff == nil ? .key(caller.key) : .staff(caller.key)
        let now = services.time.now()
        return Stamp(at: testTime ?? now, recordedAt: now, author: author, requestID: requestID)
    }
}
