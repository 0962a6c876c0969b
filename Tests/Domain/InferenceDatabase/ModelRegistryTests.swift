import Foundation
import Inference
import Postgres
import TestSupport
import Testing
import Values

@Suite struct ModelRegistryTests {
    private static let stamp = Stamp(now: testNow, author: .command)

    @Test func `the first start registers the folder and names a default, the next changes nothing`() async throws {
        try await withDatabase { database in
            let names = ["Alpha-base.Q8_0.gguf", "Beta-chat.gguf", "SmolLM2-135M-Instruct.Q4_1.gguf"]
            try await TinyModel.withFolder(names) { folder in
                let first = try await ModelOperations.register(folder: folder, in: database, by: Self.stamp)
                #expect(first.map(\.name) == ["alpha-base", "beta-chat", "smollm2-135m-instruct"])
                #expect(first.map(\.tasks) == [["generate"], ["chat", "generate"], ["chat", "generate"]])
                #expect(first[0].context == 512)
                #expect(first[0].parameters == 24)
                #expect(first[0].licence == "apache-2.0")
                #expect(first[0].version == String(first[0].sha256.prefix(12)))
                let later = Stamp(now: testNow.adding(seconds: 60), author: .command)
                #expect(try await ModelOperations.register(folder: folder, in: database, by: later) == first)
                try await database.transaction(as: .tenant(TenantID.make(at: testNow))) { transaction in
                    for name in ["auto", "fast", "best"] {
                        let route = try await ModelQueries.resolve(name, in: transaction)
                        #expect(route.model == first[2])
                        #expect(route.reason.hasSuffix("alias \(name)"))
                    }
                    #expect(try await ModelQueries.resolve(nil, in: transaction).reason.hasSuffix("default"))
                    #expect(try await ModelQueries.resolve("beta-chat", in: transaction).model == first[1])
                    #expect(try await ModelQueries.list(in: transaction) == first)
                }
            }
        }
    }

    @Test func `an alias that was moved stays where it is, and a retired version is not used`() async throws {
        try await withDatabase { database in
            try await TinyModel.withFolder(["beta.gguf", "smollm2.gguf"]) { folder in
                let models = try await ModelOperations.register(folder: folder, in: database, by: Self.stamp)
                try await database.transaction(as: .admin) { transaction in
                    try await ModelOperations.alias("auto", to: "beta", by: Self.stamp, in: transaction)
                }
                _ = try await ModelOperations.register(folder: folder, in: database, by: Self.stamp)
                try await database.transaction(as: .admin) { transaction in
                    #expect(try await ModelQueries.resolve("auto", in: transaction).model == models[0])
                    _ = try await ModelOperations.retire(
                        "beta",
                        version: models[0].version,
                        by: Self.stamp,
                        in: transaction
                    )
                    #expect(try await ModelQueries.list(in: transaction).map(\.name) == ["smollm2"])
                }
                await #expect(throws: InferenceError.modelNotFound("auto")) {
                    try await database.transaction(as: .admin) { transaction in
                        _ = try await ModelQueries.resolve("auto", in: transaction)
                    }
                }
            }
        }
    }

    @Test func `names are given once`() async throws {
        try await withDatabase { database in
            try await TinyModel.withFolder(["a.gguf", "b.gguf"]) { folder in
                let first = try ModelDraft(file: folder + "/a.gguf", name: "m", version: "1")
                let second = try ModelDraft(file: folder + "/b.gguf", name: "m", version: "1")
                try await database.transaction(as: .admin) { transaction in
                    _ = try await ModelOperations.add(first, by: Self.stamp, in: transaction)
                }
                await #expect(throws: InferenceError.modelTaken("m@1")) {
                    try await database.transaction(as: .admin) { transaction in
                        _ = try await ModelOperations.add(second, by: Self.stamp, in: transaction)
                    }
                }
                await #expect(throws: InferenceError.modelTaken("m")) {
                    try await database.transaction(as: .admin) { transaction in
                        try await ModelOperations.alias("m", to: "m", by: Self.stamp, in: transaction)
                    }
                }
                #expect(throws: Problem.self) { _ = try ModelDraft(file: folder + "/a.gguf", name: "Not A Name") }
            }
        }
    }

    @Test func `a header that is cut off is refused at every length`() async throws {
        let whole = TinyModel.header(name: "x")
        let path = NSTemporaryDirectory() + "abono-cut-\(UInt64.random(in: 0...UInt64.max)).gguf"
        defer { try? FileManager.default.removeItem(atPath: path) }
        for length in stride(from: 0, to: whole.count, by: 7) {
            try Data(whole.prefix(length)).write(to: URL(fileURLWithPath: path))
            #expect(throws: InferenceError.self) { try ModelDraft(file: path, name: "x") }
        }
        try Data(whole).write(to: URL(fileURLWithPath: path))
        #expect(try ModelDraft(file: path, name: "x").context == 512)
    }
}
