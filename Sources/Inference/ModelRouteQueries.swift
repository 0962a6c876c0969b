import Postgres
import Values

/// What is asked of a model.
enum ModelNeed: String, Sendable {
    /// To write text, or to weigh it.
    case text
    /// To make vectors of texts.
    case vectors

    /// What a model does.
    init(_ model: Model) { self = ModelNeed.vectors.isMet(by: model) ? .vectors : .text }

    /// Whether a model can do it.
    func isMet(by model: Model) -> Bool { model.tasks.contains("embed") == (self == .vectors) }
}

extension GenerationPrompt {
    /// What it asks of a model.
    var need: ModelNeed {
        guard case .embeddings = self else { return .text }
        return .vectors
    }
}

extension InferenceRequest {
    /// The same with its other prompt, if it is that which a model can answer.
    func fitting(_ model: Model) -> InferenceRequest {
        guard !prompt.need.isMet(by: model), let otherPrompt, otherPrompt.need.isMet(by: model) else { return self }
        var other = self
        other.prompt = otherPrompt
        return other
    }
}

extension ModelQueries {
    /// Which model answers a request, and with which of its prompts.
    static func resolve(
        _ request: InferenceRequest,
        in transaction: borrowing Transaction
    ) async throws -> (ModelRoute, InferenceRequest) {
        guard let other = request.otherPrompt else {
            return (try await resolve(request.model, for: request.prompt.need, in: transaction), request)
        }
        let isNamed =
            if let name = request.model { try await find(name, in: transaction) != nil } else { false }
        let models = try await list(in: transaction)
        // A model that was named does it in its way; otherwise the better way decides.
        let need =
            if isNamed {
                models.first { $0.name == request.model }.map(ModelNeed.init) ?? other.need
            } else {
                models.contains(where: request.prompt.need.isMet) ? request.prompt.need : other.need
            }
        let route = try await resolve(request.model, for: need, in: transaction)
        return (route, request.fitting(route.model))
    }

    /// What a name stands for, for something that is needed.
    ///
    /// An alias whose model cannot do it, and no name at all, stand for the first model by name that can.
    ///
    /// - Throws: `InferenceError.modelNotFound`; a model that was named itself and cannot do it.
    static func resolve(
        _ name: String?,
        for need: ModelNeed,
        in transaction: borrowing Transaction
    ) async throws -> ModelRoute {
        do {
            let route = try await resolve(name, in: transaction)
            if need.isMet(by: route.model) { return route }
            if route.model.name == name {
                let fault = need == .vectors ? "makes no vectors" : "only makes vectors"
                throw InferenceError.invalid(.invalid("model", "is \(route.model.name), which \(fault)"))
            }
        } catch InferenceError.modelNotFound(let asked) where name != nil {
            throw InferenceError.modelNotFound(asked)
        } catch InferenceError.modelNotFound {
            // Nothing has the name `auto`: anything that can do it will.
        }
        let able = try await list(in: transaction).first { need.isMet(by: $0) }
        guard let able else { throw InferenceError.modelNotFound(name ?? "auto") }
        let reason = "\(able.name)@\(able.version); by what is asked (\(need.rawValue))"
        return ModelRoute(model: able, reason: name.map { "\(reason), alias \($0)" } ?? reason)
    }
}
