import Plans
import Testing
import Values

/// The matrix model, with numbers worked out by hand from the contract's text.
@Suite struct RateMatrixTests {
    private static let day = Period(start: .epoch, end: Instant(seconds: 100))

    private static func price(_ json: JSONValue) throws -> Price {
        var object = try #require(json.object)
        object["model"] = "matrix"
        object["meter"] = "m"
        return try Price(json: .object(object), needsCode: false)
    }

    private static func rate(
        _ price: JSONValue,
        _ rule: AggregationRule = AggregationRule(.sum),
        ratio: Exact = 1,
        events: [(Exact, JSONObject)],
        earlier: [(Exact, JSONObject)] = []
    ) throws -> RatedPrice {
        let before = earlier.enumerated().map { index, event in
            RatingEvent(id: "b\(index)", at: Instant(seconds: -9), value: event.0, properties: event.1)
        }
        let events = events.enumerated().map { index, event in
            RatingEvent(
                id: "e\(index)",
                at: Instant(seconds: Int64(index)),
                value: event.0,
                properties: event.1,
                position: index
            )
        }
        let usage = UsageLog(before + events).usage(
            rule,
            during: try #require(day),
            wholeSeconds: 100,
            ratio: ratio
        )
        return try Rating.rate(try Self.price(price), .events(usage), ratio: ratio)
    }

    private static let sizes: JSONValue = [
        "dimensions": ["size"],
        "cells": [
            ["when": ["size": "small"], "unit_amount": "1"], ["when": ["size": "big"], "unit_amount": "3"],
        ],
    ]

    private static func sizes(_ more: JSONObject) -> JSONValue {
        var object = sizes.object ?? JSONObject()
        for (key, value) in more { object[key] = value }
        return .object(object)
    }

    @Test func `the first cell that matches prices a group, and one that names nothing matches all`() throws {
        let price: JSONValue = [
            "dimensions": ["size", "region"],
            "cells": [
                ["when": ["size": "big", "region": "eu"], "unit_amount": "10"],
                ["when": ["size": "big"], "unit_amount": "5"], ["when": ["region": 1], "unit_amount": "3"],
                ["when": [:], "unit_amount": "1"],
            ],
            "default_unit_amount": "100",
        ]
        let cases: [(JSONObject, Exact)] = [
            (["size": "big", "region": "eu"], 10), (["size": "big", "region": "us"], 5), (["size": "big"], 5),
            (["region": 1.0], 3), (["region": "1"], 1), (["region": nil], 1), ([:], 1),
        ]
        for (properties, unitAmount) in cases {
            #expect(try Self.rate(price, events: [(2, properties)]).exact == 2 * unitAmount, "\(properties)")
        }
    }

    @Test func `an absent property matches only cells that do not name it`() throws {
        #expect(throws: RateErrorTests.at("price.cells")) {
            try RateErrorTests.field { try Self.rate(Self.sizes, events: [(1, [:])]) }
        }
        #expect(try Self.rate(Self.sizes(["default_unit_amount": "7"]), events: [(1, [:])]).exact == 7)
    }

    @Test func `each group is aggregated by itself, and not below 0`() throws {
        let events: [(Exact, JSONObject)] = [
            (4, ["size": "small"]), (-6, ["size": "small"]), (5, ["size": "big"]), (1, ["size": "big"]),
        ]
        #expect(try Self.rate(Self.sizes, events: events) == RatedPrice(quantity: 6, exact: 18))
        // Levels: 4 × 1/2 × 1 + 5 × 1/2 × 3.
        let levels = try Self.rate(Self.sizes, AggregationRule(.max), ratio: Exact(1, 2), events: events)
        #expect(levels == RatedPrice(quantity: Exact(9, 2), exact: Exact(19, 2)))
    }

    @Test func `free units are taken from the earliest events, over all groups`() throws {
        let events: [(Exact, JSONObject)] = [
            (4, ["size": "small"]), (5, ["size": "big"]), (6, ["size": "small"]),
        ]
        // 4 and 3 are free: 6 × 1 + 2 × 3.
        #expect(
            try Self.rate(Self.sizes(["free_units": "7"]), events: events) == RatedPrice(quantity: 15, exact: 12)
        )
        // Two events are free: 1 × 1.
        #expect(
            try Self.rate(Self.sizes(["free_units": "2"]), AggregationRule(.count), events: events)
                == RatedPrice(quantity: 3, exact: 1)
        )
        // Half an event.
        #expect(
            try Self.rate(Self.sizes(["free_units": "1.5"]), AggregationRule(.count), events: events)
                == RatedPrice(quantity: 3, exact: Exact(5, 2))
        )
    }

    @Test func `a group with a negative value is taken as a whole where it begins`() throws {
        let events: [(Exact, JSONObject)] = [
            (4, ["size": "small"]), (5, ["size": "big"]), (6, ["size": "small"]), (-1, ["size": "small"]),
        ]
        // All 9 of small, then 1 of big: 4 × 3.
        #expect(
            try Self.rate(Self.sizes(["free_units": "10"]), events: events) == RatedPrice(quantity: 14, exact: 12)
        )
    }

    @Test func `levels are taken as a whole`() throws {
        let events: [(Exact, JSONObject)] = [
            (1, ["size": "big"]), (4, ["size": "small"]), (5, ["size": "big"]),
        ]
        // The greatest of big is 5: all free, and 1 of small.
        #expect(
            try Self.rate(Self.sizes(["free_units": "6"]), AggregationRule(.max), events: events)
                == RatedPrice(quantity: 9, exact: 3)
        )
    }

    @Test func `what a group carries over is its own`() throws {
        let before: [(Exact, JSONObject)] = [(7, ["size": "big"]), (2, ["size": "huge"]), (-2, ["size": "huge"])]
        let events: [(Exact, JSONObject)] = [(4, ["size": "small"])]
        // The event at the first of 100 seconds stands throughout; of "huge" nothing stands, so it needs no cell.
        let rated = try Self.rate(Self.sizes, .weightedSum(carryOver: true), events: events, earlier: before)
        #expect(rated == RatedPrice(quantity: 11, exact: 4 + 21))
    }
}
