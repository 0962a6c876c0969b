import Billing
import Plans
import Subscriptions
import TestSupport
import Testing
import Values

/// Laws of the lives of subscriptions, on random ones: the invoice function and the timeline are the same machine.
@Suite struct LifecyclePropertyTests {
    @Test(arguments: 1...24)
    func `the invoice function and the timeline know the same boundaries, plans and quantities`(seed: UInt64) throws {
        var sampler = Sampler(seed: seed)
        for _ in 0..<60 {
            let story = try LifecycleStory(&sampler)
            let asked = story.changes.map(\.at)
            let between = (0..<6).map { _ in
                story.start.instant.adding(seconds: Int64.random(in: 0...40_000_000, using: &sampler))
            }
            for until in asked + between {
                let timeline = try story.timeline(until: until)
                // After the end nothing may be asked for any more.
                let result = try story.invoices(until: min(until, timeline.endedAt ?? until))
                #expect(result.nextBoundary == (try timeline.nextBoundary), "\(until)\n\(story.description)")
                try checkLast(of: result, timeline, story)
            }
        }
    }

    /// The last line of seats in advance is that of the plan and the quantity in force, up to the next boundary.
    private func checkLast(of result: InvoiceResult, _ timeline: SubscriptionTimeline, _ story: LifecycleStory) throws {
        guard let boundary = result.nextBoundary, !timeline.isTrial,
            !story.plans.contains(where: { $0.proration == .none })
        else { return }
        let billed = result.invoices.last { $0.lines.contains { $0.price == "seats" && $0.kind != .credit } }
        let lines = (billed?.lines ?? []).filter { $0.price == "seats" && $0.kind != .credit }
        let last = lines.filter { $0.period.end == boundary }.last
        #expect(last?.planKey == timeline.version.text, "\(story.description)")
        #expect(last?.quantity == timeline.quantities["seats"]?.exact, "\(story.description)")
    }

    @Test(arguments: 1...16)
    func `usage is billed once for all time that is neither trial nor pause, by the plan in force`(seed: UInt64) throws
    {
        var sampler = Sampler(seed: 1_000 + seed)
        for _ in 0..<60 {
            let story = try LifecycleStory(&sampler)
            let until = story.end
            let timeline = try story.timeline(until: until)
            let result = try story.invoices(until: min(until, timeline.endedAt ?? until))
            let parts = result.invoices.flatMap(\.lines).filter { $0.kind == .usage }
                .sorted { $0.period.start < $1.period.start }
            for (part, next) in zip(parts, parts.dropFirst()) {
                #expect(part.period.end <= next.period.start, "\(story.description)")
            }
            // The part that runs is not billed yet.
            let closed = parts.last?.period.end ?? story.start.instant
            let billed = timeline.phases.compactMap { phase -> (Period, String)? in
                guard phase.status == .active, let period = Period(start: phase.start, end: phase.end ?? until)
                else { return nil }
                return (period, phase.version.text)
            }
            for (period, plan) in billed {
                let own = parts.filter { $0.period.start >= period.start && $0.period.end <= period.end }
                #expect(own.allSatisfy { $0.planKey == plan }, "\(story.description)")
                let seconds = own.reduce(0) { $0 + $1.period.seconds }
                let expected = max(0, min(period.end, closed).seconds - period.start.seconds)
                // A part is cut by a plan, not by a quantity: it may lie over two phases.
                if own.count == parts.filter({ $0.period.intersection(period) != nil }).count {
                    #expect(seconds == expected, "\(period)\n\(story.description)")
                }
            }
            let all = billed.reduce(0) { $0 + max(0, min($1.0.end, closed).seconds - $1.0.start.seconds) }
            #expect(parts.reduce(0) { $0 + $1.period.seconds } == all, "\(story.description)")
        }
    }

    @Test(arguments: 1...8)
    func `phases follow on one another without a gap or an overlap`(seed: UInt64) throws {
        var sampler = Sampler(seed: 2_000 + seed)
        for _ in 0..<80 {
            let story = try LifecycleStory(&sampler)
            let timeline = try story.timeline(until: story.end)
            let phases = try timeline.knownPhases()
            // What ends as it starts has no phase at all.
            guard let first = phases.first, let last = phases.last else {
                #expect(timeline.endedAt == story.start.instant, "\(story.description)")
                continue
            }
            #expect(first.start == story.start.instant, "\(story.description)")
            for (phase, next) in zip(phases, phases.dropFirst()) {
                #expect(phase.end == next.start, "\(story.description)")
                #expect(phase.start < next.start, "\(story.description)")
                #expect(phase.status != next.status || phase != next)
            }
            #expect(last.end == timeline.endedAt || timeline.endedAt == nil, "\(story.description)")
            let period = try timeline.currentPeriod
            #expect(period.start <= period.end, "\(story.description)")
            if !timeline.isPaused, timeline.endedAt == nil {
                #expect(period.start <= timeline.reached && timeline.reached < period.end, "\(story.description)")
            }
        }
    }

    @Test(arguments: 1...8)
    func `in however many steps a life is billed, the invoices are the same`(seed: UInt64) throws {
        var sampler = Sampler(seed: 3_000 + seed)
        for _ in 0..<25 {
            let story = try LifecycleStory(&sampler)
            let end = try story.timeline(until: story.end).endedAt ?? story.end
            let whole = try story.invoices(until: end).invoices
            var billed: [InvoiceDraft] = []
            var until = story.start.instant
            while until < end {
                until = min(end, until.adding(seconds: Int64.random(in: 1...4_000_000, using: &sampler)))
                let now = try story.invoices(until: until).invoices
                #expect(Array(now.prefix(billed.count)) == billed, "\(story.description)")
                billed = now
            }
            #expect(billed == whole, "\(story.description)")
        }
    }

    @Test(arguments: 1...8)
    func `a pause and what goes on at the same instant credit and bill as a new anchor does`(seed: UInt64) throws {
        var sampler = Sampler(seed: 4_000 + seed)
        for _ in 0..<40 {
            var story = try LifecycleStory(&sampler, proration: "second", cancels: false)
            story.changes = [story.changes[0]]
            let at = story.start.instant.adding(seconds: Int64.random(in: 5_000_000...30_000_000, using: &sampler))
            story.ask(.pause, at: at)
            story.ask(.resume, at: at)
            let lines = try story.invoices(until: at).invoices.flatMap(\.lines)
            let given = lines.filter { $0.kind == .credit }
            let fresh = lines.filter { $0.period.start == at && $0.kind == .recurring }
            #expect(fresh.count == 1, "\(story.description)")
            #expect(given.allSatisfy { $0.period.start == at && $0.amount <= 0 }, "\(story.description)")
            #expect(try story.timeline(until: at).anchor == at, "\(story.description)")
        }
    }
}
