import ArgumentParser
import Inference
import Llama

/// The command `abono engine`: one model in one process, started by the server's pool and not by people.
struct Engine: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Runs one model; frames come and go over the socket that is standard input and output.",
        shouldDisplay: false
    )

    @Option(help: "The GGUF file.") var model: String
    @Option(help: "Generations at once.") var sequences = 4
    @Option(help: "Tokens one generation may have in all.") var context = 2048
    @Option(help: "Compute threads.") var threads = 1

    func validate() throws {
        guard (1...64).contains(sequences), (256...131_072).contains(context), (1...256).contains(threads) else {
            throw ValidationError("--sequences is 1 to 64, --context 256 to 131072, --threads 1 to 256")
        }
    }

    func run() throws {
        EngineProcess.run(EngineOptions(model: model, sequences: sequences, context: context, threads: threads))
    }
}
