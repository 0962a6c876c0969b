package import Values

/// A plan that is being prepared: kept as it was written, right or not.
package struct StoredPlanDraft: Hashable, Sendable {
    /// The code of the plan it is for.
    package let code: String
    /// What `plans publish` would take.
    package let document: JSONValue
    /// When it was saved, in business time.
    package let savedAt: Instant
    /// What is wrong with it; it can be published once there is nothing.
    package let errors: [Problem.FieldError]

    /// As it leaves.
    package var json: JSONValue {
        [
            "code": .string(code), "saved_at": savedAt.json, "ready": .bool(errors.isEmpty),
            "errors": .array(errors.map { ["field": .string($0.field), "message": .string($0.message)] }),
            "plan": document,
        ]
    }
}

extension PlanDraft {
    /// Everything that is wrong with a plan's JSON, as far as it can be told: each price and feature is looked at by
    /// itself, so that one error does not hide the others.
    package static func errors(in json: JSONValue) -> [Problem.FieldError] {
        do {
            _ = try PlanDraft(json: json)
            return []
        } catch {
            guard let object = json.object else { return error.errors }
            var found = prices(of: object) + features(of: object)
            found += rest(of: object)
            found += error.errors
            var seen: Set<String> = []
            return found.filter { seen.insert($0.field).inserted }
        }
    }

    private static func prices(of object: JSONObject) -> [Problem.FieldError] {
        guard let prices = object["prices"]?.array else {
            return errors { () throws(Problem) in
                var fields = try JSONFields(.object(object))
                _ = try fields.array("prices")
            }
        }
        return prices.enumerated().flatMap { index, json -> [Problem.FieldError] in
            let path = "prices[\(index)]"
            return errors { () throws(Problem) in try check(try Price(json: json, path: path), path: path) }
        }
    }

    private static func features(of object: JSONObject) -> [Problem.FieldError] {
        guard let features = object["features"], !features.isNull else { return [] }
        guard let members = features.object else {
            return errors { () throws(Problem) in _ = try PlanFeatures(json: features) }
        }
        return members.flatMap { name, value in
            errors { () throws(Problem) in _ = try PlanFeatures(json: .object([name: value])) }
        }
    }

    /// What is wrong beside prices and features, one field after the other: each is taken away once it is named.
    private static func rest(of object: JSONObject) -> [Problem.FieldError] {
        var rest = object
        rest["prices"] = []
        rest["features"] = nil
        var found: [Problem.FieldError] = []
        for _ in 0...object.count {
            guard let error = errors({ () throws(Problem) in _ = try PlanDraft(json: .object(rest)) }).first else {
                break
            }
            found.append(error)
            guard let key = error.field.split(separator: ".").first.map(String.init) else { break }
            // In place of what is wrong or missing something that is right, so that the next can be seen.
            if let right = placeholders[key] { rest[key] = right } else { rest[key] = nil }
        }
        return found
    }

    private static let placeholders: [String: JSONValue] = [
        "code": "code", "currency": "USD", "interval": ["unit": "month"],
    ]

    private static func errors(_ body: () throws(Problem) -> Void) -> [Problem.FieldError] {
        do throws(Problem) {
            try body()
            return []
        } catch {
            return error.errors
        }
    }
}
