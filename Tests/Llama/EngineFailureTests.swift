import Foundation
import Glibc
import Inference
import Testing
import Values

@Suite(.serialized) struct EngineFailureTests {
    private static let endless = SamplingParameters(temperature: 0, logitBias: [2: -100, 0: -100])

    private static func longRequest(maxTokens: Int = 900) -> GenerationRequest {
        EngineFixture.request(EngineFixture.chat("Tell me everything."), maxTokens: maxTokens, sampling: endless)
    }

    private static func shortRequest() -> GenerationRequest {
        EngineFixture.request(EngineFixture.chat("Hi"), maxTokens: 3)
    }

    /// Reads a generation up to its third piece.
    private static func begin(_ generation: Generation) async throws -> GenerationStream.AsyncIterator {
        var events = generation.events.makeAsyncIterator()
        var pieces = 0
        while pieces < 3, let event = try await events.next() {
            if case .piece = event { pieces += 1 }
        }
        return events
    }

    private static func succeeds(_ body: () async throws -> Void) async -> Bool {
        do {
            try await body()
            return true
        } catch {
            return false
        }
    }

    @Test func `cancelling ends the generation within two tokens and tells what was used`() async throws {
        try await EngineFixture.withPool { pool in
            let generation = try pool.generate(Self.longRequest())
            var events = try await Self.begin(generation)
            generation.cancel()
            var later = 0
            var ending: GenerationEvent?
            while let event = try await events.next() {
                if case .piece(_, let tokens, _) = event { later += tokens }
                ending = event
            }
            guard case .finished(.cancelled, let usage) = ending else {
                Issue.record("ended with \(String(describing: ending))")
                return
            }
            #expect(usage.completionTokens == 3 + later)
            #expect(later <= 20)
            #expect(usage.promptTokens > 0)
            let next = try await pool.generate(Self.shortRequest()).collected()
            #expect(next.usage.completionTokens > 0)
        }
    }

    @Test func `a consumer that goes away stops its generation`() async throws {
        try await EngineFixture.withPool { pool in
            do {
                _ = try await Self.begin(try pool.generate(Self.longRequest()))
            }
            try await EngineFixture.wait(for: .seconds(20)) { pool.status.workers[0].running == 0 }
        }
    }

    @Test func `an engine killed in the middle fails what it ran, and the service goes on`() async throws {
        try await EngineFixture.withPool { pool in
            let generation = try pool.generate(Self.longRequest())
            var events = try await Self.begin(generation)
            let victim = try #require(pool.status.workers[0].processIdentifier)
            kill(victim, SIGKILL)
            await #expect(throws: InferenceError.engineLost) {
                while try await events.next() != nil {}
            }
            let answer = try await pool.generate(Self.shortRequest()).collected()
            #expect(answer.usage.completionTokens > 0)
            #expect(pool.status.workers[0].processIdentifier != victim)
        }
    }

    @Test func `an engine that stands still is noticed and replaced`() async throws {
        try await EngineFixture.withPool { pool in
            let generation = try pool.generate(Self.longRequest())
            var events = try await Self.begin(generation)
            let victim = try #require(pool.status.workers[0].processIdentifier)
            kill(victim, SIGSTOP)
            await #expect(throws: InferenceError.engineLost) {
                while try await events.next() != nil {}
            }
            let answer = try await pool.generate(Self.shortRequest()).collected()
            #expect(answer.usage.completionTokens > 0)
        }
    }

    @Test func `other engines go on while one is replaced`() async throws {
        try await EngineFixture.withPool(workers: 2, sequences: 1) { pool in
            try await EngineFixture.wait { pool.status.workers.allSatisfy { $0.description != nil } }
            let first = try pool.generate(Self.longRequest(maxTokens: 60))
            let second = try pool.generate(Self.longRequest(maxTokens: 60))
            var events = try await Self.begin(first)
            let victim = try #require(pool.status.workers[0].processIdentifier)
            kill(victim, SIGKILL)
            var isFirstWhole = true
            do { while try await events.next() != nil {} } catch { isFirstWhole = false }
            let isSecondWhole = await Self.succeeds { _ = try await second.collected() }
            #expect(isFirstWhole != isSecondWhole)
        }
    }

    @Test func `an idle engine costs next to nothing`() async throws {
        try await EngineFixture.withPool { pool in
            try await pool.ready()
            _ = try await pool.generate(Self.shortRequest()).collected()
            let engine = try #require(pool.status.workers[0].processIdentifier)
            try await Task.sleep(for: .milliseconds(200))
            let before = try EngineFixture.cpuTime(of: engine)
            try await Task.sleep(for: .seconds(3))
            let used = try EngineFixture.cpuTime(of: engine) - before
            #expect(used < .milliseconds(60), "\(used) in three seconds")
        }
    }

    @Test func `engines end with their pool`() async throws {
        let engine = try await EngineFixture.withPool { pool in
            try await pool.ready()
            return try #require(pool.status.workers[0].processIdentifier)
        }
        #expect(kill(engine, 0) == -1)
    }

    @Test func `a file that is no model is refused with a reason and does not hang anybody`() async throws {
        let path = NSTemporaryDirectory() + "abono-no-model-\(UInt64.random(in: 0...UInt64.max)).gguf"
        try Data("GGUF\u{3}\u{0}\u{0}\u{0}nonsense".utf8).write(to: URL(fileURLWithPath: path))
        defer { try? FileManager.default.removeItem(atPath: path) }
        try await EngineFixture.withPool(model: path) { pool in
            let error = await #expect(throws: InferenceError.self) { try await pool.ready() }
            guard case .noEngine(let reason) = error else {
                Issue.record("\(String(describing: error))")
                return
            }
            #expect(!reason.isEmpty)
        }
        #expect(throws: InferenceError.self) { try ModelFile(path: "/etc/hostname") }
        #expect(throws: InferenceError.self) { try ModelFile(path: "/nonexistent.gguf") }
    }

    @Test func `the shipped model is the one that was registered`() throws {
        let file = try ModelFile(path: EngineFixture.model)
        #expect(file.byteCount == 98_362_432)
        try file.check(sha256: "b179c9523d0e6a0f98a330c7562b682750a6f8c8c15e5bc70ea373728110db53")
    }
}
