import Values

/// What chat and text completions, and the tasks made of them, have in common; names and ranges are OpenAI's.
package struct CompletionFields: Sendable {
    /// What is asked of the model; prompt and task are put in by who reads the rest.
    package var request: InferenceRequest
    /// Whether a last chunk tells what was used.
    package var includesUsage = false
    /// How many answers are asked for.
    package private(set) var choices = 1
    /// The tier that it is served in, as answers name it.
    package private(set) var tier = "default"

    /// The most answers to one request.
    package static let choiceLimit = 16

    /// Reads the fields that are not the prompt.
    ///
    /// `standardTokens`: the bound of an answer that asks for none.
    init(
        _ fields: inout JSONFields,
        task: String,
        prompt: GenerationPrompt,
        standardTokens: Int? = nil,
        needsModel: Bool = true
    ) throws(Problem) {
        let model = needsModel ? try fields.string("model") : try fields.optionalString("model")
        request = InferenceRequest(
            model: model,
            task: task,
            prompt: prompt,
            sampling: try Self.sampling(&fields),
            maxTokens: try Self.maxTokens(&fields) ?? standardTokens,
            stop: try Self.stop(&fields)
        )
        let safetyIdentifier = try fields.optionalString("safety_identifier")
        request.subject = try fields.optionalString("user") ?? safetyIdentifier
        request.metadata = try TaskRequest.metadata(&fields) ?? [:]
        choices = try Self.choices(&fields, limit: needsModel ? Self.choiceLimit : 1)
        // Who can wait lets others go first.
        tier = try Self.tier(&fields)
        if tier == "flex" { request.lane = .batch }
        // A hint for routing; prefixes are found by their content.
        _ = try fields.optionalString("prompt_cache_key")
        if try fields.optionalBool("store") == true {
            throw fields.invalid("store", "is not supported: answers are not kept")
        }
    }

    /// Reads `stream` and `stream_options`.
    mutating func readStream(_ fields: inout JSONFields) throws(Problem) {
        request.isStream = try fields.optionalBool("stream") ?? false
        guard var options = try fields.optionalObject("stream_options") else { return }
        guard request.isStream else {
            throw fields.invalid("stream_options", "is only allowed with \"stream\": true")
        }
        includesUsage = try options.optionalBool("include_usage") ?? false
        guard try options.optionalBool("include_obfuscation") != true else {
            throw options.invalid("include_obfuscation", "is not supported; leave it out or send false")
        }
        try options.finish()
    }

    /// Reads `timeout`, in seconds.
    mutating func readTimeout(_ fields: inout JSONFields) throws(Problem) {
        request.timeout = try TaskRequest.timeout(&fields)
    }

    private static func sampling(_ fields: inout JSONFields) throws(Problem) -> SamplingParameters {
        var sampling = SamplingParameters()
        sampling.temperature = try fields.optionalDouble("temperature") ?? 1
        sampling.topP = try fields.optionalDouble("top_p") ?? 1
        sampling.topK = try fields.optionalInt("top_k") ?? 0
        sampling.minP = try fields.optionalDouble("min_p") ?? 0
        sampling.presencePenalty = try fields.optionalDouble("presence_penalty") ?? 0
        sampling.frequencyPenalty = try fields.optionalDouble("frequency_penalty") ?? 0
        sampling.seed = try fields.optionalInt("seed").map { UInt32(truncatingIfNeeded: $0) }
        if let bias = fields.value("logit_bias") {
            guard let object = bias.object else {
                throw fields.invalid("logit_bias", "must be an object of token ids and numbers, not \(bias.seen)")
            }
            for (key, value) in object {
                guard let token = Int(key), token >= 0, let amount = value.double else {
                    throw fields.invalid(
                        "logit_bias.\(key)",
                        "must be a number for the id of a token, not \(value.seen)"
                    )
                }
                sampling.logitBias[token] = amount
            }
        }
        return sampling
    }

    private static func maxTokens(_ fields: inout JSONFields) throws(Problem) -> Int? {
        let old = try fields.optionalInt("max_tokens")
        let new = try fields.optionalInt("max_completion_tokens")
        for (name, value) in [("max_tokens", old), ("max_completion_tokens", new)] {
            guard let value, !(1...1_000_000).contains(value) else { continue }
            throw fields.invalid(name, "is \(value); it must be from 1 to 1000000")
        }
        if let old, let new, old != new {
            throw fields.invalid("max_completion_tokens", "is \(new) and max_tokens is \(old); send one of them")
        }
        return new ?? old
    }

    private static func stop(_ fields: inout JSONFields) throws(Problem) -> [String] {
        guard let value = fields.value("stop") else { return [] }
        if let text = value.string {
            guard !text.isEmpty else { throw fields.invalid("stop", "must not be empty") }
            return [text]
        }
        guard let elements = value.array, elements.count <= 16 else {
            throw fields.invalid("stop", "must be a text or a list of at most 16, not \(value.seen)")
        }
        var texts: [String] = []
        for (index, element) in elements.enumerated() {
            guard let text = element.string, (1...256).contains(text.utf8.count) else {
                throw .invalid(
                    "\(fields.path("stop"))[\(index)]",
                    "must be a text of 1 to 256 bytes, not \(element.seen)"
                )
            }
            texts.append(text)
        }
        return texts
    }

    private static func choices(_ fields: inout JSONFields, limit: Int) throws(Problem) -> Int {
        let count = try fields.optionalInt("n") ?? 1
        guard (1...limit).contains(count) else {
            throw fields.invalid("n", "is \(count); it must be \(limit == 1 ? "1 here" : "from 1 to \(limit)")")
        }
        return count
    }

    private static func tier(_ fields: inout JSONFields) throws(Problem) -> String {
        switch try fields.optionalString("service_tier") {
        case nil, "auto", "default": return "default"
        case "flex": return "flex"
        case .some(let tier):
            throw fields.invalid(
                "service_tier",
                "is \(JSONValue.string(tier).seen); \"auto\", \"default\" and \"flex\" are supported"
            )
        }
    }
}
