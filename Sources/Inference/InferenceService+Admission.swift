import Jobs
import Plans
import Postgres
import Values

/// From a request to work that is admitted and under way.
extension InferenceService {
    /// Admits a request and begins it.
    ///
    /// The caller reads `events` of the run, or `answer()`. Nothing is charged for a request that is refused here.
    ///
    /// - Throws: `InferenceError` and other `ProblemConvertible` errors: the request is wrong (400, `param` names the
    ///   field), `modelNotFound` (404), `refused` (403, or 429 with the code `rate_limit_exceeded` or
    ///   `insufficient_quota`), `contextExceeded` (400, code `context_length_exceeded`), no engine (503).
    package func begin(_ request: InferenceRequest, by caller: InferenceCaller) async throws -> InferenceRun {
        guard let run = try await begin(request, choices: 1, by: caller).first else {
            throw InferenceError.interrupted
        }
        return run
    }

    /// Admits a request so many times, all or none, and begins them: as many answers to choose from.
    ///
    /// Each is a job of its own, and metered by itself; with a seed each has another one.
    ///
    /// - Throws: as for one.
    package func begin(
        _ request: InferenceRequest,
        choices: Int,
        by caller: InferenceCaller
    ) async throws -> [InferenceRun] {
        let (first, model, generator, request) = try await prepare(request, by: caller)
        let order = InferenceOrder(model: model, asked: request.model, metadata: request.metadata)
        let tickets = (0..<choices).map { $0 == 0 ? first : first.again(.make(at: first.createdAt)) }
        let grants = try await admit(tickets, order, by: caller)
        return zip(tickets, grants).enumerated().map { index, admitted in
            InferenceMetrics.admitted(admitted.0)
            var own = request
            own.sampling.seed = request.sampling.seed.map { $0 &+ UInt32(truncatingIfNeeded: index) }
            return start(admitted.0, own, admitted.1, generator)
        }
    }

    /// Routes a request and counts its prompt.
    func prepare(
        _ request: InferenceRequest,
        by caller: InferenceCaller
    ) async throws -> (
        ticket: InferenceTicket, model: Model, generator: any TextGenerator, request: InferenceRequest
    ) {
        do { try request.check() } catch { throw InferenceError.invalid(error) }
        guard !isStopping else { throw InferenceError.stopping }
        let (route, request) = try await database.transaction(as: .tenant(caller.tenant)) { transaction in
            try await ModelQueries.resolve(request, in: transaction)
        }
        guard let generator = generators[route.model.name] else {
            throw InferenceError.noEngine(reason: "no engine runs \(route.model.name)")
        }
        let ticket = try await ticket(for: request, by: caller, on: route, generator)
        return (ticket, route.model, generator, request)
    }

    private func ticket(
        for request: InferenceRequest,
        by caller: InferenceCaller,
        on route: ModelRoute,
        _ generator: any TextGenerator
    ) async throws -> InferenceTicket {
        let promptTokens = try await generator.promptTokens(of: request.prompt)
        var maxTokens = 0
        if request.prompt.isContinued {
            let context = try await generator.contextSize()
            guard promptTokens + (request.maxTokens ?? 1) <= context else {
                throw InferenceError.contextExceeded(
                    promptTokens: promptTokens,
                    maxTokens: promptTokens < context ? request.maxTokens : nil,
                    context: context
                )
            }
            maxTokens = request.maxTokens ?? context - promptTokens
        }
        let now = time.now()
        return InferenceTicket(
            tenant: caller.tenant,
            job: .make(at: now),
            key: caller.key,
            task: request.task,
            model: route.model.name,
            version: route.model.version,
            route: route.reason,
            subject: request.subject,
            isStream: request.isStream,
            promptTokens: promptTokens,
            maxTokens: maxTokens,
            lease: keeper.lease,
            createdAt: now
        )
    }

    func admit(
        _ ticket: InferenceTicket,
        _ order: InferenceOrder,
        by caller: InferenceCaller
    ) async throws -> InferenceGrant {
        guard let grant = try await admit([ticket], order, by: caller).first else { throw InferenceError.interrupted }
        return grant
    }

    /// Admits all of some requests that differ in nothing, or none.
    private func admit(
        _ tickets: [InferenceTicket],
        _ order: InferenceOrder,
        by caller: InferenceCaller
    ) async throws -> [InferenceGrant] {
        guard keeper.isHeld else { throw InferenceError.leaseLost }
        let now = tickets.first?.createdAt ?? time.now()
        let stamp = Stamp(now: now, author: caller.author, requestID: caller.requestID)
        do {
            return try await database.transaction(as: .tenant(caller.tenant)) { transaction in
                var grants: [InferenceGrant] = []
                for ticket in tickets {
                    grants.append(try await InferenceOperations.admit(ticket, order, by: stamp, in: transaction))
                }
                return grants
            }
        } catch let error as PostgresError where error.kind == .commitUnknown {
            // The rows may be there, with reservations that nobody would give back.
            for ticket in tickets {
                _ = begin { await self.settle(ticket, .cut(.interrupted, progress: .init(), isStream: false)) }
            }
            throw error
        }
    }

    /// Hands an admitted request over to the service's own group.
    ///
    /// Nothing in here can fail or wait.
    private func start(
        _ ticket: InferenceTicket,
        _ request: InferenceRequest,
        _ grant: InferenceGrant,
        _ generator: any TextGenerator
    ) -> InferenceRun {
        // Bounded by the number of tokens that were admitted.
        let (events, sink) = InferenceStream.makeStream()
        let job = ticket.job
        remember(ticket)
        sink.onTermination = { [weak self] termination in
            guard case .cancelled = termination else { return }
            self?.stop(job, .cancelled)
        }
        let work: Work = { await self.conduct(ticket, request, grant, generator, to: sink) }
        if !begin(work) {
            // The server stopped in between; the row is left to whoever looks for what stopped servers leave.
            forget(job)
            sink.finish(throwing: InferenceError.stopping)
        }
        return InferenceRun(ticket, rates: grant.rates, events: events) { [weak self] in
            self?.stop(job, .cancelled)
        }
    }
}
