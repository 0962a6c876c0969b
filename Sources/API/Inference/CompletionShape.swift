import Inference
import Values

/// The objects that OpenAI's clients read.
enum CompletionShape: Sendable {
    case chat
    case text

    /// A whole answer.
    func object(_ run: InferenceRun, _ answer: InferenceAnswer) -> JSONValue {
        var choice: JSONObject = ["index": 0]
        switch self {
        case .chat:
            choice["message"] = ["role": "assistant", "content": .string(answer.text), "refusal": nil]
        case .text: choice["text"] = .string(answer.text)
        }
        choice["logprobs"] = .null
        choice["finish_reason"] = .string(answer.finishReason.rawValue)
        var object = head(run, object: self == .chat ? "chat.completion" : "text_completion")
        object["choices"] = [.object(choice)]
        object["usage"] = answer.usage.json
        object["service_tier"] = "default"
        return .object(object)
    }

    /// The first chunk, which names the speaker; text completions have none.
    func firstChunk(_ run: InferenceRun, includesUsage: Bool) -> JSONValue? {
        guard self == .chat else { return nil }
        return chunk(run, ["role": "assistant", "content": "", "refusal": nil], nil, includesUsage)
    }

    func chunk(_ run: InferenceRun, text: String, includesUsage: Bool) -> JSONValue {
        chunk(run, self == .chat ? ["content": .string(text)] : .string(text), nil, includesUsage)
    }

    /// The last chunk of a choice: why it ended, and nothing more of it.
    func lastChunk(_ run: InferenceRun, _ reason: FinishReason, includesUsage: Bool) -> JSONValue {
        chunk(run, self == .chat ? [:] : "", reason, includesUsage)
    }

    func usageChunk(_ run: InferenceRun, _ usage: GenerationUsage) -> JSONValue {
        var object = chunkHead(run)
        object["choices"] = []
        object["usage"] = usage.json
        return .object(object)
    }

    private func chunk(
        _ run: InferenceRun,
        _ content: JSONValue,
        _ reason: FinishReason?,
        _ includesUsage: Bool
    ) -> JSONValue {
        var object = chunkHead(run)
        object["choices"] = [
            [
                "index": 0, self == .chat ? "delta" : "text": content, "logprobs": nil,
                "finish_reason": .optional(reason?.rawValue),
            ]
        ]
        // With the option every chunk has the field; only the last has a value.
        if includesUsage { object["usage"] = .null }
        return .object(object)
    }

    private func chunkHead(_ run: InferenceRun) -> JSONObject {
        head(run, object: self == .chat ? "chat.completion.chunk" : "text_completion")
    }

    private func head(_ run: InferenceRun, object: String) -> JSONObject {
        let prefix = self == .chat ? "chatcmpl-" : "cmpl-"
        return [
            "id": .string(prefix + run.job.text.dropFirst(4)), "object": .string(object),
            "created": .int(run.createdAt.seconds), "model": .string(run.model),
            "system_fingerprint": .string("fp_" + run.version),
        ]
    }
}
