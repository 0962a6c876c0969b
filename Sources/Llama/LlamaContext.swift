import CLlamaShim
import Inference

/// Caches, batch and samplers of some sequences.
///
/// One thread at a time, except for `abort`.
@safe final class LlamaContext: @unchecked Sendable {
    /// How a call into the model went.
    enum Outcome {
        case computed
        /// No cache had room; nothing was changed.
        case noRoom
        /// Stopped by `abort`; the tokens of the call are forgotten.
        case aborted
    }

    private let pointer: OpaquePointer
    // The context reads the weights: they must outlive it.
    private let model: LlamaModel

    /// Takes over a context of the library.
    init(_ pointer: OpaquePointer, of model: LlamaModel) {
        unsafe self.pointer = unsafe pointer
        self.model = model
    }

    deinit {
        unsafe abono_llama_context_free(pointer)
    }

    /// Tokens one sequence can hold.
    var size: Int { Int(unsafe abono_llama_context_size(pointer)) }

    /// Stops the call under way (any thread), or lets the next one run.
    func abort(_ stop: Bool) {
        unsafe abono_llama_context_abort(pointer, stop)
    }

    /// Empties the batch.
    func clear() {
        unsafe abono_llama_batch_clear(pointer)
    }

    /// Adds a token to the batch and returns its row.
    ///
    /// - Throws: If the batch is full or an argument is out of range.
    func add(_ token: Token, to sequence: Int, at position: Int, sampled: Bool) throws(LlamaError) -> Int32 {
        let row = unsafe abono_llama_batch_add(pointer, Int32(sequence), token, Int32(position), sampled)
        guard row >= 0 else { throw LlamaError(code: row) }
        return row
    }

    /// Computes the batch.
    ///
    /// - Throws: If the library could not; what the batch's sequences hold is then unknown.
    func process() throws(LlamaError) -> Outcome {
        let code = unsafe abono_llama_process(pointer)
        switch Int(code) {
        case Int(ABONO_LLAMA_OK): return .computed
        case Int(ABONO_LLAMA_NO_ROOM): return .noRoom
        case Int(ABONO_LLAMA_ABORTED): return .aborted
        default: throw LlamaError(code: code)
        }
    }

    /// Forgets what `sequence` holds from `position` on; all of it always works.
    ///
    /// - Throws: If the model cannot forget a part.
    func forget(_ sequence: Int, from position: Int = 0) throws(LlamaError) {
        let code = unsafe abono_llama_forget(pointer, Int32(sequence), Int32(position))
        guard code >= 0 else { throw LlamaError(code: code) }
    }

    /// Gives `sequence` a new sampler.
    ///
    /// - Throws: If a biased token does not exist or the grammar cannot be read.
    func setSampler(of sequence: Int, _ parameters: SamplingParameters, seed: UInt32) throws(LlamaError) {
        let sampling = abono_llama_sampling(
            temperature: Float(parameters.temperature),
            top_k: Int32(clamping: parameters.topK),
            top_p: Float(parameters.topP),
            min_p: Float(parameters.minP),
            presence_penalty: Float(parameters.presencePenalty),
            frequency_penalty: Float(parameters.frequencyPenalty),
            seed: seed
        )
        let biases = parameters.logitBias.sorted { $0.key < $1.key }
        let tokens = biases.map { Int32(clamping: $0.key) }
        let values = biases.map { Float($0.value) }
        let count = Int32(biases.count)
        let code =
            if let grammar = parameters.grammar {
                unsafe abono_llama_sampler_set(pointer, Int32(sequence), sampling, tokens, values, count, grammar)
            } else {
                unsafe abono_llama_sampler_set(pointer, Int32(sequence), sampling, tokens, values, count, nil)
            }
        guard code >= 0 else { throw LlamaError(code: code) }
    }

    /// Picks the next token of `sequence` from a row of the batch just computed.
    ///
    /// - Throws: If the row was not to be sampled, or a grammar leaves no token.
    func sample(_ sequence: Int, row: Int32) throws(LlamaError) -> Token {
        var token: Token = 0
        let code = unsafe abono_llama_sample(pointer, Int32(sequence), row, &token)
        guard code >= 0 else { throw LlamaError(code: code) }
        return token
    }

    /// The logarithm of the probability that each of `tokens` follows a row of the batch just computed.
    ///
    /// - Throws: If the row was not to be sampled, or a token does not exist.
    func logprobs(of tokens: [Token], after row: Int32) throws(LlamaError) -> [Double] {
        var logprobs = [Double](repeating: 0, count: tokens.count)
        let code = unsafe abono_llama_logprobs(pointer, row, tokens, Int32(tokens.count), &logprobs)
        guard code >= 0 else { throw LlamaError(code: code) }
        return logprobs
    }

    /// The likeliest tokens after a row of the batch just computed, the likeliest first.
    ///
    /// - Throws: If the row was not to be sampled.
    func likeliest(_ count: Int, after row: Int32) throws(LlamaError) -> [(token: Token, logprob: Double)] {
        var tokens = [Token](repeating: 0, count: count)
        var logprobs = [Double](repeating: 0, count: count)
        let found = unsafe abono_llama_likeliest(pointer, row, Int32(count), &tokens, &logprobs)
        guard found >= 0 else { throw LlamaError(code: found) }
        return Array(zip(tokens, logprobs).prefix(Int(found))).map { (token: $0.0, logprob: $0.1) }
    }

    /// The vector of a sequence of the batch just computed.
    ///
    /// - Throws: If the context makes no vectors, or the sequence was not in the batch.
    func vector(of sequence: Int) throws(LlamaError) -> [Float] {
        var vector = [Float](repeating: 0, count: Int(model.facts.vector_size))
        let code = unsafe abono_llama_vector(pointer, Int32(sequence), &vector, Int32(vector.count))
        guard code >= 0 else { throw LlamaError(code: code) }
        return vector
    }

    /// Makes a sequence hold the first `count` tokens of what another holds, and nothing else.
    ///
    /// - Throws: If the model cannot; then it holds nothing.
    func copy(_ count: Int, from source: Int, to sequence: Int) throws(LlamaError) {
        let code = unsafe abono_llama_copy(pointer, Int32(source), Int32(sequence), Int32(count))
        guard code >= 0 else { throw LlamaError(code: code) }
    }
}
