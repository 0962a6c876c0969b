import Subprocess
import SystemPackage

/// Starts one engine process and stays with it until it has ended.
struct EngineWorker: Sendable {
    let executable: EngineExecutable
    let options: EngineOptions
    let heartbeat: Heartbeat

    /// How a process ended.
    struct Ending: Sendable {
        let reason: String
        let lifetime: Duration
    }

    /// Runs one process.
    ///
    /// `connected` gets its channel before the first report; cancelling the task ends the process: asked with
    /// SIGTERM, after half a second with SIGKILL.
    func run(
        connected: (EngineChannel, _ processIdentifier: Int32) -> Void,
        receive: @escaping @Sendable (EngineReport) -> Void
    ) async -> Ending {
        let start = SuspendingClock.now
        let reason: String
        do {
            reason = try await converse(connected: connected, receive: receive)
        } catch {
            reason = "the engine could not be started: \(error)"
        }
        return Ending(reason: reason, lifetime: SuspendingClock.now - start)
    }

    private func converse(
        connected: (EngineChannel, Int32) -> Void,
        receive: @escaping @Sendable (EngineReport) -> Void
    ) async throws -> String {
        let ends = try SocketPair()
        let channel: EngineChannel
        do {
            channel = try EngineChannel(socket: ends.ours, heartbeat: heartbeat)
        } catch {
            ends.close()
            throw error
        }
        let theirs = FileDescriptor(rawValue: ends.theirs)
        var platform = PlatformOptions()
        // A group of its own: Ctrl-C at the terminal is for the server, which then ends its engines in order.
        platform.processGroupID = 0
        // An engine dies of SIGTERM at once, but Subprocess waits the whole time for one that runs a closure.
        platform.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .milliseconds(500))]
        let result = try await Subprocess.run(
            .path(FilePath(executable.path)),
            arguments: Arguments(options.arguments),
            // The engine needs no settings and must not see the server's secrets.
            environment: .custom([:]),
            platformOptions: platform,
            input: .fileDescriptor(theirs, closeAfterSpawningProcess: false),
            output: .fileDescriptor(theirs, closeAfterSpawningProcess: true),
            error: .currentStandardError
        ) { execution in
            connected(channel, execution.processIdentifier.value)
            let end = await channel.serve(receive)
            if end != .closed {
                // Nothing of value is lost with an engine, and one that does not answer would not obey SIGTERM.
                try? execution.send(signal: .kill)
            }
            return end
        }
        return switch result.closureResult {
        case .closed: "the engine ended: \(result.terminationStatus)"
        case .hung(let reason): "the engine hung and was killed: \(reason)"
        case .garbled(let message): "the engine wrote what is not a frame and was killed: \(message)"
        }
    }
}
