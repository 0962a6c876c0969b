package import Values

/// Where a job stands.
package enum InferenceJobStatus: String, CaseIterable, Sendable {
    /// It waits: as many of the tenant's run as may, or no node has taken it.
    case queued
    case running
    case succeeded
    case failed
    case cancelled
    case expired

    /// Whether it ended.
    package var isFinal: Bool { self != .queued && self != .running }
}

/// One request for inference as it is kept: what was asked of which model, and what it used.
package struct InferenceJob: Hashable, Sendable {
    package let id: JobID
    package let tenant: TenantID
    package let task: String
    package let status: InferenceJobStatus
    package let model: String
    package let version: String
    /// Which version answers and why.
    package let route: String
    package let key: KeyID
    package let subject: String?
    package let isStream: Bool
    /// Whether it runs by itself, and what it was given and what came of it are kept for a while.
    package let isAsynchronous: Bool
    /// What was charged; nil until it has ended, and if nothing was.
    package let usage: GenerationUsage?
    /// Why the generation ended by itself.
    package let finishReason: String?
    /// `{"code", "message"}` of one that failed.
    package let error: JSONValue?
    package let attempts: Int
    package let metadata: JSONValue
    package let createdAt: Instant
    package let startedAt: Instant?
    package let finishedAt: Instant?
    /// What came of an asynchronous job; nil until then, and once it is past its retention.
    package let output: JSONValue?

    /// The job object of the contract.
    ///
    /// Of a request that was waited for the answer is not kept.
    package var json: JSONValue {
        [
            "id": id.json, "object": "job", "task": .string(task), "status": .string(status.rawValue),
            "model": .string(model), "version": .string(version), "route": .string(route),
            "created_at": createdAt.json, "started_at": startedAt?.json ?? .null,
            "finished_at": finishedAt?.json ?? .null, "attempts": .int(attempts), "output": output ?? .null,
            "error": error ?? .null, "finish_reason": .optional(finishReason), "usage": usage?.json ?? .null,
            "user": .optional(subject), "metadata": metadata,
        ]
    }
}
