import Values

// The language between the server and an engine process: one JSON object a line in each direction over a socket pair,
// `{"frame": NAME, …}`. The server writes `EngineCommand`s, the engine writes `EngineReport`s.
//
//     server                                engine
//       ── ping {n} ───────────────────────▶  any time, answered by a thread of its own, also while weights load
//       ◀─ pong {n, busy, steps, …} ────────
//       ◀─ hello {…} ───────────────────────  once, when the model is ready
//       ── tokenize {id, prompt} ──────────▶
//       ◀─ tokenized {id, tokens} ──────────  or failed
//       ── generate {id, prompt, …} ───────▶
//       ◀─ started {id, …} ─────────────────  its first chunk has been computed
//       ◀─ piece {id, text, tokens} ────────  any number; vectors {id, …} or scores {id, …} if the prompt asks for them
//       ◀─ done {id, finish_reason, …} ─────  or failed; nothing about this id follows
//       ── cancel {id} ────────────────────▶  answered by the generation's done
//
// The end of the file ends the engine. Ids are numbers that the server never uses twice for one engine.

/// What the server asks of an engine.
package enum EngineCommand: Hashable, Sendable {
    case ping(Int)
    case tokenize(id: Int, prompt: GenerationPrompt)
    case generate(EngineGeneration)
    case cancel(id: Int)
}

/// A generation as an engine sees it.
package struct EngineGeneration: Hashable, Sendable {
    package var id: Int
    /// Kept prefixes are shared, and turns taken, within and between these names.
    package var tenant: String
    package var weight: Double
    package var prompt: GenerationPrompt
    package var sampling: SamplingParameters
    package var maxTokens: Int?
    package var stop: [String]

    package init(
        id: Int,
        tenant: String,
        weight: Double,
        prompt: GenerationPrompt,
        sampling: SamplingParameters,
        maxTokens: Int?,
        stop: [String]
    ) {
        self.id = id
        self.tenant = tenant
        self.weight = weight
        self.prompt = prompt
        self.sampling = sampling
        self.maxTokens = maxTokens
        self.stop = stop
    }
}

/// What an engine says about itself once its model is ready.
package struct EngineDescription: Hashable, Sendable {
    /// The model in one line, for example "llama 135M Q4_1".
    package var model: String
    package var architecture: String
    /// The weights' format, for example "Q4_1".
    package var weights: String
    package var parameters: Int
    package var bytes: Int
    package var vocabulary: Int
    /// Tokens one generation may have in all.
    package var context: Int
    package var trainedContext: Int
    /// Generations at once.
    package var sequences: Int
    /// How many more there may be of tenants that have none under way.
    package var reserve: Int
    /// The family of its chat template; nil if it cannot chat.
    package var template: String?
    /// Why it cannot chat.
    package var templateRefusal: String?
    /// Numbers in the vectors it makes of texts; nil if it writes text instead.
    package var vectorSize: Int?
    package var loadMilliseconds: Int
    /// Version of the engine code.
    package var build: String

    package init(
        model: String,
        architecture: String,
        weights: String,
        parameters: Int,
        bytes: Int,
        vocabulary: Int,
        context: Int,
        trainedContext: Int,
        sequences: Int,
        reserve: Int = 0,
        template: String?,
        templateRefusal: String?,
        vectorSize: Int? = nil,
        loadMilliseconds: Int,
        build: String
    ) {
        self.model = model
        self.architecture = architecture
        self.weights = weights
        self.parameters = parameters
        self.bytes = bytes
        self.vocabulary = vocabulary
        self.context = context
        self.trainedContext = trainedContext
        self.sequences = sequences
        self.reserve = reserve
        self.template = template
        self.templateRefusal = templateRefusal
        self.vectorSize = vectorSize
        self.loadMilliseconds = loadMilliseconds
        self.build = build
    }
}

/// Counters since the engine's start, sent with every pong.
package struct EngineStatistics: Hashable, Sendable {
    /// Whether it has work.
    package var isBusy = false
    /// Calls into the model so far; one that stands still while the engine is busy means it hangs.
    package var steps = 0
    package var promptTokens = 0
    package var cachedTokens = 0
    package var completionTokens = 0
    package var cpuMilliseconds = 0

    package init() {}
}

extension EngineDescription {
    /// Whether and why the model cannot do what a prompt asks for.
    ///
    /// - Throws: `InferenceError.chatUnsupported`, or an error of the field `model`.
    func check(_ prompt: GenerationPrompt) throws(InferenceError) {
        switch prompt {
        case .embeddings where vectorSize == nil:
            throw .invalid(.invalid("model", "this model makes no vectors; take one for embeddings"))
        case .messages, .text, .tokens, .scores:
            guard vectorSize == nil else {
                throw .invalid(.invalid("model", "this model makes vectors of texts and writes none"))
            }
            if prompt.isChat, template == nil {
                throw .chatUnsupported(reason: templateRefusal ?? "its chat template is unknown")
            }
        case .embeddings: break
        }
    }
}

extension GenerationPrompt {
    /// Whether a chat is to be rendered.
    fileprivate var isChat: Bool {
        switch self {
        case .messages, .scores(_, .messages): true
        default: false
        }
    }
}

/// Why an engine refused or gave up; the name goes over the wire.
package enum EngineFailure: String, CaseIterable, Sendable {
    /// The model file could not be used; the engine ends.
    case model
    /// Something wrong in the request.
    case invalid
    /// The prompt, or prompt and answer, are too long.
    case context
    /// The model's chat template is not known.
    case template
    /// More generations than sequences, or not ready yet.
    case busy
    /// The engine's own trouble.
    case fault
}

/// A refusal or failure in numbers and words.
package struct EngineTrouble: Error, Hashable, Sendable {
    package var code: EngineFailure
    package var message: String
    /// For `invalid`: the field.
    package var field: String?
    /// For `context`: what was counted.
    package var promptTokens: Int?
    package var maxTokens: Int?
    package var context: Int?

    package init(
        _ code: EngineFailure,
        _ message: String,
        field: String? = nil,
        promptTokens: Int? = nil,
        maxTokens: Int? = nil,
        context: Int? = nil
    ) {
        self.code = code
        self.message = message
        self.field = field
        self.promptTokens = promptTokens
        self.maxTokens = maxTokens
        self.context = context
    }

    /// What the caller of a generation is told.
    package var inferenceError: InferenceError {
        switch code {
        case .invalid:
            .invalid(Problem.invalid(field ?? "input", message))
        case .context:
            .contextExceeded(promptTokens: promptTokens ?? 0, maxTokens: maxTokens, context: context ?? 0)
        case .template: .chatUnsupported(reason: message)
        case .model: .noEngine(reason: message)
        case .busy, .fault: .engineFault(reason: message)
        }
    }
}

/// What an engine tells the server.
package enum EngineReport: Hashable, Sendable {
    case hello(EngineDescription)
    case pong(Int, EngineStatistics)
    case tokenized(id: Int, tokens: Int)
    case started(id: Int, promptTokens: Int, cachedTokens: Int)
    case piece(id: Int, text: String, tokens: Int, logprobs: [TokenLogprob] = [])
    case vectors(id: Int, [[Float]])
    case scores(id: Int, [ContinuationScore])
    case done(id: Int, reason: FinishReason, usage: GenerationUsage)
    /// Without an id it is about the engine itself.
    case failed(id: Int?, trouble: EngineTrouble)
}
