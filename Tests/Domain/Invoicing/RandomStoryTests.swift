import Billing
import Testing
import Values

/// Laws that hold for every story, on random ones.
@Suite struct RandomStoryTests {
    @Test(arguments: 1...12)
    func `amounts add up, and credit is neither made nor lost`(seed: UInt64) throws {
        var stories = RandomStory(seed: seed)
        for _ in 0..<40 {
            let story = stories.next()
            let result = try StoryText.result(story)
            var granted = Exact.zero
            var used = Exact.zero
            for invoice in try #require(result["invoices"]?.array, "\(result.text)\n\(story)") {
                let lines = invoice["lines"]?.array ?? []
                #expect(!lines.isEmpty)
                for (whole, part) in [("subtotal", "amount"), ("discount", "discount"), ("tax", "tax")] {
                    #expect(lines.reduce(.zero) { $0 + amount($1, part) } == amount(invoice, whole), "\(story)")
                }
                let balance = amount(invoice, "subtotal") - amount(invoice, "discount") + amount(invoice, "tax")
                #expect(amount(invoice, "total") == max(.zero, balance), "\(story)")
                #expect(
                    amount(invoice, "credits_applied") + amount(invoice, "amount_due") == amount(invoice, "total"),
                    "\(story)"
                )
                granted += max(.zero, -balance) - amount(invoice, "refund_due")
                used += amount(invoice, "credits_applied")
            }
            // The one grant of 20.00 never expires.
            let left = amount(result, "credit_balance") + amount(try #require(result["credits_left"]), "g")
            #expect(left == granted + 20 - used, "\(story)")
        }
    }

    @Test(arguments: 1...8)
    func `a later end adds invoices and leaves the earlier ones as they are`(seed: UInt64) throws {
        var stories = RandomStory(seed: 100 + seed)
        for _ in 0..<30 {
            let story = stories.next()
            let whole = try #require(try StoryText.result(story)["invoices"]?.array)
            for until in ["2026-04-01", "2026-05-10T12:00:00Z", "2026-06-15"] {
                let early = story.replacing(#""until": "\#(RandomStory.until)""#, with: #""until": "\#(until)""#)
                let invoices = try #require(try StoryText.result(early)["invoices"]?.array, "\(early)")
                #expect(invoices == Array(whole.prefix(invoices.count)), "\(story)")
                #expect(invoices.count < whole.count || whole.isEmpty || invoices == whole)
            }
        }
    }

    @Test(arguments: 1...6)
    func `a change to the identical plan is neutral within a minor unit a line`(seed: UInt64) throws {
        var sampler = Sampler(seed: seed)
        for _ in 0..<40 {
            let fees = (0..<Int.random(in: 1...4, using: &sampler)).map { index in
                StoryText.fee("\(Int.random(in: 1...99, using: &sampler)).\(index)3", code: "f\(index)")
            }
            let plan = StoryText.plan("a", fees.joined(separator: ", "))
            let percent = Int.random(in: 1...99, using: &sampler)
            let story = StoryText.story(
                until: "2026-04-30",
                plan,
                changes: [#"{"at": "2026-04-\#(Int.random(in: 10...30, using: &sampler))", "plan": "a"}"#],
                more: #""coupons": [{"code": "X", "percent": "\#(percent)"}]"#
            )
            let invoice = try #require(try StoryText.result(story)["invoices"]?[1])
            #expect(amount(invoice, "subtotal").isZero)
            let difference = amount(invoice, "subtotal") - amount(invoice, "discount")
            #expect(difference.magnitude * 100 <= Exact(2 * fees.count), "\(story)")
        }
    }

    private func amount(_ json: JSONValue, _ key: String) -> Exact {
        json[key]?.string.flatMap { Exact(decimal: $0) } ?? .zero
    }
}

/// Makes stories of three months at random, the same for the same seed.
struct RandomStory {
    /// The end of all stories.
    static let until = "2026-07-05"
    private var sampler: Sampler

    init(seed: UInt64) { sampler = Sampler(seed: seed) }

    /// The next story.
    mutating func next() -> String {
        let plans = ["a", "b", "c"].map { plan($0) }
        let changes = (0..<Int.random(in: 0...5, using: &sampler)).map { _ in change() }
        let events = (0..<Int.random(in: 0...8, using: &sampler)).map { _ in
            (at: instant(months: 3...7), value: "\(Int.random(in: -2...40, using: &sampler))")
        }
        // At most one cancellation, after all changes.
        let cancellation = #""cancel": "\#(pick(["immediately", "period_end"]))", "refund": "\#(refund())""#
        let end = chance(3) ? [#"{"at": "2026-06-\#(day())", \#(cancellation)}"#] : []
        return StoryText.story(
            until: Self.until,
            plans[0],
            plans[1],
            plans[2],
            start: pick(["2026-04-01", "2026-03-31T15:00:00Z"]),
            seats: Int.random(in: 0...4, using: &sampler),
            changes: changes + end,
            events: events,
            more: """
                "timezone": "\(pick(["UTC", "America/New_York", "Asia/Kolkata"]))", "coupons": [\(coupons())],
                "taxes": [{"code": "t", "rate": "0.\(Int.random(in: 0...30, using: &sampler))"}],
                "credits": [{"id": "g", "amount": "20.00", "granted_at": "2026-01-01"}]
                """
        )
    }

    private mutating func plan(_ code: String) -> String {
        let timing = #""timing": "\#(pick(["advance", "arrears"]))""#
        var more = #""proration": "\#(pick(["day", "day", "second", "none"]))""#
        more += #", "interval": {"unit": "\#(pick(["month", "month", "month", "week"]))"}"#
        if chance(4) { more += #", "alignment": "calendar""# }
        if chance(4) { more += #", "trial_days": \#(Int.random(in: 1...20, using: &sampler))"# }
        if chance(3) { more += #", "minimum_commitment": "\#(Int.random(in: 10...200, using: &sampler)).55""# }
        return StoryText.plan(
            code,
            StoryText.fee("\(Int.random(in: 0...60, using: &sampler)).99", timing),
            StoryText.seats("\(Int.random(in: 1...20, using: &sampler)).07"),
            StoryText.usage("0.\(Int.random(in: 1...99, using: &sampler))"),
            more: more
        )
    }

    private mutating func change() -> String {
        var text = #"{"at": "\#(instant(months: 4...5))""#
        let hasPlan = chance(2)
        if hasPlan { text += #", "plan": "\#(pick(["a", "b", "c"]))""# }
        if !hasPlan || chance(3) { text += #", "quantities": {"seats": "\#(Int.random(in: 0...6, using: &sampler))"}"# }
        if chance(3) { text += #", "when": "period_end""# }
        if chance(4) { text += #", "invoice": "next""# }
        return text + "}"
    }

    private mutating func coupons() -> String {
        let duration = pick(
            [#""duration": "once""#, #""duration": "forever""#, #""duration": "repeating", "periods": 2"#])
        let percent = #"{"code": "P", "percent": "\#(Int.random(in: 0...100, using: &sampler))", \#(duration)}"#
        let amount = #"{"code": "A", "amount": "\#(Int.random(in: 1...30, using: &sampler))", "carry": \#(chance(2))}"#
        return [percent, amount, "\(amount), \(percent)", ""][Int.random(in: 0...3, using: &sampler)]
    }

    private mutating func instant(months: ClosedRange<Int>) -> String {
        let date = "2026-0\(Int.random(in: months, using: &sampler))-\(day())"
        return chance(2) ? date : "\(date)T1\(Int.random(in: 0...9, using: &sampler)):30:00Z"
    }

    private mutating func day() -> String {
        let day = Int.random(in: 1...30, using: &sampler)
        return day < 10 ? "0\(day)" : "\(day)"
    }

    private mutating func refund() -> String { pick(["credit", "none", "payout"]) }

    private mutating func chance(_ inverse: Int) -> Bool { Int.random(in: 1...inverse, using: &sampler) == 1 }

    private mutating func pick(_ words: [String]) -> String { words[Int.random(in: 0..<words.count, using: &sampler)] }
}
