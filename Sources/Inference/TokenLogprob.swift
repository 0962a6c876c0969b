/// How likely a token was, and which others were likely in its place.
///
/// The probabilities are the model's own: before temperature, penalties, biases and grammars.
package struct TokenLogprob: Hashable, Sendable {
    /// A token with the natural logarithm of its probability.
    package struct Candidate: Hashable, Sendable {
        /// Its number in the model's vocabulary.
        package let token: Int
        /// What it stands for; may be a part of a character, and is nothing for control tokens.
        package let bytes: [UInt8]
        package let logprob: Double

        package init(token: Int, bytes: [UInt8], logprob: Double) {
            self.token = token
            self.bytes = bytes
            self.logprob = logprob
        }

        /// The bytes as text; what is no whole character shows as U+FFFD.
        package var text: String { String(decoding: bytes, as: UTF8.self) }
    }

    /// The token that was picked.
    package let picked: Candidate
    /// The likeliest tokens, the likeliest first.
    package let top: [Candidate]

    package init(picked: Candidate, top: [Candidate]) {
        self.picked = picked
        self.top = top
    }
}

/// What a continuation weighs after a prompt.
package struct ContinuationScore: Hashable, Sendable {
    /// Sum of the natural logarithms of the probabilities of its tokens.
    package let logLikelihood: Double
    /// How many tokens it has after the prompt.
    package let tokens: Int

    package init(logLikelihood: Double, tokens: Int) {
        self.logLikelihood = logLikelihood
        self.tokens = tokens
    }
}
