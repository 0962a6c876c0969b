import Subscriptions
import Testing
import Values

@Suite struct SubscriptionTimelineTests {
    private static let monthly = PlanVersionID(uuid: UUIDBytes(high: 1, low: 1))
    private static let trial = PlanVersionID(uuid: UUIDBytes(high: 1, low: 2))
    private static let yearly = PlanVersionID(uuid: UUIDBytes(high: 1, low: 3))
    private static let calendar = PlanVersionID(uuid: UUIDBytes(high: 1, low: 4))

    private static let terms = [
        PlanTerms(version: monthly, interval: Interval(.month), alignment: .anniversary, trialDays: 0),
        PlanTerms(version: trial, interval: Interval(.month), alignment: .anniversary, trialDays: 14),
        PlanTerms(version: yearly, interval: Interval(.year), alignment: .anniversary, trialDays: 0),
        PlanTerms(version: calendar, interval: Interval(.month), alignment: .calendar, trialDays: 0),
    ]

    private struct Asked {
        var at: String
        var version: PlanVersionID?
        var seats: Decimal12?
        var timing = SubscriptionChange.Timing.immediately
    }

    private static func instant(_ date: String) throws -> Instant {
        try #require(Instant(date.count == 10 ? "\(date)T00:00:00Z" : date))
    }

    /// Of one that starts on 31 January 2026 in UTC with one seat.
    private static func timeline(
        _ version: PlanVersionID,
        _ asked: [Asked] = [],
        until: String
    ) throws -> SubscriptionTimeline {
        let start = Moment(try instant("2026-01-31"), in: .utc)
        var changes = [change(1, start.instant, .created, .immediately, version, 1)]
        for (index, asked) in asked.enumerated() {
            let kind: SubscriptionChange.Kind =
                asked.version != nil ? .plan : asked.seats != nil ? .quantities : .cancel
            changes.append(change(index + 2, try instant(asked.at), kind, asked.timing, asked.version, asked.seats))
        }
        return try SubscriptionTimeline(
            start: start,
            zone: .utc,
            changes: changes,
            terms: terms,
            until: try instant(until)
        )
    }

    private static func change(
        _ sequence: Int,
        _ at: Instant,
        _ kind: SubscriptionChange.Kind,
        _ timing: SubscriptionChange.Timing,
        _ version: PlanVersionID?,
        _ seats: Decimal12?
    ) -> SubscriptionChange {
        SubscriptionChange(
            id: ChangeID(uuid: UUIDBytes(high: 2, low: UInt64(sequence))),
            sequence: sequence,
            at: at,
            recordedAt: at,
            kind: kind,
            timing: timing,
            version: version,
            quantities: seats.map { ["seats": $0] } ?? [:],
            author: "command"
        )
    }

    @Test func `one that is over as a period begins had that one last, of no length`() throws {
        let over = try Self.timeline(
            Self.monthly,
            [Asked(at: "2026-03-10", version: Self.yearly), Asked(at: "2026-03-10")],
            until: "2026-03-12"
        )
        let end = try Self.instant("2026-03-10")
        #expect(over.endedAt == end)
        #expect(try over.currentPeriod == (end, end))
    }

    @Test func `one that begins without its trial is active from the start on`() throws {
        let start = Moment(try Self.instant("2026-01-31"), in: .utc)
        let created = SubscriptionChange(
            id: ChangeID(uuid: UUIDBytes(high: 2, low: 1)),
            sequence: 1,
            at: start.instant,
            recordedAt: start.instant,
            kind: .created,
            version: Self.trial,
            hasTrial: false,
            author: "command"
        )
        let timeline = try SubscriptionTimeline(
            start: start,
            zone: .utc,
            changes: [created],
            terms: Self.terms,
            until: start.instant
        )
        #expect(!timeline.isTrial && timeline.anchor == start.instant)
        #expect(timeline.phases.map(\.status) == [.active])
        // It is kept so.
        let read = try SubscriptionChange(
            id: created.id,
            sequence: 1,
            at: created.at,
            recordedAt: created.recordedAt,
            kind: .created,
            timing: .immediately,
            payload: created.payload,
            author: "command"
        )
        #expect(read == created && !read.hasTrial)
    }

    @Test func `periods are counted from the anchor, never from the boundary before`() throws {
        for (until, start, end) in [
            ("2026-02-10", "2026-01-31", "2026-02-28"), ("2026-02-28", "2026-02-28", "2026-03-31"),
            ("2026-04-01", "2026-03-31", "2026-04-30"),
        ] {
            let period = try Self.timeline(Self.monthly, until: until).currentPeriod
            #expect(period.start == (try Self.instant(start)))
            #expect(period.end == (try Self.instant(end)))
        }
    }

    @Test func `a trial's end is the anchor, and a plan changed in the trial moves it`() throws {
        let plain = try Self.timeline(Self.trial, until: "2026-02-20")
        #expect(plain.anchor == (try Self.instant("2026-02-14")))
        #expect(plain.phases.map(\.isTrial) == [true, false])
        // Without trial days the trial ends with the change.
        let cut = try Self.timeline(Self.trial, [Asked(at: "2026-02-05", version: Self.monthly)], until: "2026-02-06")
        #expect(cut.anchor == (try Self.instant("2026-02-05")))
        #expect(!cut.isTrial)
        // With trial days it is counted from the start.
        let kept = try Self.timeline(Self.monthly, [Asked(at: "2026-01-31", version: Self.trial)], until: "2026-02-06")
        #expect(kept.isTrial)
        #expect(try kept.nextBoundary == (try Self.instant("2026-02-14")))
        // From the trial's end on no change begins another.
        let late = try Self.timeline(Self.monthly, [Asked(at: "2026-02-05", version: Self.trial)], until: "2026-02-06")
        #expect(!late.isTrial)
    }

    @Test func `a plan with other periods moves the anchor, another of the same length does not`() throws {
        let moved = try Self.timeline(
            Self.monthly,
            [Asked(at: "2026-02-10", version: Self.yearly)],
            until: "2026-02-11"
        )
        #expect(moved.anchor == (try Self.instant("2026-02-10")))
        #expect(try moved.nextBoundary == (try Self.instant("2027-02-10")))
        let stub = try Self.timeline(
            Self.monthly,
            [Asked(at: "2026-02-10", version: Self.calendar)],
            until: "2026-02-11"
        )
        #expect(try stub.nextBoundary == (try Self.instant("2026-03-01")))
        let kept = try Self.timeline(Self.monthly, [Asked(at: "2026-02-10", version: Self.trial)], until: "2026-02-11")
        #expect(kept.anchor == (try Self.instant("2026-01-31")))
    }

    @Test func `a later plan change replaces one that waits, and quantities that wait stay`() throws {
        let asked = [
            Asked(at: "2026-02-02", version: Self.yearly, seats: 7, timing: .periodEnd),
            Asked(at: "2026-02-03", seats: 4, timing: .periodEnd),
            Asked(at: "2026-02-04", version: Self.trial, timing: .periodEnd),
        ]
        let before = try Self.timeline(Self.monthly, asked, until: "2026-02-27")
        #expect(before.waiting.map(\.sequence) == [3, 4])
        #expect(before.version == Self.monthly)
        let after = try Self.timeline(Self.monthly, asked, until: "2026-02-28")
        #expect(after.version == Self.trial)
        #expect(after.quantities == ["seats": 4])
        #expect(after.waiting.isEmpty)
        #expect(try before.knownPhases().map(\.version) == [Self.monthly, Self.trial])
    }

    @Test func `asked for at a boundary it waits for the end of the period that begins there`() throws {
        let asked = [Asked(at: "2026-02-28", seats: 9, timing: .periodEnd)]
        #expect(try Self.timeline(Self.monthly, asked, until: "2026-03-30").quantities == ["seats": 1])
        #expect(try Self.timeline(Self.monthly, asked, until: "2026-03-31").quantities == ["seats": 9])
    }

    @Test func `a cancellation ends at once or with the period, in a trial with the trial`() throws {
        let once = try Self.timeline(Self.monthly, [Asked(at: "2026-02-10")], until: "2026-05-01")
        #expect(once.endedAt == (try Self.instant("2026-02-10")))
        #expect(try once.nextBoundary == nil)
        let waits = [Asked(at: "2026-02-10", timing: .periodEnd)]
        let waiting = try Self.timeline(Self.monthly, waits, until: "2026-02-20")
        #expect(try waiting.cancelsAt == (try Self.instant("2026-02-28")))
        #expect(try Self.timeline(Self.monthly, waits, until: "2026-05-01").endedAt == (try Self.instant("2026-02-28")))
        let trial = try Self.timeline(Self.trial, waits, until: "2026-05-01")
        #expect(trial.endedAt == (try Self.instant("2026-02-14")))
        #expect(trial.phases.map(\.isTrial) == [true])
    }

    @Test func `a change is written and read back as it is`() throws {
        for kind in [SubscriptionChange.Kind.created, .plan, .quantities, .cancel] {
            let change = SubscriptionChange(
                id: ChangeID(uuid: UUIDBytes(high: 2, low: 9)),
                sequence: 1,
                at: .epoch,
                recordedAt: .epoch,
                kind: kind,
                timing: .periodEnd,
                version: kind == .plan ? Self.trial : nil,
                quantities: kind == .cancel ? [:] : ["seats": 2],
                invoice: kind == .plan ? .next : .now,
                refund: kind == .cancel ? .payout : .credit,
                author: "command"
            )
            let read = try SubscriptionChange(
                id: change.id,
                sequence: 1,
                at: .epoch,
                recordedAt: .epoch,
                kind: kind,
                timing: .periodEnd,
                payload: try JSONValue(parsing: change.payload.text),
                author: "command"
            )
            #expect(read == change)
        }
    }
}
