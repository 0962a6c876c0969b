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

/// Something that continues prompts: a pool of engines, or a script in tests of rules.
package protocol TextGenerator: Sendable {
    /// Tokens that one generation may have in all, prompt and answer.
    ///
    /// - Throws: `InferenceError` if no engine comes up in time.
    func contextSize() async throws -> Int

    /// The number of tokens of `prompt`, counted exactly as a generation counts them.
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
            case .piece(let piece, _): text += piece
            case .finished(let reason, let usage): return (text, reason, usage)
            }
        }
        throw InferenceError.interrupted
    }
}
