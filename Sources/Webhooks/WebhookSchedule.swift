package import Values

/// When what could not be delivered is sent again.
///
/// After the n-th failure the wait is 5 s × 4ⁿ⁻¹, at most 6 h, plus up to a quarter so that receivers that come back
/// are not met by everything at once: about 5 s, 20 s, 80 s, 5 min, 21 min, 1½ h, 6 h, 6 h, … Three days after the
/// first attempt it is tried a last time.
package enum WebhookSchedule {
    /// From the first attempt to the last, in seconds.
    package static let window: Int64 = 3 * 86_400
    /// The first wait, in seconds.
    private static let firstWait = 5.0
    /// The longest wait, in seconds.
    private static let longestWait = 6.0 * 3600
    /// A receiver may ask for a wait of at most so many seconds.
    private static let longestAsked: Int64 = 86_400

    /// Seconds to wait after a failure.
    ///
    /// `tries`: how often it was tried, from 1.
    ///
    /// `jitter`: from 0 up to 1, where in the quarter that is added it falls.
    package static func wait(afterTries tries: Int, jitter: Double) -> Double {
        let base = min(
            longestWait,
            firstWait * Double(sign: .plus, exponent: 2 * (min(max(tries, 1), 20) - 1), significand: 1)
        )
        return base * (1 + min(max(jitter, 0), 1) / 4)
    }

    /// When it is tried again; nil if it was tried long enough.
    ///
    /// `asked`: what the receiver asked for by Retry-After, in seconds; it only makes the wait longer.
    package static func next(
        afterTries tries: Int,
        firstTriedAt: Instant,
        now: Instant,
        jitter: Double,
        asked: Int64? = nil
    ) -> Instant? {
        let last = firstTriedAt.adding(seconds: window)
        guard now < last else { return nil }
        let own = now.adding(microseconds: Int64(wait(afterTries: tries, jitter: jitter) * 1_000_000))
        let later = asked.map { now.adding(seconds: min(max($0, 0), longestAsked)) } ?? own
        return min(max(own, later), last)
    }
}
