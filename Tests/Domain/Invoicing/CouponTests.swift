import Testing
import Values

/// Coupons, taxes, grants and the credit balance.
@Suite struct InvoiceCouponTests {
    private static func coupon(_ text: String) -> String { #""coupons": [{"code": "X", \#(text)}]"# }

    @Test func `a repeating percentage covers invoices between renewals and not the one at its end`() throws {
        let story = StoryText.story(
            until: "2026-05-01",
            StoryText.plan("a", StoryText.seats("10.00")),
            seats: 2,
            changes: [#"{"at": "2026-04-16", "quantities": {"seats": "4"}}"#],
            more: Self.coupon(#""percent": "50", "duration": "repeating", "periods": 1"#)
        )
        #expect(
            try StoryText.told(story) == [
                "04-01 start: recurring a.seats 04-01/05-01 1 ×2 20.00 d10.00 = 10.00",
                "04-16 change: credit a.seats 04-16/05-01 1/2 ×2 -10.00 d-5.00 | "
                    + "charge a.seats 04-16/05-01 1/2 ×4 20.00 d10.00 = 5.00",
                "05-01 renewal: recurring a.seats 05-01/06-01 1 ×4 40.00 = 40.00",
            ]
        )
    }

    @Test func `the end is fixed by the calendar at the first use`() throws {
        let story = StoryText.story(
            until: "2026-06-04",
            StoryText.plan("a", StoryText.fee("30.00")),
            StoryText.plan("w", StoryText.fee("7.00"), more: #""interval": {"unit": "week"}"#),
            changes: [#"{"at": "2026-04-16", "plan": "w"}"#],
            more: Self.coupon(#""percent": "50", "duration": "repeating", "periods": 2"#)
        )
        let told = try StoryText.told(story)
        #expect(told.count == 9)
        #expect(told[7] == "05-28 renewal: recurring w.fee 05-28/06-04 1 ×1 7.00 d3.50 = 3.50")
        #expect(told[8] == "06-04 renewal: recurring w.fee 06-04/06-11 1 ×1 7.00 = 7.00")
    }

    @Test func `an amount is given once for each period`() throws {
        let story = StoryText.story(
            until: "2026-06-01",
            StoryText.plan("a", StoryText.seats("10.00")),
            seats: 2,
            changes: [#"{"at": "2026-04-16", "quantities": {"seats": "4"}}"#],
            more: Self.coupon(#""amount": "5.00", "duration": "repeating", "periods": 2"#)
        )
        #expect(
            try StoryText.told(story) == [
                "04-01 start: recurring a.seats 04-01/05-01 1 ×2 20.00 d5.00 = 15.00",
                "04-16 change: credit a.seats 04-16/05-01 1/2 ×2 -10.00 d-2.50 | "
                    + "charge a.seats 04-16/05-01 1/2 ×4 20.00 = 12.50",
                "05-01 renewal: recurring a.seats 05-01/06-01 1 ×4 40.00 d5.00 = 35.00",
                "06-01 renewal: recurring a.seats 06-01/07-01 1 ×4 40.00 = 40.00",
            ]
        )
    }

    @Test func `what the lines cannot take lapses, or waits with carry`() throws {
        let story = { (more: String) in
            StoryText.story(
                until: "2026-07-01",
                StoryText.plan("a", StoryText.fee("10.00"), StoryText.usage("1")),
                events: [("2026-04-09", "8"), ("2026-05-09", "3"), ("2026-06-09", "9")],
                more: Self.coupon(#""amount": "5.00", "prices": ["use"], "duration": "forever""# + more)
            )
        }
        let discounts = { (more: String) throws in
            try (StoryText.result(story(more))["invoices"]?.array ?? []).map { $0["discount"]?.string }
        }
        #expect(try discounts("") == ["0.00", "5.00", "3.00", "5.00"])
        #expect(try discounts(#", "carry": true"#) == ["0.00", "5.00", "3.00", "7.00"])
    }

    @Test func `a percentage is passed on to the charge in a line's place and to no other`() throws {
        let story = StoryText.story(
            until: "2026-05-01",
            StoryText.plan("a", StoryText.fee("30.00")),
            StoryText.plan("b", StoryText.fee("60.00"), StoryText.fee("10.00", code: "extra")),
            changes: [#"{"at": "2026-04-16", "plan": "b"}"#, #"{"at": "2026-04-21", "plan": "a"}"#],
            more: Self.coupon(#""percent": "50""#)
        )
        #expect(
            try StoryText.told(story).dropFirst() == [
                "04-16 change: credit a.fee 04-16/05-01 1/2 ×1 -15.00 d-7.50 | "
                    + "charge b.fee 04-16/05-01 1/2 ×1 30.00 d15.00 | charge b.extra 04-16/05-01 1/2 ×1 5.00 = 12.50",
                "04-21 change: credit b.fee 04-21/05-01 1/3 ×1 -20.00 d-10.00 | "
                    + "credit b.extra 04-21/05-01 1/3 ×1 -3.33 | charge a.fee 04-21/05-01 1/3 ×1 10.00 d5.00 = 0.00",
                "05-01 renewal: recurring a.fee 05-01/06-01 1 ×1 30.00 = 30.00",
            ]
        )
    }

    @Test func `an amount is not passed on`() throws {
        let story = StoryText.story(
            until: "2026-04-30",
            StoryText.plan("a", StoryText.fee("30.00")),
            changes: [#"{"at": "2026-04-16", "plan": "a"}"#],
            more: Self.coupon(#""amount": "10.00""#)
        )
        #expect(
            try StoryText.told(story).last
                == "04-16 change: credit a.fee 04-16/05-01 1/2 ×1 -15.00 d-5.00 | "
                + "charge a.fee 04-16/05-01 1/2 ×1 15.00 "
                + "= 5.00"
        )
    }

    @Test func `a coupon of some prices leaves the commitment alone`() throws {
        let story = StoryText.story(
            until: "2026-05-01",
            StoryText.plan(
                "a",
                StoryText.fee("40.00", #""timing": "arrears""#),
                more: #""minimum_commitment": "100.00""#
            ),
            more: Self.coupon(#""percent": "50", "prices": ["fee"]"#)
        )
        #expect(
            try StoryText.told(story) == [
                "05-01 renewal: recurring a.fee 04-01/05-01 1 ×1 40.00 d20.00 | minimum a.- 04-01/05-01 1 ×1 60.00 "
                    + "= 80.00"
            ]
        )
    }

    @Test func `coupons come one after the other, then each tax rounded once`() throws {
        let story = StoryText.story(
            until: "2026-04-30",
            StoryText.plan("a", StoryText.fee("10.00"), StoryText.fee("0.05", code: "small")),
            more: """
                "coupons": [{"code": "A", "amount": "0.04", "prices": ["small"]}, {"code": "P", "percent": "50"}],
                "taxes": [{"code": "one", "rate": "0.05"}, {"code": "two", "rate": "0.001"}]
                """
        )
        // 0.04 off the second; half of 10.01 is 5.01, of which 0.5005 cents make the cent of the second; taxes of 5.00
        // are 0.25 and 0.01.
        #expect(
            try StoryText.told(story) == [
                "04-01 start: recurring a.fee 04-01/05-01 1 ×1 10.00 d5.00 t0.26 | "
                    + "recurring a.small 04-01/05-01 1 ×1 0.05 d0.05 = 5.26"
            ]
        )
    }

    @Test func `grants are used while they are valid, then the balance`() throws {
        let story = { (until: String) in
            StoryText.story(
                until: until,
                StoryText.plan("a", StoryText.fee("30.00")),
                changes: [#"{"at": "2026-05-01", "quantities": {"x": "1"}}"#],
                more: """
                    "credits": [{"id": "one", "amount": "5.00", "granted_at": "2026-03-01", "expires_at": "2026-05-01"},
                      {"id": "two", "amount": "8.004", "granted_at": "2026-04-10"},
                      {"id": "gone", "amount": "9.00", "granted_at": "2026-03-01", "expires_at": "2026-04-01"}]
                    """
            )
        }
        let first = try StoryText.result(story("2026-04-05"))
        #expect(first["credits_left"] == ["one": "0.00", "two": "8.00", "gone": "0.00"])
        #expect(first["invoices"]?[0]?["credits_applied"]?.string == "5.00")
        let second = try StoryText.result(story("2026-05-01"))
        #expect(second["invoices"]?[1]?["credits_applied"]?.string == "8.00")
        #expect(second["invoices"]?[1]?["amount_due"]?.string == "22.00")
        #expect(second["credits_left"] == ["one": "0.00", "two": "0.00", "gone": "0.00"])
    }

    @Test func `the commitment of a part counts its credits`() throws {
        let story = StoryText.story(
            until: "2026-05-01",
            StoryText.plan("a", StoryText.seats("10.00"), more: #""minimum_commitment": "50.00""#),
            seats: 4,
            changes: [#"{"at": "2026-04-16", "quantities": {"seats": "2"}}"#]
        )
        #expect(
            try StoryText.told(story).last
                == "05-01 renewal: recurring a.seats 05-01/06-01 1 ×2 20.00 | "
                + "minimum a.- 04-01/05-01 1 ×1 20.00 = 40.00"
        )
    }

    @Test func `a cancellation closes the commitment of its part`() throws {
        let story = { (refund: String) in
            StoryText.story(
                until: "2026-04-30",
                StoryText.plan("a", StoryText.fee("30.00"), more: #""minimum_commitment": "90.00""#),
                changes: [#"{"at": "2026-04-16", "cancel": "immediately", "refund": "\#(refund)"}"#]
            )
        }
        #expect(
            try StoryText.told(story("none")).last == "04-16 cancel: minimum a.- 04-01/04-16 1/2 ×1 15.00 = 15.00"
        )
        #expect(
            try StoryText.told(story("credit")).last
                == "04-16 cancel: credit a.fee 04-16/05-01 1/2 ×1 -15.00 | "
                + "minimum a.- 04-01/04-16 1/2 ×1 30.00 = 15.00"
        )
    }
}
