import Foundation
import Synchronization
package import Values

/// Where the composition root gets the time from; rules and queries never ask.
package protocol TimeSource: Sendable {
    /// The present instant.
    func now() -> Instant
}

/// The machine's clock.
package struct SystemTime: TimeSource {
    package init() {}

    package func now() -> Instant {
        var time = timespec()
        _ = unsafe clock_gettime(CLOCK_REALTIME, &time)
        return Instant(microseconds: Int64(time.tv_sec) * 1_000_000 + Int64(time.tv_nsec) / 1000)
    }
}

/// A clock that stands until it is moved: for tests and seeded books.
package final class ManualTime: TimeSource {
    private let instant: Mutex<Instant>

    package init(_ start: Instant) {
        instant = Mutex(start)
    }

    package func now() -> Instant { instant.withLock { $0 } }

    /// Moves the clock.
    package func set(_ value: Instant) { instant.withLock { $0 = value } }
}
