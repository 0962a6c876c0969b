import Inference

/// One of the context's sequences: a cache that a generation uses, and that keeps its prompt's beginning afterwards.
struct EngineSequence {
    /// Prompts are computed in chunks of this many tokens, always cut at multiples of it.
    ///
    /// So the same prefix is always computed in the same calls, and a kept one gives the very numbers that computing
    /// it again would give.
    static let chunk = 128

    /// Most rows of one call that give likelihoods.
    static let rows = 16

    /// The number by which the context knows it.
    let index: Int
    var active: ActiveGeneration?
    /// Prompt tokens that the cache holds from an earlier generation; a whole number of chunks.
    private(set) var kept: [Token] = []
    /// Whose they are.
    ///
    /// Prefixes are not shared between tenants: timing and counts would tell one what another asked.
    private var keptTenant = ""
    private(set) var lastUse = 0

    init(index: Int) {
        self.index = index
    }

    /// How many tokens of a prompt the cache could spare computing.
    ///
    /// The last token is always computed: its logits are needed.
    func reusable(for generation: PreparedGeneration) -> Int {
        generation.tenant == keptTenant ? Self.common(kept[...], generation) : 0
    }

    /// How many tokens of a prompt the cache holds at the moment, be it kept or of a generation under way.
    func shared(with generation: PreparedGeneration) -> Int {
        guard let active else { return reusable(for: generation) }
        guard active.request.tenant == generation.tenant else { return 0 }
        return Self.common(active.request.prompt.prefix(active.computed), generation)
    }

    private static func common(_ tokens: ArraySlice<Token>, _ generation: PreparedGeneration) -> Int {
        let limit = min(tokens.count, generation.prompt.count - 1)
        var common = 0
        while common < limit, tokens[common] == generation.prompt[common] {
            common += 1
        }
        return common / chunk * chunk
    }

    /// Notes what the cache still holds after a generation.
    mutating func keep(_ tokens: ArraySlice<Token>, of tenant: String, use: Int) {
        kept = Array(tokens)
        keptTenant = tenant
        lastUse = use
    }
}

/// A generation under way.
struct ActiveGeneration {
    let request: PreparedGeneration
    /// Grows with arrival.
    let order: Int
    /// Prompt tokens taken from the cache.
    var cached: Int
    /// Tokens the cache holds for it.
    var computed: Int
    /// Whether the prompt is owed: a first chunk has been computed.
    var isStarted = false
    /// The token picked last, which the next step feeds in.
    var next: Token?
    /// The step that fed in the one before.
    var lastStep = 0
    var assembler: TextAssembler
    var generated = 0
    /// Tokens picked since the last piece went out.
    var unsent = 0
    /// How likely each of these was, if that is asked for.
    var unsentLogprobs: [TokenLogprob] = []
    /// What each text weighs so far; nil before the prompt is read.
    var scores: [Double]?
    /// The text that is weighed, or the next that needs a call.
    private var text = 0
    /// How many of its tokens have been computed.
    var weighed = 0
    var cpuNanoseconds: UInt64 = 0

    init(_ request: PreparedGeneration, order: Int, cached: Int) {
        self.request = request
        self.order = order
        self.cached = cached
        computed = cached
        assembler = TextAssembler(stops: request.stop)
    }

    /// The part of the prompt that the next call computes; empty when all is computed.
    var chunk: Range<Int> {
        let size = EngineSequence.chunk
        let end = min((computed / size + 1) * size, request.prompt.count)
        return computed..<max(end, computed)
    }

    var isReadingPrompt: Bool { computed < request.prompt.count }

    /// Whether there is anything to compute besides tokens that are written.
    var isReading: Bool { isReadingPrompt || textToWeigh != nil }

    /// How many tokens the next call reads.
    var tokensToRead: Int {
        if isReadingPrompt { return chunk.count }
        return textToWeigh.map { min($0.tokens.count - 1 - weighed, EngineSequence.rows) } ?? 0
    }

    /// The next text whose likelihood the prompt's last row does not say whole.
    var textToWeigh: (index: Int, tokens: [Token])? {
        guard scores != nil, let continuations = request.continuations else { return nil }
        let next = continuations.indices.dropFirst(text).first { continuations[$0].count > 1 }
        return next.map { ($0, continuations[$0]) }
    }

    /// Goes on to the next text.
    mutating func finishText() {
        text = (textToWeigh?.index ?? text) + 1
        weighed = 0
    }

    var usage: GenerationUsage {
        GenerationUsage(
            promptTokens: isStarted ? request.promptTokens : 0,
            cachedTokens: isStarted ? cached : 0,
            completionTokens: generated,
            cpuMilliseconds: Int((cpuNanoseconds + 999_999) / 1_000_000)
        )
    }
}
