/// Events of one generation, and an `InferenceError` if it failed.
package typealias GenerationStream = AsyncThrowingStream<GenerationEvent, any Error>

/// A generation under way.
package struct Generation: Sendable {
    /// What it does, from the beginning.
    ///
    /// Giving the stream up cancels the generation.
    package let events: GenerationStream
    private let canceller: @Sendable () -> Void

    package init(events: GenerationStream, cancel canceller: @escaping @Sendable () -> Void) {
        self.events = events
        self.canceller = canceller
    }

    /// Stops the generation within a step; the stream still delivers `finished(.cancelled, usage)`.
    ///
    /// Whoever settles the bill calls this and reads on, so that what was generated is known exactly.
    package func cancel() {
        canceller()
    }
}

/// Something that continues prompts, makes vectors or weighs texts: a pool of engines, or a script in tests of rules.
package protocol TextGenerator: Sendable {
    /// Tokens that one generation may have in all, prompt and answer.
    ///
    /// - Throws: `InferenceError` if no engine comes up in time.
    func contextSize() async throws -> Int

    /// The number of tokens of `prompt`, counted exactly as a generation counts them; all texts of `embeddings`, and
    /// the prompt once and all continuations of `scores`.
    ///
    /// - Throws: `InferenceError` if the prompt cannot be rendered or no engine comes up in time.
    func promptTokens(of prompt: GenerationPrompt) async throws -> Int

    /// Accepts a generation, or refuses it at once.
    ///
    /// - Throws: A refusal: a field out of range, a queue that is full, a model that cannot chat.
    func generate(_ request: GenerationRequest) throws(InferenceError) -> Generation
}

extension Generation {
    /// Reads the generation to its end and returns the whole text.
    ///
    /// - Throws: `InferenceError` if the generation failed.
    package func collected() async throws -> (text: String, reason: FinishReason, usage: GenerationUsage) {
        var text = ""
        for try await event in events {
            switch event {
            case .started: break
            case .piece(let piece, _, _): text += piece
            case .vectors, .scores: break
            case .finished(let reason, let usage): return (text, reason, usage)
            }
        }
        throw InferenceError.interrupted
    }

    /// Reads the generation to its end and returns the vectors of `GenerationPrompt.embeddings`.
    ///
    /// - Throws: `InferenceError` if it failed or was cancelled.
    package func collectedVectors() async throws -> (vectors: [[Float]], usage: GenerationUsage) {
        var vectors: [[Float]] = []
        for try await event in events {
            switch event {
            case .started, .piece, .scores: break
            case .vectors(let some): vectors += some
            case .finished(.cancelled, _): throw InferenceError.interrupted
            case .finished(_, let usage): return (vectors, usage)
            }
        }
        throw InferenceError.interrupted
    }

    /// Reads the generation to its end and returns the scores of `GenerationPrompt.scores`.
    ///
    /// - Throws: `InferenceError` if it failed or was cancelled.
    package func collectedScores() async throws -> (scores: [ContinuationScore], usage: GenerationUsage) {
        var scores: [ContinuationScore] = []
        for try await event in events {
            switch event {
            case .started, .piece, .vectors: break
            case .scores(let all): scores = all
            case .finished(.cancelled, _): throw InferenceError.interrupted
            case .finished(_, let usage): return (scores, usage)
            }
        }
        throw InferenceError.interrupted
    }
}
