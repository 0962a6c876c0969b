import Values

/// All that a generation said.
package struct GenerationResult: Hashable, Sendable {
    package private(set) var text = ""
    /// An element for each token of the text, if they were asked for.
    package private(set) var logprobs: [TokenLogprob] = []
    package private(set) var vectors: [[Float]] = []
    package private(set) var scores: [ContinuationScore] = []

    /// Nothing yet.
    package init() {}

    /// What a job keeps of it in its output.
    init(output: JSONValue) {
        text = output["text"]?.string ?? output["message"]?["content"]?.string ?? ""
        vectors = (output["embeddings"]?.array ?? []).map { vector in
            (vector.array ?? []).map { Float($0.double ?? 0) }
        }
    }

    /// Takes one more event in.
    package mutating func add(_ event: GenerationEvent) {
        switch event {
        case .started, .finished: break
        case .piece(let piece, _, let tokens):
            text += piece
            logprobs += tokens
        case .vectors(let some): vectors += some
        case .scores(let all): scores = all
        }
    }
}
