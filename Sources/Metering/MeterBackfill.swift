package import Values

/// How far the computing of a meter over past events has come.
package struct MeterBackfill: Hashable, Sendable {
    /// What is to be done next.
    package enum Next: Hashable, Sendable {
        /// Another step.
        case step
        /// Another step in a moment: transactions are under way that may not know of the meter yet.
        case wait
        /// Nothing.
        case none
    }

    /// How often the meter was defined; each definition is computed by itself.
    package let generation: Int
    /// How many events its source had when it began.
    package let total: Int
    /// How many of them were looked at.
    package let done: Int
    /// When it began.
    package let startedAt: Instant
    /// When it ended; nil while it runs.
    package let finishedAt: Instant?

    /// As it is shown.
    package var json: JSONValue {
        [
            "generation": .int(generation), "total": .int(total), "done": .int(done),
            "started_at": .string(startedAt.text), "finished_at": .optional(finishedAt?.text),
        ]
    }
}
