package import Values

/// The tasks there are; each takes the same fields at `/v1/tasks/{name}` and as the input of a job.
package enum TaskName: String, CaseIterable, Sendable {
    case generate
    case chat
    case embed
    case classify
    case sentiment
    case answer
    case summarize
    case extract
    case rerank
    case detectLanguage = "detect_language"
    case moderate

    /// Their names, for what refuses others.
    package static let list = allCases.map(\.rawValue).joined(separator: ", ")
}

/// What does a task.
package enum TaskWork: Sendable {
    /// A model continues a prompt, makes vectors or weighs texts; its answer becomes an output.
    case generation(InferenceRequest, TaskForm)
    /// Abono computes it, without a model of the registry.
    case computation(any TextComputation)
}

/// A task that needs no model of the registry: a pure function of its fields.
package protocol TextComputation: Sendable {
    /// What comes out, as the contract has it.
    func output() -> JSONValue
}

/// One task to do, read and checked.
package struct TaskRequest: Sendable {
    package let name: TaskName
    /// A model's name or an alias; nil leaves the choice to the router.
    package var model: String?
    /// The tenant's own end user.
    package var subject: String?
    /// What the caller keeps with the job: an object.
    package var metadata: JSONValue
    /// Its time: 1 to 3600 s.
    package var timeout: Duration?
    let work: TaskWork

    /// Reads a task's fields, all of them.
    ///
    /// - Throws: The first field that is wrong.
    package init(_ name: TaskName, _ fields: inout JSONFields) throws(Problem) {
        self.name = name
        switch name {
        case .generate, .chat:
            let request = try (name == .chat ? ChatFields.readTask(&fields) : TextFields.readTask(&fields)).request
            do { try request.check() } catch { throw error.below(fields.path) }
            model = request.model
            subject = request.subject
            metadata = request.metadata
            timeout = request.timeout
            work = .generation(request, name == .chat ? .message : .text)
            return
        case .embed: work = try EmbeddingTask.read(&fields)
        case .classify: work = try ClassificationTask.read(&fields)
        case .extract: work = try ExtractionTask.read(&fields)
        case .sentiment: work = .computation(try SentimentTask(&fields))
        case .answer: work = .computation(try AnswerTask(&fields))
        case .summarize: work = .computation(try SummaryTask(&fields))
        case .rerank: work = .computation(try RerankTask(&fields))
        case .detectLanguage: work = .computation(try LanguageTask(&fields))
        case .moderate: work = .computation(try ModerationTask(&fields))
        }
        model = try fields.optionalString("model")
        subject = try fields.optionalString("user")
        metadata = try TaskRequest.metadata(&fields) ?? [:]
        timeout = try TaskRequest.timeout(&fields)
        try fields.finish()
        try check(fields.path)
    }

    /// What comes out, if no model is needed for it.
    package func computed() -> JSONValue? {
        guard case .computation(let computation) = work else { return nil }
        return computation.output()
    }

    /// The prompt, if a model continues one.
    package var generation: InferenceRequest? {
        guard case .generation(var request, _) = work else { return nil }
        request.model = model
        request.subject = subject
        request.metadata = metadata
        request.timeout = timeout
        return request
    }

    /// Reads `timeout`, in seconds.
    package static func timeout(_ fields: inout JSONFields) throws(Problem) -> Duration? {
        guard let seconds = try fields.optionalDouble("timeout") else { return nil }
        guard (1...3600).contains(seconds) else {
            throw fields.invalid("timeout", "is \(seconds); it must be from 1 to 3600 seconds")
        }
        return .milliseconds(Int((seconds * 1000).rounded()))
    }

    /// Reads `metadata`, an object.
    package static func metadata(_ fields: inout JSONFields) throws(Problem) -> JSONValue? {
        guard let metadata = fields.value("metadata") else { return nil }
        guard metadata.object != nil else {
            throw fields.invalid("metadata", "must be an object, not \(metadata.seen)")
        }
        return metadata
    }

    /// The same limits as those of a request for a generation.
    func check(_ path: String = "") throws(Problem) {
        var request = InferenceRequest(model: model, prompt: .text(""))
        request.subject = subject
        request.metadata = metadata
        do { try request.check() } catch { throw error.below(path) }
    }

    /// The output object of a generation that ended by itself.
    ///
    /// - Throws: what the model said is of no use.
    package func output(of result: GenerationResult, _ reason: FinishReason) throws(Problem) -> JSONValue {
        guard case .generation(_, let form) = work else { return [:] }
        return try form.output(of: result, reason)
    }

    /// A task that was put together and not read.
    init(_ name: TaskName, model: String?, subject: String?, work: TaskWork) {
        self.name = name
        self.model = model
        self.subject = subject
        self.work = work
        metadata = [:]
    }
}

/// A task to be done later, by whichever node takes it.
package struct JobSubmission: Sendable {
    /// Larger is taken first among the tenant's own; 0 is usual.
    package let priority: Int
    /// The fields as they were sent: they are read again when it runs.
    let input: JSONValue
    package let task: TaskRequest

    init(task: TaskRequest, input: JSONValue, priority: Int = 0) {
        self.task = task
        self.input = input
        self.priority = priority
    }

    /// The same, taken earlier or later among the tenant's own.
    func with(priority: Int) -> JobSubmission { JobSubmission(task: task, input: input, priority: priority) }

    /// Reads the body of `POST /v1/jobs`.
    ///
    /// - Throws: The first field that is wrong.
    package init(_ fields: inout JSONFields) throws(Problem) {
        let name = try fields.string("task")
        guard let known = TaskName(rawValue: name) else {
            throw fields.invalid("task", "is \(JSONValue.string(name).seen); there are \(TaskName.list)")
        }
        let input = try fields.requiredValue("input")
        var inner = try JSONFields(input, path: fields.path("input"))
        let model = try fields.optionalString("model")
        let timeout = try TaskRequest.timeout(&fields)
        let metadata = try TaskRequest.metadata(&fields)
        let priority = try fields.optionalInt("priority") ?? 0
        guard (-100...100).contains(priority) else {
            throw fields.invalid("priority", "is \(priority); it must be from -100 to 100")
        }
        try fields.finish()
        var task = try TaskRequest(known, &inner)
        task.model = model ?? task.model
        task.timeout = timeout ?? task.timeout
        task.metadata = metadata ?? task.metadata
        try task.check()
        self.priority = priority
        self.input = input
        self.task = task
    }
}

extension Problem {
    /// The same problem with its fields below a path.
    func below(_ path: String) -> Problem {
        guard !path.isEmpty else { return self }
        var problem = self
        problem.errors = errors.map { error in
            FieldError(field: "\(path).\(error.field)", message: error.message)
        }
        return problem
    }
}
