import Jobs
import Plans
import Values

/// What is known of a job from its admission on: what settling it needs.
struct InferenceTicket: Sendable {
    let tenant: TenantID
    let job: JobID
    let key: KeyID
    let task: String
    let model: String
    let version: String
    let route: String
    let subject: String?
    let isStream: Bool
    let promptTokens: Int
    /// The most that may be generated.
    let maxTokens: Int
    /// Whose work it is: only under this lease may it be settled.
    let lease: NodeLease
    let createdAt: Instant
}

/// What an admitted job may take.
struct InferenceGrant: Sendable {
    /// What the plan says.
    let inference: PlanFeatures.Inference
    /// Whether as many run as may run at once: it then waits for its turn.
    let isWaiting: Bool
    /// What is left of the minute.
    let rates: RateFigures
}

/// How far a generation has come.
struct InferenceProgress: Hashable, Sendable {
    /// Whether the prompt is owed.
    var isPromptComputed = false
    var promptTokens = 0
    var cachedTokens = 0
    /// Tokens handed to whoever reads.
    var deliveredTokens = 0

    /// What a generation that was cut here used; its processor time is not known.
    var usage: GenerationUsage {
        guard isPromptComputed else { return .none }
        return GenerationUsage(
            promptTokens: promptTokens,
            cachedTokens: cachedTokens,
            completionTokens: deliveredTokens,
            cpuMilliseconds: 0
        )
    }
}

/// Why a generation is stopped from outside.
enum InferenceStop: Hashable, Sendable {
    /// The caller asked for it or is gone.
    case cancelled
    /// Its time has passed.
    case expired
    /// The server ends.
    case stopping
}
