import Foundation
import Jobs
import Logging
import Values

/// Writes logs to standard error: JSON lines for programs, something readable on a terminal.
struct LogOutput: LogHandler {
    var metadata: Logger.Metadata = [:]
    var logLevel: Logger.Level
    var metadataProvider: Logger.MetadataProvider?

    private let label: String
    private let isTerminal: Bool
    private let time = SystemTime()

    init(label: String, level: Logger.Level, isTerminal: Bool = isatty(STDERR_FILENO) == 1) {
        self.label = label
        self.isTerminal = isTerminal
        logLevel = level
    }

    /// Makes every logger of the process one of these.
    ///
    /// - Throws: a level that there is not.
    static func install(level text: String) throws(Problem) {
        guard let level = Logger.Level(rawValue: text) else {
            let levels = Logger.Level.allCases.map(\.rawValue).joined(separator: ", ")
            throw .invalid("log.level", "is \(text); one of \(levels) is expected")
        }
        LoggingSystem.bootstrap { label in LogOutput(label: label, level: level) }
    }

    subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    func log(event: LogEvent) {
        var all = metadataProvider?.get() ?? [:]
        all.merge(metadata) { $1 }
        all.merge(event.metadata ?? [:]) { $1 }
        let pairs = all.sorted { $0.key < $1.key }
        let line = isTerminal ? text(event, pairs) : json(event, pairs)
        // One write a line, so that lines of many threads do not mix.
        try? FileHandle.standardError.write(contentsOf: Data((line + "\n").utf8))
    }

    private func json(_ event: LogEvent, _ pairs: [(key: String, value: Logger.MetadataValue)]) -> String {
        var object: JSONObject = [
            "at": .string(time.now().text), "level": .string(event.level.rawValue), "logger": .string(label),
            "message": .string(event.message.description),
        ]
        for (key, value) in pairs where object[key] == nil { object[key] = Self.json(value) }
        return JSONValue.object(object).text
    }

    private static func json(_ value: Logger.MetadataValue) -> JSONValue {
        switch value {
        case .string(let text): .string(text)
        case .stringConvertible(let value): .string(value.description)
        case .array(let values): .array(values.map(json))
        case .dictionary(let values):
            .object(
                values.sorted { $0.key < $1.key }
                    .reduce(into: JSONObject()) { object, pair in object[pair.key] = json(pair.value) }
            )
        }
    }

    private func text(_ event: LogEvent, _ pairs: [(key: String, value: Logger.MetadataValue)]) -> String {
        let level = event.level.rawValue.uppercased()
        let clock = time.now().wholeSeconds.text.dropFirst(11).dropLast()
        let rest = pairs.map { " \($0.key)=\($0.value)" }.joined()
        return "\(clock) \(level)\(String(repeating: " ", count: max(0, 8 - level.count))) \(event.message)\(rest)"
    }
}
