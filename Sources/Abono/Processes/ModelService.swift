import Foundation
import Inference
import Jobs
import Logging
import Postgres
import ServiceLifecycle
import Values

/// The models of a node: an engine pool for each, and the service that admits, runs and settles.
struct ModelService {
    /// Most models that one node offers; how many are in memory at once is a matter of the memory.
    private static let modelLimit = 64

    /// The pools; they are started before whatever asks them and stopped after it.
    let pools: [EnginePool]
    /// Runs what is admitted, and settles what dead nodes have left, which needs no model.
    let inference: InferenceService
    /// What endpoints are given: nil where there is no model to ask.
    var offered: InferenceService? { pools.isEmpty ? nil : inference }

    /// Makes a pool for each model of the registry that has a file here, or for the one that the settings name.
    ///
    /// - Throws: a model named in the settings that there is not.
    static func make(_ session: Session, keeper: NodeKeeper, logger: Logger) async throws -> ModelService {
        var pools: [EnginePool] = []
        var generators: [String: any TextGenerator] = [:]
        let settings = session.settings
        let memory = EngineMemory(budget: settings.memory << 20)
        for model in try await models(session, logger).prefix(modelLimit) {
            let isEmbedding = model.tasks == ["embed"]
            let options = EngineOptions(
                model: model.file,
                sequences: settings.sequences,
                context: settings.context,
                threads: settings.threads
            )
            // Texts are embedded many at a time, so that one process serves many callers.
            let workers = isEmbedding ? 1 : settings.workers
            guard let bytes = size(of: model, options, workers: workers, logger) else { continue }
            if bytes > settings.memory << 20 {
                logger.warning(
                    "a model needs more memory than its share",
                    metadata: ["model": "\(model.name)", "bytes": "\(bytes)", "megabytes": "\(settings.memory)"]
                )
            }
            let pool = EnginePool(
                EnginePoolConfiguration(options: options, workers: workers, memory: memory, bytes: bytes),
                logger: logger
            )
            pools.append(pool)
            generators[model.name] = pool
        }
        // The first is asked for most: it need not wait for the first question.
        pools.first?.prepare()
        if pools.isEmpty { logger.notice("no model runs here; requests for inference are refused") }
        let inference = InferenceService(
            database: session.database,
            generators: generators,
            keeper: keeper,
            time: session.time,
            logger: logger
        )
        return ModelService(pools: pools, inference: inference)
    }

    /// What a model takes of the memory; nil, and a line in the log, if its file is damaged.
    private static func size(of model: Model, _ options: EngineOptions, workers: Int, _ logger: Logger) -> Int? {
        do {
            return try ModelFile(path: model.file).memory(
                workers: workers,
                sequences: options.sequences,
                context: options.context
            )
        } catch {
            logger.error(
                "a model cannot be used",
                metadata: ["model": "\(model.name)", "reason": "\(error.problem.message)"]
            )
            return nil
        }
    }

    /// The newest version of each model whose file is here, those that chat first.
    private static func models(_ session: Session, _ logger: Logger) async throws -> [Model] {
        guard session.settings.workers > 0 else { return [] }
        let found = try await session.administer { transaction in
            if let name = session.settings.model {
                return [try await ModelQueries.resolve(name, in: transaction).model]
            }
            return try await ModelQueries.list(in: transaction)
        }
        var names: Set<String> = []
        let chatting = found.filter { $0.tasks.contains("chat") }
        return (chatting + found.filter { !$0.tasks.contains("chat") }).filter { model in
            guard names.insert(model.name).inserted else { return false }
            guard FileManager.default.isReadableFile(atPath: model.file) else {
                logger.warning("a model's file is not on this machine", metadata: ["model": "\(model.name)"])
                return false
            }
            return true
        }
    }
}

/// The folder of GGUF files that `abono up` takes its models from.
enum ModelFolder {
    /// Registers the files of the models folder that are not in the registry yet; without a folder there is nothing
    /// to do.
    static func register(_ session: Session, _ logger: Logger) async throws {
        let folder = URL(fileURLWithPath: session.settings.models).standardizedFileURL.path
        let files = ((try? FileManager.default.contentsOfDirectory(atPath: folder)) ?? [])
            .filter { $0.lowercased().hasSuffix(".gguf") }
        guard !files.isEmpty else { return }
        let known = try await session.administer { transaction in
            try await ModelQueries.list(includingRetired: true, in: transaction)
        }
        // Hashing takes a second for a gigabyte, so files that are known by place and size are not read again.
        let isKnown = files.allSatisfy { file in
            let path = folder + "/" + file
            let bytes = try? FileManager.default.attributesOfItem(atPath: path)[.size] as? Int
            return known.contains { $0.file == path && $0.bytes == bytes }
        }
        guard !isKnown else { return }
        do {
            try await ModelOperations.register(folder: folder, in: session.database, by: session.stamp)
        } catch let error as InferenceError {
            // One bad file must not keep everything else from starting.
            logger.error("a model was not registered", metadata: ["reason": "\(error.problem.message)"])
        }
    }
}
