import Testing
import Values

/// Stretches in which nothing is billed.
@Suite struct InvoiceTrialTests {
    private static let fee = StoryText.plan("p", StoryText.fee("30.00"), more: #""trial_days": 14"#)

    @Test func `a plan with a longer trial moves the trial's end`() throws {
        let story = StoryText.story(
            until: "2026-05-31",
            Self.fee,
            StoryText.plan("q", StoryText.fee("60.00"), more: #""trial_days": 30"#),
            changes: [#"{"at": "2026-04-05", "plan": "q"}"#]
        )
        #expect(try StoryText.told(story) == ["05-01 trial_end: recurring q.fee 05-01/06-01 1 ×1 60.00 = 60.00"])
    }

    @Test func `a plan whose trial would be over is billed at once`() throws {
        let story = StoryText.story(
            until: "2026-05-10",
            Self.fee,
            StoryText.plan("q", StoryText.fee("60.00"), more: #""trial_days": 3"#),
            changes: [#"{"at": "2026-04-10T08:00:00Z", "plan": "q"}"#]
        )
        #expect(
            try StoryText.told(story) == [
                "04-10T08:00:00Z change: recurring q.fee 04-10T08:00:00Z/05-10T08:00:00Z 1 ×1 60.00 = 60.00"
            ]
        )
    }

    @Test func `at the start a change can begin a trial and end one`() throws {
        let plan = StoryText.plan("a", StoryText.fee("60.00"))
        let begun = StoryText.story(
            until: "2026-04-30",
            plan,
            Self.fee,
            changes: [#"{"at": "2026-04-01", "plan": "p"}"#]
        )
        #expect(try StoryText.told(begun) == ["04-15 trial_end: recurring p.fee 04-15/05-15 1 ×1 30.00 = 30.00"])
        let ended = StoryText.story(
            until: "2026-04-30",
            Self.fee,
            plan,
            changes: [#"{"at": "2026-04-01", "plan": "a"}"#]
        )
        #expect(try StoryText.told(ended) == ["04-01 start: recurring a.fee 04-01/05-01 1 ×1 60.00 = 60.00"])
        let both = StoryText.story(
            until: "2026-04-30",
            Self.fee,
            plan,
            changes: [#"{"at": "2026-04-01", "plan": "a"}"#, #"{"at": "2026-04-01", "plan": "p"}"#]
        )
        #expect(try StoryText.told(both) == ["04-15 trial_end: recurring p.fee 04-15/05-15 1 ×1 30.00 = 30.00"])
    }

    @Test func `at the trial's end no change begins another`() throws {
        let story = StoryText.story(
            until: "2026-04-30",
            Self.fee,
            StoryText.plan("q", StoryText.fee("60.00"), more: #""trial_days": 30"#),
            changes: [#"{"at": "2026-04-15", "plan": "q"}"#]
        )
        #expect(try StoryText.told(story) == ["04-15 change: recurring q.fee 04-15/05-15 1 ×1 60.00 = 60.00"])
    }

    @Test func `what waits in a trial waits for its end`() throws {
        let story = StoryText.story(
            until: "2026-04-30",
            StoryText.plan("p", StoryText.seats("10.00"), more: #""trial_days": 14"#),
            seats: 1,
            changes: [#"{"at": "2026-04-05", "quantities": {"seats": "4"}, "when": "period_end"}"#]
        )
        #expect(try StoryText.told(story) == ["04-15 change: recurring p.seats 04-15/05-15 1 ×4 40.00 = 40.00"])
    }

    @Test func `what waits for a trial's end has it when a change ends the trial`() throws {
        let story = StoryText.story(
            until: "2026-04-30",
            StoryText.plan("p", StoryText.seats("10.00"), more: #""trial_days": 14"#),
            StoryText.plan("q", StoryText.seats("20.00")),
            seats: 1,
            changes: [
                #"{"at": "2026-04-05", "quantities": {"seats": "4"}, "when": "period_end"}"#,
                #"{"at": "2026-04-08", "plan": "q"}"#,
            ]
        )
        #expect(try StoryText.told(story) == ["04-08 change: recurring q.seats 04-08/05-08 1 ×4 80.00 = 80.00"])
    }

    @Test func `cancelling in a trial bills nothing, and its usage is free`() throws {
        let story = StoryText.story(
            until: "2026-04-30",
            StoryText.plan(
                "p",
                StoryText.fee("30.00"),
                StoryText.usage("1"),
                more: #""trial_days": 14, "minimum_commitment": "50.00""#
            ),
            changes: [#"{"at": "2026-04-10", "cancel": "immediately", "refund": "payout"}"#],
            events: [("2026-04-05", "10")]
        )
        #expect(try StoryText.told(story).isEmpty)
    }

    @Test func `a quantity that is missing is an error once the plan is billed`() throws {
        let plan = StoryText.plan("p", StoryText.seats("10.00"), more: #""trial_days": 14"#)
        let before = try StoryText.result(StoryText.story(until: "2026-04-14", plan))
        #expect(before["invoices"]?.array?.isEmpty == true)
        let after = try StoryText.result(StoryText.story(until: "2026-04-15", plan))
        #expect(after["error"]?["field"]?.string == "subscription.quantities.seats")
    }
}
