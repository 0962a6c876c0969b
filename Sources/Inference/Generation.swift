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

/// What a model is to continue.
package enum GenerationPrompt: Hashable, Sendable {
    /// A chat, rendered with the model's own template.
    case messages([ChatMessage])
    /// Bare text. Control tokens spelled in it stay text.
    case text(String)
    /// Token ids of the model's vocabulary.
    case tokens([Int])

    /// A lower bound of its size in bytes, for bounds that must not cost a tokenisation.
    package var byteCount: Int {
        switch self {
        case .messages(let messages): messages.reduce(0) { $0 + $1.content.utf8.count }
        case .text(let text): text.utf8.count
        case .tokens(let tokens): tokens.count
        }
    }
}

/// How the next token is picked.
package struct SamplingParameters: Hashable, Sendable {
    /// Zero is greedy: always the likeliest token.
    package var temperature: Double
    /// How many of the likeliest tokens are considered; zero is all.
    package var topK: Int
    /// The share of probability that is considered.
    package var topP: Double
    /// The least probability, relative to the likeliest token, that is considered.
    package var minP: Double
    package var presencePenalty: Double
    package var frequencyPenalty: Double
    /// Repeats the same picks for the same text; nil is a fresh one each time.
    package var seed: UInt32?
    /// Added to the logits of single tokens.
    package var logitBias: [Int: Double]
    /// GBNF of our own making with the rule `root`, never text a caller wrote.
    package var grammar: String?

    package init(
        temperature: Double = 1,
        topK: Int = 0,
        topP: Double = 1,
        minP: Double = 0,
        presencePenalty: Double = 0,
        frequencyPenalty: Double = 0,
        seed: UInt32? = nil,
        logitBias: [Int: Double] = [:],
        grammar: String? = nil
    ) {
        self.temperature = temperature
        self.topK = topK
        self.topP = topP
        self.minP = minP
        self.presencePenalty = presencePenalty
        self.frequencyPenalty = frequencyPenalty
        self.seed = seed
        self.logitBias = logitBias
        self.grammar = grammar
    }

    /// Always the likeliest token.
    package static let greedy = SamplingParameters(temperature: 0)

    /// Refuses what lies outside the ranges of the OpenAI interface, naming the field.
    ///
    /// - Throws: The first field that is out of range.
    package func check() throws(Problem) {
        try Self.check("temperature", temperature, in: 0...2)
        try Self.check("top_p", topP, in: 0...1)
        try Self.check("min_p", minP, in: 0...1)
        try Self.check("presence_penalty", presencePenalty, in: -2...2)
        try Self.check("frequency_penalty", frequencyPenalty, in: -2...2)
        guard (0...1_000_000).contains(topK) else {
            throw Problem.invalid("top_k", "top_k is \(topK); it must be from 0 (no limit) to 1000000")
        }
        guard logitBias.count <= 1024 else {
            throw Problem.invalid("logit_bias", "logit_bias has \(logitBias.count) tokens; at most 1024 are allowed")
        }
        for (token, bias) in logitBias.sorted(by: { $0.key < $1.key }) {
            try Self.check("logit_bias.\(token)", bias, in: -100...100)
        }
    }

    private static func check(_ field: String, _ value: Double, in range: ClosedRange<Double>) throws(Problem) {
        guard range.contains(value) else {
            let bounds = "from \(range.lowerBound) to \(range.upperBound)"
            throw Problem.invalid(field, "\(field) is \(value); it must be \(bounds)")
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
        if let maxTokens, maxTokens < 1 {
            throw Problem.invalid("max_tokens", "max_tokens is \(maxTokens); it must be at least 1")
        }
        guard stop.count <= 16, stop.allSatisfy({ !$0.isEmpty && $0.utf8.count <= 256 }) else {
            throw Problem.invalid("stop", "stop must be at most 16 texts of 1 to 256 bytes")
        }
        guard weight.isFinite, (0.001...1_000_000).contains(weight) else {
            throw Problem.invalid("weight", "weight is \(weight); it must be from 0.001 to 1000000")
        }
        if case .messages(let messages) = prompt, messages.isEmpty {
            throw Problem.invalid("messages", "messages is empty; at least one message is needed")
        }
        if case .tokens(let tokens) = prompt, tokens.isEmpty {
            throw Problem.invalid("prompt", "prompt is an empty list of tokens; at least one is needed")
        }
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
    case piece(text: String, tokens: Int)
    case finished(FinishReason, GenerationUsage)
}
