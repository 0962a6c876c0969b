import Values

/// How a pool is run.
package struct EnginePoolConfiguration: Sendable {
    package var executable: EngineExecutable
    package var options: EngineOptions
    /// Engine processes.
    package var workers: Int
    /// Most generations that may wait.
    package var queueLimit: Int
    package var heartbeat: Heartbeat
    /// How long a question may wait for an engine.
    package var questionTimeout: Duration
    /// What pools share; nil lets the engines start at once and stay.
    package var memory: EngineMemory?
    /// What the engines of the pool take of it.
    package var bytes: Int

    package init(
        executable: EngineExecutable = .current,
        options: EngineOptions,
        workers: Int = 1,
        queueLimit: Int = 256,
        heartbeat: Heartbeat = Heartbeat(),
        questionTimeout: Duration = .seconds(30),
        memory: EngineMemory? = nil,
        bytes: Int = 0
    ) {
        self.executable = executable
        self.options = options
        self.workers = workers
        self.queueLimit = queueLimit
        self.heartbeat = heartbeat
        self.questionTimeout = questionTimeout
        self.memory = memory
        self.bytes = bytes
    }
}

/// What a pool does at the moment.
package struct EnginePoolStatus: Sendable {
    /// One engine process.
    package struct Worker: Sendable {
        /// What the engine said about itself; nil while it is not ready.
        package var description: EngineDescription?
        package var statistics: EngineStatistics
        /// Generations under way.
        package var running: Int
        /// Why the last process ended; nil once one is ready.
        package var failure: String?
        /// Nil while no process runs.
        package var processIdentifier: Int32?
    }

    package var workers: [Worker]
    /// Generations that wait.
    package var waiting: Int
}

/// What is asked of an engine besides generations.
enum EngineQuestion: Sendable {
    case tokens(GenerationPrompt)
    case description
}

/// The answer to an `EngineQuestion`.
enum EngineAnswer: Sendable {
    case tokens(Int)
    case description(EngineDescription)
}

extension EngineGeneration {
    init(_ request: GenerationRequest, id: Int) {
        self.init(
            id: id,
            tenant: request.tenant.text,
            weight: request.weight,
            prompt: request.prompt,
            sampling: request.sampling,
            maxTokens: request.maxTokens,
            stop: request.stop
        )
    }
}
