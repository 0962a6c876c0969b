import Values

/// What every list can be asked.
enum Paging {
    static let parameters: [Endpoint.Parameter] = [
        Endpoint.Parameter(
            name: "limit",
            about: "How many at most, 1 to 200; by default 50.",
            schema: ["type": "integer", "minimum": 1, "maximum": 200, "default": 50]
        ),
        Endpoint.Parameter(name: "after", about: "`next` of the page before.", schema: Schema.string),
    ]
}

extension JSONObject {
    /// Both's members.
    func merging(_ other: JSONObject) -> JSONObject {
        var all = self
        for (key, value) in other { all[key] = value }
        return all
    }
}

extension Call {
    /// One of the words of a closed set in the query.
    func queryChoice<Value: RawRepresentable & CaseIterable>(
        _ name: String,
        as type: Value.Type
    ) throws(Problem) -> Value? where Value.RawValue == String {
        guard let text = query(name) else { return nil }
        guard let value = Value(rawValue: text) else {
            let words = Value.allCases.map(\.rawValue).joined(separator: ", ")
            throw .invalid(name, "is \(JSONValue.string(text).seen); one of \(words) is expected")
        }
        return value
    }

    /// An id in the query.
    func queryID<Kind: Entity>(_ name: String, as kind: ID<Kind>.Type) throws(Problem) -> ID<Kind>? {
        guard let text = query(name) else { return nil }
        guard let id = ID<Kind>(text) else {
            throw .invalid(
                name,
                "is \(JSONValue.string(text).seen); an id that begins with \(Kind.prefix)_ is expected"
            )
        }
        return id
    }
}
