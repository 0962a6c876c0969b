import ArgumentParser
import Values

/// The command `abono bench`.
struct BenchCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "bench",
        abstract: "Measures this machine, beside the limit measured in the same run.",
        discussion: """
            Works on a private PostgreSQL that it makes and removes; nothing else on the machine is touched. Figures \
            have their unit in the name; a ratio is ours divided by the limit.

              abono bench jobs --format json
            """,
        subcommands: [API.self, Ingest.self, Jobs.self]
    )

    struct API: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "api",
            abstract: "An authenticated read over HTTP, beside a bare route with the same query."
        )

        @Option(help: "Connections at once, 1 to 256.") var connections = 16
        @Option(help: "Seconds of load in each of three turns, 1 to 60.") var seconds = 3
        @Option(help: "How data is printed: table, json or csv.") var format: OutputFormat = .table

        func validate() throws {
            try BenchCommand.check(connections, in: 1...256, "--connections")
            try BenchCommand.check(seconds, in: 1...60, "--seconds")
        }

        func run() async throws {
            let bench = APIBench(connections: connections, seconds: seconds)
            try await BenchDatabase.run { try await bench.run(on: $0) }.print(to: Output(format: format))
        }
    }

    struct Ingest: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Usage events stored once, beside COPY into a bare table."
        )

        @Option(help: "How many events, 1000 to 1000000.") var events = 100_000
        @Option(help: "Events in a transaction, 1 to 10000.") var batch = 1_000
        @Option(help: "Transactions at once, 1 to 16.") var writers = 2
        @Option(help: "How data is printed: table, json or csv.") var format: OutputFormat = .table

        func validate() throws {
            try BenchCommand.check(events, in: 1_000...1_000_000, "--events")
            try BenchCommand.check(batch, in: 1...10_000, "--batch")
            try BenchCommand.check(writers, in: 1...16, "--writers")
        }

        func run() async throws {
            let bench = IngestBench(events: events, batch: batch, writers: writers)
            try await BenchDatabase.run { try await bench.run(on: $0) }.print(to: Output(format: format))
        }
    }

    struct Jobs: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Background jobs claimed and completed, beside one at a time and other queues."
        )

        @Option(help: "How many jobs of each kind, 100 to 1000000.") var jobs = 20_000
        @Option(help: "Workers, 1 to 16.") var workers = 2
        @Option(help: "Transactional jobs at once in each worker, 1 to 16.") var concurrency = 4
        @Option(help: "The folder of the peers' scripts; where they are not installed they are skipped.")
        var peers = "Tests/Peers"
        @Option(help: "How data is printed: table, json or csv.") var format: OutputFormat = .table

        func validate() throws {
            try BenchCommand.check(jobs, in: 100...1_000_000, "--jobs")
            try BenchCommand.check(workers, in: 1...16, "--workers")
            try BenchCommand.check(concurrency, in: 1...16, "--concurrency")
        }

        func run() async throws {
            let bench = JobsBench(
                jobs: jobs,
                workers: workers,
                concurrency: concurrency,
                peers: PeerScripts(folder: peers)
            )
            try await BenchDatabase.run { try await bench.run(on: $0) }.print(to: Output(format: format))
        }
    }

    static func check(_ value: Int, in range: ClosedRange<Int>, _ name: String) throws {
        guard range.contains(value) else {
            throw ValidationError("\(name) is \(value); \(range.lowerBound) to \(range.upperBound) is expected")
        }
    }
}
