import Testing

/// Changes where the old or the new plan has `proration: none`.
@Suite struct InvoiceUnproratedTests {
    private static let none = #""proration": "none""#
    private static let arrears = #""timing": "arrears""#

    @Test func `only usage is cut, each part at its own plan's prices`() throws {
        let story = StoryText.story(
            until: "2026-05-01",
            StoryText.plan("a", StoryText.fee("30.00"), StoryText.usage("1"), more: Self.none),
            StoryText.plan("b", StoryText.fee("60.00"), StoryText.usage("2"), more: Self.none),
            changes: [#"{"at": "2026-04-16", "plan": "b"}"#],
            events: [("2026-04-05", "10"), ("2026-04-20", "4")]
        )
        #expect(
            try StoryText.told(story) == [
                "04-01 start: recurring a.fee 04-01/05-01 1 ×1 30.00 = 30.00",
                "04-16 change: usage a.use 04-01/04-16 1 ×10 10.00 = 10.00",
                "05-01 renewal: recurring b.fee 05-01/06-01 1 ×1 60.00 | usage b.use 04-16/05-01 1 ×4 8.00 = 68.00",
            ]
        )
    }

    @Test func `a usage part keeps the ratio of its own plan`() throws {
        let least = #""minimum": "30.00""#
        let story = StoryText.story(
            until: "2026-05-01",
            StoryText.plan("a", StoryText.usage("1", least)),
            StoryText.plan("b", StoryText.usage("1", least), more: Self.none),
            changes: [#"{"at": "2026-04-11", "plan": "b"}"#]
        )
        #expect(
            try StoryText.told(story) == [
                "04-11 change: usage a.use 04-01/04-11 1/3 ×0 10.00 = 10.00",
                "05-01 renewal: usage b.use 04-11/05-01 1 ×0 30.00 = 30.00",
            ]
        )
    }

    @Test func `arrears and commitment are billed whole for what is in force at the end`() throws {
        let story = StoryText.story(
            until: "2026-05-01",
            StoryText.plan("a", StoryText.fee("30.00", Self.arrears), more: #""minimum_commitment": "10.00""#),
            StoryText.plan(
                "b",
                StoryText.fee("60.00", Self.arrears),
                more: #""minimum_commitment": "100.00", "# + Self.none
            ),
            changes: [#"{"at": "2026-04-16", "plan": "b"}"#]
        )
        #expect(
            try StoryText.told(story) == [
                "05-01 renewal: recurring b.fee 04-01/05-01 1 ×1 60.00 | minimum b.- 04-01/05-01 1 ×1 40.00 = 100.00"
            ]
        )
    }

    @Test func `a new quantity is billed from the next period`() throws {
        let story = StoryText.story(
            until: "2026-05-01",
            StoryText.plan("a", StoryText.seats("10.00"), more: Self.none),
            seats: 3,
            changes: [#"{"at": "2026-04-16", "quantities": {"seats": "5"}}"#]
        )
        #expect(
            try StoryText.told(story) == [
                "04-01 start: recurring a.seats 04-01/05-01 1 ×3 30.00 = 30.00",
                "05-01 renewal: recurring a.seats 05-01/06-01 1 ×5 50.00 = 50.00",
            ]
        )
    }

    @Test func `with a new anchor nothing is credited and the new period is billed in full`() throws {
        let story = StoryText.story(
            until: "2026-04-30",
            StoryText.plan("a", StoryText.fee("30.00")),
            StoryText.plan(
                "c",
                StoryText.fee("90.00"),
                more: #""alignment": "calendar", "# + Self.none
            ),
            start: "2026-03-21",
            changes: [#"{"at": "2026-04-11", "plan": "c"}"#]
        )
        #expect(
            try StoryText.told(story).last == "04-11 change: recurring c.fee 04-11/05-01 1 ×1 90.00 = 90.00"
        )
    }

    @Test func `a cancellation credits nothing and bills arrears whole`() throws {
        let story = StoryText.story(
            until: "2026-04-30",
            StoryText.plan("a", StoryText.fee("30.00"), StoryText.seats("10.00", Self.arrears), more: Self.none),
            seats: 3,
            changes: [
                #"{"at": "2026-04-11", "quantities": {"seats": "5"}}"#,
                #"{"at": "2026-04-16", "cancel": "immediately"}"#,
            ]
        )
        #expect(
            try StoryText.told(story).last == "04-16 cancel: recurring a.seats 04-01/04-16 1 ×5 50.00 = 50.00"
        )
    }

    @Test func `a prorated plan's line can be credited again once no other plan is in force`() throws {
        let story = StoryText.story(
            until: "2026-04-30",
            StoryText.plan("a", StoryText.fee("30.00")),
            StoryText.plan("b", StoryText.fee("45.00"), more: Self.none),
            StoryText.plan("c", StoryText.fee("60.00")),
            StoryText.plan("d", StoryText.fee("90.00")),
            changes: [
                #"{"at": "2026-04-06", "plan": "b"}"#, #"{"at": "2026-04-11", "plan": "c"}"#,
                #"{"at": "2026-04-16", "plan": "d"}"#,
            ]
        )
        #expect(
            try StoryText.told(story) == [
                "04-01 start: recurring a.fee 04-01/05-01 1 ×1 30.00 = 30.00",
                "04-16 change: credit a.fee 04-16/05-01 1/2 ×1 -15.00 | charge d.fee 04-16/05-01 1/2 ×1 45.00 = 30.00",
            ]
        )
    }

    @Test func `a line of a plan without proration is never credited`() throws {
        let story = StoryText.story(
            until: "2026-04-30",
            StoryText.plan("a", StoryText.fee("30.00"), more: Self.none),
            StoryText.plan("b", StoryText.fee("60.00")),
            changes: [
                #"{"at": "2026-04-11", "plan": "b"}"#, #"{"at": "2026-04-16", "cancel": "immediately"}"#,
            ]
        )
        #expect(
            try StoryText.told(story) == ["04-01 start: recurring a.fee 04-01/05-01 1 ×1 30.00 = 30.00"]
        )
    }
}
