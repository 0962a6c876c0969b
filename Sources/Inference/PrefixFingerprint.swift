import Values

/// The beginning of a prompt in blocks, so that prompts which begin alike can be told without their tokens.
///
/// Pure. Equal only within one process.
struct PrefixFingerprint: Hashable, Sendable {
    /// About as many bytes as the engine's chunks of 128 tokens have.
    private static let blockBytes = 512
    private static let blockTokens = 128
    private static let blockLimit = 64

    /// The hash of everything up to the end of each block; of no tenant's but its own.
    private let blocks: [Int]

    init(_ prompt: GenerationPrompt, of tenant: TenantID) {
        var hasher = Hasher()
        hasher.combine(tenant)
        var blocks: [Int] = []
        func add(_ bytes: some Collection<UInt8>) {
            var rest = bytes[...]
            while rest.count >= Self.blockBytes, blocks.count < Self.blockLimit {
                for byte in rest.prefix(Self.blockBytes) { hasher.combine(byte) }
                rest = rest.dropFirst(Self.blockBytes)
                let block = hasher
                blocks.append(block.finalize())
            }
        }
        switch prompt {
        case .scores(_, let before):
            self = PrefixFingerprint(before, of: tenant)
            return
        case .messages(let messages):
            var text: [UInt8] = []
            for message in messages where text.count < Self.blockBytes * Self.blockLimit {
                text += Array("\(message.role.rawValue)\n\(message.content)\n".utf8)
            }
            add(text)
        case .text(let text): add(text.utf8)
        case .tokens(let tokens):
            for end in stride(from: Self.blockTokens, through: tokens.count, by: Self.blockTokens)
            where blocks.count < Self.blockLimit {
                for token in tokens[(end - Self.blockTokens)..<end] { hasher.combine(token) }
                let block = hasher
                blocks.append(block.finalize())
            }
        case .embeddings: break
        }
        self.blocks = blocks
    }

    /// How many blocks two prompts have in common.
    func common(with other: PrefixFingerprint) -> Int {
        zip(blocks, other.blocks).prefix { $0 == $1 }.count
    }

    /// Whether it has no whole block.
    var isEmpty: Bool { blocks.isEmpty }
}
