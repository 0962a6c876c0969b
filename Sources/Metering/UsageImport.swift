package import Values

/// How far the import of a file of events has come.
package struct UsageImport: Hashable, Sendable {
    /// The bytes of the file that are done.
    package var byteOffset = 0
    /// The lines of the file that are done.
    package var line = 0
    /// What became of the events in them.
    package private(set) var counts: [IngestOutcome.Kind: Int] = [:]

    /// Begins with nothing done.
    package init() {}

    /// Takes what is kept.
    init(byteOffset: Int, line: Int, counts: [IngestOutcome.Kind: Int]) {
        self.byteOffset = byteOffset
        self.line = line
        self.counts = counts
    }

    /// How many events that is.
    package var total: Int { counts.values.reduce(0, +) }

    /// Counts one event.
    package mutating func add(_ kind: IngestOutcome.Kind) { counts[kind, default: 0] += 1 }

    /// How many of each outcome, and of all together.
    package var json: JSONObject {
        var object: JSONObject = ["events": .int(total)]
        for kind in IngestOutcome.Kind.allCases { object[kind.rawValue] = .int(counts[kind] ?? 0) }
        return object
    }
}
