package import Values

extension EngineReport {
    /// The frame as one line with its end.
    package var line: String { json.text + "\n" }

    /// The frame as it goes over the wire.
    package var json: JSONValue {
        switch self {
        case .hello(let description):
            description.json
        case .pong(let number, let statistics):
            statistics.json(answering: number)
        case .tokenized(let id, let tokens):
            ["frame": "tokenized", "id": .int(id), "tokens": .int(tokens)]
        case .started(let id, let promptTokens, let cachedTokens):
            [
                "frame": "started",
                "id": .int(id),
                "prompt_tokens": .int(promptTokens),
                "cached_tokens": .int(cachedTokens),
            ]
        case .piece(let id, let text, let tokens, let logprobs):
            [
                "frame": "piece", "id": .int(id), "text": .framed(text), "tokens": .int(tokens),
                "logprobs": .array(logprobs.map(\.frame)),
            ]
        case .vectors(let id, let vectors): vectors.frame(of: id)
        case .scores(let id, let scores):
            [
                "frame": "scores", "id": .int(id),
                "scores": .array(scores.map { [.logprob($0.logLikelihood), .int($0.tokens)] }),
            ]
        case .done(let id, let reason, let usage):
            [
                "frame": "done",
                "id": .int(id),
                "finish_reason": .string(reason.rawValue),
                "prompt_tokens": .int(usage.promptTokens),
                "cached_tokens": .int(usage.cachedTokens),
                "completion_tokens": .int(usage.completionTokens),
                "cpu_milliseconds": .int(usage.cpuMilliseconds),
            ]
        case .failed(let id, let trouble):
            trouble.json(about: id)
        }
    }

    /// Reads a frame.
    ///
    /// - Throws: What is wrong with it, by field.
    package init(_ json: JSONValue) throws(Problem) {
        var fields = try JSONFields(json)
        switch try fields.string("frame") {
        case "hello": self = .hello(try EngineDescription(&fields))
        case "pong": self = .pong(try fields.int("n"), try EngineStatistics(&fields))
        case "tokenized": self = .tokenized(id: try fields.int("id"), tokens: try fields.int("tokens"))
        case "started":
            self = .started(
                id: try fields.int("id"),
                promptTokens: try fields.int("prompt_tokens"),
                cachedTokens: try fields.int("cached_tokens")
            )
        case "piece":
            self = .piece(
                id: try fields.int("id"),
                text: try fields.string("text"),
                tokens: try fields.int("tokens"),
                logprobs: try fields.logprobs()
            )
        case "vectors":
            self = .vectors(id: try fields.int("id"), try fields.vectors())
        case "scores":
            self = .scores(id: try fields.int("id"), try fields.scores())
        case "done":
            self = .done(
                id: try fields.int("id"),
                reason: try fields.choice("finish_reason", as: FinishReason.self),
                usage: GenerationUsage(
                    promptTokens: try fields.int("prompt_tokens"),
                    cachedTokens: try fields.int("cached_tokens"),
                    completionTokens: try fields.int("completion_tokens"),
                    cpuMilliseconds: try fields.int("cpu_milliseconds")
                )
            )
        case "failed": self = .failed(id: try fields.optionalInt("id"), trouble: try EngineTrouble(&fields))
        case let name: throw Problem.invalid("frame", "unknown frame \(name)")
        }
        try fields.finish()
    }
}

extension EngineDescription {
    var json: JSONValue {
        [
            "frame": "hello",
            "model": .string(model),
            "architecture": .string(architecture),
            "weights": .string(weights),
            "n_params": .int(parameters),
            "bytes": .int(bytes),
            "vocabulary": .int(vocabulary),
            "context": .int(context),
            "trained_context": .int(trainedContext),
            "sequences": .int(sequences),
            "reserve": .int(reserve),
            "template": .optional(template),
            "template_refusal": .optional(templateRefusal),
            "vector_size": vectorSize.map { .int($0) } ?? .null,
            "load_milliseconds": .int(loadMilliseconds),
            "build": .string(build),
        ]
    }

    init(_ fields: inout JSONFields) throws(Problem) {
        self.init(
            model: try fields.string("model"),
            architecture: try fields.string("architecture"),
            weights: try fields.string("weights"),
            parameters: try fields.int("n_params"),
            bytes: try fields.int("bytes"),
            vocabulary: try fields.int("vocabulary"),
            context: try fields.int("context"),
            trainedContext: try fields.int("trained_context"),
            sequences: try fields.int("sequences"),
            reserve: try fields.int("reserve"),
            template: try fields.optionalString("template"),
            templateRefusal: try fields.optionalString("template_refusal"),
            vectorSize: try fields.optionalInt("vector_size"),
            loadMilliseconds: try fields.int("load_milliseconds"),
            build: try fields.string("build")
        )
    }
}

extension EngineStatistics {
    func json(answering number: Int) -> JSONValue {
        [
            "frame": "pong",
            "n": .int(number),
            "busy": .bool(isBusy),
            "steps": .int(steps),
            "prompt_tokens": .int(promptTokens),
            "cached_tokens": .int(cachedTokens),
            "completion_tokens": .int(completionTokens),
            "cpu_milliseconds": .int(cpuMilliseconds),
        ]
    }

    init(_ fields: inout JSONFields) throws(Problem) {
        isBusy = try fields.bool("busy")
        steps = try fields.int("steps")
        promptTokens = try fields.int("prompt_tokens")
        cachedTokens = try fields.int("cached_tokens")
        completionTokens = try fields.int("completion_tokens")
        cpuMilliseconds = try fields.int("cpu_milliseconds")
    }
}

extension EngineTrouble {
    func json(about id: Int?) -> JSONValue {
        [
            "frame": "failed",
            "id": id.map { .int($0) } ?? .null,
            "code": .string(code.rawValue),
            "message": .string(message),
            "field": .optional(field),
            "prompt_tokens": promptTokens.map { .int($0) } ?? .null,
            "max_tokens": maxTokens.map { .int($0) } ?? .null,
            "context": context.map { .int($0) } ?? .null,
        ]
    }

    init(_ fields: inout JSONFields) throws(Problem) {
        self.init(
            try fields.choice("code", as: EngineFailure.self),
            try fields.string("message"),
            field: try fields.optionalString("field"),
            promptTokens: try fields.optionalInt("prompt_tokens"),
            maxTokens: try fields.optionalInt("max_tokens"),
            context: try fields.optionalInt("context")
        )
    }
}
