import Testing
import Values

@testable import Webhooks

/// When what failed is tried again, and when an endpoint is given up.
@Suite struct WebhookScheduleTests {
    private static let first = Instant(seconds: 1_772_323_200)

    @Test(arguments: [
        (1, 5.0), (2, 20), (3, 80), (4, 320), (5, 1280), (6, 5120), (7, 20_480), (8, 21_600), (40, 21_600),
    ])
    func `waits grow fourfold up to six hours`(tries: Int, seconds: Double) {
        #expect(WebhookSchedule.wait(afterTries: tries, jitter: 0) == seconds)
        #expect(WebhookSchedule.wait(afterTries: tries, jitter: 1) == seconds * 1.25)
    }

    @Test(arguments: [0.0, 0.5, 0.999])
    func `the last attempt is three days after the first`(jitter: Double) throws {
        var now = Self.first
        var tries = 1
        while let next = WebhookSchedule.next(afterTries: tries, firstTriedAt: Self.first, now: now, jitter: jitter) {
            #expect(next > now)
            now = next
            tries += 1
        }
        #expect(now == Self.first.adding(seconds: 3 * 86_400))
        #expect((15...20).contains(tries), "\(tries)")
    }

    @Test func `a receiver may ask for more time, not for less`() {
        func next(_ asked: Int64) -> Instant? {
            WebhookSchedule.next(afterTries: 2, firstTriedAt: Self.first, now: Self.first, jitter: 0, asked: asked)
        }
        #expect(next(3) == Self.first.adding(seconds: 20))
        #expect(next(60) == Self.first.adding(seconds: 60))
        #expect(next(1_000_000_000_000) == Self.first.adding(seconds: 86_400))
    }

    @Test(arguments: [
        (200, WebhookVerdict.delivered), (204, .delivered), (299, .delivered), (410, .failed),
        (302, .retry(at: first.adding(seconds: 5))), (400, .retry(at: first.adding(seconds: 5))),
        (500, .retry(at: first.adding(seconds: 5))),
    ])
    func `2xx is success, 410 the end, everything else is tried again`(status: Int, verdict: WebhookVerdict) {
        let outcome = WebhookOutcome(durationMilliseconds: 1, status: status)
        func found(isEnabled: Bool) -> WebhookVerdict {
            WebhookRules.verdict(
                outcome,
                tries: 1,
                firstTriedAt: Self.first,
                now: Self.first,
                jitter: 0,
                isEnabled: isEnabled
            )
        }
        #expect(found(isEnabled: true) == verdict)
        #expect(found(isEnabled: false) == (verdict == .delivered ? .delivered : .failed))
        #expect((outcome.complaint == nil) == (verdict == .delivered))
    }

    @Test func `an endpoint is given up after five days of nothing but failures, and not before a delivery is`() {
        let outcome = WebhookOutcome(durationMilliseconds: 1, status: 500)
        let late = Self.first.adding(seconds: 5 * 86_400)
        func reason(_ verdict: WebhookVerdict, since: Instant?, now: Instant) -> WebhookDisabledReason? {
            WebhookRules.disabling(outcome, verdict: verdict, failingSince: since, now: now)
        }
        #expect(reason(.failed, since: Self.first, now: late) == .failing)
        #expect(reason(.failed, since: Self.first, now: late.adding(seconds: -1)) == nil)
        #expect(reason(.retry(at: late), since: Self.first, now: late) == nil)
        #expect(reason(.failed, since: nil, now: late) == nil)
        let gone = WebhookOutcome(durationMilliseconds: 1, status: 410)
        #expect(WebhookRules.disabling(gone, verdict: .failed, failingSince: nil, now: Self.first) == .gone)
    }
}
