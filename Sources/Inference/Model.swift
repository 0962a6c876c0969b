package import Values

/// A version of a model: a file, known by its hash, that never changes.
package struct Model: Hashable, Sendable {
    package let id: ModelID
    /// What requests name it by; lower case.
    package let name: String
    package let version: String
    /// Where its file lies on the machines that run it; not shown outside.
    package let file: String
    /// 64 hexadecimal digits.
    package let sha256: String
    package let bytes: Int
    package let licence: String?
    /// What it can do, like `chat`.
    package let tasks: [String]
    /// Tokens that it was trained for in all, prompt and answer.
    package let context: Int
    package let parameters: Int
    package let recordedAt: Instant
    /// From when on it is not used any more.
    package let retiredAt: Instant?

    /// As OpenAI's clients list it, with our own fields beside.
    package var json: JSONValue {
        [
            "id": .string(name), "object": "model", "created": .int(recordedAt.seconds), "owned_by": "abono",
            "model_id": id.json, "version": .string(version), "sha256": .string(sha256), "bytes": .int(bytes),
            "licence": .optional(licence), "tasks": .array(tasks.map(JSONValue.string)), "context": .int(context),
            "parameters": .int(parameters), "retired_at": .optional(retiredAt?.text),
        ]
    }

    /// Whether a text can name a model or an alias.
    package static func isName(_ text: String) -> Bool {
        let utf8 = text.utf8
        return (1...100).contains(utf8.count)
            && utf8.enumerated().allSatisfy { index, byte in
                switch byte {
                case UInt8(ascii: "a")...UInt8(ascii: "z"), UInt8(ascii: "0")...UInt8(ascii: "9"): true
                case UInt8(ascii: "."), UInt8(ascii: "_"), UInt8(ascii: "-"): index > 0
                default: false
                }
            }
    }
}

/// Another name of a model.
package struct ModelAlias: Hashable, Sendable {
    package let alias: String
    package let model: String
}

/// What a request's model name stands for.
package struct ModelRoute: Hashable, Sendable {
    package let model: Model
    /// Which version answers and why, for `x-abono-route`.
    package let reason: String
}

/// A model file that was looked at, ready to be registered.
package struct ModelDraft: Hashable, Sendable {
    package let name: String
    package let version: String
    package let file: String
    package let sha256: String
    package let bytes: Int
    package let licence: String?
    package let tasks: [String]
    package let context: Int
    package let parameters: Int

    /// Reads a file: its header, and all of it for the hash, which takes about a second for a gigabyte.
    ///
    /// `name`: what requests will name it by; nil is made of the file's name.
    ///
    /// `version`: nil is the first twelve digits of the hash.
    ///
    /// `licence`: nil is what the file says.
    ///
    /// Throws a file that is no GGUF file or does not say what a model must, a name that cannot be one.
    package init(
        file path: String,
        name: String? = nil,
        version: String? = nil,
        licence: String? = nil
    ) throws {
        let file = try ModelFile(path: path)
        let header = try ModelHeader(path: path)
        let name = name ?? ModelDraft.name(of: path)
        guard Model.isName(name) else {
            throw Problem.invalid(
                "name",
                "must be 1 to 100 of a-z, 0-9, dot, dash and underscore, not \(JSONValue.string(name).seen)"
            )
        }
        if let version, !(1...100).contains(version.utf8.count) {
            throw Problem.invalid("version", "must have 1 to 100 bytes, not \(version.utf8.count)")
        }
        let hash = try file.sha256()
        self.name = name
        self.version = version ?? String(hash.prefix(12))
        self.file = path
        sha256 = hash
        bytes = file.byteCount
        self.licence = licence ?? header.licence
        tasks = header.tasks
        context = header.context
        parameters = header.parameters
    }

    /// The file's name in lower case without its ending and what says how it was quantised.
    static func name(of path: String) -> String {
        var base = path.split(separator: "/").last.map { $0.lowercased() } ?? path
        if base.hasSuffix(".gguf") { base.removeLast(5) }
        let separators: [Character] = [".", "-", "_"]
        if let index = base.lastIndex(where: { $0 == "." || $0 == "-" }),
            isQuantisation(base[base.index(after: index)...])
        {
            base = String(base[..<index])
        }
        let characters = base.map { character -> Character in
            character.isASCII && (character.isLetter || character.isNumber || separators.contains(character))
                ? character : "-"
        }
        return String(String(characters.drop { separators.contains($0) }).prefix(100))
    }

    /// Whether a part of a name is like `q4_1`, `iq2_xs`, `f16`.
    private static func isQuantisation(_ part: Substring) -> Bool {
        ["q", "iq", "f", "bf", "tq", "mxfp"].contains { prefix in
            part.hasPrefix(prefix) && part.dropFirst(prefix.count).first?.isNumber == true
        }
    }
}
