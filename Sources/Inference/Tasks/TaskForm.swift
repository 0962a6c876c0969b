import Glibc
package import Values

/// What becomes of a model's answer.
package enum TaskForm: Sendable {
    case text
    case message
    /// A vector for each text.
    case vectors
    /// Which of some labels fits best.
    case labels([String])
    /// JSON that a grammar has kept valid.
    case data

    func output(of result: GenerationResult, _ reason: FinishReason) throws(Problem) -> JSONValue {
        let finish = JSONValue.string(reason.rawValue)
        switch self {
        case .text: return ["text": .string(result.text), "finish_reason": finish]
        case .message:
            return ["message": ["role": "assistant", "content": .string(result.text)], "finish_reason": finish]
        case .vectors: return ["embeddings": .array(result.vectors.map(Self.json))]
        case .labels(let labels): return ClassificationTask.output(labels, result)
        case .data: return ["data": try ExtractionTask.data(result.text, reason)]
        }
    }

    /// The numbers of a vector as they are, without digits that they do not have.
    package static func json(_ vector: [Float]) -> JSONValue {
        .array(vector.map { .double(Double($0.description) ?? Double($0)) })
    }
}

/// The task `embed`.
enum EmbeddingTask {
    static func read(_ fields: inout JSONFields) throws(Problem) -> TaskWork {
        let inputs = try inputs("input", &fields)
        let request = InferenceRequest(model: nil, task: TaskName.embed.rawValue, prompt: .embeddings(inputs))
        return .generation(request, .vectors)
    }

    /// Reads a text or a list of texts, and lists of tokens.
    static func inputs(_ name: String, _ fields: inout JSONFields) throws(Problem) -> [EmbeddingInput] {
        let value = try fields.requiredValue(name)
        if value.string != nil { return [try input(value, fields.path(name))] }
        guard let elements = value.array, !elements.isEmpty else {
            throw fields.invalid(name, "must be a text or a list of texts, not \(value.seen)")
        }
        guard elements.count <= GenerationPrompt.inputLimit else {
            let limit = GenerationPrompt.inputLimit
            throw fields.invalid(name, "has \(elements.count) texts; at most \(limit) are allowed")
        }
        if elements.allSatisfy({ $0.int != nil }) { return [try input(value, fields.path(name))] }
        var inputs: [EmbeddingInput] = []
        for (index, element) in elements.enumerated() {
            inputs.append(try input(element, "\(fields.path(name))[\(index)]"))
        }
        return inputs
    }

    private static func input(_ value: JSONValue, _ path: String) throws(Problem) -> EmbeddingInput {
        if let text = value.string {
            guard !text.isEmpty else { throw .invalid(path, "must not be empty") }
            return .text(text)
        }
        let tokens = (value.array ?? []).compactMap(\.int)
        guard let elements = value.array, !tokens.isEmpty, tokens.count == elements.count,
            tokens.allSatisfy({ $0 >= 0 })
        else { throw .invalid(path, "must be a text or a list of the ids of tokens, not \(value.seen)") }
        return .tokens(tokens)
    }
}

/// The task `classify`: by how near a text is to its labels where a model makes vectors, else by how likely a model
/// that writes thinks it after each label.
enum ClassificationTask {
    private static let labelLimit = 100
    /// How sharply nearness tells labels apart.
    private static let temperature = 0.06

    static func read(_ fields: inout JSONFields) throws(Problem) -> TaskWork {
        let input = try TextWords.text("input", &fields, limit: 20_000)
        let elements = try fields.array("labels")
        guard (2...labelLimit).contains(elements.count) else {
            throw fields.invalid("labels", "has \(elements.count) labels; 2 to \(labelLimit) are allowed")
        }
        var labels: [String] = []
        for (element, path) in elements {
            guard let label = element.string, (1...200).contains(label.utf8.count) else {
                throw .invalid(path, "must be a text of 1 to 200 bytes, not \(element.seen)")
            }
            guard !labels.contains(label) else { throw .invalid(path, "is there twice") }
            labels.append(label)
        }
        let texts = [input] + labels.map { "This text is about \($0)." }
        var request = InferenceRequest(
            model: nil,
            task: TaskName.classify.rawValue,
            prompt: .embeddings(texts.map { .text($0) })
        )
        // How likely the text is after each label: small models are poor at naming labels, and the likeliest word wins.
        request.otherPrompt = .scores(of: labels.map { " \($0)\nText: \(input)" }, after: .text("Topic:"))
        return .generation(request, .labels(labels))
    }

    static func output(_ labels: [String], _ result: GenerationResult) -> JSONValue {
        let weights: [Double]
        if let text = result.vectors.first, result.vectors.count == labels.count + 1 {
            weights = result.vectors.dropFirst().map { label in
                Double(zip(text, label).reduce(0) { $0 + $1.0 * $1.1 }) / temperature
            }
        } else {
            weights = result.scores.map(\.logLikelihood)
        }
        let highest = weights.max() ?? 0
        let shares = weights.map { Glibc.exp($0 - highest) }
        let total = max(shares.reduce(0, +), .leastNonzeroMagnitude)
        var probabilities = JSONObject()
        var best: (label: String, share: Double)?
        for (label, share) in zip(labels, shares) {
            probabilities[label] = .double(share / total)
            if share > best?.share ?? -1 { best = (label, share) }
        }
        return ["label": .optional(best?.label), "probabilities": .object(probabilities)]
    }
}

/// The task `extract`: a model fills in what a schema asks for, and cannot say anything that is not valid under it.
enum ExtractionTask {
    static func read(_ fields: inout JSONFields) throws(Problem) -> TaskWork {
        let input = try TextWords.text("input", &fields, limit: 50_000)
        let schema = try fields.requiredValue("schema")
        guard schema.object != nil else { throw fields.invalid("schema", "must be an object, not \(schema.seen)") }
        let grammar = try JSONSchemaGrammar.gbnf(for: bounded(schema), at: fields.path("schema"))
        let request = InferenceRequest(
            model: nil,
            task: TaskName.extract.rawValue,
            prompt: .messages([
                ChatMessage(
                    role: .system,
                    content: "You read a text and write down what it says as JSON. Use only words of the text."
                ),
                ChatMessage(role: .user, content: "Schema: \(schema.text)\n\nText: \(input)\n\nJSON:"),
            ]),
            sampling: SamplingParameters(temperature: 0, grammar: grammar)
        )
        return .generation(request, .data)
    }

    /// The same schema with bounds where it has none, so that a model which repeats itself comes to an end.
    static func bounded(_ schema: JSONValue) -> JSONValue {
        guard var object = schema.object else { return schema }
        for key in ["properties", "$defs", "definitions"] {
            guard let members = object[key]?.object else { continue }
            var inner = JSONObject()
            for (name, value) in members { inner[name] = bounded(value) }
            object[key] = .object(inner)
        }
        for key in ["anyOf", "oneOf", "allOf"] {
            if let members = object[key]?.array { object[key] = .array(members.map(bounded)) }
        }
        if let items = object["items"], items.object != nil { object["items"] = bounded(items) }
        func has(_ keys: String...) -> Bool { keys.contains { object[$0] != nil } }
        func isType(_ name: String) -> Bool {
            object["type"]?.string == name || object["type"]?.array?.contains(.string(name)) == true
        }
        if isType("string"), !has("enum", "const", "pattern", "format", "maxLength") {
            object["maxLength"] = .int(max(120, object["minLength"]?.int ?? 0))
        }
        if isType("array"), !has("maxItems") { object["maxItems"] = .int(max(16, object["minItems"]?.int ?? 0)) }
        if has("properties"), !has("additionalProperties", "allOf", "anyOf", "oneOf", "$ref") {
            object["additionalProperties"] = false
        }
        return .object(object)
    }

    static func data(_ text: String, _ reason: FinishReason) throws(Problem) -> JSONValue {
        guard reason == .stop, let data = try? JSONValue(parsing: text) else {
            throw Problem(
                .unavailable,
                code: "incomplete_output",
                "the model did not come to an end with this schema; bound its texts and lists, or send a shorter input"
            )
        }
        return data
    }
}
