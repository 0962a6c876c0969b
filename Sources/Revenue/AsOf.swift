package import Values

/// How recent a report may be: what is behind an as-of never changes any more.
package enum AsOf {
    /// A transaction lives at most 30 s and is stamped when it begins; so long after, everything stamped has landed or
    /// never will.
    package static let settlingSeconds: Int64 = 60

    /// The latest as-of there is at an instant of the clock, in whole seconds; the default of every report.
    package static func latest(at now: Instant) -> Instant {
        now.adding(seconds: -settlingSeconds).wholeSeconds
    }

    /// Refuses an as-of behind which rows can still appear.
    package static func check(_ asOf: Instant, now: Instant) throws(Problem) {
        guard asOf <= now.adding(seconds: -settlingSeconds) else {
            throw .invalid(
                "as_of",
                "is \(asOf); at most \(latest(at: now)), \(settlingSeconds) s before now, or the report could change"
            )
        }
    }
}
