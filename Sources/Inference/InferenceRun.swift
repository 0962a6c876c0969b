package import Values

/// What happens while a request runs.
package enum InferenceEvent: Hashable, Sendable {
    /// The first chunk of the prompt has been computed: from here on the prompt is owed.
    case started(promptTokens: Int, cachedTokens: Int)
    /// Text, always whole characters, and the number of tokens that it completes.
    case piece(text: String, tokens: Int)
    /// The end. What was used is on the tenant's account, in the database.
    case finished(FinishReason, GenerationUsage)
}

/// The events of a run; it ends with `finished`, or throws a `ProblemConvertible` error.
package typealias InferenceStream = AsyncThrowingStream<InferenceEvent, any Error>

/// A request that was admitted and runs.
///
/// It is settled whatever its reader does: giving `events` up stops the generation, and what was generated until then
/// is charged.
package struct InferenceRun: Sendable {
    /// Names the job, also at `GET /v1/jobs/{id}`.
    package let job: JobID
    package let task: String
    /// The model that answers, and its version.
    package let model: String
    package let version: String
    /// Which version answers and why, for `x-abono-route`.
    package let route: String
    /// The prompt's tokens, counted exactly.
    package let promptTokens: Int
    /// When it was admitted.
    package let createdAt: Instant
    /// What the tenant has left of this minute, this request counted.
    package let rates: RateFigures
    /// What it does, from the beginning; to be read by one reader.
    package let events: InferenceStream
    private let canceller: @Sendable () -> Void

    init(
        _ ticket: InferenceTicket,
        rates: RateFigures,
        events: InferenceStream,
        cancel canceller: @escaping @Sendable () -> Void
    ) {
        job = ticket.job
        task = ticket.task
        model = ticket.model
        version = ticket.version
        route = ticket.route
        promptTokens = ticket.promptTokens
        createdAt = ticket.createdAt
        self.rates = rates
        self.events = events
        self.canceller = canceller
    }

    /// Stops the generation within a step; `events` still delivers `finished(.cancelled, usage)`.
    package func cancel() {
        canceller()
    }

    /// Reads the run to its end.
    ///
    /// - Throws: What `events` throws; `InferenceError.interrupted` if the task is cancelled.
    package func answer() async throws -> InferenceAnswer {
        let start = SuspendingClock.now
        var text = ""
        for try await event in events {
            switch event {
            case .started: break
            case .piece(let piece, _): text += piece
            case .finished(let reason, let usage):
                let elapsed = (SuspendingClock.now - start).components
                return InferenceAnswer(
                    job: job,
                    task: task,
                    model: model,
                    version: version,
                    route: route,
                    text: text,
                    finishReason: reason,
                    usage: usage,
                    milliseconds: Int(elapsed.seconds * 1000 + elapsed.attoseconds / 1_000_000_000_000_000)
                )
            }
        }
        throw InferenceError.interrupted
    }
}

/// A whole answer.
package struct InferenceAnswer: Hashable, Sendable {
    package let job: JobID
    package let task: String
    package let model: String
    package let version: String
    package let route: String
    package let text: String
    package let finishReason: FinishReason
    package let usage: GenerationUsage
    /// From admission to the end.
    package let milliseconds: Int

    /// The usage object of tasks and jobs.
    package var usageJSON: JSONValue { usage.json }
}

extension GenerationUsage {
    /// As OpenAI's clients read it.
    package var json: JSONValue {
        [
            "prompt_tokens": .int(promptTokens), "completion_tokens": .int(completionTokens),
            "total_tokens": .int(promptTokens + completionTokens),
            "prompt_tokens_details": ["cached_tokens": .int(cachedTokens)],
        ]
    }
}
