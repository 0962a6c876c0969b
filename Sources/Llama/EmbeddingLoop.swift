import Inference

/// Makes vectors of texts: every step computes as many texts as a call takes, of all requests that wait.
///
/// Owned by one thread.
struct EmbeddingLoop {
    /// Texts in one call at most.
    static let texts = 64
    /// Tokens in one call, unless a single text has more: an encoder looks at all of a call's tokens from each of them,
    /// so that larger calls cost more by the text, and smaller ones use the processor worse.
    static let tokens = 256

    private struct Work {
        let request: PreparedEmbeddings
        /// Texts whose vectors have been sent.
        var done = 0
        var isStarted = false
        var cpuNanoseconds: UInt64 = 0

        var promptTokens: Int { request.texts.reduce(0) { $0 + $1.count } }

        var usage: GenerationUsage {
            GenerationUsage(
                promptTokens: isStarted ? promptTokens : 0,
                cachedTokens: 0,
                completionTokens: 0,
                cpuMilliseconds: Int((cpuNanoseconds + 999_999) / 1_000_000)
            )
        }
    }

    /// The next texts of one request in a call.
    private struct Share {
        let id: Int
        var texts: Range<Int>
        var tokens: Int
    }

    private let context: LlamaContext
    private let inbox: EngineInbox
    private let clock: EngineClock
    private let report: (EngineReport) -> Void
    private let publish: (EngineStatistics) -> Void

    /// In the order of arrival.
    private var works: [Work] = []
    private var counters = FairCounters<String>()
    private var statistics = EngineStatistics()
    private var cpuNanoseconds: UInt64 = 0

    init(
        context: LlamaContext,
        options: EngineOptions,
        inbox: EngineInbox,
        report: @escaping (EngineReport) -> Void,
        publish: @escaping (EngineStatistics) -> Void
    ) {
        self.context = context
        self.inbox = inbox
        self.report = report
        self.publish = publish
        clock = EngineClock(threads: options.threads)
    }

    /// Works for ever; sleeps while there is nothing to do.
    mutating func run() -> Never {
        while true {
            let isIdle = works.isEmpty
            if isIdle != !statistics.isBusy {
                statistics.isBusy = !isIdle
                publish(statistics)
            }
            for item in inbox.take(waiting: isIdle) {
                switch item {
                case .embed(let request): begin(request)
                // Whoever reads prompts lets none of these through to a model that makes vectors.
                case .generate: break
                case .cancel(let id): end(id, .cancelled)
                }
            }
            if !works.isEmpty { step() }
        }
    }

    private mutating func begin(_ request: PreparedEmbeddings) {
        let present = Set(works.map(\.request.tenant))
        let floor = present.map { counters[$0] }.min() ?? counters[request.tenant]
        if !present.contains(request.tenant) {
            counters.lift(request.tenant, to: floor)
        }
        if counters.count > 1024 {
            counters.forget(upTo: floor, keeping: present.union([request.tenant]))
        }
        works.append(Work(request: request))
    }

    private mutating func end(_ id: Int, _ reason: FinishReason) {
        guard let place = works.firstIndex(where: { $0.request.id == id }) else { return }
        let work = works.remove(at: place)
        report(.done(id: id, reason: reason, usage: work.usage))
        statistics.promptTokens += work.usage.promptTokens
        publish(statistics)
    }

    private mutating func step() {
        let shares = takeShares()
        let begin = clock.now
        do throws(LlamaError) {
            let vectors = try compute(shares)
            charge(clock.now - begin, shares)
            statistics.steps += 1
            publish(statistics)
            for (share, vectors) in zip(shares, vectors) { deliver(share, vectors) }
        } catch {
            for share in shares {
                works.removeAll { $0.request.id == share.id }
                report(.failed(id: share.id, trouble: EngineTrouble(.fault, error.description)))
            }
        }
    }

    /// What the next call computes: text by text of the tenant that has had least, as long as there is room.
    private mutating func takeShares() -> [Share] {
        var shares: [Share] = []
        var tokens = 0
        var texts = 0
        while texts < Self.texts {
            let open = works.filter { next($0, shares) < $0.request.texts.count }
            // Between equals the older goes first.
            guard let work = open.min(by: { counters[$0.request.tenant] < counters[$1.request.tenant] }) else { break }
            let request = work.request
            let text = next(work, shares)
            let count = request.texts[text].count
            guard texts == 0 || tokens + count <= Self.tokens else { break }
            tokens += count
            texts += 1
            counters.charge(request.tenant, cost: count * FairCost.promptToken, weight: request.weight)
            if let place = shares.firstIndex(where: { $0.id == request.id }) {
                shares[place].texts = shares[place].texts.lowerBound..<text + 1
                shares[place].tokens += count
            } else {
                shares.append(Share(id: request.id, texts: text..<text + 1, tokens: count))
            }
        }
        return shares
    }

    private func next(_ work: Work, _ shares: [Share]) -> Int {
        shares.first { $0.id == work.request.id }?.texts.upperBound ?? work.done
    }

    private func compute(_ shares: [Share]) throws(LlamaError) -> [[[Float]]] {
        context.clear()
        var sequence = 0
        for share in shares {
            guard let request = works.first(where: { $0.request.id == share.id })?.request else { continue }
            for text in share.texts {
                for (position, token) in request.texts[text].enumerated() {
                    _ = try context.add(token, to: sequence, at: position, sampled: true)
                }
                sequence += 1
            }
        }
        guard try context.process() == .computed else { throw LlamaError(code: 0, "the texts have no room") }
        var vectors: [[[Float]]] = []
        sequence = 0
        for share in shares {
            var some: [[Float]] = []
            for _ in share.texts {
                some.append(try context.vector(of: sequence))
                sequence += 1
            }
            vectors.append(some)
        }
        return vectors
    }

    private mutating func deliver(_ share: Share, _ vectors: [[Float]]) {
        guard let place = works.firstIndex(where: { $0.request.id == share.id }) else { return }
        if !works[place].isStarted {
            works[place].isStarted = true
            report(.started(id: share.id, promptTokens: works[place].promptTokens, cachedTokens: 0))
        }
        report(.vectors(id: share.id, vectors))
        works[place].done = share.texts.upperBound
        if works[place].done == works[place].request.texts.count { end(share.id, .stop) }
    }

    /// Splits processor time by tokens, to the nanosecond.
    private mutating func charge(_ nanoseconds: UInt64, _ shares: [Share]) {
        let tokens = UInt64(shares.reduce(0) { $0 + $1.tokens })
        var rest = nanoseconds
        for share in shares {
            guard let place = works.firstIndex(where: { $0.request.id == share.id }) else { continue }
            let part = share.id == shares.last?.id ? rest : nanoseconds / tokens * UInt64(share.tokens)
            works[place].cpuNanoseconds += part
            rest -= part
        }
        cpuNanoseconds += nanoseconds
        statistics.cpuMilliseconds = Int(cpuNanoseconds / 1_000_000)
    }
}
