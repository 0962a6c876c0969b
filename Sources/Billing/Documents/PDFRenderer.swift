import Subprocess
import Synchronization
package import Values

/// Makes PDF of HTML with WeasyPrint, in a process of its own for each document.
///
/// The process gets the page on its standard input, an empty environment, and limits: seconds, memory, the size of what
/// it writes. Whatever the page names (images, styles, attachments) is refused before it is fetched, from the network
/// as from files. So few run at once that they cannot starve the rest; the others wait a little, or are told to come
/// again.
package final class PDFRenderer: Sendable {
    private let concurrency: Int
    private let timeLimit: Duration
    private let command: String
    private let load = Mutex((running: 0, waiting: 0))

    /// How many may wait.
    private static let waitingLimit = 16
    /// How often somebody who waits looks, and how many times.
    private static let looks = (pause: Duration.milliseconds(50), count: 200)
    /// The largest document, in bytes.
    private static let outputLimit = 32 << 20

    /// Makes a renderer; nothing is started.
    ///
    /// `concurrency`: how many documents are made at once.
    ///
    /// `timeLimit`: how long one may take.
    ///
    /// `command`: the Python that has WeasyPrint, looked for where the system keeps its programs.
    package init(concurrency: Int = 2, timeLimit: Duration = .seconds(20), command: String = "python3") {
        self.concurrency = concurrency
        self.timeLimit = timeLimit
        self.command = command
    }

    /// Makes a PDF of a page.
    ///
    /// - Throws: `.unavailable` if WeasyPrint is not installed (code `pdf_not_installed`) or too much is asked for at
    ///   once, `.timeout` or `.internal` if it does not get done within its limits.
    package func pdf(of html: String) async throws -> [UInt8] {
        try await enter()
        defer { load.withLock { $0.running -= 1 } }
        return try await bounded { [command] in try await Self.render(html, with: command) }
    }

    /// Says what is missing; nil if documents can be made.
    package func fault() async -> Problem? {
        do {
            _ = try await pdf(of: "<!doctype html><title>-</title><p>-</p>")
            return nil
        } catch { return Problem.of(error) }
    }

    private func enter() async throws {
        let mayWait = load.withLock { load in
            guard load.waiting < Self.waitingLimit else { return false }
            load.waiting += 1
            return true
        }
        guard mayWait else { throw Self.busy }
        defer { load.withLock { $0.waiting -= 1 } }
        for _ in 0..<Self.looks.count {
            let mayRun = load.withLock { load in
                guard load.running < concurrency else { return false }
                load.running += 1
                return true
            }
            if mayRun { return }
            try await Task.sleep(for: Self.looks.pause)
        }
        throw Self.busy
    }

    /// Ends the work, and its process, when the time is over.
    private func bounded(_ work: @escaping @Sendable () async throws -> [UInt8]) async throws -> [UInt8] {
        try await withThrowingTaskGroup(of: [UInt8]?.self) { [timeLimit] group in
            group.addTask { try await work() }
            group.addTask {
                try await Task.sleep(for: timeLimit)
                return nil
            }
            defer { group.cancelAll() }
            guard let first = try await group.next(), let pdf = first else {
                throw Problem(.timeout, code: "pdf_too_slow", "the PDF was not done in \(timeLimit); ask for the HTML")
            }
            return pdf
        }
    }

    private static func render(_ html: String, with command: String) async throws -> [UInt8] {
        var options = PlatformOptions()
        options.processGroupID = 0
        let result: ExecutionResult<Void, BytesOutput, DiscardedOutput>
        do {
            result = try await Subprocess.run(
                .name(command),
                arguments: ["-I", "-c", script],
                environment: .custom(["PATH": "/usr/bin:/bin", "LANG": "C.UTF-8"]),
                platformOptions: options,
                input: .array(Array(html.utf8)),
                output: .bytes(limit: outputLimit)
            )
        } catch let error as SubprocessError where error.code == .executableNotFound {
            throw notInstalled
        }
        switch result.terminationStatus {
        case .exited(0) where result.standardOutput.starts(with: Array("%PDF-".utf8)): return result.standardOutput
        case .exited(missing): throw notInstalled
        default:
            throw Problem(
                .internal,
                code: "pdf_failed",
                "the PDF could not be made within its limits; ask for the HTML"
            )
        }
    }

    /// What the script exits with where it finds no WeasyPrint.
    private static let missing: CInt = 3

    private static let busy = Problem(
        .unavailable,
        code: "pdf_busy",
        "too many PDFs are being made; try again, or ask for the HTML",
        retryAfterSeconds: 5
    )

    private static let notInstalled = Problem(
        .unavailable,
        code: "pdf_not_installed",
        "PDFs are made by WeasyPrint, which is not installed here (Debian: weasyprint); ask for the HTML",
        retryAfterSeconds: 3_600
    )

    /// Limits first, then the library, then the page.
    ///
    /// Its temporary folder is tried out with a small file, so files cannot be forbidden altogether.
    private static let script = """
        import os, resource, sys
        os.chdir("/")
        for kind, most in (
            (resource.RLIMIT_AS, 768 << 20), (resource.RLIMIT_CPU, 20), (resource.RLIMIT_FSIZE, 4 << 20),
            (resource.RLIMIT_CORE, 0), (resource.RLIMIT_NOFILE, 64),
        ):
            resource.setrlimit(kind, (most, most))
        try:
            import weasyprint
        except (ImportError, OSError):
            sys.exit(\(missing))

        def refuse(url, *rest, **more):
            raise ValueError("nothing is fetched")

        page = sys.stdin.buffer.read().decode("utf-8")
        sys.stdout.buffer.write(weasyprint.HTML(string=page, url_fetcher=refuse).write_pdf())
        """
}
