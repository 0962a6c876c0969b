import Foundation
import Inference
import Testing
import Values

@Suite(.serialized) struct EngineMemoryTests {
    private static func isRunning(_ pool: EnginePool) -> Bool {
        pool.status.workers.contains { $0.processIdentifier != nil }
    }

    @Test func `models start when they are asked for, and the idle one makes room`() async throws {
        let memory = EngineMemory(budget: 100)
        try await EngineFixture.withPool(memory: memory, bytes: 70) { writer in
            try await EngineFixture.withPool(model: EngineFixture.embedder, memory: memory, bytes: 60) { embedder in
                #expect(!Self.isRunning(writer))
                #expect(memory.bytes == 0)
                let greeting = EngineFixture.request(EngineFixture.chat("Hi"), maxTokens: 3)
                let first = try await writer.generate(greeting).collected()
                #expect(Self.isRunning(writer))
                #expect(!Self.isRunning(embedder))
                let vectors = EngineFixture.request(.embeddings([.text("seat")]), maxTokens: nil)
                let vector = try await embedder.generate(vectors).collectedVectors().vectors
                #expect(vector.first?.count == 384)
                #expect(memory.bytes == 60)
                try await EngineFixture.wait { !Self.isRunning(writer) }
                // It comes back as if nothing had been.
                let again = try await writer.generate(greeting).collected()
                #expect(again.text == first.text)
                #expect(memory.bytes == 70)
                try await EngineFixture.wait { !Self.isRunning(embedder) }
            }
        }
    }

    @Test func `a model that works keeps its room`() async throws {
        let memory = EngineMemory(budget: 100)
        try await EngineFixture.withPool(memory: memory, bytes: 70) { writer in
            try await EngineFixture.withPool(model: EngineFixture.embedder, memory: memory, bytes: 60) { embedder in
                let endless = SamplingParameters(temperature: 0, logitBias: [2: -100, 0: -100])
                let long = EngineFixture.request(EngineFixture.chat("Go on."), maxTokens: 900, sampling: endless)
                let generation = try writer.generate(long)
                let vectors = EngineFixture.request(.embeddings([.text("seat")]), maxTokens: nil)
                let error = #expect(throws: InferenceError.self) { _ = try embedder.generate(vectors) }
                #expect(error?.isRetryable == true)
                #expect(error?.problem.retryAfterSeconds != nil)
                generation.cancel()
                _ = try await generation.collected()
                let vector = try await embedder.generate(vectors).collectedVectors().vectors
                #expect(vector.count == 1)
            }
        }
    }

    @Test func `a damaged file is the trouble of its model alone`() async throws {
        let path = NSTemporaryDirectory() + "abono-cut-\(UInt64.random(in: 0...UInt64.max)).gguf"
        defer { try? FileManager.default.removeItem(atPath: path) }
        let whole = try #require(FileManager.default.contents(atPath: EngineFixture.embedder))
        try whole.prefix(20_000_000).write(to: URL(fileURLWithPath: path))
        let memory = EngineMemory(budget: 1000)
        try await EngineFixture.withPool(model: path, memory: memory, bytes: 10) { damaged in
            try await EngineFixture.withPool(model: EngineFixture.embedder, memory: memory, bytes: 10) { embedder in
                let vectors = EngineFixture.request(.embeddings([.text("seat")]), maxTokens: nil)
                let error = await #expect(throws: InferenceError.self) {
                    try await damaged.generate(vectors).collectedVectors()
                }
                #expect(error?.isRetryable == true)
                let vector = try await embedder.generate(vectors).collectedVectors().vectors
                #expect(vector.count == 1)
            }
        }
    }

    @Test func `what a model will take is known from its header`() throws {
        let file = try ModelFile(path: EngineFixture.model)
        let short = try file.memory(workers: 2, sequences: 4, context: 1024)
        let long = try file.memory(workers: 2, sequences: 4, context: 2048)
        // 30 layers, three heads of 64 numbers each for keys and for values, of 16 bits; and one sequence more.
        #expect(long - short == 2 * 5 * 1024 * 23_040)
        #expect(short > file.byteCount)
        let embedder = try ModelFile(path: EngineFixture.embedder)
        let many = try embedder.memory(workers: 1, sequences: 8, context: 512)
        #expect(try embedder.memory(workers: 1, sequences: 1, context: 8) == many)
    }
}
