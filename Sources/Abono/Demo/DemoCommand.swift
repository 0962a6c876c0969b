import ArgumentParser
import Billing
import Forecasting
import Foundation
import Logging
import Postgres
import Revenue
import ServiceLifecycle
import Subscriptions
import Tenants
import Values

/// The command `abono demo`.
struct DemoCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "demo",
        abstract: "Runs the whole business once on real input, and says what happened.",
        discussion: """
            Makes a private PostgreSQL of its own, a made-up book of 200 customers over 24 months, and a customer who \
            subscribes, asks the model, and gets an invoice. In a terminal it then stays up to be tried, until Ctrl-C.

              abono demo
            """
    )

    @Option(help: "The port to listen on, 0 for any.") var port = 8080
    @Option(help: "Makes the book of customers; the same seed makes the same book.") var seed: UInt64 = 1

    func validate() throws {
        guard (0...65535).contains(port) else {
            throw ValidationError("--port is \(port); a whole number from 0 to 65535 is expected")
        }
    }

    func run() async throws {
        // What it says on the way is on standard error, so the server's own lines would only disturb.
        try LogOutput.install(level: "error")
        let home = FileManager.default.temporaryDirectory.path + "/abono-demo-\(getpid())"
        defer { try? FileManager.default.removeItem(atPath: home) }
        var options = try GlobalOptions.parse([])
        options.home = home
        let begun = ContinuousClock.now
        try await Session.run(
            options,
            flags: ["port": String(port), "workers": "2"],
            connections: 8,
            handlesSignals: true,
            isThrowaway: true
        ) { session in
            DemoSteps.say("a private PostgreSQL", since: begun)
            try await ModelFolder.register(session, Logger(label: "abono"))
            try await play(session)
        }
    }

    private func play(_ session: Session) async throws {
        let (ports, listening) = AsyncStream<Int>.makeStream()
        let group = try await ServerAssembly(session: session, role: .server, logger: Logger(label: "abono"))
            .group(handlesSignals: true) { listening.yield($0) }
        let story = DemoStory(session: session, seed: seed)
        try await withThrowingTaskGroup(of: Bool.self) { tasks in
            tasks.addTask {
                try await group.run()
                return true
            }
            tasks.addTask {
                for await port in ports {
                    try await story.tell(port: port)
                    break
                }
                return false
            }
            // Ctrl-C ends the server first; then the story has no more listener.
            let isInterrupted = try await tasks.next() ?? true
            if !isInterrupted, isatty(STDIN_FILENO) == 0 || isatty(STDOUT_FILENO) == 0 {
                await group.triggerGracefulShutdown()
            }
            if isInterrupted { tasks.cancelAll() }
            _ = try? await tasks.next()
        }
    }
}

/// Says on standard error what is being done, and how long it took.
enum DemoSteps {
    /// Does something and says how long it took.
    static func step<Value>(_ text: String, _ body: () async throws -> Value) async throws -> Value {
        let started = ContinuousClock.now
        let value = try await body()
        say(text, since: started)
        return value
    }

    /// Says that something is done that was begun at an instant.
    static func say(_ text: String, since started: ContinuousClock.Instant) {
        let elapsed = (ContinuousClock.now - started).components
        let seconds = Double(elapsed.seconds) + Double(elapsed.attoseconds) * 1e-18
        CommandFailure.say("==> \(text)" + (seconds >= 0.05 ? String(format: ": %.1f s", seconds) : ""))
    }
}
