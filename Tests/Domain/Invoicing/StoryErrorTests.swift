import Billing
import Testing
import Values

/// Every bad story names the field that is wrong.
@Suite struct StoryErrorTests {
    private static let good = StoryText.story(
        until: "2026-05-01",
        StoryText.plan("a", StoryText.seats("10.00"), StoryText.usage("1")),
        seats: 2,
        changes: [#"{"at": "2026-04-16", "quantities": {"seats": "4"}}"#],
        events: [("2026-04-05", "2")],
        more: """
            "timezone": "UTC", "coupons": [{"code": "X", "percent": "10"}], "taxes": [{"code": "t", "rate": "0.1"}],
            "credits": [{"id": "g", "amount": "1.00", "granted_at": "2026-01-01"}]
            """
    )

    /// What to replace in the good story, by what, and the field that is then wrong.
    private static let table: [(old: String, new: String, field: String)] = [
        (#""until": "2026-05-01", "#, "", "until"),
        (#""until": "2026-05-01""#, #""until": "2200-01-01""#, "until"),
        (#""until": "2026-05-01""#, #""until": 5"#, "until"),
        (#""timezone": "UTC""#, #""timezone": "Nowhere""#, "timezone"),
        (#""timezone": "UTC""#, #""zone": "UTC""#, "zone"),
        (#""plan": "a""#, #""plan": "b""#, "subscription.plan"),
        (#""starts_at": "2026-04-01""#, #""starts_at": "soon""#, "subscription.starts_at"),
        (#""starts_at": "2026-04-01""#, #""starts_at": "2026-04-01", "x": 1"#, "subscription.x"),
        (#""quantities": {"seats": "2"}"#, #""quantities": {"seats": 2}"#, "subscription.quantities.seats"),
        (#""quantities": {"seats": "2"}"#, #""quantities": {"seats": "-2"}"#, "subscription.quantities.seats"),
        (#""quantities": {"seats": "2"}"#, #""quantities": {"rooms": "2"}"#, "subscription.quantities.seats"),
        (#""code": "a""#, #""code": "a", "trial_days": -1"#, "plans[0].trial_days"),
        (#""unit_amount": "1", "meter": "m""#, #""unit_amount": "1", "meter": "n""#, "plans[0].prices[1].meter"),
        (#""unit_amount": "1""#, #""unit_amount": "+1""#, "plans[0].prices[1].unit_amount"),
        (#""code": "use""#, #""code": "seats""#, "plans[0].prices[1].code"),
        (#"[{"code": "m""#, #"[{"code": "m", "aggregation": "sum"}, {"code": "m""#, "meters[1].code"),
        (#""aggregation": "sum""#, #""aggregation": "sum", "unique_by": "x""#, "meters[0].unique_by"),
        (#""at": "2026-04-16""#, #""at": "2026-03-31""#, "changes[0].at"),
        (#""quantities": {"seats": "4"}"#, #""when": "period_end""#, "changes[0]"),
        (#""quantities": {"seats": "4"}"#, #""quantities": {}"#, "changes[0]"),
        (#""quantities": {"seats": "4"}"#, #""plan": "b""#, "changes[0].plan"),
        (#""quantities": {"seats": "4"}"#, #""plan": "a", "refund": "none""#, "changes[0].refund"),
        (#""quantities": {"seats": "4"}"#, #""plan": "a", "when": "later""#, "changes[0].when"),
        (#""quantities": {"seats": "4"}"#, #""cancel": "immediately", "plan": "a""#, "changes[0].plan"),
        (#""quantities": {"seats": "4"}"#, #""cancel": "immediately", "when": "period_end""#, "changes[0].when"),
        (#""quantities": {"seats": "4"}"#, #""cancel": "immediately", "invoice": "now""#, "changes[0].invoice"),
        (
            #""quantities": {"seats": "4"}"#, #""cancel": "period_end", "quantities": {"seats": "4"}"#,
            "changes[0].quantities"
        ),
        (#""quantities": {"seats": "4"}"#, #""cancel": "now""#, "changes[0].cancel"),
        (#""id": "e0", "meter": "m""#, #""id": "e0", "meter": "n""#, "events[0].meter"),
        (
            #"[{"id": "e0""#, #"[{"id": "e0", "meter": "m", "at": "2026-04-05", "value": "3"}, {"id": "e0""#,
            "events[1].id"
        ),
        (#""code": "X", "percent": "10""#, #""percent": "10""#, "coupons[0].code"),
        (#""percent": "10""#, #""percent": "100.5""#, "coupons[0].percent"),
        (#""percent": "10""#, #""percent": "10", "amount": "1""#, "coupons[0].percent"),
        (#""percent": "10""#, #""duration": "once""#, "coupons[0].percent"),
        (#""percent": "10""#, #""percent": "10", "carry": true"#, "coupons[0].carry"),
        (#""percent": "10""#, #""percent": "10", "periods": 2"#, "coupons[0].periods"),
        (#""percent": "10""#, #""percent": "10", "duration": "repeating""#, "coupons[0].periods"),
        (#""percent": "10""#, #""percent": "10", "duration": "repeating", "periods": 0"#, "coupons[0].periods"),
        (#""percent": "10""#, #""percent": "10", "duration": "repeating", "periods": 200000"#, "input"),
        (#""percent": "10""#, #""percent": "10", "prices": ["use", "fee"]"#, "coupons[0].prices[1]"),
        (#""percent": "10"}"#, #""percent": "10"}, {"code": "X", "percent": "5"}"#, "coupons[1].code"),
        (#""rate": "0.1""#, #""rate": "-0.1""#, "taxes[0].rate"),
        (#""rate": "0.1"}"#, #""rate": "0.1"}, {"code": "t", "rate": "0"}"#, "taxes[1].code"),
        (#""granted_at": "2026-01-01""#, #""priority": 1"#, "credits[0].granted_at"),
        (#""granted_at": "2026-01-01""#, #""granted_at": "2026-01-01", "priority": "1""#, "credits[0].priority"),
        (#""amount": "1.00""#, #""amount": "99999999999999999999""#, "credits[0].amount"),
        (
            #""granted_at": "2026-01-01"}"#,
            #""granted_at": "2026-01-01"}, {"id": "g", "amount": "1", "granted_at": "2026-01-01"}"#, "credits[1].id"
        ),
        (#""unit_amount": "10.00""#, #""unit_amount": "99999999999999999999""#, "input"),
        (#""interval": {"unit": "month"}"#, #""interval": {"unit": "year", "count": 9000}"#, "input"),
        (#""interval": {"unit": "month"}"#, #""interval": {"unit": "month"}, "trial_days": 9000000"#, "input"),
    ]

    @Test(arguments: StoryErrorTests.table)
    func `a bad story names the field`(old: String, new: String, field: String) throws {
        #expect(Self.good.contains(old))
        let story = Self.good.replacing(old, with: new, maxReplacements: 1)
        let result = try StoryText.result(story)
        #expect(result["error"]?["field"]?.string == field, "\(result.text)")
        #expect(result["error"]?["message"]?.string?.isEmpty == false)
    }

    @Test func `the story that all these are made of is good`() throws {
        #expect(try StoryText.told(Self.good).count == 3)
    }

    @Test func `plans share one currency and have codes of their own`() throws {
        let plan = StoryText.plan("a", StoryText.fee("1"))
        let euro = StoryText.plan("b", StoryText.fee("1")).replacing("USD", with: "EUR")
        let mixed = try StoryText.result(StoryText.story(until: "2026-05-01", plan, euro))
        #expect(mixed["error"]?["field"]?.string == "plans[1].currency")
        let twice = try StoryText.result(StoryText.story(until: "2026-05-01", plan, plan))
        #expect(twice["error"]?["field"]?.string == "plans[1].code")
    }

    @Test func `an event given twice counts once`() throws {
        let again = #"[{"id": "e0", "meter": "m", "at": "2026-04-05T00:00:00Z", "value": "2.0"}, {"id": "e0""#
        let story = Self.good.replacing(#"[{"id": "e0""#, with: again)
        #expect(try StoryText.told(story) == StoryText.told(Self.good))
    }

    @Test func `null counts as absent`() throws {
        let story = Self.good.replacing(
            #""quantities": {"seats": "4"}"#,
            with: #""quantities": {"seats": "4"}, "cancel": null, "plan": null"#
        )
        #expect(try StoryText.told(story) == StoryText.told(Self.good))
    }
}
