package import Values

/// Who asks for inference: whose account pays, and by which key.
package struct InferenceCaller: Hashable, Sendable {
    /// The tenant that is billed.
    package let tenant: TenantID
    /// The key that was used; it is a property of every event of usage.
    package let key: KeyID
    /// As whom writes are recorded.
    package let author: Author
    /// The HTTP request, if there is one.
    package let requestID: String?

    package init(tenant: TenantID, key: KeyID, author: Author? = nil, requestID: String? = nil) {
        self.tenant = tenant
        self.key = key
        self.author = author ?? .key(key)
        self.requestID = requestID
    }
}

/// One answer that is asked for.
///
/// Several choices are several requests: each is admitted and metered by itself.
package struct InferenceRequest: Hashable, Sendable {
    /// A model's name or an alias; nil leaves the choice to the router.
    package var model: String?
    /// What it is for: `chat`, `generate`, … as on the job and in every event of usage.
    package var task: String
    package var prompt: GenerationPrompt
    /// What a model is asked that cannot do what the prompt needs; nil: then it is refused.
    package var otherPrompt: GenerationPrompt?
    package var sampling: SamplingParameters
    /// Most tokens to generate; nil is as many as the model's context leaves.
    package var maxTokens: Int?
    /// Texts that end the answer.
    package var stop: [String]
    /// Whether the caller reads the answer while it is made: then what it has got of a cut one is charged.
    package var isStream: Bool
    package var lane: GenerationLane
    /// The tenant's own end user.
    package var subject: String?
    /// What the caller keeps with the job: an object.
    package var metadata: JSONValue
    /// Ends the generation when it has passed; from 1 to 3600 s.
    package var timeout: Duration?

    package init(
        model: String?,
        task: String = "chat",
        prompt: GenerationPrompt,
        sampling: SamplingParameters = SamplingParameters(),
        maxTokens: Int? = nil,
        stop: [String] = [],
        isStream: Bool = false,
        lane: GenerationLane = .interactive,
        subject: String? = nil,
        metadata: JSONValue = [:],
        timeout: Duration? = nil
    ) {
        self.model = model
        self.task = task
        self.prompt = prompt
        self.sampling = sampling
        self.maxTokens = maxTokens
        self.stop = stop
        self.isStream = isStream
        self.lane = lane
        self.subject = subject
        self.metadata = metadata
        self.timeout = timeout
    }

    private static let metadataBytes = 16_384

    /// Refuses what could not be run or stored, naming the field.
    ///
    /// - Throws: The first field that is out of range.
    package func check() throws(Problem) {
        try generation(id: JobID(at: .epoch, random: (0, 0)), tenant: TenantID(at: .epoch, random: (0, 0))).check()
        guard (1...64).contains(task.utf8.count) else {
            throw .invalid("task", "must have 1 to 64 bytes, not \(task.utf8.count)")
        }
        if let model { try Self.check("model", model, bytes: 200) }
        if let subject { try Self.check("user", subject, bytes: 256) }
        guard metadata.object != nil else { throw .invalid("metadata", "must be an object, not \(metadata.seen)") }
        guard metadata.text.utf8.count <= Self.metadataBytes, !metadata.text.contains("\\u0000") else {
            throw .invalid("metadata", "must have at most \(Self.metadataBytes) bytes and no NUL characters")
        }
        if let timeout, !(Duration.seconds(1)...Duration.seconds(3600)).contains(timeout) {
            throw .invalid("timeout", "is \(timeout); it must be from 1 to 3600 seconds")
        }
    }

    private static func check(_ field: String, _ text: String, bytes limit: Int) throws(Problem) {
        guard (1...limit).contains(text.utf8.count) else {
            throw .invalid(field, "has \(text.utf8.count) bytes; 1 to \(limit) are allowed")
        }
        guard !text.unicodeScalars.contains(where: { $0.properties.generalCategory == .control }) else {
            throw .invalid(field, "must not hold control characters")
        }
    }

    /// What a generator is asked for.
    func generation(id: JobID, tenant: TenantID) -> GenerationRequest {
        GenerationRequest(
            id: id,
            tenant: tenant,
            prompt: prompt,
            sampling: sampling,
            maxTokens: maxTokens,
            stop: stop,
            lane: lane
        )
    }
}
