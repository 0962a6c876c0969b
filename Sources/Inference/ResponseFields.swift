package import Values

/// What `/v1/responses` takes: texts in, text out.
package struct ResponseFields: Sendable {
    private static let itemLimit = 2_000

    /// What is asked of the model.
    package let request: InferenceRequest
    package let isStream: Bool
    /// Whether nobody waits for it.
    package let isBackground: Bool
    /// The fields that the answer repeats.
    let echo: JSONObject
    /// The same as the fields of the task `chat`.
    private let chat: JSONValue

    /// Reads a whole request.
    ///
    /// - Throws: The first field that is wrong.
    package init(_ fields: inout JSONFields) throws(Problem) {
        var chat: JSONObject = ["model": .string(try fields.string("model"))]
        let instructions = try fields.optionalString("instructions")
        var messages = try Self.messages(&fields)
        if let instructions { messages.insert(["role": "system", "content": .string(instructions)], at: 0) }
        chat["messages"] = .array(messages)
        let limit = try fields.optionalInt("max_output_tokens")
        if let limit, !(1...1_000_000).contains(limit) {
            throw fields.invalid("max_output_tokens", "is \(limit); it must be from 1 to 1000000")
        }
        let format = try Self.format(&fields)
        let metadata = try TaskRequest.metadata(&fields) ?? [:]
        if let limit { chat["max_tokens"] = .int(limit) }
        for name in ["temperature", "top_p"] {
            if let number = try fields.optionalDouble(name) { chat[name] = .double(number) }
        }
        for name in ["user", "safety_identifier", "service_tier", "prompt_cache_key"] {
            if let text = try fields.optionalString(name) { chat[name] = .string(text) }
        }
        chat["metadata"] = metadata
        if format.chat != .null { chat["response_format"] = format.chat }
        isBackground = try fields.optionalBool("background") ?? false
        isStream = try fields.optionalBool("stream") ?? false
        try Self.refuse(&fields, isBackground: isBackground, isStream: isStream)
        try fields.finish()
        self.chat = .object(chat)
        var read = try JSONFields(self.chat)
        var request = try ChatFields.readTask(&read).request
        request.isStream = isStream
        self.request = request
        echo = [
            "instructions": .optional(instructions), "max_output_tokens": limit.map { .int($0) } ?? .null,
            "temperature": .double(request.sampling.temperature), "top_p": .double(request.sampling.topP),
            "text": ["format": format.echo], "metadata": metadata, "user": .optional(request.subject),
        ]
    }

    /// The same, to be done when there is room.
    ///
    /// - Throws: as a task of its own would.
    package func submission() throws(Problem) -> JobSubmission {
        var fields = try JSONFields(chat)
        return JobSubmission(task: try TaskRequest(.chat, &fields), input: chat)
    }

    // MARK: - Reading

    private static func messages(_ fields: inout JSONFields) throws(Problem) -> [JSONValue] {
        let value = try fields.requiredValue("input")
        if value.string != nil { return [["role": "user", "content": value]] }
        let items = try fields.array("input")
        guard (1...itemLimit).contains(items.count) else {
            throw fields.invalid("input", "has \(items.count) items; 1 to \(itemLimit) are allowed")
        }
        var messages: [JSONValue] = []
        for (item, path) in items { messages.append(try message(item, path)) }
        return messages
    }

    private static func message(_ item: JSONValue, _ path: String) throws(Problem) -> JSONValue {
        var fields = try JSONFields(item, path: path)
        let type = try fields.optionalString("type") ?? "message"
        guard type == "message" else {
            throw fields.invalid("type", "is \(JSONValue.string(type).seen); the models here read \"message\" only")
        }
        let role = try fields.string("role")
        guard ["system", "developer", "user", "assistant"].contains(role) else {
            throw fields.invalid(
                "role",
                "must be \"system\", \"developer\", \"user\" or \"assistant\", not \(JSONValue.string(role).seen)"
            )
        }
        // An answer that is sent back has these, too.
        _ = try fields.optionalString("id")
        _ = try fields.optionalString("status")
        let content = try fields.requiredValue("content")
        var text = content.string ?? ""
        if content.string == nil {
            for (element, place) in try fields.array("content") {
                var part = try JSONFields(element, path: place)
                let type = try part.string("type")
                guard ["input_text", "output_text", "text"].contains(type) else {
                    throw part.invalid(
                        "type",
                        "is \(JSONValue.string(type).seen); there are \"input_text\" and \"output_text\""
                    )
                }
                text += try part.string("text")
                _ = part.valueOrNull("annotations")
                _ = part.valueOrNull("logprobs")
                try part.finish()
            }
        }
        try fields.finish()
        return ["role": .string(role), "content": .string(text)]
    }

    /// Reads `text`: the format as chats have it, and as answers repeat it.
    private static func format(_ fields: inout JSONFields) throws(Problem) -> (chat: JSONValue, echo: JSONValue) {
        guard var text = try fields.optionalObject("text") else { return (.null, ["type": "text"]) }
        let format = text.value("format")
        if let verbosity = try text.optionalString("verbosity"), verbosity != "medium" {
            throw text.invalid("verbosity", "is not supported by the models here")
        }
        try text.finish()
        guard let format else { return (.null, ["type": "text"]) }
        var inner = try JSONFields(format, path: text.path("format"))
        _ = try ChatFields.grammar(&inner)
        guard format["type"]?.string == "json_schema" else { return (format, format) }
        var schema = format.object ?? JSONObject()
        schema["type"] = nil
        return (["type": "json_schema", "json_schema": .object(schema)], format)
    }

    /// What is not done here is refused by name.
    private static func refuse(
        _ fields: inout JSONFields,
        isBackground: Bool,
        isStream: Bool
    ) throws(Problem) {
        if isBackground, isStream { throw fields.invalid("stream", "is not supported with \"background\": true") }
        if try fields.optionalBool("store") == true, !isBackground {
            throw fields.invalid("store", "is not supported without \"background\": answers are not kept")
        }
        for name in ["previous_response_id", "conversation", "prompt", "max_tool_calls", "context_management"] {
            if fields.value(name) != nil { throw fields.invalid(name, "is not supported: answers are not kept") }
        }
        if let tools = try fields.optionalArray("tools"), !tools.isEmpty {
            throw fields.invalid("tools", "are not supported by the models here")
        }
        if let choice = fields.value("tool_choice"), !["none", "auto"].contains(choice.string) {
            throw fields.invalid("tool_choice", "is \(choice.seen); the models here cannot call tools")
        }
        if let reasoning = fields.value("reasoning"), reasoning.object?.contains(where: { !$0.value.isNull }) ?? true {
            throw fields.invalid("reasoning", "is not supported by the models here")
        }
        if let include = try fields.optionalArray("include"), !include.isEmpty {
            throw fields.invalid("include", "is not supported")
        }
        if let top = try fields.optionalInt("top_logprobs"), top != 0 {
            throw fields.invalid("top_logprobs", "is not supported here; chat completions tell probabilities")
        }
        if let truncation = try fields.optionalString("truncation"), truncation != "disabled" {
            let seen = JSONValue.string(truncation).seen
            throw fields.invalid("truncation", "is \(seen); only \"disabled\" is supported")
        }
        _ = try fields.optionalBool("parallel_tool_calls")
        if var options = try fields.optionalObject("stream_options") {
            guard try options.optionalBool("include_obfuscation") != true else {
                throw options.invalid("include_obfuscation", "is not supported; leave it out or send false")
            }
            try options.finish()
        }
    }
}
