package import Values

/// The object of OpenAI's Responses API.
package struct ResponseShape: Sendable {
    /// What the beginning of its id is followed by.
    private let key: String
    private let createdAt: Instant
    private let model: String
    private let echo: JSONObject
    private let isBackground: Bool

    /// Of a run that is waited for.
    package init(_ run: InferenceRun, _ fields: ResponseFields) {
        key = String(run.job.text.dropFirst(4))
        createdAt = run.createdAt
        model = run.model
        echo = fields.echo
        isBackground = false
    }

    /// Of a job that nobody waits for.
    package init(_ job: InferenceJob) {
        key = String(job.id.text.dropFirst(4))
        createdAt = job.createdAt
        model = job.model
        echo = ["metadata": job.metadata, "user": .optional(job.subject)]
        isBackground = true
    }

    /// The job that an id of a response stands for; nil if it is no such id.
    package static func job(_ id: String) -> JobID? {
        id.hasPrefix("resp_") ? JobID("job_" + id.dropFirst(5)) : nil
    }

    /// As it stands before there is an answer, or where there will be none.
    package func object(status: String, error: JSONValue = .null) -> JSONValue {
        object(status: status, error: error, output: [], usage: nil, incomplete: .null)
    }

    /// With its answer.
    package func object(text: String, finish: String, usage: GenerationUsage?) -> JSONValue {
        let isWhole = finish != FinishReason.length.rawValue
        return object(
            status: isWhole ? "completed" : "incomplete",
            error: .null,
            output: [item(text, status: isWhole ? "completed" : "incomplete")],
            usage: usage,
            incomplete: isWhole ? .null : ["reason": "max_output_tokens"]
        )
    }

    /// As a job of the background stands.
    package func object(_ job: InferenceJob) -> JSONValue {
        switch job.status {
        case .queued: object(status: "queued")
        case .running: object(status: "in_progress")
        case .cancelled: object(status: "cancelled")
        case .failed, .expired: object(status: "failed", error: job.error ?? ["code": "expired", "message": "expired"])
        case .succeeded:
            object(
                text: job.output?["message"]?["content"]?.string ?? "",
                finish: job.output?["finish_reason"]?.string ?? "stop",
                usage: job.usage
            )
        }
    }

    /// The id of the only item there is.
    var itemID: String { "msg_" + key }

    /// The message, with as much text as there is.
    func item(_ text: String?, status: String) -> JSONValue {
        [
            "id": .string(itemID), "type": "message", "role": "assistant", "status": .string(status),
            "content": .array(text.map { [Self.part($0)] } ?? []),
        ]
    }

    static func part(_ text: String) -> JSONValue {
        ["type": "output_text", "text": .string(text), "annotations": [], "logprobs": []]
    }

    private func object(
        status: String,
        error: JSONValue,
        output: [JSONValue],
        usage: GenerationUsage?,
        incomplete: JSONValue
    ) -> JSONValue {
        var object: JSONObject = [
            "id": .string("resp_" + key), "object": "response", "created_at": .int(createdAt.seconds),
            "status": .string(status), "background": .bool(isBackground), "error": error,
            "incomplete_details": incomplete, "instructions": .null, "max_output_tokens": .null,
            "model": .string(model), "output": .array(output), "parallel_tool_calls": true,
            "previous_response_id": .null, "reasoning": ["effort": nil, "summary": nil],
            "store": .bool(isBackground), "temperature": 1, "text": ["format": ["type": "text"]],
            "tool_choice": "auto", "tools": [], "top_p": 1, "truncation": "disabled",
            "usage": usage?.responseJSON ?? .null, "user": .null, "metadata": [:],
        ]
        for (name, value) in echo { object[name] = value }
        return .object(object)
    }
}

extension GenerationUsage {
    /// As the Responses API has it.
    fileprivate var responseJSON: JSONValue {
        [
            "input_tokens": .int(promptTokens), "input_tokens_details": ["cached_tokens": .int(cachedTokens)],
            "output_tokens": .int(completionTokens), "output_tokens_details": ["reasoning_tokens": 0],
            "total_tokens": .int(promptTokens + completionTokens),
        ]
    }
}

/// The events of a response while it is made, each with its number.
package struct ResponseEvents: Sendable {
    private let shape: ResponseShape
    private var number = 0
    private var text = ""
    private var hasBegun = false

    package init(_ shape: ResponseShape) { self.shape = shape }

    /// What an event of the run becomes: names and what they carry.
    package mutating func events(of event: InferenceEvent) -> [(name: String, data: JSONValue)] {
        var events: [(name: String, data: JSONValue)] = []
        if !hasBegun {
            hasBegun = true
            let status = "in_progress"
            for name in ["response.created", "response.in_progress"] {
                events.append(made(name, ["response": shape.object(status: status)]))
            }
            let item = shape.item(nil, status: status)
            events.append(made("response.output_item.added", ["output_index": 0, "item": item]))
            events.append(made("response.content_part.added", place(["part": ResponseShape.part("")])))
        }
        switch event {
        case .started, .vectors, .scores: break
        case .piece(let piece, _, _):
            text += piece
            let delta = place(["delta": .string(piece), "logprobs": []])
            events.append(made("response.output_text.delta", delta))
        case .finished(let reason, let usage):
            let object = shape.object(text: text, finish: reason.rawValue, usage: usage)
            let item = object["output"]?[0] ?? .null
            let end = reason == .length ? "response.incomplete" : "response.completed"
            events.append(
                made("response.output_text.done", place(["text": .string(text), "logprobs": []]))
            )
            events.append(made("response.content_part.done", place(["part": ResponseShape.part(text)])))
            events.append(made("response.output_item.done", ["output_index": 0, "item": item]))
            events.append(made(end, ["response": object]))
        }
        return events
    }

    /// The last event of a response that failed.
    package mutating func failure(code: String, message: String) -> (name: String, data: JSONValue) {
        let error: JSONValue = ["code": .string(code), "message": .string(message)]
        return made("response.failed", ["response": shape.object(status: "failed", error: error)])
    }

    private func place(_ more: JSONObject) -> JSONObject {
        var object: JSONObject = ["item_id": .string(shape.itemID), "output_index": 0, "content_index": 0]
        for (key, value) in more { object[key] = value }
        return object
    }

    private mutating func made(_ name: String, _ more: JSONObject) -> (name: String, data: JSONValue) {
        var object: JSONObject = ["type": .string(name), "sequence_number": .int(number)]
        for (key, value) in more { object[key] = value }
        number += 1
        return (name, .object(object))
    }
}
