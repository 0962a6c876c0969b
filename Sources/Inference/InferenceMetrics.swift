import Metrics
import Values

/// What is measured of inference; names and labels are the same for as long as possible.
enum InferenceMetrics {
    static func admitted(_ ticket: InferenceTicket) {
        Counter(label: "abono_inference_admitted", dimensions: [("model", ticket.model)]).increment()
    }

    static func firstChunk(_ ticket: InferenceTicket, after elapsed: Duration) {
        Timer(label: "abono_inference_first_chunk", dimensions: [("model", ticket.model)])
            .recordNanoseconds(Int64(elapsed / .nanoseconds(1)))
    }

    static func settled(_ ticket: InferenceTicket, _ outcome: InferenceOutcome) {
        let labels = [("model", ticket.model), ("status", outcome.status.rawValue)]
        Counter(label: "abono_inference_settled", dimensions: labels).increment()
        let usage = outcome.usage
        for (kind, tokens) in [
            ("input", usage.promptTokens - usage.cachedTokens), ("cached", usage.cachedTokens),
            ("output", usage.completionTokens),
        ] where tokens > 0 {
            Counter(label: "abono_inference_tokens", dimensions: [("model", ticket.model), ("kind", kind)])
                .increment(by: tokens)
        }
    }
}
