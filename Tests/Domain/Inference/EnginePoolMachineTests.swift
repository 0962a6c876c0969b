import Testing
import Values

@testable import Inference

private let someone = TenantID(at: Instant(seconds: 1), random: (1, 1))
private let another = TenantID(at: Instant(seconds: 1), random: (2, 2))

private func request(_ tenant: TenantID = someone, queueLimit: Int? = nil) -> GenerationRequest {
    GenerationRequest(
        id: JobID(at: Instant(seconds: 1), random: (3, 3)),
        tenant: tenant,
        prompt: .text("Hello"),
        maxTokens: 4,
        queueLimit: queueLimit,
        expectedPromptTokens: 10
    )
}

/// What the machine wants done, in short words.
private func words(_ actions: [EnginePoolMachine.Action]) -> [String] {
    actions.map { action in
        switch action {
        case .send(let worker, .generate(let generation)): "generate \(generation.id) on \(worker)"
        case .send(let worker, .cancel(let id)): "cancel \(id) on \(worker)"
        case .send(let worker, .tokenize(let id, _)): "count \(id) on \(worker)"
        case .send(let worker, .ping): "ping \(worker)"
        case .deliver(let id, .started): "started \(id)"
        case .deliver(let id, .piece(let text, _, _)): "piece \(id) \(text)"
        case .deliver(let id, .vectors(let vectors)): "vectors \(id) \(vectors.count)"
        case .deliver(let id, .scores(let scores)): "scores \(id) \(scores.count)"
        case .deliver(let id, .finished(let reason, _)): "finished \(id) \(reason)"
        case .finish(let id, nil): "end \(id)"
        case .finish(let id, let error?): "fail \(id) \(error)"
        case .answer(let id, .success): "answer \(id)"
        case .answer(let id, .failure(let error)): "refuse \(id) \(error)"
        }
    }
}

private func done(_ id: Int) -> EngineReport {
    let usage = GenerationUsage(promptTokens: 10, cachedTokens: 0, completionTokens: 4, cpuMilliseconds: 5)
    return .done(id: id, reason: .length, usage: usage)
}

@Suite struct EnginePoolMachineTests {
    @Test func `a worker never gets more generations than it has sequences`() throws {
        var machine = EnginePoolMachine(workers: 2, queueLimit: 100)
        _ = machine.received(.hello(.example(sequences: 2)), from: 0, now: .zero)
        _ = machine.received(.hello(.example(sequences: 1)), from: 1, now: .zero)
        var sent: [String] = []
        for id in 1...5 {
            sent += words(try machine.submit(request(), id: id, now: .zero))
        }
        #expect(sent == ["generate 1 on 0", "generate 2 on 0", "generate 3 on 1"])
        #expect(machine.status.waiting == 2)
        let next = words(machine.received(done(3), from: 1, now: .seconds(1)))
        #expect(next == ["finished 3 length", "end 3", "generate 4 on 1"])
    }

    @Test func `what waits for the first engine starts when it is ready`() throws {
        var machine = EnginePoolMachine(workers: 1, queueLimit: 100)
        #expect(words(try machine.submit(request(), id: 1, now: .zero)).isEmpty)
        #expect(words(machine.ask(.tokens(.text("x")), id: 2)).isEmpty)
        let ready = words(machine.received(.hello(.example()), from: 0, now: .zero))
        #expect(ready == ["count 2 on 0", "generate 1 on 0"])
        #expect(words(machine.received(.tokenized(id: 2, tokens: 1), from: 0, now: .zero)) == ["answer 2"])
    }

    @Test func `a lost engine fails what ran on it and nothing else`() throws {
        var machine = EnginePoolMachine(workers: 1, queueLimit: 100)
        _ = machine.received(.hello(.example(sequences: 1)), from: 0, now: .zero)
        _ = try machine.submit(request(), id: 1, now: .zero)
        _ = try machine.submit(request(), id: 2, now: .zero)
        _ = machine.ask(.tokens(.text("x")), id: 3)
        #expect(words(machine.lost(0, reason: "killed")) == ["fail 1 engineLost"])
        #expect(machine.received(done(1), from: 0, now: .zero).isEmpty)
        let ready = words(machine.received(.hello(.example(sequences: 1)), from: 0, now: .zero))
        #expect(ready == ["count 3 on 0", "generate 2 on 0"])
    }

    @Test func `an engine that never comes up refuses at once instead of letting wait`() throws {
        var machine = EnginePoolMachine(workers: 1, queueLimit: 100)
        _ = try machine.submit(request(), id: 1, now: .zero)
        #expect(machine.lost(0, reason: "exit 66").isEmpty)
        #expect(machine.lost(0, reason: "exit 66").isEmpty)
        _ = machine.received(.failed(id: nil, trouble: EngineTrouble(.model, "bad file")), from: 0, now: .zero)
        #expect(words(machine.lost(0, reason: "exit 66")) == ["fail 1 noEngine(reason: \"bad file\")"])
        #expect(throws: InferenceError.self) { try machine.submit(request(), id: 2, now: .zero) }
        _ = machine.received(.hello(.example()), from: 0, now: .zero)
        #expect(words(try machine.submit(request(), id: 3, now: .zero)) == ["generate 3 on 0"])
    }

    @Test func `over the bounds there is a refusal with a time, and nothing half done`() throws {
        var machine = EnginePoolMachine(workers: 1, queueLimit: 3)
        _ = machine.received(.hello(.example(sequences: 1)), from: 0, now: .zero)
        _ = try machine.submit(request(queueLimit: 2), id: 1, now: .zero)
        _ = try machine.submit(request(queueLimit: 2), id: 2, now: .zero)
        _ = try machine.submit(request(queueLimit: 2), id: 3, now: .zero)
        #expect(throws: InferenceError.queueFull(ofTenant: true, retryAfterSeconds: 3)) {
            try machine.submit(request(queueLimit: 2), id: 4, now: .zero)
        }
        _ = try machine.submit(request(another), id: 5, now: .zero)
        #expect(throws: InferenceError.queueFull(ofTenant: false, retryAfterSeconds: 4)) {
            try machine.submit(request(another), id: 6, now: .zero)
        }
        // Twenty seconds for one generation: the times grow with what is measured.
        _ = machine.received(done(1), from: 0, now: .seconds(20))
        _ = try machine.submit(request(another), id: 7, now: .seconds(20))
        #expect(throws: InferenceError.queueFull(ofTenant: false, retryAfterSeconds: 9)) {
            try machine.submit(request(another), id: 8, now: .seconds(20))
        }
    }

    @Test func `cancelling ends at once what waits, and asks the engine about what runs`() throws {
        var machine = EnginePoolMachine(workers: 1, queueLimit: 100)
        _ = machine.received(.hello(.example(sequences: 1)), from: 0, now: .zero)
        _ = try machine.submit(request(), id: 1, now: .zero)
        _ = try machine.submit(request(), id: 2, now: .zero)
        #expect(words(machine.cancel(2)) == ["finished 2 cancelled", "end 2"])
        #expect(words(machine.cancel(1)) == ["cancel 1 on 0"])
        #expect(words(machine.received(done(1), from: 0, now: .zero)) == ["finished 1 length", "end 1"])
        #expect(machine.cancel(1).isEmpty)
        #expect(machine.status.waiting == 0)
    }

    @Test func `two tenants take turns however much one of them asks`() throws {
        var machine = EnginePoolMachine(workers: 1, queueLimit: 100)
        _ = machine.received(.hello(.example(sequences: 1)), from: 0, now: .zero)
        for id in 1...6 {
            _ = try machine.submit(request(someone), id: id, now: .zero)
        }
        for id in 11...12 {
            _ = try machine.submit(request(another), id: id, now: .zero)
        }
        var order = [1]
        while let running = order.last {
            _ = machine.received(.started(id: running, promptTokens: 10, cachedTokens: 0), from: 0, now: .zero)
            _ = machine.received(.piece(id: running, text: "x", tokens: 4), from: 0, now: .zero)
            let actions = machine.received(done(running), from: 0, now: .zero)
            guard case .send(_, .generate(let next)) = actions.last else { break }
            order.append(next.id)
        }
        #expect(order == [1, 11, 2, 12, 3, 4, 5, 6])
    }

    @Test func `a model without a template refuses chats with the reason`() throws {
        var machine = EnginePoolMachine(workers: 1, queueLimit: 100)
        _ = machine.received(.hello(.example(template: nil)), from: 0, now: .zero)
        var chat = request()
        chat.prompt = .messages([ChatMessage(role: .user, content: "Hi")])
        #expect(throws: InferenceError.chatUnsupported(reason: "the model file has no chat template")) {
            try machine.submit(chat, id: 1, now: .zero)
        }
        _ = try machine.submit(request(), id: 2, now: .zero)
    }

    @Test func `stopping ends everything`() throws {
        var machine = EnginePoolMachine(workers: 1, queueLimit: 100)
        _ = machine.received(.hello(.example(sequences: 1)), from: 0, now: .zero)
        _ = try machine.submit(request(), id: 1, now: .zero)
        _ = try machine.submit(request(), id: 2, now: .zero)
        _ = machine.ask(.tokens(.text("x")), id: 3)
        #expect(words(machine.stop()) == ["fail 1 stopping", "fail 2 stopping", "refuse 3 stopping"])
        #expect(throws: InferenceError.stopping) { try machine.submit(request(), id: 4, now: .zero) }
    }

    @Test func `a prompt goes to the worker that has had its beginning, if that is free`() throws {
        var machine = EnginePoolMachine(workers: 2, queueLimit: 100)
        for worker in 0...1 { _ = machine.received(.hello(.example(sequences: 2)), from: worker, now: .zero) }
        let system = String(repeating: "You are a careful accountant. ", count: 40)
        func ask(_ question: String, _ tenant: TenantID = someone) -> GenerationRequest {
            var request = request(tenant)
            request.prompt = .messages([
                ChatMessage(role: .system, content: system), ChatMessage(role: .user, content: question),
            ])
            return request
        }
        var sent: [String] = []
        sent += words(try machine.submit(ask("one"), id: 1, now: .zero))
        sent += words(try machine.submit(request(), id: 2, now: .zero))
        // The first worker has as much to do as the second, and the beginning; another tenant's beginning is not it.
        sent += words(try machine.submit(ask("two"), id: 3, now: .zero))
        sent += words(try machine.submit(ask("three"), id: 4, now: .zero))
        #expect(sent == ["generate 1 on 0", "generate 2 on 1", "generate 3 on 0", "generate 4 on 1"])
        for (id, worker) in [(1, 0), (2, 1), (3, 0), (4, 1)] {
            _ = machine.received(done(id), from: worker, now: .zero)
        }
        #expect(words(try machine.submit(request(), id: 5, now: .zero)) == ["generate 5 on 0"])
        #expect(words(try machine.submit(ask("four", another), id: 6, now: .zero)) == ["generate 6 on 1"])
        #expect(words(try machine.submit(ask("five"), id: 7, now: .zero)) == ["generate 7 on 0"])
        // A worker that was lost holds nothing.
        _ = machine.lost(0, reason: "killed")
        _ = machine.received(.hello(.example(sequences: 2)), from: 0, now: .zero)
        #expect(words(try machine.submit(ask("six"), id: 8, now: .zero)) == ["generate 8 on 1"])
    }

    @Test func `a model is asked only for what it can do`() throws {
        var writer = EnginePoolMachine(workers: 1, queueLimit: 10)
        _ = writer.received(.hello(.example()), from: 0, now: .zero)
        var embedder = EnginePoolMachine(workers: 1, queueLimit: 10)
        _ = embedder.received(.hello(.example(template: nil, vectorSize: 384)), from: 0, now: .zero)
        var vectors = request()
        vectors.prompt = .embeddings([.text("a")])
        var scores = request()
        scores.prompt = .scores(of: [" a"], after: .text("b"))
        for (machine, wrong) in [(writer, vectors), (embedder, scores), (embedder, request())] {
            var machine = machine
            let error = #expect(throws: InferenceError.self) { try machine.submit(wrong, id: 1, now: .zero) }
            #expect(error?.problem.errors.first?.field == "model")
        }
        #expect(words(try embedder.submit(vectors, id: 2, now: .zero)) == ["generate 2 on 0"])
        #expect(words(try writer.submit(scores, id: 2, now: .zero)) == ["generate 2 on 0"])
        let report = EngineReport.vectors(id: 2, [[1], [0]])
        #expect(words(embedder.received(report, from: 0, now: .zero)) == ["vectors 2 2"])
        _ = embedder.received(done(2), from: 0, now: .zero)
        #expect(embedder.received(report, from: 0, now: .zero).isEmpty)
        #expect(embedder.isIdle)
        #expect(!writer.isIdle)
    }

    @Test func `engines that were put to rest start anew without a stain`() throws {
        var machine = EnginePoolMachine(workers: 1, queueLimit: 10)
        for _ in 0..<5 {
            _ = machine.lost(0, reason: "ended")
            machine.rested()
        }
        #expect(try machine.submit(request(), id: 1, now: .zero).isEmpty)
        #expect(words(machine.received(.hello(.example()), from: 0, now: .zero)) == ["generate 1 on 0"])
    }

    @Test func `a tenant without anything under way gets a place though others have taken all`() throws {
        var machine = EnginePoolMachine(workers: 1, queueLimit: 100)
        _ = machine.received(.hello(.example(sequences: 2, reserve: 1)), from: 0, now: .zero)
        for id in 1...5 { _ = try machine.submit(request(someone), id: id, now: .zero) }
        #expect(machine.status.workers[0].running == 2)
        #expect(words(try machine.submit(request(another), id: 6, now: .zero)) == ["generate 6 on 0"])
        #expect(try machine.submit(request(another), id: 7, now: .zero).isEmpty)
        #expect(machine.status.workers[0].running == 3)
        // The place that comes free was one too many; the next goes to whoever had least.
        #expect(words(machine.received(done(1), from: 0, now: .zero)) == ["finished 1 length", "end 1"])
        #expect(words(machine.received(done(2), from: 0, now: .zero)).last == "generate 3 on 0")
        _ = machine.received(done(6), from: 0, now: .zero)
        #expect(machine.status.workers[0].running == 2)
    }
}
