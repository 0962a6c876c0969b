import Testing
import Values

/// Plan and quantity changes within a period.
@Suite struct InvoiceChangeTests {
    @Test func `a plan of another interval moves the anchor`() throws {
        let story = StoryText.story(
            until: "2027-04-16",
            StoryText.plan("a", StoryText.fee("30.00")),
            StoryText.plan("y", StoryText.fee("365.00"), more: #""interval": {"unit": "year"}"#),
            changes: [#"{"at": "2026-04-16", "plan": "y"}"#]
        )
        #expect(
            try StoryText.told(story) == [
                "04-01 start: recurring a.fee 04-01/05-01 1 ×1 30.00 = 30.00",
                "04-16 change: credit a.fee 04-16/05-01 1/2 ×1 -15.00 | recurring y.fee 04-16/2027-04-16 1 ×1 365.00 "
                    + "= 350.00",
                "2027-04-16 renewal: recurring y.fee 2027-04-16/2028-04-16 1 ×1 365.00 = 365.00",
            ]
        )
    }

    @Test func `a plan of another alignment begins with a stub`() throws {
        let story = StoryText.story(
            until: "2026-05-01",
            StoryText.plan("a", StoryText.fee("30.00")),
            StoryText.plan("c", StoryText.fee("90.00"), more: #""alignment": "calendar""#),
            start: "2026-03-21",
            changes: [#"{"at": "2026-04-11", "plan": "c"}"#]
        )
        #expect(
            try StoryText.told(story) == [
                "03-21 start: recurring a.fee 03-21/04-21 1 ×1 30.00 = 30.00",
                "04-11 change: credit a.fee 04-11/04-21 10/31 ×1 -9.68 | recurring c.fee 04-11/05-01 2/3 ×1 60.00 "
                    + "= 50.32",
                "05-01 renewal: recurring c.fee 05-01/06-01 1 ×1 90.00 = 90.00",
            ]
        )
    }

    @Test func `changes at one instant are taken one after the other`() throws {
        let story = StoryText.story(
            until: "2026-04-30",
            StoryText.plan("a", StoryText.fee("30.00")),
            StoryText.plan("b", StoryText.fee("60.00")),
            StoryText.plan("c", StoryText.fee("90.00")),
            changes: [#"{"at": "2026-04-16", "plan": "b"}"#, #"{"at": "2026-04-16", "plan": "c"}"#]
        )
        #expect(
            try StoryText.told(story).last
                == "04-16 change: credit a.fee 04-16/05-01 1/2 ×1 -15.00 | credit b.fee 04-16/05-01 1/2 ×1 -30.00 | "
                + "charge b.fee 04-16/05-01 1/2 ×1 30.00 | charge c.fee 04-16/05-01 1/2 ×1 45.00 = 30.00"
        )
    }

    @Test func `what follows a new anchor at the same instant finds a boundary`() throws {
        let story = StoryText.story(
            until: "2026-04-30",
            StoryText.plan("a", StoryText.seats("10.00")),
            StoryText.plan("y", StoryText.seats("100.00"), more: #""interval": {"unit": "year"}"#),
            seats: 2,
            changes: [
                #"{"at": "2026-04-16", "plan": "y"}"#, #"{"at": "2026-04-16", "quantities": {"seats": "3"}}"#,
            ]
        )
        #expect(
            try StoryText.told(story).last
                == "04-16 change: credit a.seats 04-16/05-01 1/2 ×2 -10.00 | "
                + "recurring y.seats 04-16/2027-04-16 1 ×3 300.00 = 290.00"
        )
    }

    @Test func `the same plan again is credited and charged`() throws {
        let story = StoryText.story(
            until: "2026-04-30",
            StoryText.plan("a", StoryText.fee("30.00"), StoryText.usage("1")),
            changes: [#"{"at": "2026-04-11", "plan": "a"}"#],
            events: [("2026-04-10T23:59:59Z", "4")]
        )
        #expect(
            try StoryText.told(story).last
                == "04-11 change: credit a.fee 04-11/05-01 2/3 ×1 -20.00 | charge a.fee 04-11/05-01 2/3 ×1 20.00 | "
                + "usage a.use 04-01/04-11 1/3 ×4 4.00 = 4.00"
        )
    }

    @Test func `in arrears each stretch of a quantity is a line at the end of the part`() throws {
        let arrears = #""timing": "arrears""#
        let story = StoryText.story(
            until: "2026-05-01",
            StoryText.plan("a", StoryText.fee("30.00", arrears), StoryText.seats("10.00", arrears)),
            seats: 3,
            changes: [
                #"{"at": "2026-04-11", "quantities": {"seats": "5"}}"#,
                #"{"at": "2026-04-16", "quantities": {"seats": "5.0"}}"#,
                #"{"at": "2026-04-21", "quantities": {"seats": "3", "rooms": "1"}}"#,
            ]
        )
        #expect(
            try StoryText.told(story) == [
                "05-01 renewal: recurring a.fee 04-01/05-01 1 ×1 30.00 | recurring a.seats 04-01/04-11 1/3 ×3 10.00 | "
                    + "recurring a.seats 04-11/04-21 1/3 ×5 16.67 | recurring a.seats 04-21/05-01 1/3 ×3 10.00 = 66.67"
            ]
        )
    }

    @Test func `a part in arrears is closed by a plan change with the quantities before it`() throws {
        let arrears = #""timing": "arrears""#
        let story = StoryText.story(
            until: "2026-05-01",
            StoryText.plan("a", StoryText.seats("30.00", arrears)),
            StoryText.plan("b", StoryText.seats("60.00", arrears)),
            seats: 1,
            changes: [#"{"at": "2026-04-16", "plan": "b", "quantities": {"seats": "2"}}"#]
        )
        #expect(
            try StoryText.told(story) == [
                "04-16 change: recurring a.seats 04-01/04-16 1/2 ×1 15.00 = 15.00",
                "05-01 renewal: recurring b.seats 04-16/05-01 1/2 ×2 60.00 = 60.00",
            ]
        )
    }

    @Test func `a credit follows the plan that billed the line, a charge the new plan`() throws {
        let story = StoryText.story(
            until: "2026-04-30",
            StoryText.plan("a", StoryText.fee("30.00")),
            StoryText.plan("b", StoryText.fee("60.00"), more: #""proration": "second""#),
            changes: [#"{"at": "2026-04-16T12:00:00Z", "plan": "b"}"#]
        )
        #expect(
            try StoryText.told(story).last
                == "04-16T12:00:00Z change: credit a.fee 04-16T12:00:00Z/05-01 1/2 ×1 -15.00 | "
                + "charge b.fee 04-16T12:00:00Z/05-01 29/60 ×1 29.00 = 14.00"
        )
    }

    @Test func `lines that wait go on a cancellation's invoice`() throws {
        let story = StoryText.story(
            until: "2026-04-30",
            StoryText.plan("a", StoryText.fee("30.00")),
            StoryText.plan("b", StoryText.fee("60.00")),
            changes: [
                #"{"at": "2026-04-11", "plan": "b", "invoice": "next"}"#,
                #"{"at": "2026-04-21", "cancel": "immediately", "refund": "none"}"#,
            ]
        )
        #expect(
            try StoryText.told(story).last
                == "04-21 cancel: credit a.fee 04-11/05-01 2/3 ×1 -20.00 | "
                + "charge b.fee 04-11/05-01 2/3 ×1 40.00 = 20.00"
        )
    }

    @Test func `a line that waits can be credited before it is invoiced`() throws {
        let story = StoryText.story(
            until: "2026-04-30",
            StoryText.plan("a", StoryText.fee("30.00")),
            StoryText.plan("b", StoryText.fee("60.00")),
            StoryText.plan("c", StoryText.fee("90.00")),
            changes: [
                #"{"at": "2026-04-16", "plan": "b", "invoice": "next"}"#, #"{"at": "2026-04-21", "plan": "c"}"#,
            ],
            more: #""coupons": [{"code": "X", "percent": "10", "duration": "forever"}]"#
        )
        #expect(
            try StoryText.told(story).last
                == "04-21 change: credit a.fee 04-16/05-01 1/2 ×1 -15.00 d-1.50 | "
                + "credit b.fee 04-21/05-01 1/3 ×1 -20.00 d-2.00 | charge b.fee 04-16/05-01 1/2 ×1 30.00 d3.00 | "
                + "charge c.fee 04-21/05-01 1/3 ×1 30.00 d3.00 = 22.50"
        )
    }

    @Test func `a cancellation on the first day gives back all`() throws {
        let story = StoryText.story(
            until: "2026-04-30",
            StoryText.plan("a", StoryText.fee("30.00")),
            changes: [#"{"at": "2026-04-01T18:00:00Z", "cancel": "immediately"}"#]
        )
        #expect(
            try StoryText.told(story).last
                == "04-01T18:00:00Z cancel: credit a.fee 04-01T18:00:00Z/05-01 1 ×1 -30.00 = 0.00"
        )
        #expect(try StoryText.result(story)["credit_balance"]?.string == "30.00")
    }

    @Test func `a line of no days is credited by nothing`() throws {
        let story = StoryText.story(
            until: "2026-04-30",
            StoryText.plan("a", StoryText.fee("30.00")),
            start: "2026-03-10T15:00:00Z",
            changes: [
                #"{"at": "2026-04-10T10:00:00Z", "plan": "a"}"#, #"{"at": "2026-04-10T12:00:00Z", "plan": "a"}"#,
            ]
        )
        #expect(
            try StoryText.told(story) == [
                "03-10T15:00:00Z start: recurring a.fee 03-10T15:00:00Z/04-10T15:00:00Z 1 ×1 30.00 = 30.00",
                "04-10T15:00:00Z renewal: recurring a.fee 04-10T15:00:00Z/05-10T15:00:00Z 1 ×1 30.00 = 30.00",
            ]
        )
    }
}
