import Testing
import Values

/// What waits for the end of a period, and what happens at one.
@Suite struct InvoiceBoundaryTests {
    @Test func `waiting changes apply before those of the instant`() throws {
        let story = StoryText.story(
            until: "2026-05-01",
            StoryText.plan("a", StoryText.seats("10.00")),
            seats: 3,
            changes: [
                #"{"at": "2026-05-01", "quantities": {"seats": "9"}}"#,
                #"{"at": "2026-04-10", "quantities": {"seats": "7", "rooms": "1"}, "when": "period_end"}"#,
            ]
        )
        #expect(
            try StoryText.told(story) == [
                "04-01 start: recurring a.seats 04-01/05-01 1 ×3 30.00 = 30.00",
                "05-01 change: recurring a.seats 05-01/06-01 1 ×9 90.00 = 90.00",
            ]
        )
    }

    @Test func `asked for at a boundary, a change waits for the end of the period that begins`() throws {
        let story = StoryText.story(
            until: "2026-06-01",
            StoryText.plan("a", StoryText.seats("10.00")),
            seats: 3,
            changes: [
                #"{"at": "2026-04-01", "quantities": {"seats": "5"}, "when": "period_end"}"#,
                #"{"at": "2026-05-01", "quantities": {"seats": "9"}, "when": "period_end"}"#,
            ]
        )
        #expect(
            try StoryText.told(story) == [
                "04-01 start: recurring a.seats 04-01/05-01 1 ×3 30.00 = 30.00",
                "05-01 change: recurring a.seats 05-01/06-01 1 ×5 50.00 = 50.00",
                "06-01 change: recurring a.seats 06-01/07-01 1 ×9 90.00 = 90.00",
            ]
        )
    }

    @Test func `a later plan change takes the place of one that waits, with its quantities`() throws {
        let story = StoryText.story(
            until: "2026-05-01",
            StoryText.plan("a", StoryText.seats("10.00")),
            StoryText.plan("b", StoryText.seats("20.00")),
            StoryText.plan("c", StoryText.seats("30.00")),
            seats: 2,
            changes: [
                #"{"at": "2026-04-10", "plan": "b", "quantities": {"seats": "9"}, "when": "period_end"}"#,
                #"{"at": "2026-04-16", "plan": "c"}"#,
            ]
        )
        #expect(
            try StoryText.told(story).suffix(2) == [
                "04-16 change: credit a.seats 04-16/05-01 1/2 ×2 -10.00 | charge c.seats 04-16/05-01 1/2 ×2 30.00 "
                    + "= 20.00",
                "05-01 renewal: recurring c.seats 05-01/06-01 1 ×2 60.00 = 60.00",
            ]
        )
    }

    @Test func `other waiting changes stay`() throws {
        let story = StoryText.story(
            until: "2026-06-01",
            StoryText.plan("a", StoryText.seats("10.00")),
            StoryText.plan("b", StoryText.seats("20.00")),
            seats: 2,
            changes: [
                #"{"at": "2026-04-10", "quantities": {"seats": "5"}, "when": "period_end"}"#,
                #"{"at": "2026-04-12", "cancel": "period_end"}"#, #"{"at": "2026-04-16", "plan": "b"}"#,
            ]
        )
        #expect(
            try StoryText.told(story) == [
                "04-01 start: recurring a.seats 04-01/05-01 1 ×2 20.00 = 20.00",
                "04-16 change: credit a.seats 04-16/05-01 1/2 ×2 -10.00 | charge b.seats 04-16/05-01 1/2 ×2 20.00 "
                    + "= 10.00",
            ]
        )
    }

    @Test func `at a boundary a plan change credits and charges nothing`() throws {
        let story = StoryText.story(
            until: "2026-05-01",
            StoryText.plan("a", StoryText.fee("30.00"), StoryText.fee("5.00", code: "late", #""timing": "arrears""#)),
            StoryText.plan("y", StoryText.fee("365.00"), more: #""interval": {"unit": "year"}"#),
            changes: [#"{"at": "2026-05-01", "plan": "y"}"#]
        )
        #expect(
            try StoryText.told(story).last
                == "05-01 change: recurring a.late 04-01/05-01 1 ×1 5.00 | "
                + "recurring y.fee 05-01/2027-05-01 1 ×1 365.00 "
                + "= 370.00"
        )
    }

    @Test func `a waiting change goes with the anchor to the new period's end`() throws {
        let story = StoryText.story(
            until: "2026-05-16",
            StoryText.plan("a", StoryText.fee("30.00")),
            StoryText.plan("w", StoryText.seats("7.00"), more: #""interval": {"unit": "week"}"#),
            seats: 1,
            changes: [
                #"{"at": "2026-04-10", "quantities": {"seats": "2"}, "when": "period_end"}"#,
                #"{"at": "2026-04-16", "plan": "w"}"#, #"{"at": "2026-04-25", "cancel": "period_end"}"#,
            ]
        )
        #expect(
            try StoryText.told(story).dropFirst(2) == [
                "04-23 change: recurring w.seats 04-23/04-30 1 ×2 14.00 = 14.00"
            ]
        )
    }

    @Test func `at one instant nothing follows a cancellation`() throws {
        let story = StoryText.story(
            until: "2026-05-01",
            StoryText.plan("a", StoryText.fee("30.00")),
            StoryText.plan("b", StoryText.fee("60.00")),
            changes: [#"{"at": "2026-05-01", "cancel": "immediately"}"#, #"{"at": "2026-05-01", "plan": "b"}"#]
        )
        #expect(try StoryText.told(story).count == 1)
    }

    @Test func `changes after the end are errors up to the story's last instant`() throws {
        let changes = [#"{"at": "2026-04-20", "plan": "a"}"#, #"{"at": "2026-04-10", "cancel": "immediately"}"#]
        let plan = StoryText.plan("a", StoryText.fee("30.00"))
        let late = try StoryText.result(StoryText.story(until: "2026-04-20", plan, changes: changes))
        #expect(late["error"]?["field"]?.string == "changes[0].at")
        let early = try StoryText.result(StoryText.story(until: "2026-04-19", plan, changes: changes))
        #expect(early["invoices"]?.array?.count == 2)
    }

    @Test func `at renewal lines follow the plan's prices, whatever their timing`() throws {
        let story = StoryText.story(
            until: "2026-05-01",
            StoryText.plan(
                "a",
                StoryText.fee("5.00", code: "late", #""timing": "arrears""#),
                StoryText.fee("30.00"),
                StoryText.fee("1.00", code: "last", #""timing": "arrears""#)
            )
        )
        #expect(
            try StoryText.told(story).last
                == "05-01 renewal: recurring a.late 04-01/05-01 1 ×1 5.00 | recurring a.fee 05-01/06-01 1 ×1 30.00 | "
                + "recurring a.last 04-01/05-01 1 ×1 1.00 = 36.00"
        )
    }
}
