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

    /// The tokens of a prompt.
    ///
    /// - Throws: If it cannot be rendered, is empty, or cannot fit the context.
    func tokens(of prompt: GenerationPrompt) throws(EngineTrouble) -> [Token] {
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
            tokens = []
            for (index, token) in list.enumerated() {
                guard (0..<Int(model.facts.vocabulary)).contains(token) else {
                    let message = "token \(token) is not in the vocabulary of \(model.facts.vocabulary) tokens"
                    throw EngineTrouble(.invalid, message, field: "prompt[\(index)]")
                }
                tokens.append(Token(token))
            }
        }
        guard !tokens.isEmpty else {
            throw EngineTrouble(.invalid, "prompt is empty; at least one token is needed", field: "prompt")
        }
        return tokens
    }

    private func read(_ segment: ChatTemplate.Segment) throws(EngineTrouble) -> [Token] {
        do throws(LlamaError) {
            return switch segment {
            case .control(let text): try model.tokens(of: text, parsingControl: true)
            case .text(let text): try model.tokens(of: text, parsingControl: false)
            }
        } catch {
            throw EngineTrouble(.fault, error.description)
        }
    }

    /// Reads a generation's prompt and checks that prompt and answer fit.
    ///
    /// - Throws: Why it cannot run.
    func prepare(_ generation: EngineGeneration) throws(EngineTrouble) -> PreparedGeneration {
        let prompt = try tokens(of: generation.prompt)
        guard prompt.count + (generation.maxTokens ?? 1) <= context else {
            throw Self.overflow(promptTokens: prompt.count, maxTokens: generation.maxTokens, context: context)
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
            stop: generation.stop
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
