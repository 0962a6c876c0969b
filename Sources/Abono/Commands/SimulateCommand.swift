import ArgumentParser
import Billing
import Foundation
import Values

/// The command `abono simulate`.
struct SimulateCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "simulate",
        abstract: "Runs the pricing, calendar and invoicing rules on a file, with no database.",
        discussion: """
            FILE is JSON, or NDJSON for a batch; - or nothing reads standard input. Bad inputs become \
            {"error": …} in their place, and the command then exits 1.

              echo '{"price": {"model": "flat", "amount": "5"}, "currency": "USD"}' | abono simulate rate
            """,
        subcommands: [Rate.self, Periods.self, Invoices.self]
    )

    /// One kind of simulation over one file.
    protocol Kind: AsyncParsableCommand {
        static var kind: SimulationBatch.Kind { get }
        var file: String? { get }
    }

    struct Rate: Kind {
        static let configuration = CommandConfiguration(
            abstract: "One price, some usage → an amount.",
            discussion: "  abono simulate rate case.json"
        )
        static let kind = SimulationBatch.Kind.rate
        @Argument(help: "The file; - is standard input.") var file: String?
    }

    struct Periods: Kind {
        static let configuration = CommandConfiguration(
            abstract: "An anchor, an interval, a zone → billing periods.",
            discussion: "  abono simulate periods anchor.json"
        )
        static let kind = SimulationBatch.Kind.periods
        @Argument(help: "The file; - is standard input.") var file: String?
    }

    struct Invoices: Kind {
        static let configuration = CommandConfiguration(
            abstract: "A subscription's whole story → its invoices.",
            discussion: "  abono simulate invoices story.json"
        )
        static let kind = SimulationBatch.Kind.invoices
        @Argument(help: "The file; - is standard input.") var file: String?
    }
}

extension SimulateCommand.Kind {
    func run() async throws {
        let input = try InputFile.read(file)
        let result = SimulationBatch.run(Self.kind, input)
        Output.write(Data(result.output))
        if result.hasFailed { throw ExitCode(1) }
    }
}
