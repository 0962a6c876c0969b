package import Values

/// Who speaks in a chat.
package enum ChatRole: String, CaseIterable, Sendable {
    case system, user, assistant, tool
}

/// One message of a chat.
package struct ChatMessage: Hashable, Sendable {
    package var role: ChatRole
    package var content: String

    package init(role: ChatRole, content: String) {
        self.role = role
        self.content = content
    }
}

/// What a model is to continue, or to measure.
package indirect enum GenerationPrompt: Hashable, Sendable {
    /// A chat, rendered with the model's own template.
    case messages([ChatMessage])
    /// Bare text. Control tokens spelled in it stay text.
    case text(String)
    /// Token ids of the model's vocabulary.
    case tokens([Int])
    /// Texts to make vectors of, each by itself; for models that embed.
    case embeddings([EmbeddingInput])
    /// Texts to be weighed as continuations of a prompt; for models that write text.
    case scores(of: [String], after: GenerationPrompt)

    /// Most texts in one `embeddings` or `scores`.
    package static let inputLimit = 2048

    /// A lower bound of its size in bytes, for bounds that must not cost a tokenisation.
    package var byteCount: Int {
        switch self {
        case .messages(let messages): messages.reduce(0) { $0 + $1.content.utf8.count }
        case .text(let text): text.utf8.count
        case .tokens(let tokens): tokens.count
        case .embeddings(let inputs): inputs.reduce(0) { $0 + $1.byteCount }
        case .scores(let texts, let prompt): texts.reduce(prompt.byteCount) { $0 + $1.utf8.count }
        }
    }

    /// Whether tokens are generated; vectors and scores are answered without.
    package var isContinued: Bool {
        switch self {
        case .messages, .text, .tokens: true
        case .embeddings, .scores: false
        }
    }

    /// Refuses what no engine could read, naming the field.
    func check() throws(Problem) {
        switch self {
        case .messages(let messages):
            guard !messages.isEmpty else {
                throw .invalid("messages", "messages is empty; at least one message is needed")
            }
        case .text: break
        case .tokens(let tokens):
            guard !tokens.isEmpty else {
                throw .invalid("prompt", "prompt is an empty list of tokens; at least one is needed")
            }
        case .embeddings(let inputs):
            guard (1...Self.inputLimit).contains(inputs.count) else {
                throw .invalid("input", "has \(inputs.count) texts; 1 to \(Self.inputLimit) are allowed")
            }
        case .scores(let texts, let prompt):
            guard (1...Self.inputLimit).contains(texts.count), texts.allSatisfy({ !$0.isEmpty }) else {
                throw .invalid("labels", "must be 1 to \(Self.inputLimit) texts that are not empty")
            }
            guard prompt.isContinued else {
                throw .invalid("prompt", "must be messages, a text or tokens where continuations are weighed")
            }
            try prompt.check()
        }
    }
}

/// One text to make a vector of.
package enum EmbeddingInput: Hashable, Sendable {
    case text(String)
    /// Token ids of the model's vocabulary, taken as they are.
    case tokens([Int])

    /// A lower bound of its size in bytes.
    package var byteCount: Int {
        switch self {
        case .text(let text): text.utf8.count
        case .tokens(let tokens): tokens.count
        }
    }
}

/// Whether someone is waiting for the answer.
package enum GenerationLane: String, CaseIterable, Sendable {
    /// Goes first.
    case interactive
    /// Gets what interactive work leaves.
    case batch
}

/// One generation to run.
package struct GenerationRequest: Sendable {
    package var id: JobID
    package var tenant: TenantID
    package var prompt: GenerationPrompt
    package var sampling: SamplingParameters
    /// Most tokens to generate; nil is as many as the context holds.
    ///
    /// Without meaning for vectors and scores.
    package var maxTokens: Int?
    /// Texts that end the generation; they are not part of the answer.
    package var stop: [String]
    package var lane: GenerationLane
    /// The tenant's share under load, from its plan.
    package var weight: Double
    /// Most generations of this tenant that may wait; nil leaves only the queue's own bound.
    package var queueLimit: Int?
    /// Prompt tokens as counted at admission: what fairness charges until the engine says the number.
    package var expectedPromptTokens: Int?

    package init(
        id: JobID,
        tenant: TenantID,
        prompt: GenerationPrompt,
        sampling: SamplingParameters = SamplingParameters(),
        maxTokens: Int? = nil,
        stop: [String] = [],
        lane: GenerationLane = .interactive,
        weight: Double = 1,
        queueLimit: Int? = nil,
        expectedPromptTokens: Int? = nil
    ) {
        self.id = id
        self.tenant = tenant
        self.prompt = prompt
        self.sampling = sampling
        self.maxTokens = maxTokens
        self.stop = stop
        self.lane = lane
        self.weight = weight
        self.queueLimit = queueLimit
        self.expectedPromptTokens = expectedPromptTokens
    }

    /// Refuses what no engine could run, naming the field.
    ///
    /// - Throws: The first field that is out of range.
    package func check() throws(Problem) {
        try sampling.check()
        if let maxTokens, maxTokens < 1, prompt.isContinued {
            throw Problem.invalid("max_tokens", "max_tokens is \(maxTokens); it must be at least 1")
        }
        guard stop.count <= 16, stop.allSatisfy({ !$0.isEmpty && $0.utf8.count <= 256 }) else {
            throw Problem.invalid("stop", "stop must be at most 16 texts of 1 to 256 bytes")
        }
        guard weight.isFinite, (0.001...1_000_000).contains(weight) else {
            throw Problem.invalid("weight", "weight is \(weight); it must be from 0.001 to 1000000")
        }
        try prompt.check()
    }
}

/// Why a generation ended.
package enum FinishReason: String, CaseIterable, Sendable {
    /// The model ended its answer, or a stop text came.
    case stop
    /// `maxTokens`, or the context's end.
    case length
    /// It was cancelled; what had been generated until then is counted.
    case cancelled
}

/// What a generation used, exactly.
package struct GenerationUsage: Hashable, Sendable {
    /// Tokens of the whole prompt, cached ones included; zero if it ended before its first chunk was computed.
    package var promptTokens: Int
    /// Of these, tokens taken from a kept prefix.
    package var cachedTokens: Int
    /// Tokens generated.
    ///
    /// The token by which a model ends its answer is not text and not counted.
    package var completionTokens: Int
    /// Processor time, rounded up.
    package var cpuMilliseconds: Int

    package init(promptTokens: Int, cachedTokens: Int, completionTokens: Int, cpuMilliseconds: Int) {
        self.promptTokens = promptTokens
        self.cachedTokens = cachedTokens
        self.completionTokens = completionTokens
        self.cpuMilliseconds = cpuMilliseconds
    }

    /// Nothing used.
    package static let none = GenerationUsage(
        promptTokens: 0,
        cachedTokens: 0,
        completionTokens: 0,
        cpuMilliseconds: 0
    )
}

/// What happens while a generation runs.
///
/// A stream has at most one `started`, and ends with one `finished` or an error.
package enum GenerationEvent: Hashable, Sendable {
    /// The first chunk of the prompt has been computed: from here on the prompt is owed.
    case started(promptTokens: Int, cachedTokens: Int)
    /// Text, always whole characters, and the number of tokens that it completes.
    ///
    /// `logprobs` has an element for each of these tokens if `SamplingParameters.logprobs` asks for it.
    case piece(text: String, tokens: Int, logprobs: [TokenLogprob] = [])
    /// Vectors of the next texts of `GenerationPrompt.embeddings`, of length 1, in the order of the texts.
    case vectors([[Float]])
    /// What the continuations of `GenerationPrompt.scores` weigh, all in their order.
    case scores([ContinuationScore])
    case finished(FinishReason, GenerationUsage)
}
