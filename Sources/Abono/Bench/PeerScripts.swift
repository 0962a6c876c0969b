import Crypto
import Foundation
import Subprocess
import SystemPackage
import Values

/// Other people's job queues, measured on the same server by the scripts of `Tests/Peers`, where they are installed.
struct PeerScripts: Sendable {
    enum Outcome: Sendable {
        case measured(peer: String, perSecond: Double)
        case skipped(peer: String, why: String)
    }

    private static let peers = ["pgqueuer", "procrastinate"]

    /// The folder of the scripts.
    let folder: String

    /// Runs every peer's script to its end.
    ///
    /// `url`: a superuser's; each script works in a database of its own that it drops.
    func run(url: String, jobs: Int) async throws -> [Outcome] {
        guard let python = interpreter() else {
            let why = "it is not installed; \(folder)/setup.sh makes its environment"
            return Self.peers.map { .skipped(peer: $0, why: why) }
        }
        var outcomes: [Outcome] = []
        for peer in Self.peers { outcomes.append(try await measure(peer, python, url: url, jobs: jobs)) }
        return outcomes
    }

    private func measure(_ peer: String, _ python: String, url: String, jobs: Int) async throws -> Outcome {
        let result = try await Subprocess.run(
            .path(FilePath(python)),
            arguments: ["\(folder)/jobs_\(peer).py", url, "--jobs", String(jobs)],
            output: .string(limit: 1 << 16),
            error: .string(limit: 1 << 20)
        )
        guard result.terminationStatus.isSuccess else {
            let lines = result.standardError.split(whereSeparator: \.isNewline)
            return .skipped(peer: peer, why: "its script failed: \(lines.last ?? "it said nothing")")
        }
        let line = result.standardOutput.split(whereSeparator: \.isNewline).last.map(String.init) ?? ""
        guard let perSecond = (try? JSONValue(parsing: line))?["jobs_per_second"]?.double, perSecond > 0 else {
            return .skipped(peer: peer, why: "its script printed \(line.prefix(80))")
        }
        return .measured(peer: peer, perSecond: perSecond)
    }

    /// The Python of the environment that `setup.sh` makes: its folder is named after the requirements.
    private func interpreter() -> String? {
        guard let requirements = FileManager.default.contents(atPath: folder + "/requirements.txt") else { return nil }
        let environment = ProcessInfo.processInfo.environment
        let home = environment["XDG_CACHE_HOME"] ?? NSHomeDirectory() + "/.cache"
        let digest = SHA256.hash(data: requirements).prefix(4).map { byte in
            let text = String(byte, radix: 16)
            return byte < 16 ? "0" + text : text
        }
        let made = (environment["ABONO_CACHE"] ?? home + "/abono") + "/peers-" + digest.joined()
        guard FileManager.default.fileExists(atPath: made + "/complete") else { return nil }
        return made + "/bin/python"
    }
}
