import CLlamaShim

/// What the model's code reports instead of throwing.
struct LlamaError: Error, CustomStringConvertible {
    let code: Int32
    let description: String

    /// The last failure of this thread.
    init(code: Int32) {
        self.code = code
        description = unsafe String(cString: abono_llama_error())
    }

    init(code: Int32, _ description: String) {
        self.code = code
        self.description = description
    }
}

/// A token of a model's vocabulary.
typealias Token = Int32

/// Weights and vocabulary, immutable once loaded: any thread may ask.
@safe final class LlamaModel: @unchecked Sendable {
    fileprivate let pointer: OpaquePointer
    let facts: abono_llama_facts

    /// Loads a GGUF file.
    ///
    /// - Throws: If it cannot be loaded.
    init(path: String) throws(LlamaError) {
        var loaded: OpaquePointer?
        let code = unsafe abono_llama_model_load(path, &loaded)
        guard code >= 0, let loaded = unsafe loaded else { throw LlamaError(code: code) }
        unsafe pointer = unsafe loaded
        facts = unsafe abono_llama_model_facts(loaded)
    }

    deinit {
        unsafe abono_llama_model_free(pointer)
    }

    /// One line about it, for example "llama 135M Q4_1".
    var description: String { text(ABONO_LLAMA_TEXT_DESCRIPTION) ?? "" }
    var architecture: String { text(ABONO_LLAMA_TEXT_ARCHITECTURE) ?? "" }
    var name: String { text(ABONO_LLAMA_TEXT_NAME) ?? "" }
    var weights: String { text(ABONO_LLAMA_TEXT_WEIGHTS) ?? "" }
    /// Its chat template as Jinja source.
    var template: String? { text(ABONO_LLAMA_TEXT_TEMPLATE) }

    /// Version of the linked library.
    static var build: String { unsafe String(cString: abono_llama_build()) }

    /// The token put before every text.
    var beginning: Token? { facts.beginning < 0 ? nil : facts.beginning }

    /// The tokens of `text`.
    ///
    /// Control tokens spelled in it are recognised only if `parsingControl`; with `ends` the tokens have the beginning
    /// and the end that the model wants.
    ///
    /// - Throws: If the text is too long to be tokenised at all.
    func tokens(of text: String, parsingControl: Bool, ends: Bool = false) throws(LlamaError) -> [Token] {
        // A token stands for at least one byte, but spaces may be put in front.
        var tokens = [Token](repeating: 0, count: text.utf8.count + 8)
        var count = write(text, parsingControl, ends, to: &tokens)
        if count > tokens.count {
            tokens = [Token](repeating: 0, count: count)
            count = write(text, parsingControl, ends, to: &tokens)
        }
        guard count >= 0 else { throw LlamaError(code: Int32(count)) }
        tokens.removeLast(tokens.count - count)
        return tokens
    }

    private func write(_ text: String, _ parsingControl: Bool, _ ends: Bool, to tokens: inout [Token]) -> Int {
        var text = text
        let count = text.withUTF8 { bytes in
            unsafe bytes.withMemoryRebound(to: CChar.self) { characters in
                unsafe tokens.withUnsafeMutableBufferPointer { buffer in
                    unsafe abono_llama_tokenize(
                        pointer,
                        characters.baseAddress,
                        Int32(clamping: characters.count),
                        parsingControl,
                        ends,
                        buffer.baseAddress,
                        Int32(clamping: buffer.count)
                    )
                }
            }
        }
        return Int(count)
    }

    /// The bytes `token` stands for, which may be a part of a character; none for control tokens.
    func piece(_ token: Token) -> [UInt8] {
        var bytes = [UInt8](repeating: 0, count: Int(facts.longest_piece))
        let count = unsafe bytes.withUnsafeMutableBytes { buffer in
            let characters = unsafe buffer.assumingMemoryBound(to: CChar.self)
            return unsafe abono_llama_piece(pointer, token, characters.baseAddress, Int32(characters.count))
        }
        return Array(bytes.prefix(max(Int(count), 0)))
    }

    /// Whether `token` ends a generation.
    func endsGeneration(_ token: Token) -> Bool {
        unsafe abono_llama_ends_generation(pointer, token)
    }

    private func text(_ which: some BinaryInteger) -> String? {
        guard let text = unsafe abono_llama_model_text(pointer, Int32(which)) else { return nil }
        return unsafe String(cString: text)
    }

    /// Makes caches for `sequences` over these weights.
    ///
    /// - Throws: If there is too little memory.
    func makeContext(_ options: abono_llama_options) throws(LlamaError) -> LlamaContext {
        var made: OpaquePointer?
        let code = unsafe abono_llama_context_create(pointer, options, &made)
        guard code >= 0, let made = unsafe made else { throw LlamaError(code: code) }
        return unsafe LlamaContext(made, of: self)
    }
}
