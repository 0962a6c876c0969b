import CLlamaShim
import Inference

/// A generation whose prompt has been read and found to fit.
struct PreparedGeneration: Sendable {
    let id: Int
    let tenant: String
    let weight: Double
    let prompt: [Token]
    let sampling: SamplingParameters
    /// Most tokens to generate; prompt and answer fit the context.
    let limit: Int
    let stop: [String]
    /// Texts to weigh after the prompt, instead of generating; each has at least one token.
    var continuations: [[Token]]?

    /// All that is read of it.
    var promptTokens: Int { (continuations ?? []).reduce(prompt.count) { $0 + $1.count } }
}

/// Texts to make vectors of that have been read and found to fit.
struct PreparedEmbeddings: Sendable {
    let id: Int
    let tenant: String
    let weight: Double
    let texts: [[Token]]
}

/// Turns prompts into tokens and refuses what cannot run, before any work.
struct PromptReader: Sendable {
    private let model: LlamaModel
    /// Tokens one generation may have in all.
    let context: Int
    /// How chats are rendered; nil if the model cannot chat.
    let template: ChatTemplate?
    /// Why it cannot.
    let templateRefusal: String?

    init(model: LlamaModel, context: Int) {
        self.model = model
        self.context = context
        do throws(ChatTemplate.Refusal) {
            let template = try ChatTemplate(source: model.template)
            try Self.check(template, against: model)
            self.template = template
            templateRefusal = nil
        } catch {
            template = nil
            templateRefusal = error.reason
        }
    }

    /// Refuses vocabularies in which a caller could spell the template's control tokens.
    private static func check(
        _ template: ChatTemplate,
        against model: LlamaModel
    ) throws(ChatTemplate.Refusal) {
        for control in template.controls {
            guard let meant = try? model.tokens(of: control, parsingControl: true), meant.count == 1 else {
                throw ChatTemplate.Refusal(reason: "\(control) is not one token of the model's vocabulary")
            }
            guard let spelled = try? model.tokens(of: control, parsingControl: false), spelled != meant else {
                throw ChatTemplate.Refusal(reason: "\(control) is no control token in the model's vocabulary")
            }
        }
    }

    /// The number of tokens of a prompt; of all its texts, if it has several.
    ///
    /// - Throws: If it cannot be rendered, is empty, or cannot fit the context.
    func count(of prompt: GenerationPrompt) throws(EngineTrouble) -> Int {
        switch prompt {
        case .messages, .text, .tokens: try tokens(of: prompt).count
        case .embeddings(let inputs): try texts(of: inputs).reduce(0) { $0 + $1.count }
        case .scores(let texts, let prompt):
            try continuations(texts).reduce(try tokens(of: prompt).count) { $0 + $1.count }
        }
    }

    /// The tokens of a prompt that is to be continued.
    private func tokens(of prompt: GenerationPrompt) throws(EngineTrouble) -> [Token] {
        guard model.facts.generates else {
            let message = "this model makes vectors of texts and writes none"
            throw EngineTrouble(.invalid, message, field: "model")
        }
        // Tokenising costs time, so what cannot fit however it is cut is refused unseen.
        let least = prompt.byteCount / max(Int(model.facts.longest_piece), 1)
        guard least < context else {
            throw Self.overflow(promptTokens: least, maxTokens: nil, context: context)
        }
        var tokens = [model.beginning].compactMap { $0 }
        switch prompt {
        case .messages(let messages):
            guard let template else {
                throw EngineTrouble(.template, templateRefusal ?? "its chat template is unknown")
            }
            for segment in template.render(messages) {
                tokens += try read(segment)
            }
        case .text(let text):
            tokens += try read(.text(text))
        case .tokens(let list):
            tokens = try known(list, field: "prompt")
        case .embeddings, .scores:
            throw EngineTrouble(.invalid, "must be messages, a text or tokens", field: "prompt")
        }
        guard !tokens.isEmpty else {
            throw EngineTrouble(.invalid, "prompt is empty; at least one token is needed", field: "prompt")
        }
        return tokens
    }

    /// Token ids that a caller gave.
    private func known(_ list: [Int], field: String) throws(EngineTrouble) -> [Token] {
        var tokens: [Token] = []
        for (index, token) in list.enumerated() {
            guard (0..<Int(model.facts.vocabulary)).contains(token) else {
                let message = "token \(token) is not in the vocabulary of \(model.facts.vocabulary) tokens"
                throw EngineTrouble(.invalid, message, field: "\(field)[\(index)]")
            }
            tokens.append(Token(token))
        }
        return tokens
    }

    /// The tokens of each text to make a vector of, with the beginning and the end that the model wants.
    private func texts(of inputs: [EmbeddingInput]) throws(EngineTrouble) -> [[Token]] {
        guard model.facts.vector_size > 0 else {
            throw EngineTrouble(.invalid, "this model makes no vectors; take one for embeddings", field: "model")
        }
        var texts: [[Token]] = []
        for (index, input) in inputs.enumerated() {
            let field = inputs.count == 1 ? "input" : "input[\(index)]"
            let least = input.byteCount / max(Int(model.facts.longest_piece), 1)
            guard least <= context else { throw tooLong(least, field) }
            let tokens =
                switch input {
                case .text(let text):
                    try fault { () throws(LlamaError) in
                        try model.tokens(of: text, parsingControl: false, ends: true)
                    }
                case .tokens(let list): try known(list, field: field)
                }
            guard !tokens.isEmpty else {
                throw EngineTrouble(.invalid, "is empty; at least one token is needed", field: field)
            }
            guard tokens.count <= context else { throw tooLong(tokens.count, field) }
            texts.append(tokens)
        }
        return texts
    }

    private func tooLong(_ tokens: Int, _ field: String) -> EngineTrouble {
        let message = "has at least \(tokens) tokens; the model reads \(context) of a text"
        return EngineTrouble(.invalid, message, field: field)
    }

    /// The tokens of texts to weigh after a prompt.
    private func continuations(_ texts: [String]) throws(EngineTrouble) -> [[Token]] {
        var continuations: [[Token]] = []
        for (index, text) in texts.enumerated() {
            guard text.utf8.count / max(Int(model.facts.longest_piece), 1) < context else {
                throw EngineTrouble(.invalid, "is longer than the model's context", field: "labels[\(index)]")
            }
            let tokens = try read(.text(text))
            guard !tokens.isEmpty else {
                throw EngineTrouble(.invalid, "has no tokens", field: "labels[\(index)]")
            }
            continuations.append(tokens)
        }
        return continuations
    }

    private func read(_ segment: ChatTemplate.Segment) throws(EngineTrouble) -> [Token] {
        try fault { () throws(LlamaError) in
            switch segment {
            case .control(let text): try model.tokens(of: text, parsingControl: true)
            case .text(let text): try model.tokens(of: text, parsingControl: false)
            }
        }
    }

    private func fault(_ body: () throws(LlamaError) -> [Token]) throws(EngineTrouble) -> [Token] {
        do throws(LlamaError) { return try body() } catch { throw EngineTrouble(.fault, error.description) }
    }

    /// Reads texts and checks that each fits.
    ///
    /// - Throws: Why they cannot run.
    func prepare(_ inputs: [EmbeddingInput], of work: EngineGeneration) throws(EngineTrouble) -> PreparedEmbeddings {
        PreparedEmbeddings(id: work.id, tenant: work.tenant, weight: work.weight, texts: try texts(of: inputs))
    }

    /// Reads a generation's prompt and checks that prompt and answer fit, or each of the texts that are weighed.
    ///
    /// - Throws: Why it cannot run.
    func prepare(_ generation: EngineGeneration) throws(EngineTrouble) -> PreparedGeneration {
        var source = generation.prompt
        var continuations: [[Token]]?
        if case .scores(let texts, let before) = source {
            source = before
            continuations = try self.continuations(texts)
        }
        let prompt = try tokens(of: source)
        let answer = continuations.map { $0.reduce(1) { max($0, $1.count) } } ?? generation.maxTokens
        guard prompt.count + (answer ?? 1) <= context else {
            throw Self.overflow(promptTokens: prompt.count, maxTokens: answer, context: context)
        }
        let vocabulary = 0..<Int(model.facts.vocabulary)
        if let unknown = generation.sampling.logitBias.keys.sorted().first(where: { !vocabulary.contains($0) }) {
            let message = "token \(unknown) is not in the vocabulary of \(vocabulary.count) tokens"
            throw EngineTrouble(.invalid, message, field: "logit_bias.\(unknown)")
        }
        return PreparedGeneration(
            id: generation.id,
            tenant: generation.tenant,
            weight: generation.weight,
            prompt: prompt,
            sampling: generation.sampling,
            limit: generation.maxTokens ?? (context - prompt.count),
            stop: generation.stop,
            continuations: continuations
        )
    }

    private static func overflow(promptTokens: Int, maxTokens: Int?, context: Int) -> EngineTrouble {
        EngineTrouble(
            .context,
            "prompt and answer exceed the context of \(context) tokens",
            promptTokens: promptTokens,
            maxTokens: promptTokens >= context ? nil : maxTokens,
            context: context
        )
    }
}
