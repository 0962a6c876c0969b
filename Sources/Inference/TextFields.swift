package import Values

/// Reads what `/v1/completions` and the task `generate` take.
package enum TextFields {
    /// How long an answer is if nothing is said, as in OpenAI's interface.
    private static let standardTokens = 16

    /// Reads a whole request.
    package static func read(_ fields: inout JSONFields) throws(Problem) -> CompletionFields {
        let prompt = try prompt(&fields)
        var completion = try CompletionFields(
            &fields,
            task: "generate",
            prompt: prompt,
            standardTokens: standardTokens
        )
        try completion.readStream(&fields)
        if try fields.optionalBool("echo") == true { throw fields.invalid("echo", "is not supported") }
        if let best = try fields.optionalInt("best_of"), best != completion.choices {
            throw fields.invalid("best_of", "is \(best); all \(completion.choices) answers are given, none is left out")
        }
        if let suffix = try fields.optionalString("suffix"), !suffix.isEmpty {
            throw fields.invalid("suffix", "is not supported by the models here")
        }
        if let count = try fields.optionalInt("logprobs") {
            guard (0...SamplingParameters.logprobsLimit).contains(count) else {
                throw fields.invalid(
                    "logprobs",
                    "is \(count); it must be from 0 to \(SamplingParameters.logprobsLimit)"
                )
            }
            completion.request.sampling.logprobs = count
        }
        try fields.finish()
        return completion
    }

    static func readTask(_ fields: inout JSONFields) throws(Problem) -> CompletionFields {
        let text = try fields.string("prompt")
        var completion = try CompletionFields(&fields, task: "generate", prompt: .text(text), needsModel: false)
        try completion.readTimeout(&fields)
        try fields.finish()
        return completion
    }

    /// A text, a list with one, or token ids.
    private static func prompt(_ fields: inout JSONFields) throws(Problem) -> GenerationPrompt {
        let value = try fields.requiredValue("prompt")
        if let text = value.string { return .text(text) }
        guard let elements = value.array, let first = elements.first else {
            throw fields.invalid("prompt", "must be a string or a list of token ids, not \(value.seen)")
        }
        if elements.count == 1, let text = first.string { return .text(text) }
        let ids = elements.count == 1 ? first.array ?? elements : elements
        var tokens: [Int] = []
        for (index, element) in ids.enumerated() {
            guard let token = element.int, token >= 0 else {
                throw fields.invalid(
                    "prompt",
                    "must be one prompt: element \(index) is \(element.seen), not the id of a token"
                )
            }
            tokens.append(token)
        }
        return .tokens(tokens)
    }
}
