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
        subcommands: [API.self, Billing.self, Forecast.self, Ingest.self, Jobs.self, Reports.self]
    )

    struct API: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            commandName: "api",
            abstract: "An authenticated read over HTTP, beside a bare route with the same query.",
            discussion: "  abono bench api --connections 16 --seconds 3"
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

    struct Billing: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Due subscriptions billed and put into the books, beside COPY of the same rows.",
            discussion: "  abono bench billing --subscriptions 10000"
        )

        @Option(help: "How many subscriptions, 100 to 1000000.") var subscriptions = 100_000
        @Option(help: "How data is printed: table, json or csv.") var format: OutputFormat = .table

        func validate() throws {
            try BenchCommand.check(subscriptions, in: 100...1_000_000, "--subscriptions")
        }

        func run() async throws {
            let bench = BillingBench(subscriptions: subscriptions)
            try await BenchDatabase.run { try await bench.run(on: $0) }.print(to: Output(format: format))
        }
    }

    struct Ingest: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Usage events over HTTP, stored once and durable, beside COPY of the same rows.",
            discussion: """
                The load arrives by the clock, from this machine; of 100 events 5 come twice and 1 late. Ends by \
                comparing what is metered with what was sent. --full also takes events back, kills the server and \
                then the database while events come, and repeats the load over many stored ones.

                  abono bench ingest --full --stored 5000000 --format json
                """
        )

        @Option(help: "Events in batches at full load, 1000 to 10000000 (300000; with --full 1000000).")
        var events: Int?
        @Option(help: "Events in a request, 1 to 1000.") var batch = 100
        @Option(help: "Requests under way at most, 1 to 256.") var connections = 32
        @Option(help: "Requests of one event at full load, 10 to 1000000.") var singles = 20_000
        @Option(help: "Events stored before the load is repeated, 0 for not (0; with --full 50000000).")
        var stored: Int?
        @Option(help: "Events over which reads are measured, 0 for not (0; with --full 10000000).")
        var reads: Int?
        @Flag(help: "Kill processes meanwhile, take events back, and go on over many stored events.")
        var full = false
        @Option(help: "How data is printed: table, json or csv.") var format: OutputFormat = .table

        func validate() throws {
            if let events { try BenchCommand.check(events, in: 1_000...10_000_000, "--events") }
            try BenchCommand.check(batch, in: 1...1_000, "--batch")
            try BenchCommand.check(connections, in: 1...256, "--connections")
            try BenchCommand.check(singles, in: 10...1_000_000, "--singles")
            if let stored { try BenchCommand.check(stored, in: 0...1_000_000_000, "--stored") }
            if let reads { try BenchCommand.check(reads, in: 0...1_000_000_000, "--reads") }
        }

        func run() async throws {
            let bench = IngestBench(
                events: events ?? (full ? 1_000_000 : 300_000),
                batch: batch,
                connections: connections,
                singles: singles,
                stored: stored ?? (full ? 50_000_000 : 0),
                reads: reads ?? (full ? 10_000_000 : 0),
                isFull: full
            )
            try await BenchDatabase.run { try await bench.run(on: $0) }.print(to: Output(format: format))
        }
    }

    struct Jobs: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Background jobs claimed and completed, beside one at a time and other queues.",
            discussion: "  abono bench jobs --jobs 20000"
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
