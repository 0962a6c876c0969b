import Inference
import Plans
import Tenants
import Testing
import Values

/// Who waits in which queue.
@Suite struct AdmissionAsynchronousTests {
    private static let now = Instant(seconds: 1_772_323_200)

    private static func facts(running: Int, waiting: Int, deferred: Int) -> Admission.Facts {
        var facts = Admission.Facts(
            tenantStatus: .active,
            inference: .standard,
            budget: Budget(windowStart: now, spent: 0, reserved: 0)
        )
        facts.inference?.concurrency = 2
        facts.inference?.queued = 3
        facts.active = Admission.Active(
            running: running,
            waiting: waiting,
            deferred: deferred,
            promptTokens: 0,
            maxTokens: 0
        )
        return facts
    }

    private static func demand(isAsynchronous: Bool) -> Admission.Demand {
        Admission.Demand(promptTokens: 1, maxTokens: 1, amount: 1, isAsynchronous: isAsynchronous)
    }

    @Test func `an asynchronous job always waits first, and counts in its own queue`() throws {
        let idle = Self.facts(running: 0, waiting: 0, deferred: 2)
        #expect(try Admission.decide(idle, Self.demand(isAsynchronous: true), at: Self.now))
        let full = Self.facts(running: 0, waiting: 0, deferred: 3)
        #expect(throws: AdmissionRefusal.concurrency(running: 2, waiting: 3)) {
            _ = try Admission.decide(full, Self.demand(isAsynchronous: true), at: Self.now)
        }
        // One that is waited for does not stand behind them.
        #expect(try !Admission.decide(full, Self.demand(isAsynchronous: false), at: Self.now))
        let crowded = Self.facts(running: 2, waiting: 3, deferred: 0)
        #expect(try Admission.decide(crowded, Self.demand(isAsynchronous: true), at: Self.now))
        #expect(throws: AdmissionRefusal.concurrency(running: 2, waiting: 3)) {
            _ = try Admission.decide(crowded, Self.demand(isAsynchronous: false), at: Self.now)
        }
    }
}
