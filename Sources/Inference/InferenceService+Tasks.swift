import Glibc
import Jobs
import Plans
import Postgres
package import Values

/// A task that was done.
package struct TaskAnswer: Hashable, Sendable {
    package let job: JobID
    package let task: String
    package let model: String
    package let version: String
    package let route: String
    package let usage: GenerationUsage
    /// From admission to the end.
    package let milliseconds: Int
    package let output: JSONValue
    /// What the tenant has left of this minute, this request counted.
    package let rates: RateFigures

    /// As the contract has it.
    package var json: JSONValue {
        [
            "id": job.json, "task": .string(task), "model": .string(model), "version": .string(version),
            "route": .string(route), "usage": usage.json, "milliseconds": .int(milliseconds), "output": output,
        ]
    }
}

extension TaskAnswer {
    /// What a model answered, made into a task's output.
    package init(_ answer: InferenceAnswer, output: JSONValue, _ rates: RateFigures) {
        self.init(
            job: answer.job,
            task: answer.task,
            model: answer.model,
            version: answer.version,
            route: answer.route,
            usage: answer.usage,
            milliseconds: answer.milliseconds,
            output: output,
            rates: rates
        )
    }
}

/// Tasks that Abono computes itself.
package enum TextTasks {
    /// By what name they answer; no model of the registry can have it.
    package static let model = "abono-text"
    /// Changes whenever a task can answer otherwise than before.
    package static let version = "1"

    /// The names by which a caller leaves the choice to the router.
    static let names: Set<String> = [model, "auto", "fast", "best"]
}

extension InferenceService {
    /// Does a task that needs no model, admitted and charged like any other: a request and its processor time.
    ///
    /// - Throws: as `begin` does.
    package func perform(_ task: TaskRequest, by caller: InferenceCaller) async throws -> TaskAnswer {
        guard !isStopping else { throw InferenceError.stopping }
        try checkModel(of: task)
        let start = SuspendingClock.now
        let ticket = computationTicket(task, by: caller, at: time.now())
        let order = InferenceOrder(model: nil, asked: task.model, metadata: task.metadata)
        let grant = try await admit(ticket, order, by: caller)
        InferenceMetrics.admitted(ticket)
        remember(ticket)
        let outcome = await withTimeLimit(task.timeout, of: ticket.job) {
            do {
                let concurrency = grant.inference.concurrency
                if grant.isWaiting, let stop = try await self.waitForTurn(ticket, concurrency: concurrency) {
                    return .unbegun(stop)
                }
                return self.compute(task, ticket)
            } catch {
                return self.cut(ticket, by: error)
            }
        }
        forget(ticket.job)
        guard await settle(ticket, outcome) else { throw InferenceError.leaseLost }
        guard let output = outcome.output else { throw outcome.error ?? .interrupted }
        return TaskAnswer(
            job: ticket.job,
            task: ticket.task,
            model: ticket.model,
            version: ticket.version,
            route: ticket.route,
            usage: outcome.usage,
            milliseconds: (SuspendingClock.now - start).wholeMilliseconds,
            output: output,
            rates: grant.rates
        )
    }

    /// Refuses a model that was named for what none of them does.
    func checkModel(of task: TaskRequest) throws {
        guard let model = task.model, !TextTasks.names.contains(model) else { return }
        throw InferenceError.invalid(
            .invalid("model", "is \(JSONValue.string(model).seen); \(task.name.rawValue) needs none: leave it out")
        )
    }

    /// Computes a task and takes the time that it took the processor.
    func compute(_ task: TaskRequest, _ ticket: InferenceTicket) -> InferenceOutcome {
        let begun = Self.processorTime()
        guard let output = task.computed() else {
            return .cut(.engineFault(reason: "not a computation"), progress: InferenceProgress(), isStream: false)
        }
        let used = Self.processorTime() - begun
        let usage = GenerationUsage(
            promptTokens: 0,
            cachedTokens: 0,
            completionTokens: 0,
            cpuMilliseconds: max(1, Int((used * 1000).rounded(.up)))
        )
        return InferenceOutcome(status: .succeeded, usage: usage, reason: nil, error: nil, output: output)
    }

    func computationTicket(_ task: TaskRequest, by caller: InferenceCaller, at now: Instant) -> InferenceTicket {
        InferenceTicket(
            tenant: caller.tenant,
            job: .make(at: now),
            key: caller.key,
            task: task.name.rawValue,
            model: TextTasks.model,
            version: TextTasks.version,
            route: "\(TextTasks.model)@\(TextTasks.version); no model needed",
            subject: task.subject,
            isStream: false,
            promptTokens: 0,
            maxTokens: 0,
            lease: keeper.lease,
            createdAt: now
        )
    }

    /// Seconds of processor time that this thread has used.
    private static func processorTime() -> Double {
        var time = timespec()
        unsafe clock_gettime(CLOCK_THREAD_CPUTIME_ID, &time)
        return Double(time.tv_sec) + Double(time.tv_nsec) * 1e-9
    }
}
