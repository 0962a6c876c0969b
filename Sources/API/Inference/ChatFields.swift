import Inference
import Values

/// Reads what `/v1/chat/completions` takes.
enum ChatFields {
    private static let messageLimit = 2_000

    /// Reads a whole request.
    static func read(_ fields: inout JSONFields) throws(Problem) -> CompletionFields {
        let messages = try messages(&fields)
        var completion = try CompletionFields(&fields, task: "chat", prompt: .messages(messages))
        try completion.readStream(&fields)
        try refuse(&fields)
        try fields.finish()
        return completion
    }

    /// Reads the fields of the task `chat`.
    static func readTask(_ fields: inout JSONFields) throws(Problem) -> CompletionFields {
        let messages = try messages(&fields)
        var completion = try CompletionFields(
            &fields,
            task: "chat",
            prompt: .messages(messages),
            needsModel: false
        )
        try completion.readTimeout(&fields)
        try refuse(&fields)
        try fields.finish()
        return completion
    }

    private static func messages(_ fields: inout JSONFields) throws(Problem) -> [ChatMessage] {
        let elements = try fields.array("messages")
        guard (1...messageLimit).contains(elements.count) else {
            throw fields.invalid("messages", "has \(elements.count) messages; 1 to \(messageLimit) are allowed")
        }
        var messages: [ChatMessage] = []
        for (element, path) in elements { messages.append(try message(element, path)) }
        return messages
    }

    private static func message(_ json: JSONValue, _ path: String) throws(Problem) -> ChatMessage {
        var fields = try JSONFields(json, path: path)
        let name = try fields.string("role")
        let role: ChatRole
        switch name {
        case "system", "developer": role = .system
        case "user": role = .user
        case "assistant": role = .assistant
        case "tool", "function": throw fields.invalid("role", "is \"\(name)\"; the models here cannot call tools")
        default:
            throw fields.invalid(
                "role",
                "must be \"system\", \"developer\", \"user\" or \"assistant\", not \(JSONValue.string(name).seen)"
            )
        }
        for tool in ["tool_calls", "function_call"] {
            if let value = fields.value(tool), value.array?.isEmpty != true {
                throw fields.invalid(tool, "is not supported: the models here cannot call tools")
            }
        }
        let content = try content(&fields)
        // Names of speakers are not shown to the model, whose template has no place for them.
        _ = try fields.optionalString("name")
        _ = fields.valueOrNull("refusal")
        _ = fields.valueOrNull("annotations")
        _ = fields.valueOrNull("audio")
        try fields.finish()
        return ChatMessage(role: role, content: content)
    }

    /// A text, or parts that are texts.
    private static func content(_ fields: inout JSONFields) throws(Problem) -> String {
        let value = try fields.requiredValue("content")
        if let text = value.string { return text }
        guard value.array != nil else {
            throw fields.invalid("content", "must be a string or a list of parts, not \(value.seen)")
        }
        var text = ""
        for (element, path) in try fields.array("content") {
            var part = try JSONFields(element, path: path)
            let type = try part.string("type")
            guard type == "text" else {
                throw part.invalid("type", "is \(JSONValue.string(type).seen); the models here read \"text\" only")
            }
            text += try part.string("text")
            try part.finish()
        }
        return text
    }

    /// What the models here cannot do is refused by name.
    private static func refuse(_ fields: inout JSONFields) throws(Problem) {
        if try fields.optionalBool("logprobs") == true {
            throw fields.invalid("logprobs", "is not supported by the models here")
        }
        if let top = try fields.optionalInt("top_logprobs"), top != 0 {
            throw fields.invalid("top_logprobs", "is not supported by the models here")
        }
        if var format = try fields.optionalObject("response_format") {
            let type = try format.string("type")
            guard type == "text" else {
                throw format.invalid(
                    "type",
                    "is \(JSONValue.string(type).seen); the models here answer with \"text\" only"
                )
            }
            try format.finish()
        }
        if let tools = try fields.optionalArray("tools"), !tools.isEmpty {
            throw fields.invalid("tools", "are not supported by the models here")
        }
        if let choice = fields.value("tool_choice"), !["none", "auto"].contains(choice.string) {
            throw fields.invalid("tool_choice", "is \(choice.seen); the models here cannot call tools")
        }
        _ = try fields.optionalBool("parallel_tool_calls")
        for (element, path) in try fields.optionalArray("modalities") ?? [] where element.string != "text" {
            throw .invalid(path, "is \(element.seen); the models here answer with \"text\" only")
        }
    }
}

/// Reads what `/v1/completions` and the task `generate` take.
enum TextFields {
    /// How long an answer is if nothing is said, as in OpenAI's interface.
    private static let standardTokens = 16

    static func read(_ fields: inout JSONFields) throws(Problem) -> CompletionFields {
        let prompt = try prompt(&fields)
        var completion = try CompletionFields(
            &fields,
            task: "generate",
            prompt: prompt,
            standardTokens: standardTokens
        )
        try completion.readStream(&fields)
        if try fields.optionalBool("echo") == true { throw fields.invalid("echo", "is not supported") }
        if let best = try fields.optionalInt("best_of"), best != 1 {
            throw fields.invalid("best_of", "is \(best); one answer a request is supported")
        }
        if let suffix = try fields.optionalString("suffix"), !suffix.isEmpty {
            throw fields.invalid("suffix", "is not supported by the models here")
        }
        if let count = try fields.optionalInt("logprobs"), count != 0 {
            throw fields.invalid("logprobs", "is not supported by the models here")
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
