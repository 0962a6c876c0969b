import Jobs
import Plans
import Values

/// What is known of a job from its admission on: what settling it needs.
struct InferenceTicket: Sendable {
    let tenant: TenantID
    var job: JobID
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
    /// Whose work it is: only under this lease may it be settled; nil while it waits for whoever takes it.
    var lease: NodeLease?
    let createdAt: Instant
    /// How it runs if nobody waits for it; nil if somebody does.
    var deferral: Deferral?
    /// Whether it costs half: then half of what it used is counted.
    var isHalved = false

    /// Whether it runs by itself, and its input and output are kept.
    var isAsynchronous: Bool { deferral != nil }

    /// Whether it uses no tokens at all: then the request and its processor time are charged.
    var isComputation: Bool { promptTokens == 0 }

    /// The same for another job.
    func again(_ job: JobID) -> InferenceTicket {
        var other = self
        other.job = job
        return other
    }

    /// How an asynchronous job runs.
    struct Deferral: Sendable {
        var priority = 0
        /// The run it is in, from 1; 0 before the first.
        var attempt = 0
        var maxAttempts = Deferral.standardAttempts
        var deadline: Instant?

        /// So often is a job tried until it is given up.
        static let standardAttempts = 4
    }
}

/// What admission needs to know of a request beside its ticket.
struct InferenceOrder: Sendable {
    /// Which version answers; nil if Abono computes the answer itself.
    let model: Model?
    /// The name by which the caller asked.
    let asked: String?
    let metadata: JSONValue
    /// The fields of a job that runs later.
    var input: JSONValue?
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
