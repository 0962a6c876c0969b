import Metering
import Values

/// How a job ended, what of it is charged, and what its reader is told.
struct InferenceOutcome: Hashable, Sendable {
    let status: InferenceJobStatus
    /// What is charged; `none` charges nothing at all, not even the request.
    let usage: GenerationUsage
    /// Why the generation ended, if it came to its own end.
    let reason: FinishReason?
    /// What the reader gets instead of an end.
    let error: InferenceError?
    /// What is kept of a job that nobody reads.
    var output: JSONValue?

    /// A generation that told its exact usage.
    ///
    /// One that the server ended itself is cut: only what its reader has got is charged.
    static func ended(
        _ reason: FinishReason,
        _ usage: GenerationUsage,
        stop: InferenceStop?,
        progress: InferenceProgress,
        isStream: Bool
    ) -> InferenceOutcome {
        guard reason == .cancelled else {
            return InferenceOutcome(status: .succeeded, usage: usage, reason: reason, error: nil)
        }
        switch stop {
        case .stopping: return cut(.stopping, progress: progress, isStream: isStream)
        case .expired: return InferenceOutcome(status: .expired, usage: usage, reason: reason, error: .expired)
        case .cancelled, nil: return InferenceOutcome(status: .cancelled, usage: usage, reason: reason, error: nil)
        }
    }

    /// A generation that ended without telling its usage.
    ///
    /// Of a stream its reader has the tokens and pays for them and the prompt; another answer is of no use in part.
    static func cut(_ error: InferenceError, progress: InferenceProgress, isStream: Bool) -> InferenceOutcome {
        InferenceOutcome(
            status: .failed,
            usage: isStream ? progress.usage : .none,
            reason: nil,
            error: error
        )
    }

    /// A job that was stopped before its generation began.
    static func unbegun(_ stop: InferenceStop) -> InferenceOutcome {
        switch stop {
        case .cancelled: InferenceOutcome(status: .cancelled, usage: .none, reason: .cancelled, error: nil)
        case .expired: InferenceOutcome(status: .expired, usage: .none, reason: nil, error: .expired)
        case .stopping: InferenceOutcome(status: .failed, usage: .none, reason: nil, error: .stopping)
        }
    }
}

extension InferenceTicket {
    /// The events of usage that a settlement stores; their ids come from the job's.
    ///
    /// Nothing is charged unless the prompt's first chunk was computed, or the answer where there is no prompt.
    ///
    /// - Throws: What metering would not store.
    func events(_ usage: GenerationUsage, at instant: Instant) throws(Problem) -> [UsageEvent] {
        guard isCharged(usage) else { return [] }
        let amounts: [(name: String, meter: InferenceMeter, value: Int)] = [
            ("input", .input, usage.promptTokens - usage.cachedTokens), ("cached", .cached, usage.cachedTokens),
            ("output", .output, usage.completionTokens), ("requests", .requests, 1),
            ("cpu", .processor, usage.cpuMilliseconds),
        ]
        var properties: JSONObject = [
            "model": .string(model), "version": .string(version), "task": .string(task), "key": key.json,
        ]
        if isHalved { properties["tier"] = "batch" }
        var events: [UsageEvent] = []
        for (name, meter, value) in amounts where value > 0 {
            events.append(
                try UsageEvent(
                    id: "\(job):\(name)",
                    meter: meter.rawValue,
                    at: instant,
                    value: isHalved ? try Decimal12(rounding: Exact(value, 2)) : Decimal12(value),
                    properties: .object(properties),
                    subject: subject
                )
            )
        }
        return events
    }
}

extension InferenceTicket {
    /// Whether anything is owed.
    func isCharged(_ usage: GenerationUsage) -> Bool {
        usage.promptTokens > 0 || isComputation && usage.cpuMilliseconds > 0
    }
}

/// The meters that inference counts on; they always exist.
package enum InferenceMeter: String, CaseIterable, Sendable {
    /// Prompt tokens that were computed.
    case input = "tokens.input"
    /// Prompt tokens from a kept prefix.
    case cached = "tokens.cached"
    case output = "tokens.output"
    case requests
    case processor = "cpu_milliseconds"
}
