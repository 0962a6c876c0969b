import Foundation

/// The program that runs an engine: `PROGRAM engine --model FILE …`.
package struct EngineExecutable: Hashable, Sendable {
    package let path: String

    /// A program at a known place.
    package init(path: String) {
        self.path = path
    }

    /// This very program.
    package static var current: EngineExecutable {
        let link = "/proc/self/exe"
        // A program that was replaced while it runs has no path any more, but its link still works.
        guard let path = try? FileManager.default.destinationOfSymbolicLink(atPath: link),
            FileManager.default.isExecutableFile(atPath: path)
        else { return EngineExecutable(path: link) }
        return EngineExecutable(path: path)
    }
}

/// What an engine is started with.
///
/// Both sides use it: `arguments` here, the hidden command's options there.
package struct EngineOptions: Hashable, Sendable {
    package var model: String
    /// Generations at once.
    package var sequences: Int
    /// Tokens one generation may have in all.
    package var context: Int
    /// Compute threads.
    ///
    /// More than one loses on a machine that has other work.
    package var threads: Int

    package init(model: String, sequences: Int = 4, context: Int = 2048, threads: Int = 1) {
        self.model = model
        self.sequences = sequences
        self.context = context
        self.threads = threads
    }

    /// Sequences in all, some more than `sequences`: a tenant that has nothing under way gets one of these when others
    /// have taken all.
    package var allSequences: Int { sequences + Self.reserve(of: sequences) }

    /// How many more an engine keeps.
    static func reserve(of sequences: Int) -> Int { min(max(sequences / 4, 1), 4) }

    /// The command line after the program's name.
    package var arguments: [String] {
        [
            "engine",
            "--model", model,
            "--sequences", String(sequences),
            "--context", String(context),
            "--threads", String(threads),
        ]
    }
}
