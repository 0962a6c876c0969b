import Values

extension JSONSchemaGrammar.Schema {
    /// A schema of what is valid under both.
    ///
    /// - Throws: Keywords that cannot be joined.
    func merged(with other: Self) throws(Problem) -> Self {
        if value.bool == true || other.value.bool == false { return other }
        if other.value.bool == true || value.bool == false { return self }
        guard var object = value.object, let added = other.value.object else {
            throw .invalid(other.path, "must be a schema: an object, true or false, not \(other.value.seen)")
        }
        try checkKeywords()
        try other.checkKeywords()
        try mergeMembers(of: other, into: &object)
        for key in added.keys {
            guard let theirs = added[key] else { continue }
            guard let ours = object[key], ours != theirs else {
                if object[key] == nil { object[key] = theirs }
                continue
            }
            if Self.annotations.contains(key) || ["properties", "additionalProperties"].contains(key) { continue }
            object[key] = try joined(key, ours, theirs, other)
        }
        return Self(.object(object), at: path)
    }

    private func joined(
        _ key: String,
        _ ours: JSONValue,
        _ theirs: JSONValue,
        _ other: Self
    ) throws(Problem) -> JSONValue {
        switch key {
        case "type":
            let left = try types() ?? []
            let right = try other.types() ?? []
            var common = left.filter { type in
                right.contains(type) || (type == .integer && right.contains(.number))
            }
            if right.contains(.integer), left.contains(.number), !left.contains(.integer) { common.append(.integer) }
            guard !common.isEmpty else { throw conflict(key, other) }
            return .array(common.map { .string($0.rawValue) })
        case "required":
            let left = try required()
            return .array((left + (try other.required()).filter { !left.contains($0) }).map(JSONValue.string))
        case "enum":
            let common = (ours.array ?? []).filter { (theirs.array ?? []).contains($0) }
            guard !common.isEmpty else { throw conflict(key, other) }
            return .array(common)
        case "minimum", "exclusiveMinimum", "minLength", "minItems", "minProperties":
            return (ours.double ?? 0) >= (theirs.double ?? 0) ? ours : theirs
        case "maximum", "exclusiveMaximum", "maxLength", "maxItems", "maxProperties":
            return (ours.double ?? 0) <= (theirs.double ?? 0) ? ours : theirs
        case "items": return .object(Self.both(ours, theirs))
        case "allOf": return .array((ours.array ?? []) + (theirs.array ?? []))
        default: throw conflict(key, other)
        }
    }

    /// What both schemas of an object say of its members.
    private func mergeMembers(of other: Self, into object: inout JSONObject) throws(Problem) {
        guard value["properties"] != nil || other.value["properties"] != nil else {
            if let left = value["additionalProperties"], let right = other.value["additionalProperties"] {
                object["additionalProperties"] = left == right ? left : .object(Self.both(left, right))
            }
            return
        }
        var members = JSONObject()
        for (schema, rest) in [(self, other), (other, self)] {
            for (name, child) in try schema.properties() where members[name] == nil {
                if let second = rest.value["properties"]?[name] {
                    members[name] = child.value == second ? second : .object(Self.both(child.value, second))
                } else if let second = rest.value["additionalProperties"], second.bool != true {
                    members[name] = second.bool == false ? false : .object(Self.both(child.value, second))
                } else {
                    members[name] = child.value
                }
            }
        }
        object["properties"] = .object(members)
        let rests = [value["additionalProperties"], other.value["additionalProperties"]].compactMap(\.self)
        switch rests.count {
        case 2 where rests[0] != rests[1]: object["additionalProperties"] = .object(Self.both(rests[0], rests[1]))
        case 0: break
        default: object["additionalProperties"] = rests[0]
        }
    }

    private static func both(_ left: JSONValue, _ right: JSONValue) -> JSONObject {
        var object = JSONObject()
        object["allOf"] = [left, right]
        return object
    }

    private func conflict(_ key: String, _ other: Self) -> Problem {
        .invalid("\(other.path).\(key)", "cannot be joined with \(path).\(key)")
    }
}
