package import Values

/// What happens while a request runs, as its generation says it.
///
/// With `finished`, what was used is on the tenant's account, in the database.
package typealias InferenceEvent = GenerationEvent

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
        var content = GenerationResult()
        for try await event in events {
            content.add(event)
            guard case .finished(let reason, let usage) = event else { continue }
            return InferenceAnswer(
                job: job,
                task: task,
                model: model,
                version: version,
                route: route,
                content: content,
                finishReason: reason,
                usage: usage,
                milliseconds: (SuspendingClock.now - start).wholeMilliseconds
            )
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
    /// What the model said.
    package let content: GenerationResult
    package let finishReason: FinishReason
    package let usage: GenerationUsage
    /// From admission to the end.
    package let milliseconds: Int

    /// The whole text.
    package var text: String { content.text }

    /// The usage object of tasks and jobs.
    package var usageJSON: JSONValue { usage.json }
}

extension InferenceAnswer {
    /// What is kept of a job that nobody waited for.
    init(_ job: InferenceJob) {
        self.init(
            job: job.id,
            task: job.task,
            model: job.model,
            version: job.version,
            route: job.route,
            content: GenerationResult(output: job.output ?? .null),
            finishReason: job.finishReason.flatMap(FinishReason.init(rawValue:)) ?? .stop,
            usage: job.usage ?? .none,
            milliseconds: 0
        )
    }
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

extension Duration {
    /// In milliseconds, without their fractions.
    var wholeMilliseconds: Int { Int(components.seconds * 1000 + components.attoseconds / 1_000_000_000_000_000) }
}
