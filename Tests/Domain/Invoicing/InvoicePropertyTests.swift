import Billing
import Plans
import Subscriptions
import TestSupport
import Testing
import Values

/// Laws of amounts, on random stories: parts sum to wholes, there and back is nothing, order does not matter.
@Suite struct InvoicePropertyTests {
    @Test(arguments: 1...8)
    func `in whatever order events come, the invoices are the same`(seed: UInt64) throws {
        var stories = RandomStory(seed: 5_000 + seed)
        var sampler = Sampler(seed: 5_000 + seed)
        for _ in 0..<25 {
            let text = stories.next()
            var story = try #require(try JSONValue(parsing: text).object)
            let first = try StoryText.result(text)
            story["events"] = .array((story["events"]?.array ?? []).shuffled(using: &sampler))
            #expect(try StoryText.result(JSONValue.object(story).text) == first, "\(text)")
        }
    }

    @Test(arguments: 1...12)
    func `the parts of a period sum to the whole, in every zone`(seed: UInt64) throws {
        var sampler = Sampler(seed: 6_000 + seed)
        for _ in 0..<40 {
            let proration = Bool.random(using: &sampler) ? "day" : "second"
            var story = try LifecycleStory(&sampler, proration: proration, cancels: false)
            story.changes = [story.changes[0]]
            let cuts = (0..<Int.random(in: 0...6, using: &sampler)).map { _ in
                story.start.instant.adding(seconds: Int64.random(in: 0...30_000_000, using: &sampler))
            }
            for at in cuts.sorted() { story.ask(.plan, plan: 0, at: at) }
            let until = try story.timeline(until: story.end).currentPeriod.start
            let lines = try story.invoices(until: until).invoices.flatMap(\.lines)
            for (whole, parts) in Dictionary(grouping: lines.filter { $0.kind == .usage }, by: \.whole) {
                let ratios = parts.reduce(Exact.zero) { $0 + $1.ratio }
                let covered = parts.reduce(0) { $0 + $1.period.seconds }
                // A stub is less than its whole, and so is a period that a trial's end cuts.
                guard covered == whole.seconds else { continue }
                #expect(ratios == .one, "\(whole)\n\(story.description)")
                let late = lines.filter { $0.price == "late" && $0.whole == whole }
                let sum = late.reduce(0) { $0 + $1.amount }
                #expect(abs(sum - 731) <= Int64(late.count), "\(whole) \(sum)\n\(story.description)")
            }
        }
    }

    @Test(arguments: 1...12)
    func `up and back down on the same day is nothing, within a minor unit a line`(seed: UInt64) throws {
        var sampler = Sampler(seed: 7_000 + seed)
        for _ in 0..<60 {
            let interval = ["month", "week", "year"].randomElement(using: &sampler) ?? "month"
            let prices = (0..<Int.random(in: 1...4, using: &sampler)).map { place in
                StoryText.fee("\(Int.random(in: 1...99, using: &sampler)).\(place)7", code: "f\(place)")
            }
            let seats = StoryText.seats("\(Int.random(in: 1...30, using: &sampler)).33")
            let more = #""proration": "day", "interval": {"unit": "\#(interval)"}"#
            let other = StoryText.fee("\(Int.random(in: 100...900, using: &sampler)).99", code: "f0")
            let small = StoryText.plan("a", (prices + [seats]).joined(separator: ", "), more: more)
            let large = StoryText.plan("b", other, StoryText.seats("47.77"), more: more)
            let day = 2 + Int.random(in: 0..<4, using: &sampler)
            let quantity = Int.random(in: 1...9, using: &sampler)
            let story = StoryText.story(
                until: "2026-04-0\(day)T23:00:00Z",
                small,
                large,
                seats: quantity,
                changes: [
                    #"{"at": "2026-04-0\#(day)T08:00:00Z", "plan": "b", "quantities": {"seats": "12"}}"#,
                    #"{"at": "2026-04-0\#(day)T17:30:00Z", "plan": "a", "quantities": {"seats": "\#(quantity)"}}"#,
                ]
            )
            let result = try StoryText.result(story)
            let invoices = try #require(result["invoices"]?.array, "\(result.text)")
            let lines = invoices.dropFirst().flatMap { $0["lines"]?.array ?? [] }
            #expect(lines.count == 2 * (prices.count + 1) + 4, "\(story)")
            let net = lines.reduce(Exact.zero) { $0 + (Exact(decimal: $1["amount"]?.string ?? "") ?? .zero) }
            let bound = Exact(lines.count) / 100
            #expect(-bound <= net && net <= bound, "\(net.decimalText())\n\(story)")
        }
    }

    @Test(arguments: 1...6)
    func `a commitment in parts comes to the commitment, within a minor unit a part`(seed: UInt64) throws {
        var sampler = Sampler(seed: 8_000 + seed)
        for _ in 0..<40 {
            let least = Int.random(in: 50...900, using: &sampler)
            let plan = StoryText.plan(
                "a",
                StoryText.usage("0.01"),
                more: #""minimum_commitment": "\#(least).37", "proration": "second""#
            )
            let cuts = Set(
                (0..<Int.random(in: 1...5, using: &sampler)).map { _ in
                    Int.random(in: 2...29, using: &sampler)
                }
            )
            let story = StoryText.story(
                until: "2026-05-01",
                plan,
                changes: cuts.sorted().map { #"{"at": "2026-04-\#($0 < 10 ? "0" : "")\#($0)T07:11:13Z", "plan": "a"}"# }
            )
            let invoices = try #require(try StoryText.result(story)["invoices"]?.array, "\(story)")
            let lines = invoices.flatMap { $0["lines"]?.array ?? [] }
            #expect(lines.count == cuts.count + 1)
            let sum = lines.reduce(Exact.zero) { $0 + (Exact(decimal: $1["amount"]?.string ?? "") ?? .zero) }
            let off = sum - (Exact(least) + Exact(37, 100))
            let bound = Exact(lines.count) / 100
            #expect(-bound <= off && off <= bound, "\(sum.decimalText())\n\(story)")
        }
    }
}
