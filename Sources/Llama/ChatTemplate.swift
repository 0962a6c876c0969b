import Inference

/// How a chat becomes a prompt.
///
/// Only families whose rules are known; a template is never guessed at.
enum ChatTemplate: Hashable, Sendable {
    /// `<|im_start|>role\ncontent<|im_end|>\n`, with the system message the template itself brings, if any.
    case chatML(defaultSystem: String?)

    /// A part of a prompt.
    enum Segment: Hashable, Sendable {
        /// Written by us; control tokens in it are meant.
        case control(String)
        /// Written by callers, or plain; control tokens spelled in it stay text.
        case text(String)
    }

    /// Why a model cannot chat.
    struct Refusal: Error {
        let reason: String
    }

    private static let start = "<|im_start|>"
    private static let end = "<|im_end|>"

    /// The name that goes into the engine's description.
    var family: String {
        switch self {
        case .chatML: "chatml"
        }
    }

    /// Texts that must be single control tokens for the family to be safe.
    var controls: [String] {
        switch self {
        case .chatML: [Self.start, Self.end]
        }
    }

    /// Finds the family by its marks in the Jinja source.
    ///
    /// - Throws: Why none fits.
    init(source: String?) throws(Refusal) {
        guard let source, !source.isEmpty else {
            throw Refusal(reason: "the model file has no chat template")
        }
        // Jinja comes with line feeds as they are or spelled.
        let template = source.split(separator: "\\n", omittingEmptySubsequences: false).joined(separator: "\n")
        guard template.contains(Self.start), template.contains(Self.end) else {
            throw Refusal(reason: "the model's chat template is of no family that Abono knows (ChatML)")
        }
        self = .chatML(defaultSystem: Self.defaultSystem(in: template))
    }

    /// The system message of templates that bring one for chats without.
    private static func defaultSystem(in source: String) -> String? {
        let opening = start + "system\n"
        var rest = source[...]
        while let found = rest.firstRange(of: opening) {
            rest = rest[found.upperBound...]
            guard let close = rest.firstRange(of: end) else { return nil }
            let text = rest[..<close.lowerBound]
            // Quotes and braces mean that it is put together of parts: then it is not a fixed message.
            if !text.isEmpty, !text.contains(where: { "'\"{}".contains($0) }) {
                return String(text)
            }
        }
        return nil
    }

    /// The prompt of a chat, up to where the assistant's answer begins.
    func render(_ messages: [ChatMessage]) -> [Segment] {
        switch self {
        case .chatML(let defaultSystem):
            var segments: [Segment] = []
            if let defaultSystem, messages.first?.role != .system {
                segments += Self.message(.system, defaultSystem)
            }
            for message in messages {
                segments += Self.message(message.role, message.content)
            }
            return segments + [.control(Self.start), .text("assistant\n")]
        }
    }

    private static func message(_ role: ChatRole, _ content: String) -> [Segment] {
        [.control(start), .text("\(role.rawValue)\n\(content)"), .control(end), .text("\n")]
    }
}
