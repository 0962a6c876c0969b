package import Values

/// What `/v1/moderations` takes: one text or several.
package struct ModerationBatch: TextComputation {
    private static let limit = 100
    /// Names by which OpenAI's clients ask for what is answered here.
    private static let names: Set<String> = [
        "omni-moderation-latest", "text-moderation-latest", "text-moderation-stable",
    ]

    let texts: [String]

    /// Reads a whole request.
    ///
    /// - Throws: The first field that is wrong.
    package static func read(_ fields: inout JSONFields) throws(Problem) -> TaskRequest {
        let value = try fields.requiredValue("input")
        var texts: [String] = []
        if let text = value.string {
            texts = [try TextWords.check(fields.path("input"), text)]
        } else {
            let elements = try fields.array("input")
            guard (1...limit).contains(elements.count) else {
                throw fields.invalid("input", "has \(elements.count) texts; 1 to \(limit) are allowed")
            }
            for (element, path) in elements { texts.append(try text(element, path)) }
        }
        var model = try fields.optionalString("model")
        if let name = model, names.contains(name) { model = nil }
        try fields.finish()
        let work = TaskWork.computation(ModerationBatch(texts: texts))
        return TaskRequest(.moderate, model: model, subject: nil, work: work)
    }

    private static func text(_ element: JSONValue, _ path: String) throws(Problem) -> String {
        if let text = element.string { return try TextWords.check(path, text) }
        var part = try JSONFields(element, path: path)
        let type = try part.string("type")
        guard type == "text" else {
            throw part.invalid("type", "is \(JSONValue.string(type).seen); only \"text\" is looked at")
        }
        let text = try TextWords.check(part.path("text"), try part.string("text"))
        try part.finish()
        return text
    }

    package func output() -> JSONValue {
        .array(
            texts.map { text in
                let found = Moderation(text)
                var flags = JSONObject()
                var scores = JSONObject()
                var types = JSONObject()
                for category in ModerationCategory.allCases {
                    let score = found.scores[category] ?? 0
                    flags[category.rawValue] = .bool(score >= Moderation.threshold)
                    scores[category.rawValue] = .double(score)
                    types[category.rawValue] = ["text"]
                }
                return [
                    "flagged": .bool(found.isFlagged), "categories": .object(flags),
                    "category_scores": .object(scores), "category_applied_input_types": .object(types),
                ]
            }
        )
    }
}
