import Foundation

/// A file that is a model as far as the registry can see: a GGUF header and no weights.
enum TinyModel {
    /// Writes one and lends its folder; `seed` makes files differ.
    static func withFolder<Value>(_ names: [String], _ body: (String) async throws -> Value) async throws -> Value {
        let folder = NSTemporaryDirectory() + "abono-models-\(UInt64.random(in: 0...UInt64.max))"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        for name in names {
            let bytes = header(name: name, canChat: !name.contains("base"))
            try Data(bytes).write(to: URL(fileURLWithPath: folder + "/" + name))
        }
        return try await body(folder)
    }

    /// The bytes of a header with a vocabulary and two tensors of 24 elements in all.
    static func header(name: String, canChat: Bool = true, architecture: String = "llama") -> [UInt8] {
        var pairs: [[UInt8]] = [
            text("general.architecture") + number(8, 4) + text(architecture),
            text("general.name") + number(8, 4) + text(name),
            text("general.license") + number(8, 4) + text("apache-2.0"),
            text("\(architecture).context_length") + number(4, 4) + number(512, 4),
            text("tokenizer.ggml.tokens") + number(9, 4) + number(8, 4) + number(2, 8) + text("a") + text("bc"),
            text("tokenizer.ggml.scores") + number(9, 4) + number(6, 4) + number(2, 8) + number(0, 8),
        ]
        if canChat { pairs.append(text("tokenizer.chat_template") + number(8, 4) + text("{{ messages }}")) }
        let tensors =
            text("one") + number(2, 4) + number(4, 8) + number(5, 8) + number(0, 12)
            + text("two") + number(1, 4) + number(4, 8) + number(0, 12)
        return Array("GGUF".utf8) + number(3, 4) + number(2, 8) + number(UInt64(pairs.count), 8) + pairs.flatMap(\.self)
            + tensors
    }

    private static func number(_ value: UInt64, _ width: Int) -> [UInt8] {
        (0..<width).map { $0 < 8 ? UInt8(truncatingIfNeeded: value >> (8 * UInt64($0))) : 0 }
    }

    private static func text(_ text: String) -> [UInt8] {
        number(UInt64(text.utf8.count), 8) + Array(text.utf8)
    }
}
