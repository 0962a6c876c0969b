import Glibc

/// Processor time that computing costs.
struct EngineClock {
    private let clock: clockid_t

    /// With one thread the work is all the calling thread's; with more, nearly all of the process's.
    init(threads: Int) {
        clock = threads == 1 ? CLOCK_THREAD_CPUTIME_ID : CLOCK_PROCESS_CPUTIME_ID
    }

    /// Nanoseconds used so far.
    var now: UInt64 {
        var time = timespec()
        _ = unsafe clock_gettime(clock, &time)
        return UInt64(time.tv_sec) * 1_000_000_000 + UInt64(time.tv_nsec)
    }
}
