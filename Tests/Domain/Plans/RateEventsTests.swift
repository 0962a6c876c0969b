import Billing
import Testing
import Values

/// The contract's rules over events, with numbers worked out by hand from its text.
@Suite struct RateEventsTests {
    /// A price and a meter over events of January 2026; events are `[day or instant, value, properties]`.
    private static func run(
        _ price: JSONValue,
        meter: JSONValue = ["aggregation": "sum"],
        _ events: [JSONValue],
        ratio: String = "1",
        period: JSONValue = ["start": "2026-01-01", "end": "2026-02-01"],
        zone: String = "UTC"
    ) throws -> JSONValue {
        var price = try #require(price.object)
        price["meter"] = "m"
        var meter = try #require(meter.object)
        meter["code"] = "m"
        let list: [JSONValue] = events.enumerated().map { index, event in
            var object: JSONObject = ["id": .string("e\(index)"), "meter": "m"]
            for (key, value) in event.object ?? JSONObject() { object[key] = value }
            return .object(object)
        }
        return try SimulatedRate.run([
            "price": .object(price), "currency": "USD", "meter": .object(meter), "events": .array(list),
            "period": period, "ratio": .string(ratio), "timezone": .string(zone),
        ])
    }

    private static func event(_ at: String, _ value: String = "1", _ properties: JSONValue = [:]) -> JSONValue {
        ["at": .string(at.count == 2 ? "2026-01-\(at)" : at), "value": .string(value), "properties": properties]
    }

    private static let perUnit: JSONValue = ["model": "per_unit", "unit_amount": "1"]

    @Test(arguments: [
        ("count", "3"), ("sum", "6"), ("max", "4.5"), ("min", "0"), ("average", "1"), ("latest", "0"),
    ])
    func `aggregations over a part that is half a period`(_ aggregation: String, _ quantity: String) throws {
        // Given out of order; the value -4 is the least and the last. Levels are halved, and not below 0.
        let result = try Self.run(
            Self.perUnit,
            meter: ["aggregation": .string(aggregation)],
            [Self.event("20", "-4"), Self.event("05", "1"), Self.event("10", "9")],
            ratio: "1/2"
        )
        #expect(result["quantity"] == .string(quantity))
        #expect(result["exact"] == .string(quantity))
    }

    @Test func `the last event of an instant is the one with the greatest id`() throws {
        let events: [JSONValue] = [
            ["id": "b", "at": "2026-01-05", "value": "2"], ["id": "a", "at": "2026-01-05", "value": "1"],
            ["id": "B", "at": "2026-01-05", "value": "3"],
        ]
        #expect(try Self.run(Self.perUnit, meter: ["aggregation": "latest"], events)["quantity"] == "2")
    }

    @Test func `a weighted sum is the mean over the whole period, from what stood before if it carries over`() throws {
        let period: JSONValue = ["start": "2026-01-01T00:00:00Z", "end": "2026-01-01T00:00:10Z"]
        let events = [
            Self.event("2026-01-01T00:00:04.9Z", "5"), Self.event("2025-12-01", "7"), Self.event("2025-12-02", "-2"),
            Self.event("2026-01-01T00:00:10Z", "100"),
        ]
        // 5 × 6 s ÷ 10 s, and 5 × 10 s more; the ratio does not count.
        for (carries, quantity) in [(false, "3"), (true, "8")] {
            let result = try Self.run(
                Self.perUnit,
                meter: ["aggregation": "weighted_sum", "carry_over": .bool(carries)],
                events,
                ratio: "1/2",
                period: period
            )
            #expect(result["quantity"] == .string(quantity))
        }
    }

    @Test func `unique counts distinct JSON values and needs the property`() throws {
        let meter: JSONValue = ["aggregation": "unique", "unique_by": "user"]
        let events = ["1", "1.0", "\"1\"", "{\"a\": 1, \"b\": 2}", "{\"b\": 2, \"a\": 1}"]
        let parsed = try events.enumerated().map { index, text in
            Self.event("0\(index + 1)", "1", ["user": try JSONValue(parsing: text)])
        }
        #expect(try Self.run(Self.perUnit, meter: meter, parsed)["quantity"] == "3")
        #expect(throws: RateErrorTests.at("events[1].properties.user")) {
            try RateErrorTests.field { try Self.run(Self.perUnit, meter: meter, [parsed[0], Self.event("02")]) }
        }
        // One outside the period is not looked at.
        #expect(try Self.run(Self.perUnit, meter: meter, [parsed[0], Self.event("2026-02-01")])["quantity"] == "1")
    }

    @Test(arguments: [
        // Nothing is free: 10 + 0.5, 20 + 0.5 and 0.5 for the event without value.
        (#"{"rate": "0.1", "fixed": "0.5"}"#, "31.5"),
        // A limit of nothing.
        (#"{"rate": "0.1", "fixed": "0.5", "free_events": 0}"#, "31.5"),
        (#"{"rate": "0.1", "fixed": "0.5", "free_amount": "0", "free_events": 9}"#, "31.5"),
        // The first event is free whatever it is worth; or up to 30.
        (#"{"rate": "0.1", "fixed": "0.5", "free_events": 1}"#, "21"),
        (#"{"rate": "0.1", "fixed": "0.5", "free_events": 1, "free_amount": "30"}"#, "28.5"),
        // 100 and 50 are free: 150 of the second are paid, and the fixed part of the third.
        (#"{"rate": "0.1", "fixed": "0.5", "free_amount": "150"}"#, "16"),
        // Exactly used up: the second event pays fully.
        (#"{"rate": "0.1", "free_amount": "100"}"#, "20"),
        // The allowance is not used up: the event without value is free.
        (#"{"rate": "0.1", "fixed": "2", "free_amount": "301"}"#, "0"),
        // 10.5 and 20.5 kept to 12, and 0.5 raised to 1.
        (#"{"rate": "0.1", "fixed": "0.5", "per_event_minimum": "1", "per_event_maximum": "12"}"#, "23.5"),
    ])
    func `a percentage is of each event, less the free allowance`(_ terms: String, _ exact: String) throws {
        var price = try #require(try JSONValue(parsing: terms).object)
        price["model"] = "percentage"
        let events = [Self.event("07", "0"), Self.event("06", "200"), Self.event("05", "100")]
        // Whatever the meter aggregates, and whatever the ratio.
        let result = try Self.run(.object(price), meter: ["aggregation": "max"], events, ratio: "1/3")
        #expect(result == ["quantity": "300", "exact": .string(exact), "amount": Self.money(exact)])
    }

    private static func money(_ exact: String) -> JSONValue {
        .string((Exact(decimal: exact) ?? .zero).decimalText(digits: 2))
    }

    @Test func `graduated percentages price the sum of the values, whatever the meter counts`() throws {
        let price: JSONValue = [
            "model": "graduated_percentage",
            "tiers": [["up_to": "100", "rate": "0.1"], ["up_to": nil, "rate": "0.01", "flat_amount": "3"]],
        ]
        let result = try Self.run(
            price,
            meter: ["aggregation": "count"],
            [Self.event("02", "60"), Self.event("03", "90")]
        )
        #expect(result["quantity"] == "150")
        #expect(result["exact"] == "13.5")
    }

    @Test func `dynamic adds up what the events say`() throws {
        let events = [
            Self.event("02", "-3", ["amount": "1.255"]), Self.event("03", "1", ["amount": "0.10", "other": 1]),
        ]
        let result = try Self.run(
            ["model": "dynamic", "discount_percent": "50"],
            meter: ["aggregation": "count"],
            events,
            ratio: "1/2"
        )
        // Their values come to −2, which counts and is shown as 0.
        #expect(result == ["quantity": "0", "exact": "0.6775", "amount": "0.68"])
    }

    @Test func `events count once, in whole seconds, from local midnight on`() throws {
        let events: [JSONValue] = [
            // 1 January in New York began at 05:00 UTC.
            ["id": "a", "at": "2026-01-01T04:59:59.999Z", "value": "100"],
            ["id": "b", "at": "2026-01-01", "value": "1.0", "properties": ["x": 1, "y": [1]]],
            ["id": "b", "at": "2026-01-01T06:00:00.5+01:00", "value": "1", "properties": ["y": [1.0], "x": 1e0]],
            ["id": "c", "at": "2026-02-01T04:59:59.9Z", "value": "10"],
            ["id": "d", "at": "2026-02-01T05:00:00Z", "value": "1000"],
        ]
        #expect(try Self.run(Self.perUnit, events, zone: "America/New_York")["quantity"] == "11")
    }
}
