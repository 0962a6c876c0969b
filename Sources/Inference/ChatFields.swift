package import Values

/// Reads what `/v1/chat/completions` takes.
package enum ChatFields {
    private static let messageLimit = 2_000

    /// Reads a whole request.
    package static func read(_ fields: inout JSONFields) throws(Problem) -> CompletionFields {
        let messages = try messages(&fields)
        var completion = try CompletionFields(&fields, task: "chat", prompt: .messages(messages))
        try completion.readStream(&fields)
        try readFormat(&fields, &completion)
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
        try readFormat(&fields, &completion)
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

    /// Reads `response_format`, `logprobs` and `top_logprobs`.
    private static func readFormat(
        _ fields: inout JSONFields,
        _ completion: inout CompletionFields
    ) throws(Problem) {
        let isAsked = try fields.optionalBool("logprobs") ?? false
        let top = try fields.optionalInt("top_logprobs")
        if let top {
            guard isAsked || top == 0 else {
                throw fields.invalid("top_logprobs", "is only allowed with \"logprobs\": true")
            }
            guard (0...SamplingParameters.logprobsLimit).contains(top) else {
                let limit = SamplingParameters.logprobsLimit
                throw fields.invalid("top_logprobs", "is \(top); it must be from 0 to \(limit)")
            }
        }
        if isAsked { completion.request.sampling.logprobs = top ?? 0 }
        if var format = try fields.optionalObject("response_format") {
            completion.request.sampling.grammar = try grammar(&format)
        }
    }

    /// Reads a format of answers; nil is any text.
    ///
    /// A schema is kept to whether `strict` is said or not.
    static func grammar(_ format: inout JSONFields) throws(Problem) -> String? {
        switch try format.string("type") {
        case "text":
            try format.finish()
            return nil
        case "json_object":
            try format.finish()
            return JSONSchemaGrammar.anyObject
        case "json_schema":
            // Chats put it below `json_schema`, responses beside the type.
            guard var inner = try format.optionalObject("json_schema") else { return try schema(&format) }
            try format.finish()
            return try schema(&inner)
        case let type:
            throw format.invalid(
                "type",
                "is \(JSONValue.string(type).seen); there are \"text\", \"json_object\" and \"json_schema\""
            )
        }
    }

    private static func schema(_ fields: inout JSONFields) throws(Problem) -> String {
        _ = try fields.string("name")
        _ = try fields.optionalString("description")
        _ = try fields.optionalBool("strict")
        let grammar = try JSONSchemaGrammar.gbnf(
            for: try fields.requiredValue("schema"),
            at: fields.path("schema")
        )
        try fields.finish()
        return grammar
    }

    /// What the models here cannot do is refused by name.
    private static func refuse(_ fields: inout JSONFields) throws(Problem) {
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
