/// Tells a hung engine from a slow one.
///
/// Pure: whoever owns the thread says how much time has passed.
///
/// Two things must move: the thread that answers pings (it stands still when the process is stopped or starved), and,
/// while there is work, the number of steps (it stands still when the model's code hangs).
package struct Heartbeat: Hashable, Sendable {
    /// What to do after a tick.
    package enum Verdict: Hashable, Sendable {
        case nothing
        case ping(Int)
        case hung(String)
    }

    /// Between two pings.
    package let interval: Duration
    /// Silence after which an engine counts as hung.
    package let patience: Duration
    /// Work without a step after which an engine counts as hung.
    package let stepPatience: Duration

    private var number = 0
    private var isAnswered = true
    private var sinceSent: Duration = .zero
    private var statistics = EngineStatistics()
    private var sinceStep: Duration = .zero

    package init(
        interval: Duration = .seconds(1),
        patience: Duration = .seconds(3),
        stepPatience: Duration = .seconds(120)
    ) {
        self.interval = interval
        self.patience = patience
        self.stepPatience = stepPatience
    }

    /// Lets `elapsed` pass.
    ///
    /// Never more than one interval counts, so that a pause of this process or of the whole machine is not held
    /// against the engine.
    package mutating func advance(by elapsed: Duration) -> Verdict {
        let passed = min(elapsed, interval)
        sinceSent += passed
        if statistics.isBusy {
            sinceStep += passed
            if sinceStep >= stepPatience {
                return .hung("no step in \(stepPatience) of work")
            }
        }
        guard isAnswered else {
            return sinceSent >= patience ? .hung("no answer to a ping in \(patience)") : .nothing
        }
        guard sinceSent >= interval || number == 0 else { return .nothing }
        number += 1
        isAnswered = false
        sinceSent = .zero
        return .ping(number)
    }

    /// Takes an answer.
    package mutating func received(pong: Int, _ latest: EngineStatistics) {
        if pong == number {
            isAnswered = true
        }
        if latest.steps != statistics.steps || !latest.isBusy {
            sinceStep = .zero
        }
        statistics = latest
    }
}

/// How long to wait before an engine is started again.
///
/// Pure.
package struct RestartBackoff: Hashable, Sendable {
    private var failures = 0

    package init() {}

    /// The pause after an engine that lived for `lifetime`: none the first time, then 0.2 s, doubling up to 10 s.
    ///
    /// An engine that lived half a minute starts the count anew.
    package mutating func pause(afterLifetime lifetime: Duration) -> Duration {
        if lifetime >= .seconds(30) {
            failures = 0
        }
        failures += 1
        guard failures > 1 else { return .zero }
        let doublings = min(failures - 2, 6)
        return min(.milliseconds(200 << doublings), .seconds(10))
    }
}
