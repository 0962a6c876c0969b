import Metering
import Plans
import Testing
import Values

@Suite struct PlanTests {
    private static func plan(_ more: JSONObject, without key: String = "") throws -> Plan {
        var object = try #require(PlanFixture.json("pro", more).object)
        object[key] = nil
        return try Plan(json: .object(object), path: "plans[0]")
    }

    @Test func `defaults are those of the contract`() throws {
        let plan = try Self.plan(["currency": "XYZ"])
        #expect(plan.currency.digits == 2)
        #expect(plan.interval == Interval(.month))
        #expect(plan.alignment == .anniversary)
        #expect(plan.proration == .day)
        #expect(plan.trialDays == 0)
        #expect(plan.minimumCommitment == nil)
        #expect(plan.price("base")?.timing == .advance)
        #expect(plan.price("tokens")?.timing == .arrears)
        #expect(plan.meters == ["tokens.output"])
    }

    @Test(
        arguments: [
            ("code", nil, "code"), ("interval", nil, "interval"), ("prices", nil, "prices"),
            ("interval", #"{"unit": "hour"}"#, "interval.unit"),
            ("interval", #"{"unit": "day", "count": 0}"#, "interval.count"),
            ("interval", #"{"unit": "day", "every": 1}"#, "interval.every"),
            ("alignment", #""middle""#, "alignment"), ("proration", #""hour""#, "proration"),
            ("trial_days", "-1", "trial_days"), ("trial_days", #""1""#, "trial_days"),
            ("trial_days", "1.5", "trial_days"),
            ("minimum_commitment", #""-1""#, "minimum_commitment"), ("currency", #""eur""#, "currency"),
            ("name", #""Pro""#, "name"),
            ("prices", #"[{"model": "flat", "amount": "1"}]"#, "prices[0].code"),
            (
                "prices",
                #"[{"code": "a", "model": "flat", "amount": "1"}, {"code": "a", "model": "flat", "amount": "1"}]"#,
                "prices[1].code"
            ),
            (
                "prices", #"[{"code": "a", "model": "volume", "tiers": [{"up_to": "1"}, {"up_to": "1"}]}]"#,
                "prices[0].tiers[1].up_to"
            ),
        ] as [(String, String?, String)]
    )
    func `a plan that is malformed`(_ key: String, _ value: String?, _ field: String) throws {
        #expect(throws: RateErrorTests.at("plans[0].\(field)")) {
            try RateErrorTests.field {
                guard let value else { return try Self.plan([:], without: key) }
                return try Self.plan([key: JSONValue(parsing: value)])
            }
        }
    }

    @Test(arguments: [
        ("code", #""-pro""#, "code"), ("currency", #""XYZ""#, "currency"), ("name", #""""#, "name"),
        ("interval", #"{"unit": "day", "count": 1001}"#, "interval.count"), ("trial_days", "3651", "trial_days"),
        ("prices", #"[{"code": "a b", "model": "flat", "amount": "1"}]"#, "prices[0].code"),
        ("visible", #""no""#, "visible"), ("features", "[]", "features"), ("colour", "1", "colour"),
    ])
    func `a draft is read more strictly than the simulator reads`(
        _ key: String,
        _ value: String,
        _ field: String
    ) throws {
        #expect(throws: RateErrorTests.at(field)) {
            try RateErrorTests.field { try PlanDraft(json: PlanFixture.json("pro", [key: JSONValue(parsing: value)])) }
        }
    }

    @Test(arguments: [
        (#"{"model": "flat", "amount": "9"}"#, "0"), (#"{"model": "dynamic"}"#, "0"),
        (#"{"model": "per_unit", "unit_amount": "0.5", "discount_percent": "10"}"#, "0.45"),
        (
            #"{"model": "volume", "tiers": [{"up_to": "9", "unit_amount": "3"}, {"up_to": null, "flat_amount": "7"}]}"#,
            "3"
        ),
        (#"{"model": "package", "package_size": "1000", "amount": "2"}"#, "0.002"),
        (#"{"model": "percentage", "rate": "0.03", "fixed": "1"}"#, "0.03"),
        (
            #"{"model": "matrix", "dimensions": ["a"], "cells": [{"when": {}, "unit_amount": "2"}],"#
                + #" "default_unit_amount": "1"}"#, "2"
        ),
    ])
    func `the dearest next unit of a meter`(_ price: String, _ amount: String) throws {
        var object = try #require(try JSONValue(parsing: price).object)
        object["code"] = "p"
        object["meter"] = "m"
        let other: JSONValue = ["code": "other", "model": "per_unit", "unit_amount": "50", "meter": "n"]
        let plan = try Self.plan(["prices": [.object(object), other]])
        #expect(plan.dearestMarginalPrice(meter: "m").decimalText() == amount)
        #expect(plan.dearestMarginalPrice(meter: "n") == 50)
        #expect(plan.dearestMarginalPrice(meter: "none") == 0)
    }

    @Test func `a meter is written without what is as by default`() throws {
        for text in [
            #"{"code":"a","aggregation":"sum"}"#, #"{"code":"a","aggregation":"unique","unique_by":"user"}"#,
            #"{"code":"a","aggregation":"weighted_sum","carry_over":true}"#,
            #"{"code":"a","aggregation":"weighted_sum"}"#,
        ] {
            #expect(try Meter(json: JSONValue(parsing: text)).json.text == text)
        }
        let written = try Meter(json: ["code": "a", "aggregation": "weighted_sum", "carry_over": false])
        #expect(written.json.text == #"{"code":"a","aggregation":"weighted_sum"}"#)
    }
}
