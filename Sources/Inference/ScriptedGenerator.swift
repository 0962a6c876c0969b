import Values

/// A generator that says what a script tells it to, for tests of the rules around generation.
///
/// A token is four bytes of text, begun ones counted.
package struct ScriptedGenerator: TextGenerator {
    /// What to say to prompts that hold a text.
    package struct Reply: Sendable {
        /// Nil answers everything.
        package var trigger: String?
        package var pieces: [String]
        package var reason: FinishReason
        package var cachedTokens: Int
        /// Thrown after the pieces, instead of finishing.
        package var failure: InferenceError?
        /// Before each piece.
        package var pause: Duration

        package init(
            to trigger: String? = nil,
            _ pieces: [String],
            reason: FinishReason = .stop,
            cachedTokens: Int = 0,
            failure: InferenceError? = nil,
            pause: Duration = .zero
        ) {
            self.trigger = trigger
            self.pieces = pieces
            self.reason = reason
            self.cachedTokens = cachedTokens
            self.failure = failure
            self.pause = pause
        }
    }

    private let replies: [Reply]
    private let context: Int

    /// The first reply that fits a prompt is given.
    package init(_ replies: [Reply], context: Int = 2048) {
        self.replies = replies
        self.context = context
    }

    package func contextSize() async throws -> Int {
        context
    }

    package func promptTokens(of prompt: GenerationPrompt) async throws -> Int {
        Self.tokens(of: prompt)
    }

    package func generate(_ request: GenerationRequest) throws(InferenceError) -> Generation {
        do {
            try request.check()
        } catch {
            throw .invalid(error)
        }
        let promptTokens = Self.tokens(of: request.prompt)
        let limit = request.maxTokens ?? max(context - promptTokens, 1)
        guard promptTokens + (request.maxTokens ?? 1) <= context else {
            throw .contextExceeded(promptTokens: promptTokens, maxTokens: request.maxTokens, context: context)
        }
        let text = Self.text(of: request.prompt)
        guard let reply = replies.first(where: { $0.trigger.map(text.contains) ?? true }) else {
            throw .engineFault(reason: "the script has no reply")
        }
        let (events, continuation) = GenerationStream.makeStream()
        let task = Task {
            await Self.play(reply, promptTokens: promptTokens, limit: limit, to: continuation)
        }
        continuation.onTermination = { _ in task.cancel() }
        return Generation(events: events) { task.cancel() }
    }

    private static func play(
        _ reply: Reply,
        promptTokens: Int,
        limit: Int,
        to continuation: GenerationStream.Continuation
    ) async {
        var usage = GenerationUsage(
            promptTokens: promptTokens,
            cachedTokens: min(reply.cachedTokens, promptTokens),
            completionTokens: 0,
            cpuMilliseconds: 1
        )
        var reason = reply.reason
        continuation.yield(.started(promptTokens: promptTokens, cachedTokens: usage.cachedTokens))
        for piece in reply.pieces {
            if reply.pause > .zero {
                try? await Task.sleep(for: reply.pause)
            }
            let tokens = count(piece)
            if Task.isCancelled || usage.completionTokens + tokens > limit {
                reason = Task.isCancelled ? .cancelled : .length
                break
            }
            usage.completionTokens += tokens
            usage.cpuMilliseconds += tokens
            continuation.yield(.piece(text: piece, tokens: tokens))
        }
        if let failure = reply.failure, reason == reply.reason {
            continuation.finish(throwing: failure)
        } else {
            continuation.yield(.finished(reason, usage))
            continuation.finish()
        }
    }

    private static func count(_ text: String) -> Int {
        (text.utf8.count + 3) / 4
    }

    private static func text(of prompt: GenerationPrompt) -> String {
        switch prompt {
        case .messages(let messages): messages.map(\.content).joined(separator: "\n")
        case .text(let text): text
        case .tokens: ""
        }
    }

    private static func tokens(of prompt: GenerationPrompt) -> Int {
        switch prompt {
        case .messages(let messages): messages.reduce(0) { $0 + count($1.content) + 2 }
        case .text(let text): count(text)
        case .tokens(let tokens): tokens.count
        }
    }
}
