import Foundation
import Values

/// What a GGUF file says about itself, as far as the registry keeps it.
struct ModelHeader: Hashable, Sendable {
    let architecture: String
    let licence: String?
    let context: Int
    let parameters: Int
    let hasChatTemplate: Bool
    /// What the caches hold of each token: keys and values of every layer, 16 bits each.
    ///
    /// Encoders keep nothing.
    let cacheBytesPerToken: Int

    /// Encoders make vectors and no text.
    private static let encoders: Set<String> = ["bert", "nomic-bert", "jina-bert-v2", "modern-bert", "t5encoder"]

    /// What the model can do.
    var tasks: [String] {
        if Self.encoders.contains(architecture) { return ["embed"] }
        return hasChatTemplate ? ["chat", "generate"] : ["generate"]
    }

    /// Reads the header of a file.
    ///
    /// - Throws: `InferenceError.modelFile` if it is cut off or lacks what a model must say.
    init(path: String) throws(InferenceError) {
        let bytes: [UInt8]
        do {
            let handle = try FileHandle(forReadingFrom: URL(fileURLWithPath: path))
            defer { try? handle.close() }
            // Vocabularies make headers of some megabytes; weights come after.
            bytes = Array(try handle.read(upToCount: 64 << 20) ?? Data())
        } catch {
            throw .modelFile("the model file \(path) cannot be read")
        }
        guard let header = ModelHeader(bytes: bytes) else {
            throw .modelFile("the header of \(path) is damaged or does not name an architecture and a context length")
        }
        self = header
    }

    /// Reads a header; nil if it is damaged.
    init?(bytes: [UInt8]) {
        var reader = GGUFReader(bytes)
        guard reader.skip(8), let tensors = reader.count(), let pairs = reader.count() else { return nil }
        var values: [String: GGUFReader.Value] = [:]
        for _ in 0..<pairs {
            guard let key = reader.string(), let value = reader.value() else { return nil }
            values[key] = value
        }
        var parameters = 0
        for _ in 0..<tensors {
            guard let elements = reader.tensorElements() else { return nil }
            let (sum, overflow) = parameters.addingReportingOverflow(elements)
            guard !overflow else { return nil }
            parameters = sum
        }
        guard case .text(let architecture) = values["general.architecture"],
            case .number(let context) = values["\(architecture).context_length"], context > 0, context <= 1 << 30
        else { return nil }
        self.architecture = architecture
        self.context = context
        self.parameters = parameters
        if case .text(let text) = values["general.license"] { licence = text } else { licence = nil }
        hasChatTemplate = values["tokenizer.chat_template"] != nil
        func count(_ key: String) -> Int? {
            guard case .number(let number) = values["\(architecture).\(key)"], (1...1 << 20).contains(number) else {
                return nil
            }
            return number
        }
        let heads = count("attention.head_count") ?? 1
        let size = count("attention.key_length") ?? (count("embedding_length") ?? 0) / heads
        let layers = Self.encoders.contains(architecture) ? 0 : count("block_count") ?? 0
        cacheBytesPerToken = 4 * layers * (count("attention.head_count_kv") ?? heads) * size
    }
}

/// Reads the parts of a GGUF header one after another; nil once they go beyond the bytes.
private struct GGUFReader {
    enum Value {
        case number(Int)
        case text(String)
        case other
    }

    private let bytes: [UInt8]
    private var position = 0

    init(_ bytes: [UInt8]) {
        self.bytes = bytes
    }

    mutating func skip(_ count: Int) -> Bool {
        guard count >= 0, bytes.count - position >= count else { return false }
        position += count
        return true
    }

    private mutating func unsigned(_ width: Int) -> UInt64? {
        let start = position
        guard skip(width) else { return nil }
        return bytes[start..<position].reversed().reduce(0) { $0 << 8 | UInt64($1) }
    }

    /// A number of things that follow, each of at least a byte.
    mutating func count() -> Int? {
        guard let count = unsigned(8), count <= UInt64(bytes.count) else { return nil }
        return Int(count)
    }

    mutating func string() -> String? {
        guard let count = count() else { return nil }
        let start = position
        guard skip(count) else { return nil }
        return String(decoding: bytes[start..<position], as: UTF8.self)
    }

    mutating func value() -> Value? {
        guard let type = unsigned(4) else { return nil }
        return value(of: type)
    }

    private mutating func value(of type: UInt64) -> Value? {
        switch type {
        case 8: return string().map(Value.text)
        case 9:
            guard let element = unsigned(4), element != 9, let count = count() else { return nil }
            if let width = Self.width(element) { return skip(count * width) ? .other : nil }
            for _ in 0..<count {
                guard element == 8, let length = self.count(), skip(length) else { return nil }
            }
            return .other
        default:
            guard let width = Self.width(type), let bits = unsigned(width) else { return nil }
            // Of the fixed widths only whole numbers matter here.
            return [0, 2, 4, 10].contains(type) ? Int(exactly: bits).map(Value.number) : .other
        }
    }

    private static func width(_ type: UInt64) -> Int? {
        switch type {
        case 0, 1, 7: 1
        case 2, 3: 2
        case 4, 5, 6: 4
        case 10, 11, 12: 8
        default: nil
        }
    }

    /// The elements of the next tensor.
    mutating func tensorElements() -> Int? {
        guard string() != nil, let dimensions = unsigned(4), dimensions <= 8 else { return nil }
        var elements = 1
        for _ in 0..<dimensions {
            guard let size = unsigned(8).flatMap({ Int(exactly: $0) }) else { return nil }
            let (product, overflow) = elements.multipliedReportingOverflow(by: size)
            guard !overflow else { return nil }
            elements = product
        }
        return skip(12) ? elements : nil
    }
}
