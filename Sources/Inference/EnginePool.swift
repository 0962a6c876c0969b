package import Logging
import ServiceLifecycle
import Synchronization

/// Engine processes over one model, started, watched and replaced, with a fair queue before them.
///
/// With a memory to share they start when they are first needed, and rest when another model needs their room.
package final class EnginePool: Service, TextGenerator {
    struct Core: Sendable {
        var machine: EnginePoolMachine
        /// Whether there are to be engines.
        var isAwake: Bool
        /// Callers that have been given room and are about to use it.
        var claims = 0
        var channels: [Int: EngineChannel] = [:]
        var processIdentifiers: [Int: Int32] = [:]
        var sinks: [Int: GenerationStream.Continuation] = [:]
        var askers: [Int: CheckedContinuation<EngineAnswer, any Error>] = [:]
        var lastID = 0

        mutating func nextID() -> Int {
            lastID += 1
            return lastID
        }
    }

    let configuration: EnginePoolConfiguration
    private let logger: Logger
    private let start = SuspendingClock.now
    let core: Mutex<Core>
    /// Something may have changed in `isAwake`.
    let changes: AsyncStream<Void>
    let change: AsyncStream<Void>.Continuation

    package init(_ configuration: EnginePoolConfiguration, logger: Logger) {
        self.configuration = configuration
        self.logger = logger
        let machine = EnginePoolMachine(workers: configuration.workers, queueLimit: configuration.queueLimit)
        core = Mutex(Core(machine: machine, isAwake: configuration.memory == nil))
        (changes, change) = AsyncStream.makeStream(bufferingPolicy: .bufferingNewest(1))
        share()
    }

    /// What the pool does at the moment.
    package var status: EnginePoolStatus {
        core.withLock { core in
            var status = core.machine.status
            for (worker, processIdentifier) in core.processIdentifiers {
                status.workers[worker].processIdentifier = processIdentifier
            }
            return status
        }
    }

    /// Waits until an engine is ready.
    ///
    /// - Returns: What the engine says about itself.
    /// - Throws: `InferenceError.noEngine` if none comes up in time.
    @discardableResult
    package func ready() async throws -> EngineDescription {
        guard case .description(let description) = try await ask(.description) else {
            throw InferenceError.interrupted
        }
        return description
    }

    // MARK: - Running

    /// Keeps the engines running until the graceful shutdown, then ends them and everything that runs on them.
    package func run() async throws {
        await cancelWhenGracefulShutdown {
            while await self.isWanted(true) {
                await withTaskGroup(of: Void.self) { group in
                    for worker in 0..<self.configuration.workers {
                        group.addTask { await self.supervise(worker) }
                    }
                    // Engines are supervised until nobody wants them, or all ends.
                    _ = await self.isWanted(false)
                    group.cancelAll()
                }
                self.core.withLock { $0.machine.rested() }
            }
        }
        perform { $0.stop() }
    }

    private func supervise(_ worker: Int) async {
        var backoff = RestartBackoff()
        let process = EngineWorker(
            executable: configuration.executable,
            options: configuration.options,
            heartbeat: configuration.heartbeat
        )
        while !Task.isCancelled {
            let ending = await process.run { channel, processIdentifier in
                core.withLock { core in
                    core.channels[worker] = channel
                    core.processIdentifiers[worker] = processIdentifier
                }
                logger.debug("engine started", metadata: ["worker": "\(worker)", "pid": "\(processIdentifier)"])
            } receive: { [self] report in
                note(report, from: worker)
                perform { $0.received(report, from: worker, now: now) }
            }
            core.withLock { core in
                core.channels[worker] = nil
                core.processIdentifiers[worker] = nil
            }
            perform { $0.lost(worker, reason: ending.reason) }
            guard !Task.isCancelled else { return }
            let pause = backoff.pause(afterLifetime: ending.lifetime)
            logger.warning(
                "engine lost, starting another",
                metadata: ["worker": "\(worker)", "reason": "\(ending.reason)", "pause": "\(pause)"]
            )
            try? await Task.sleep(for: pause)
        }
    }

    private func note(_ report: EngineReport, from worker: Int) {
        switch report {
        case .hello(let description):
            logger.info(
                "engine ready",
                metadata: [
                    "worker": "\(worker)",
                    "model": "\(description.model)",
                    "milliseconds": "\(description.loadMilliseconds)",
                ]
            )
        case .failed(nil, let trouble):
            logger.error("engine refused", metadata: ["worker": "\(worker)", "reason": "\(trouble.message)"])
        default: break
        }
    }

    private var now: Duration { SuspendingClock.now - start }

    // MARK: - Serving

    package func contextSize() async throws -> Int {
        try await ready().context
    }

    package func promptTokens(of prompt: GenerationPrompt) async throws -> Int {
        guard case .tokens(let count) = try await ask(.tokens(prompt)) else { throw InferenceError.interrupted }
        return count
    }

    package func generate(_ request: GenerationRequest) throws(InferenceError) -> Generation {
        // A piece holds at least one token, vectors at least one text, so this many places are never used up.
        let places = max(request.maxTokens ?? configuration.options.context, GenerationPrompt.inputLimit) + 8
        let (events, continuation) = GenerationStream.makeStream(bufferingPolicy: .bufferingOldest(places))
        let now = now
        try claim()
        let outcome = core.withLock { core in
            wake(&core)
            let id = core.nextID()
            core.claims -= 1
            return Result { () throws(InferenceError) in
                let actions = try core.machine.submit(request, id: id, now: now)
                core.sinks[id] = continuation
                return (id, core.take(actions))
            }
        }
        let (id, deliveries) = try outcome.get()
        continuation.onTermination = { [weak self] termination in
            guard case .cancelled = termination else { return }
            self?.perform { $0.cancel(id) }
        }
        deliveries.forEach { $0() }
        return Generation(events: events) { [weak self] in
            self?.perform { $0.cancel(id) }
        }
    }

    private func ask(_ question: EngineQuestion) async throws -> EngineAnswer {
        let timeout = configuration.questionTimeout
        try claim()
        defer { core.withLock { $0.claims -= 1 } }
        core.withLock { wake(&$0) }
        return try await withThrowingTaskGroup(of: EngineAnswer.self) { group in
            group.addTask { try await self.answer(to: question) }
            group.addTask {
                try await Task.sleep(for: timeout)
                throw InferenceError.noEngine(reason: "no engine answered in \(timeout)")
            }
            defer { group.cancelAll() }
            guard let first = try await group.next() else { throw InferenceError.interrupted }
            return first
        }
    }

    private func answer(to question: EngineQuestion) async throws -> EngineAnswer {
        let id = core.withLock { $0.nextID() }
        return try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { continuation in
                // Under the lock that the cancellation handler takes too: it sees the question, or we see it.
                let isCancelled = core.withLock { core in
                    guard !Task.isCancelled else { return true }
                    core.askers[id] = continuation
                    return false
                }
                if isCancelled {
                    continuation.resume(throwing: CancellationError())
                } else {
                    perform { $0.ask(question, id: id) }
                }
            }
        } onCancel: {
            let asker = core.withLock { core in
                core.machine.withdraw(id)
                return core.askers.removeValue(forKey: id)
            }
            asker?.resume(throwing: CancellationError())
        }
    }

    /// Lets the machine decide under the lock and delivers outside of it, so that whoever is woken may call again.
    private func perform(_ decide: (inout EnginePoolMachine) -> [EnginePoolMachine.Action]) {
        let deliveries = core.withLock { core in
            let actions = decide(&core.machine)
            return core.take(actions)
        }
        deliveries.forEach { $0() }
    }
}

extension EnginePool.Core {
    /// Sends what goes to engines, in order, and returns what is to be delivered once the lock is free.
    fileprivate mutating func take(_ actions: [EnginePoolMachine.Action]) -> [@Sendable () -> Void] {
        var deliveries: [@Sendable () -> Void] = []
        for action in actions {
            switch action {
            case .send(let worker, let command):
                channels[worker]?.send(command)
            case .deliver(let id, let event):
                guard let sink = sinks[id] else { break }
                deliveries.append { sink.yield(event) }
            case .finish(let id, let error):
                guard let sink = sinks.removeValue(forKey: id) else { break }
                deliveries.append { sink.finish(throwing: error) }
            case .answer(let id, let answer):
                guard let asker = askers.removeValue(forKey: id) else { break }
                deliveries.append { asker.resume(with: answer.mapError { $0 as any Error }) }
            }
        }
        return deliveries
    }
}
