import ArgumentParser
import Foundation
import Values

/// How a command ends that did not do what was asked.
enum CommandFailure {
    /// Says why on standard error and exits: 1 refused or failed, 2 wrong usage.
    static func end(with error: any Error) -> Never {
        if let code = error as? ExitCode { exit(code.rawValue) }
        let isOurs = error is any ProblemConvertible
        if !isOurs {
            let code = Abono.exitCode(for: error)
            // --help and --version are no failures; argument-parser knows what to print.
            if code == .success { Abono.exit(withError: error) }
            if code == .validationFailure {
                say(Abono.fullMessage(for: error))
                exit(2)
            }
        }
        let problem = Problem.of(error)
        var text = "abono: \(problem.message)"
        for field in problem.errors where !problem.message.contains(field.message) {
            text += "\n  \(field.field): \(field.message)"
        }
        for field in problem.errors where problem.message == field.message { text += "\n  field: \(field.field)" }
        // Someone at the machine may read what must not leave it over HTTP.
        if problem.kind == .internal { text += isOurs ? " (\(error))" : ": \(error)" }
        say(text)
        exit(1)
    }

    /// Prints a line for a person, beside the data.
    static func say(_ text: String) {
        // Where nobody reads what went wrong there is nobody to tell.
        try? FileHandle.standardError.write(contentsOf: Data((text + "\n").utf8))
    }
}

/// Writing to a pipe whose reader has left is an error to handle, not a death.
func ignoreBrokenPipes() {
    _ = signal(SIGPIPE, SIG_IGN)
}
