package import Values

/// What all objects of one answer say of it.
package struct CompletionHead: Sendable {
    let job: JobID
    let createdAt: Instant
    let model: String
    let version: String
    let tier: String

    /// Of the first of the runs that make an answer.
    package init(_ run: InferenceRun, tier: String = "default") {
        job = run.job
        createdAt = run.createdAt
        model = run.model
        version = run.version
        self.tier = tier
    }

    /// Of a job that nobody waited for.
    init(_ job: InferenceJob) {
        self.job = job.id
        createdAt = job.createdAt
        model = job.model
        version = job.version
        tier = "default"
    }
}

/// The objects that OpenAI's clients read.
package enum CompletionShape: Sendable {
    case chat
    case text

    /// A whole answer, with its choices in their order.
    package func object(_ head: CompletionHead, _ answers: [InferenceAnswer]) -> JSONValue {
        var object = self.head(head, object: self == .chat ? "chat.completion" : "text_completion")
        object["choices"] = .array(answers.enumerated().map { choice($0, $1) })
        object["usage"] = answers.map(\.usage).total.json
        object["service_tier"] = .string(head.tier)
        return .object(object)
    }

    private func choice(_ index: Int, _ answer: InferenceAnswer) -> JSONValue {
        var choice: JSONObject = ["index": .int(index)]
        switch self {
        case .chat:
            choice["message"] = ["role": "assistant", "content": .string(answer.text), "refusal": nil]
        case .text: choice["text"] = .string(answer.text)
        }
        choice["logprobs"] = logprobs(answer.content.logprobs)
        choice["finish_reason"] = .string(answer.finishReason.rawValue)
        return .object(choice)
    }

    /// The first chunk of a choice, which names the speaker; text completions have none.
    package func firstChunk(_ head: CompletionHead, _ index: Int, includesUsage: Bool) -> JSONValue? {
        guard self == .chat else { return nil }
        return chunk(head, index, ["role": "assistant", "content": "", "refusal": nil], nil, includesUsage)
    }

    /// A piece of a choice's text.
    package func chunk(
        _ head: CompletionHead,
        _ index: Int,
        text: String,
        logprobs tokens: [TokenLogprob],
        includesUsage: Bool
    ) -> JSONValue {
        chunk(
            head,
            index,
            self == .chat ? ["content": .string(text)] : .string(text),
            nil,
            includesUsage,
            logprobs: logprobs(tokens)
        )
    }

    /// The last chunk of a choice: why it ended, and nothing more of it.
    package func lastChunk(
        _ head: CompletionHead,
        _ index: Int,
        _ reason: FinishReason,
        includesUsage: Bool
    ) -> JSONValue {
        chunk(head, index, self == .chat ? [:] : "", reason, includesUsage)
    }

    /// After all choices, what they used together.
    package func usageChunk(_ head: CompletionHead, _ usage: [GenerationUsage]) -> JSONValue {
        var object = chunkHead(head)
        object["choices"] = []
        object["usage"] = usage.total.json
        return .object(object)
    }

    private func chunk(
        _ head: CompletionHead,
        _ index: Int,
        _ content: JSONValue,
        _ reason: FinishReason?,
        _ includesUsage: Bool,
        logprobs: JSONValue = .null
    ) -> JSONValue {
        var object = chunkHead(head)
        object["choices"] = [
            [
                "index": .int(index), self == .chat ? "delta" : "text": content, "logprobs": logprobs,
                "finish_reason": .optional(reason?.rawValue),
            ]
        ]
        // With the option every chunk has the field; only the last has a value.
        if includesUsage { object["usage"] = .null }
        return .object(object)
    }

    private func chunkHead(_ head: CompletionHead) -> JSONObject {
        self.head(head, object: self == .chat ? "chat.completion.chunk" : "text_completion")
    }

    private func head(_ head: CompletionHead, object: String) -> JSONObject {
        let prefix = self == .chat ? "chatcmpl-" : "cmpl-"
        return [
            "id": .string(prefix + head.job.text.dropFirst(4)), "object": .string(object),
            "created": .int(head.createdAt.seconds), "model": .string(head.model),
            "system_fingerprint": .string("fp_" + head.version),
        ]
    }

    // MARK: - Probabilities

    /// Null if none were asked for, or none are there.
    private func logprobs(_ tokens: [TokenLogprob]) -> JSONValue {
        guard !tokens.isEmpty else { return .null }
        switch self {
        case .chat:
            return [
                "content": .array(
                    tokens.map { token in
                        var object = token.picked.object
                        object["top_logprobs"] = .array(token.top.map { .object($0.object) })
                        return .object(object)
                    }
                ), "refusal": nil,
            ]
        case .text:
            var offsets: [JSONValue] = []
            var offset = 0
            for token in tokens {
                offsets.append(.int(offset))
                offset += token.picked.text.unicodeScalars.count
            }
            return [
                "tokens": .array(tokens.map { .string($0.picked.text) }),
                "token_logprobs": .array(tokens.map { .double($0.picked.logprob) }),
                "top_logprobs": .array(
                    tokens.map { token in
                        var top = JSONObject()
                        for candidate in token.top { top[candidate.text] = .double(candidate.logprob) }
                        return .object(top)
                    }
                ), "text_offset": .array(offsets),
            ]
        }
    }
}

extension TokenLogprob.Candidate {
    /// As chats list it.
    fileprivate var object: JSONObject {
        ["token": .string(text), "logprob": .double(logprob), "bytes": .array(bytes.map { .int($0) })]
    }
}

extension [GenerationUsage] {
    /// All of them together.
    package var total: GenerationUsage {
        reduce(.none) { sum, one in
            GenerationUsage(
                promptTokens: sum.promptTokens + one.promptTokens,
                cachedTokens: sum.cachedTokens + one.cachedTokens,
                completionTokens: sum.completionTokens + one.completionTokens,
                cpuMilliseconds: sum.cpuMilliseconds + one.cpuMilliseconds
            )
        }
    }
}
