package import Values

extension EngineCommand {
    /// The frame as one line with its end.
    package var line: String { json.text + "\n" }

    /// The frame as it goes over the wire.
    package var json: JSONValue {
        switch self {
        case .ping(let number): ["frame": "ping", "n": .int(number)]
        case .tokenize(let id, let prompt): ["frame": "tokenize", "id": .int(id), "prompt": prompt.json]
        case .generate(let generation): generation.json
        case .cancel(let id): ["frame": "cancel", "id": .int(id)]
        }
    }

    /// Reads a frame.
    ///
    /// - Throws: What is wrong with it, by field.
    package init(_ json: JSONValue) throws(Problem) {
        var fields = try JSONFields(json)
        switch try fields.string("frame") {
        case "ping": self = .ping(try fields.int("n"))
        case "tokenize":
            let id = try fields.int("id")
            self = .tokenize(id: id, prompt: try GenerationPrompt(try fields.object("prompt")))
        case "generate": self = .generate(try EngineGeneration(&fields))
        case "cancel": self = .cancel(id: try fields.int("id"))
        case let name: throw Problem.invalid("frame", "unknown frame \(name)")
        }
        try fields.finish()
    }
}

extension EngineGeneration {
    var json: JSONValue {
        var object = JSONObject()
        object["frame"] = "generate"
        object["id"] = .int(id)
        object["tenant"] = .string(tenant)
        object["weight"] = .double(weight)
        object["prompt"] = prompt.json
        object["sampling"] = sampling.json
        object["max_tokens"] = maxTokens.map { .int($0) } ?? .null
        object["stop"] = .array(stop.map { .framed($0) })
        return .object(object)
    }

    init(_ fields: inout JSONFields) throws(Problem) {
        id = try fields.int("id")
        tenant = try fields.string("tenant")
        weight = try fields.optionalDouble("weight") ?? 1
        prompt = try GenerationPrompt(try fields.object("prompt"))
        sampling = try SamplingParameters(try fields.object("sampling"))
        maxTokens = try fields.optionalInt("max_tokens")
        stop = []
        for (value, path) in try fields.array("stop") {
            guard let text = value.string else { throw Problem.invalid(path, "must be a string") }
            stop.append(text)
        }
    }
}

extension GenerationPrompt {
    var json: JSONValue {
        switch self {
        case .messages(let messages):
            [
                "messages": .array(
                    messages.map { ["role": .string($0.role.rawValue), "content": .framed($0.content)] }
                )
            ]
        case .text(let text): ["text": .framed(text)]
        case .tokens(let tokens): ["tokens": .array(tokens.map { .int($0) })]
        case .embeddings(let inputs): ["embeddings": .array(inputs.map(\.json))]
        case .scores(let texts, let prompt):
            ["scores": .array(texts.map { .framed($0) }), "after": prompt.json]
        }
    }

    init(_ source: JSONFields) throws(Problem) {
        var fields = source
        if fields.has("messages") {
            var messages: [ChatMessage] = []
            for (value, path) in try fields.array("messages") {
                var message = try JSONFields(value, path: path)
                let role = try message.choice("role", as: ChatRole.self)
                messages.append(ChatMessage(role: role, content: try message.string("content")))
                try message.finish()
            }
            self = .messages(messages)
        } else if fields.has("tokens") {
            self = .tokens(try fields.tokens())
        } else if fields.has("embeddings") {
            var inputs: [EmbeddingInput] = []
            for (value, path) in try fields.array("embeddings") {
                inputs.append(try EmbeddingInput(try JSONFields(value, path: path)))
            }
            self = .embeddings(inputs)
        } else if fields.has("scores") {
            var texts: [String] = []
            for (value, path) in try fields.array("scores") {
                guard let text = value.string else { throw Problem.invalid(path, "must be a string") }
                texts.append(text)
            }
            self = .scores(of: texts, after: try GenerationPrompt(try fields.object("after")))
        } else {
            self = .text(try fields.string("text"))
        }
        try fields.finish()
    }
}

extension EmbeddingInput {
    fileprivate var json: JSONValue {
        switch self {
        case .text(let text): ["text": .framed(text)]
        case .tokens(let tokens): ["tokens": .array(tokens.map { .int($0) })]
        }
    }

    fileprivate init(_ source: JSONFields) throws(Problem) {
        var fields = source
        self = fields.has("tokens") ? .tokens(try fields.tokens()) : .text(try fields.string("text"))
        try fields.finish()
    }
}

extension JSONFields {
    /// The member `tokens`.
    fileprivate mutating func tokens() throws(Problem) -> [Int] {
        var tokens: [Int] = []
        for (value, path) in try array("tokens") {
            guard let token = value.int else { throw Problem.invalid(path, "must be a token id") }
            tokens.append(token)
        }
        return tokens
    }
}

extension SamplingParameters {
    var json: JSONValue {
        var object = JSONObject()
        object["temperature"] = .double(temperature)
        object["top_k"] = .int(topK)
        object["top_p"] = .double(topP)
        object["min_p"] = .double(minP)
        object["presence_penalty"] = .double(presencePenalty)
        object["frequency_penalty"] = .double(frequencyPenalty)
        object["seed"] = seed.map { .int($0) } ?? .null
        object["logit_bias"] = .array(
            logitBias.sorted { $0.key < $1.key }.map { .array([.int($0.key), .double($0.value)]) }
        )
        object["grammar"] = .optional(grammar)
        object["logprobs"] = logprobs.map { .int($0) } ?? .null
        return .object(object)
    }

    init(_ source: JSONFields) throws(Problem) {
        var fields = source
        self.init(
            temperature: try fields.optionalDouble("temperature") ?? 1,
            topK: try fields.optionalInt("top_k") ?? 0,
            topP: try fields.optionalDouble("top_p") ?? 1,
            minP: try fields.optionalDouble("min_p") ?? 0,
            presencePenalty: try fields.optionalDouble("presence_penalty") ?? 0,
            frequencyPenalty: try fields.optionalDouble("frequency_penalty") ?? 0,
            seed: try fields.optionalInt("seed").map { UInt32(truncatingIfNeeded: $0) },
            grammar: try fields.optionalString("grammar"),
            logprobs: try fields.optionalInt("logprobs")
        )
        for (value, path) in try fields.optionalArray("logit_bias") ?? [] {
            guard let token = value[0]?.int, let bias = value[1]?.double else {
                throw Problem.invalid(path, "must be a pair of token and bias")
            }
            logitBias[token] = bias
        }
        try fields.finish()
    }
}

extension JSONValue {
    /// A text on the wire between server and engine.
    ///
    /// Our JSON does not hold U+0000, which a model can generate: it travels as the replacement character, since a frame
    /// that cannot be read would cost the engine.
    static func framed(_ text: String) -> JSONValue {
        guard text.utf8.contains(0) else { return .string(text) }
        var scalars = String.UnicodeScalarView()
        for scalar in text.unicodeScalars { scalars.append(scalar.value == 0 ? "\u{FFFD}" : scalar) }
        return .string(String(scalars))
    }
}
