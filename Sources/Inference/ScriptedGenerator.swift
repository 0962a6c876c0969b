import Values

/// A generator that says what a script tells it to, for tests of the rules around generation.
///
/// A token is four bytes of text, begun ones counted; each piece is told as one token with logarithm zero if such are
/// asked for. Vectors count words, so that texts which share words are near each other; of continuations that one is
/// likely with which the reply begins.
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
        guard request.prompt.isContinued else { return try measure(request.prompt, promptTokens) }
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
            await Self.play(
                reply,
                promptTokens: promptTokens,
                limit: limit,
                hasLogprobs: request.sampling.logprobs != nil,
                to: continuation
            )
        }
        continuation.onTermination = { _ in task.cancel() }
        return Generation(events: events) { task.cancel() }
    }

    private func measure(_ prompt: GenerationPrompt, _ promptTokens: Int) throws(InferenceError) -> Generation {
        let (events, continuation) = GenerationStream.makeStream()
        let usage = GenerationUsage(
            promptTokens: promptTokens,
            cachedTokens: 0,
            completionTokens: 0,
            cpuMilliseconds: 1
        )
        let text = Self.text(of: prompt)
        let reply = replies.first { $0.trigger.map(text.contains) ?? true }
        if let failure = reply?.failure { throw failure }
        continuation.yield(.started(promptTokens: promptTokens, cachedTokens: 0))
        switch prompt {
        case .embeddings(let inputs): continuation.yield(.vectors(inputs.map(Self.vector)))
        case .scores(let texts, _):
            let said = reply?.pieces.joined() ?? ""
            let scores = texts.map { text in
                let isSaid = said.hasPrefix(text.drop { $0 == " " })
                return ContinuationScore(logLikelihood: isSaid ? -0.1 : -10, tokens: Self.count(text))
            }
            continuation.yield(.scores(scores))
        case .messages, .text, .tokens: break
        }
        continuation.yield(.finished(.stop, usage))
        continuation.finish()
        return Generation(events: events) {}
    }

    /// Numbers in a vector.
    package static let vectorSize = 16

    private static func vector(of input: EmbeddingInput) -> [Float] {
        var vector = [Float](repeating: 0, count: vectorSize)
        switch input {
        case .text(let text):
            for word in text.lowercased().split(whereSeparator: { !$0.isLetter && !$0.isNumber }) {
                vector[word.utf8.reduce(7) { ($0 &* 31 &+ Int($1)) & 0xFFFF } % vectorSize] += 1
            }
        case .tokens(let tokens):
            for token in tokens { vector[abs(token % vectorSize)] += 1 }
        }
        let length = vector.reduce(0) { $0 + $1 * $1 }.squareRoot()
        return length > 0 ? vector.map { $0 / length } : vector
    }

    private static func play(
        _ reply: Reply,
        promptTokens: Int,
        limit: Int,
        hasLogprobs: Bool,
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
            let picked = TokenLogprob.Candidate(token: 0, bytes: Array(piece.utf8), logprob: 0)
            let logprobs = hasLogprobs ? [TokenLogprob(picked: picked, top: [picked])] : []
            continuation.yield(.piece(text: piece, tokens: tokens, logprobs: logprobs))
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
        case .embeddings(let inputs):
            inputs.map { if case .text(let text) = $0 { text } else { "" } }.joined(separator: "\n")
        case .scores(_, let prompt): text(of: prompt)
        }
    }

    private static func tokens(of prompt: GenerationPrompt) -> Int {
        switch prompt {
        case .messages(let messages): messages.reduce(0) { $0 + count($1.content) + 2 }
        case .text(let text): count(text)
        case .tokens(let tokens): tokens.count
        case .embeddings(let inputs):
            inputs.reduce(0) { sum, input in
                switch input {
                case .text(let text): sum + count(text)
                case .tokens(let tokens): sum + tokens.count
                }
            }
        case .scores(let texts, let prompt): texts.reduce(tokens(of: prompt)) { $0 + count($1) }
        }
    }
}
