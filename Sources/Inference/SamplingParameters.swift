package import Values

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
    /// How many of the likeliest tokens are reported with each token that is picked; zero reports the picked one
    /// alone, nil none at all.
    package var logprobs: Int?

    /// Most of the likeliest tokens that can be reported.
    package static let logprobsLimit = 20

    package init(
        temperature: Double = 1,
        topK: Int = 0,
        topP: Double = 1,
        minP: Double = 0,
        presencePenalty: Double = 0,
        frequencyPenalty: Double = 0,
        seed: UInt32? = nil,
        logitBias: [Int: Double] = [:],
        grammar: String? = nil,
        logprobs: Int? = nil
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
        self.logprobs = logprobs
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
        if let logprobs, !(0...Self.logprobsLimit).contains(logprobs) {
            throw Problem.invalid(
                "top_logprobs",
                "top_logprobs is \(logprobs); it must be from 0 to \(Self.logprobsLimit)"
            )
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
