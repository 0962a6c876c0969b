import Plans
import Testing
import Values

/// What must hold of any price and usage, tried on random ones.
@Suite struct RatingPropertyTests {
    private static func decimal(_ range: ClosedRange<Int>, _ random: inout Sampler) -> Exact {
        Exact(Int.random(in: range, using: &random), [1, 10, 1000].randomElement(using: &random) ?? 1)
    }

    private static func text(_ value: Exact) -> JSONValue { .string(value.decimalText()) }

    private static func tiers(unit: String, withFlat: Bool, _ random: inout Sampler) -> JSONValue {
        var bound = Exact.zero
        let count = Int.random(in: 1...5, using: &random)
        return .array(
            (1...count).map { number in
                bound += decimal(1...5_000, &random)
                return [
                    "up_to": number == count ? nil : text(bound),
                    .init(unit): text(decimal(0...900, &random)),
                    "flat_amount": text(withFlat ? decimal(0...900, &random) : .zero),
                ]
            }
        )
    }

    private static func price(_ json: JSONObject) throws -> Price {
        try Price(json: .object(json), needsCode: false)
    }

    private static func exact(_ price: Price, _ quantity: Exact) throws -> Exact {
        try Rating.rate(price, .quantity(quantity)).exact
    }

    @Test(arguments: 1...40 as ClosedRange<UInt64>)
    func `a graduated amount is continuous, never falls, and is the sum of its tiers`(_ seed: UInt64) throws {
        var random = Sampler(seed: seed)
        let withFlat = seed % 2 == 0
        let price = try Self.price([
            "model": "graduated", "tiers": Self.tiers(unit: "unit_amount", withFlat: withFlat, &random),
        ])
        let flat = try Self.price(["model": "graduated", "tiers": [["up_to": nil]]])
        #expect(try Self.exact(flat, 5) == 0)
        for _ in 0..<40 {
            let quantity = Self.decimal(0...20_000, &random)
            let more = Self.decimal(1...5_000, &random)
            let first = try Rating.rate(price, .quantity(quantity))
            let second = try Rating.rate(price, .quantity(quantity + more))
            #expect(first.exact == first.tiers.reduce(.zero) { $0 + $1.exact })
            #expect(first.tiers.reduce(.zero) { $0 + $1.quantity } == quantity)
            #expect(second.exact >= first.exact)
            if !withFlat { #expect(second.exact - first.exact <= more * price.dearestMarginalPrice) }
        }
    }

    @Test(arguments: 1...40 as ClosedRange<UInt64>)
    func `free units are units that were not used`(_ seed: UInt64) throws {
        var random = Sampler(seed: seed)
        let free = Self.decimal(0...3_000, &random)
        let models: [JSONObject] = [
            ["model": "per_unit", "unit_amount": Self.text(Self.decimal(0...900, &random))],
            ["model": "graduated", "tiers": Self.tiers(unit: "unit_amount", withFlat: true, &random)],
            ["model": "volume", "tiers": Self.tiers(unit: "unit_amount", withFlat: true, &random)],
            [
                "model": "graduated_percentage", "meter": "m",
                "tiers": Self.tiers(unit: "rate", withFlat: true, &random),
            ],
            [
                "model": "package", "package_size": Self.text(Self.decimal(1...300, &random)),
                "amount": Self.text(Self.decimal(0...900, &random)),
            ],
        ]
        for model in models {
            var withFree = model
            withFree["free_units"] = Self.text(free)
            let plain = try Self.price(model)
            let reduced = try Self.price(withFree)
            for _ in 0..<10 {
                let quantity = Self.decimal(0...9_000, &random)
                let rated = try Rating.rate(reduced, .quantity(quantity))
                #expect(rated.quantity == quantity)
                #expect(rated.exact == (try Self.exact(plain, max(0, quantity - free))))
            }
        }
    }

    @Test(arguments: 1...40 as ClosedRange<UInt64>)
    func `a line lies between its minimum and its maximum of the part`(_ seed: UInt64) throws {
        var random = Sampler(seed: seed)
        let minimum = Self.decimal(0...500, &random)
        let maximum = minimum + Self.decimal(0...500, &random)
        var json: JSONObject = [
            "model": "per_unit", "unit_amount": Self.text(Self.decimal(0...900, &random)),
            "discount_percent": Self.text(Exact(Int.random(in: 0...100, using: &random))),
        ]
        let plain = try Self.price(json)
        json["minimum"] = Self.text(minimum)
        json["maximum"] = Self.text(maximum)
        let bounded = try Self.price(json)
        for _ in 0..<20 {
            let quantity = Self.decimal(0...900, &random)
            let ratio = Exact(Int.random(in: 0...31, using: &random), 31)
            let free = try Rating.rate(plain, .quantity(quantity), ratio: ratio).exact
            let line = try Rating.rate(bounded, .quantity(quantity), ratio: ratio).exact
            #expect(line == free.clamped(to: minimum * ratio...maximum * ratio))
            // Parts of a period add up to the whole.
            let rest = try Rating.rate(plain, .quantity(quantity), ratio: 1 - ratio).exact
            #expect(free + rest == (try Self.exact(plain, quantity)))
        }
    }

    @Test(arguments: 1...40 as ClosedRange<UInt64>)
    func `weighted parts add up, and one group of a matrix is a price per unit`(_ seed: UInt64) throws {
        var random = Sampler(seed: seed)
        let events = (0..<30).map { index in
            RatingEvent(
                id: "e\(index)",
                at: Instant(seconds: Int64.random(in: -50..<1000, using: &random)),
                value: Self.decimal(0...90, &random)
            )
        }
        let whole = try #require(Period(start: .epoch, end: Instant(seconds: 1000)))
        let cut = Instant(seconds: Int64.random(in: 1..<1000, using: &random))
        let parts = try [#require(Period(start: .epoch, end: cut)), #require(Period(start: cut, end: whole.end))]
        let log = UsageLog(events)
        let rule = AggregationRule.weightedSum(carryOver: true)
        func quantity(_ part: Period) throws -> Exact {
            try log.usage(rule, during: part, wholeSeconds: 1000, ratio: .one).quantity()
        }
        #expect(try quantity(parts[0]) + quantity(parts[1]) == quantity(whole))

        let perUnit = try Self.price(["model": "per_unit", "unit_amount": "0.7", "free_units": "20.5", "meter": "m"])
        let matrix = try Self.price([
            "model": "matrix", "dimensions": ["a"], "cells": [], "default_unit_amount": "0.7", "free_units": "20.5",
            "meter": "m",
        ])
        for aggregation in Aggregation.allCases where aggregation != .unique {
            let usage = log.usage(
                AggregationRule(aggregation),
                during: whole,
                wholeSeconds: 1000,
                ratio: Exact(1, 3)
            )
            #expect(try Rating.rate(perUnit, .events(usage)) == Rating.rate(matrix, .events(usage)))
        }
    }

    @Test(arguments: 1...40 as ClosedRange<UInt64>)
    func `what is billed bit by bit comes to the whole`(_ seed: UInt64) throws {
        var random = Sampler(seed: seed)
        let price = try Self.price([
            "model": "volume", "tiers": Self.tiers(unit: "unit_amount", withFlat: true, &random),
        ])
        var billed = Exact.zero
        var quantity = Exact.zero
        for _ in 0..<10 {
            quantity += Self.decimal(0...900, &random)
            billed += try Self.exact(price, quantity).rounded(toDigits: 2) - billed
        }
        #expect(billed == (try Self.exact(price, quantity)).rounded(toDigits: 2))
    }
}
