import Foundation
import Glibc
import Inference
import Logging
import Testing
import Values

/// Where tests find the model, the program, and how they run a pool.
enum EngineFixture {
    /// SmolLM2 as the installer leaves it.
    static var model: String { folder + "/SmolLM2-135M-Instruct.Q4_1.gguf" }

    /// MiniLM as the installer makes it.
    static var embedder: String { folder + "/all-MiniLM-L6-v2.F16.gguf" }

    private static var folder: String {
        let environment = ProcessInfo.processInfo.environment
        let cache = environment["ABONO_CACHE"] ?? NSHomeDirectory() + "/.cache/abono"
        return environment["ABONO_MODELS"] ?? cache + "/models"
    }

    /// The program lies beside the test bundle.
    static var executable: EngineExecutable {
        get throws {
            var places = [EngineExecutable.current.path] + CommandLine.arguments
            places += CommandLine.arguments.compactMap { $0.split(separator: "=").last.map(String.init) }
            for place in places {
                let folder = URL(fileURLWithPath: place).resolvingSymlinksInPath().deletingLastPathComponent()
                let candidate = folder.appendingPathComponent("abono").path
                if FileManager.default.isExecutableFile(atPath: candidate) {
                    return EngineExecutable(path: candidate)
                }
            }
            throw InferenceError.noEngine(reason: "no program abono beside the test bundle; searched \(places)")
        }
    }

    /// Runs a pool around `body`.
    static func withPool<Value: Sendable>(
        model: String = EngineFixture.model,
        workers: Int = 1,
        sequences: Int = 2,
        context: Int = 1024,
        memory: EngineMemory? = nil,
        bytes: Int = 0,
        _ body: (EnginePool) async throws -> Value
    ) async throws -> Value {
        let options = EngineOptions(model: model, sequences: sequences, context: context)
        let configuration = EnginePoolConfiguration(
            executable: try executable,
            options: options,
            workers: workers,
            questionTimeout: .seconds(60),
            memory: memory,
            bytes: bytes
        )
        let pool = EnginePool(configuration, logger: Logger(label: "test") { _ in SwiftLogNoOpLogHandler() })
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await pool.run() }
            do {
                let value = try await body(pool)
                group.cancelAll()
                try await group.waitForAll()
                return value
            } catch {
                group.cancelAll()
                throw error
            }
        }
    }

    static let tenant = TenantID(at: Instant(seconds: 1), random: (7, 7))

    /// A greedy request.
    static func request(
        _ prompt: GenerationPrompt,
        tenant: TenantID = tenant,
        maxTokens: Int? = 40,
        stop: [String] = [],
        sampling: SamplingParameters = .greedy
    ) -> GenerationRequest {
        GenerationRequest(
            id: JobID.make(at: Instant(seconds: 1)),
            tenant: tenant,
            prompt: prompt,
            sampling: sampling,
            maxTokens: maxTokens,
            stop: stop
        )
    }

    static func chat(_ text: String) -> GenerationPrompt {
        .messages([ChatMessage(role: .user, content: text)])
    }

    /// Waits until something is so.
    static func wait(
        for limit: Duration = .seconds(10),
        until isSo: () -> Bool
    ) async throws {
        let deadline = SuspendingClock.now + limit
        while !isSo() {
            try #require(SuspendingClock.now < deadline, "waited \(limit) in vain")
            try await Task.sleep(for: .milliseconds(10))
        }
    }

    /// Processor time that a process has used.
    static func cpuTime(of processIdentifier: Int32) throws -> Duration {
        var nanoseconds: Int64 = 0
        let tasks = "/proc/\(processIdentifier)/task"
        for task in try FileManager.default.contentsOfDirectory(atPath: tasks) {
            let text = try String(contentsOfFile: "\(tasks)/\(task)/schedstat", encoding: .utf8)
            nanoseconds += text.split(separator: " ").first.flatMap { Int64($0) } ?? 0
        }
        return .nanoseconds(nanoseconds)
    }
}

/// A long text of numbered sentences.
func numberedSentences(_ count: Int) -> String {
    (1...count).map { "On day \($0) the committee met and discussed the price of a seat." }.joined(separator: " ")
}
