import CLlamaShim
import Foundation
import Glibc
package import Inference
import Synchronization
import Values

/// The engine as a process: `abono engine`.
///
/// Frames come in and go out over the socket that is its standard input and output; the end of the file ends it.
package enum EngineProcess {
    /// What the threads share.
    private final class Shared: Sendable {
        let reader = Mutex<PromptReader?>(nil)
        let statistics = Mutex(EngineStatistics())
        let prompts = PromptQueue()
        let inbox = EngineInbox()
        let writer: FrameWriter

        init(writer: FrameWriter) {
            self.writer = writer
        }
    }

    /// Runs the engine; ends with the process.
    ///
    /// One thread reads frames and answers pings, one turns prompts into tokens, one computes; this one sleeps.
    package static func run(_ options: EngineOptions) -> Never {
        signal(SIGPIPE, SIG_IGN)
        let descriptor = takeSocket()
        let shared = Shared(writer: FrameWriter(descriptor: descriptor))
        start("engine frames", stackBytes: 4 << 20) { readFrames(from: descriptor, shared) }
        // Some tokenisers recurse once for each character of a long word.
        start("engine prompts", stackBytes: 256 << 20) { readPrompts(shared) }
        start("engine", stackBytes: 16 << 20) { compute(options, shared) }
        while true {
            pause()
        }
    }

    /// Moves the socket away from the standard descriptors, so that nothing that prints can garble the frames.
    private static func takeSocket() -> Int32 {
        let descriptor = fcntl(STDIN_FILENO, F_DUPFD_CLOEXEC, 3)
        let nothing = unsafe open("/dev/null", O_RDWR | O_CLOEXEC)
        guard descriptor >= 0, nothing >= 0 else { _exit(71) }
        dup2(nothing, STDIN_FILENO)
        dup2(STDERR_FILENO, STDOUT_FILENO)
        close(nothing)
        return descriptor
    }

    private static func start(_ name: String, stackBytes: Int, _ body: @escaping @Sendable () -> Void) {
        let thread = Thread(block: body)
        thread.name = name
        thread.stackSize = stackBytes
        thread.start()
    }

    // MARK: - Frames

    private static func readFrames(from descriptor: Int32, _ shared: Shared) {
        var lines = LineSocket(descriptor: descriptor)
        while true {
            var waiting = [pollfd(fd: descriptor, events: Int16(POLLIN), revents: 0)]
            _ = unsafe poll(&waiting, 1, -1)
            switch lines.receive() {
            // Nothing here is worth a farewell: whatever ran is accounted for by the server.
            case .endOfFile: _exit(0)
            case .oversized: _exit(65)
            case .lines(let arrived):
                for line in arrived {
                    do throws(Problem) {
                        obey(try EngineCommand(JSONValue(parsing: line)), shared)
                    } catch {
                        shared.writer.write(.failed(id: nil, trouble: EngineTrouble(.invalid, error.message)))
                        _exit(65)
                    }
                }
            }
        }
    }

    private static func obey(_ command: EngineCommand, _ shared: Shared) {
        switch command {
        case .ping(let number):
            shared.writer.write(.pong(number, shared.statistics.withLock { $0 }))
        case .cancel(let id):
            if !shared.prompts.putCancellation(of: id) {
                shared.inbox.put(.cancel(id: id))
            }
        case .tokenize, .generate:
            shared.prompts.put(command)
        }
    }

    private static func readPrompts(_ shared: Shared) {
        shared.prompts.run { command in
            switch command {
            case .ping: break
            case .cancel(let id):
                shared.inbox.put(.cancel(id: id))
            case .tokenize(let id, let prompt):
                answer(id, shared) { reader throws(EngineTrouble) in
                    .tokenized(id: id, tokens: try reader.count(of: prompt))
                }
            case .generate(let generation):
                answer(generation.id, shared) { reader throws(EngineTrouble) in
                    if case .embeddings(let inputs) = generation.prompt {
                        shared.inbox.put(.embed(try reader.prepare(inputs, of: generation)))
                    } else {
                        shared.inbox.put(.generate(try reader.prepare(generation)))
                    }
                    return nil
                }
            }
        }
    }

    private static func answer(
        _ id: Int,
        _ shared: Shared,
        _ body: (PromptReader) throws(EngineTrouble) -> EngineReport?
    ) {
        do throws(EngineTrouble) {
            guard let reader = shared.reader.withLock({ $0 }) else {
                throw EngineTrouble(.busy, "the model is not loaded yet")
            }
            if let report = try body(reader) {
                shared.writer.write(report)
            }
        } catch {
            shared.writer.write(.failed(id: id, trouble: error))
        }
    }

    // MARK: - Computing

    private static func compute(_ options: EngineOptions, _ shared: Shared) {
        let writer = shared.writer
        do {
            let start = SuspendingClock.now
            let (model, context, reader) = try load(options)
            shared.reader.withLock { $0 = reader }
            let milliseconds = Int((SuspendingClock.now - start) / .milliseconds(1))
            writer.write(.hello(describe(model, context, reader, options, loadMilliseconds: milliseconds)))
            let publish: (EngineStatistics) -> Void = { latest in shared.statistics.withLock { $0 = latest } }
            if model.facts.generates {
                var loop = EngineLoop(
                    model: model,
                    context: context,
                    options: options,
                    inbox: shared.inbox,
                    report: { writer.write($0) },
                    publish: publish
                )
                loop.run()
            } else {
                var loop = EmbeddingLoop(
                    context: context,
                    options: options,
                    inbox: shared.inbox,
                    report: { writer.write($0) },
                    publish: publish
                )
                loop.run()
            }
        } catch {
            writer.write(.failed(id: nil, trouble: EngineTrouble(.model, "\(error)")))
            _exit(66)
        }
    }

    /// Loads the model and touches all of its weights once, so that the first request is not the one that pays.
    private static func load(_ options: EngineOptions) throws -> (LlamaModel, LlamaContext, PromptReader) {
        _ = try ModelFile(path: options.model)
        let model = try LlamaModel(path: options.model)
        guard model.facts.generates || model.facts.vector_size > 0 else {
            throw InferenceError.modelFile("\(options.model) is a model that neither writes text nor makes vectors")
        }
        let trained = model.facts.trained_context > 0 ? Int(model.facts.trained_context) : options.context
        let size = min(options.context, trained)
        let context = try model.makeContext(contextOptions(options, size, vectors: !model.facts.generates))
        context.clear()
        _ = try context.add(model.beginning ?? 0, to: 0, at: 0, sampled: !model.facts.generates)
        _ = try context.process()
        try context.forget(0)
        let reader = PromptReader(model: model, context: model.facts.generates ? min(context.size, trained) : size)
        return (model, context, reader)
    }

    /// An encoder takes a whole text in one call; what writes text keeps caches and reads prompts in chunks.
    private static func contextOptions(_ options: EngineOptions, _ size: Int, vectors: Bool) -> abono_llama_options {
        let sequences = vectors ? EmbeddingLoop.texts : options.allSequences
        let batch = vectors ? max(size, EmbeddingLoop.tokens) : max(EngineSequence.chunk, options.allSequences)
        return abono_llama_options(
            context: Int32(clamping: size),
            sequences: Int32(clamping: sequences),
            batch: Int32(clamping: batch),
            threads: Int32(clamping: options.threads),
            rows: Int32(clamping: max(EngineSequence.rows, options.allSequences)),
            vectors: vectors
        )
    }

    private static func describe(
        _ model: LlamaModel,
        _ context: LlamaContext,
        _ reader: PromptReader,
        _ options: EngineOptions,
        loadMilliseconds: Int
    ) -> EngineDescription {
        EngineDescription(
            model: model.name.isEmpty ? model.description : model.name,
            architecture: model.architecture,
            weights: model.weights,
            parameters: Int(clamping: model.facts.parameters),
            bytes: Int(clamping: model.facts.bytes),
            vocabulary: Int(model.facts.vocabulary),
            context: reader.context,
            trainedContext: Int(model.facts.trained_context),
            sequences: options.sequences,
            reserve: options.allSequences - options.sequences,
            template: reader.template?.family,
            templateRefusal: reader.templateRefusal,
            vectorSize: model.facts.vector_size > 0 ? Int(model.facts.vector_size) : nil,
            loadMilliseconds: loadMilliseconds,
            build: LlamaModel.build
        )
    }
}

/// Writes reports, whole, from any thread.
final class FrameWriter: Sendable {
    private let descriptor: Int32
    private let lock = Mutex(())

    init(descriptor: Int32) {
        self.descriptor = descriptor
    }

    /// Writes a report; waits while the server does not read.
    func write(_ report: EngineReport) {
        var bytes = Array(report.line.utf8)
        lock.withLock { _ in
            while !bytes.isEmpty {
                let count = unsafe bytes.withUnsafeBytes { unsafe send(descriptor, $0.baseAddress, $0.count, 0) }
                if count > 0 {
                    bytes.removeFirst(count)
                } else if errno != EINTR {
                    // The server is gone.
                    _exit(0)
                }
            }
        }
    }
}
