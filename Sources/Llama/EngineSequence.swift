import Inference

/// One of the context's sequences: a cache that a generation uses, and that keeps its prompt's beginning afterwards.
struct EngineSequence {
    /// Prompts are computed in chunks of this many tokens, always cut at multiples of it.
    ///
    /// So the same prefix is always computed in the same calls, and a kept one gives the very numbers that computing
    /// it again would give.
    static let chunk = 128

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
        guard generation.tenant == keptTenant else { return 0 }
        let limit = min(kept.count, generation.prompt.count - 1)
        var common = 0
        while common < limit, kept[common] == generation.prompt[common] {
            common += 1
        }
        return common / Self.chunk * Self.chunk
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
    let cached: Int
    /// Tokens the cache holds for it.
    var computed: Int
    /// Whether the prompt is owed: a first chunk has been computed.
    var isStarted = false
    /// The token picked last, which the next step feeds in.
    var next: Token?
    var assembler: TextAssembler
    var generated = 0
    /// Tokens picked since the last piece went out.
    var unsent = 0
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

    var usage: GenerationUsage {
        GenerationUsage(
            promptTokens: isStarted ? request.prompt.count : 0,
            cachedTokens: isStarted ? cached : 0,
            completionTokens: generated,
            cpuMilliseconds: Int((cpuNanoseconds + 999_999) / 1_000_000)
        )
    }
}
