import Billing
import Testing
import Values

/// Which field an input is refused for.
@Suite struct RateErrorTests {
    /// The field that an error is about.
    struct Refused: Error, Equatable, CustomStringConvertible {
        let field: String
        var description: String { field }
    }

    static func at(_ field: String) -> Refused { Refused(field: field) }

    /// Runs a body and turns a problem into its field.
    @discardableResult
    static func field<Value>(_ body: () throws -> Value) throws -> Value {
        do {
            return try body()
        } catch let problem as Problem {
            throw Refused(field: problem.errors.first?.field ?? "")
        }
    }

    @Test(arguments: [
        (#"{"model": "flat", "amount": "1", "free_units": "1"}"#, "free_units"),
        (#"{"model": "percentage", "rate": "1", "meter": "m", "free_units": "1"}"#, "free_units"),
        (#"{"model": "dynamic", "meter": "m", "free_units": "1"}"#, "free_units"),
        (#"{"model": "per_unit", "unit_amount": "1", "amount": "1"}"#, "amount"),
        (#"{"model": "flat", "amount": 1}"#, "amount"), (#"{"model": "flat", "amount": "+1"}"#, "amount"),
        (#"{"model": "flat", "amount": "1e3"}"#, "amount"), (#"{"model": "flat", "amount": "-1"}"#, "amount"),
        (#"{"model": "flat", "amount": null}"#, "amount"), (#"{"model": "flat"}"#, "amount"),
        (#"{"model": "other"}"#, "model"), (#"{}"#, "model"), (#"[]"#, ""),
        (#"{"model": "flat", "amount": "1", "meter": "m", "quantity": "q"}"#, "quantity"),
        (#"{"model": "flat", "amount": "1", "meter": "m", "timing": "advance"}"#, "timing"),
        (#"{"model": "flat", "amount": "1", "timing": "later"}"#, "timing"),
        (#"{"model": "flat", "amount": "1", "minimum": "2", "maximum": "1.9"}"#, "minimum"),
        (#"{"model": "flat", "amount": "1", "discount_percent": "100.1"}"#, "discount_percent"),
        (#"{"model": "flat", "amount": "1", "charge_at_zero": "yes"}"#, "charge_at_zero"),
        (#"{"model": "package", "package_size": "0", "amount": "1"}"#, "package_size"),
        (#"{"model": "package", "package_size": "1", "amount": "1", "round": "half"}"#, "round"),
        (#"{"model": "graduated"}"#, "tiers"), (#"{"model": "graduated", "tiers": []}"#, "tiers"),
        (#"{"model": "graduated", "tiers": [{"unit_amount": "1"}]}"#, "tiers[0].up_to"),
        (#"{"model": "graduated", "tiers": [{"up_to": "1"}]}"#, "tiers[0].up_to"),
        (#"{"model": "graduated", "tiers": [{"up_to": null}, {"up_to": null}]}"#, "tiers[0].up_to"),
        (#"{"model": "volume", "tiers": [{"up_to": "0"}, {"up_to": null}]}"#, "tiers[0].up_to"),
        (#"{"model": "volume", "tiers": [{"up_to": "2"}, {"up_to": "2"}, {"up_to": null}]}"#, "tiers[1].up_to"),
        (#"{"model": "volume", "tiers": [{"up_to": null, "rate": "1"}]}"#, "tiers[0].rate"),
        (
            #"{"model": "graduated_percentage", "meter": "m", "tiers": [{"up_to": null, "unit_amount": "1"}]}"#,
            "tiers[0].unit_amount"
        ),
        (#"{"model": "percentage", "rate": "1"}"#, "meter"), (#"{"model": "dynamic"}"#, "meter"),
        (#"{"model": "graduated_percentage", "tiers": [{"up_to": null}]}"#, "meter"),
        (#"{"model": "percentage", "meter": "m", "rate": "1", "free_events": "3"}"#, "free_events"),
        (#"{"model": "percentage", "meter": "m", "rate": "1", "free_events": -1}"#, "free_events"),
        (
            #"{"model": "percentage", "meter": "m", "rate": "1", "per_event_minimum": "2", "per_event_maximum": "1"}"#,
            "per_event_minimum"
        ),
        (#"{"model": "matrix", "meter": "m", "cells": []}"#, "dimensions"),
        (#"{"model": "matrix", "meter": "m", "dimensions": [1], "cells": []}"#, "dimensions[0]"),
        (
            #"{"model": "matrix", "meter": "m", "dimensions": ["a"], "#
                + #""cells": [{"when": {"b": 1}, "unit_amount": "1"}]}"#,
            "cells[0].when.b"
        ),
        (#"{"model": "matrix", "meter": "m", "dimensions": ["a"], "cells": [{"when": {}}]}"#, "cells[0].unit_amount"),
    ])
    func `a price that is malformed`(_ price: String, _ field: String) throws {
        let expected = field.isEmpty ? "price" : "price.\(field)"
        #expect(throws: Self.at(expected)) {
            try Self.field { try SimulatedRate.run(["price": JSONValue(parsing: price), "currency": "USD"]) }
        }
    }

    @Test(arguments: [
        (#"{"currency": "USD"}"#, "price"), (#"{"price": null, "currency": "USD"}"#, "price"),
        (#"{"price": $FLAT}"#, "currency"), (#"{"price": $FLAT, "currency": "usd"}"#, "currency"),
        (#"{"price": $FLAT, "currency": "USD", "colour": 1}"#, "colour"),
        (#"{"price": $FLAT, "currency": "USD", "quantity": 3}"#, "quantity"),
        (#"{"price": $FLAT, "currency": "USD", "ratio": "32/31"}"#, "ratio"),
        (#"{"price": $FLAT, "currency": "USD", "ratio": "1/0"}"#, "ratio"),
        (#"{"price": $FLAT, "currency": "USD", "ratio": "-1/2"}"#, "ratio"),
        (#"{"price": $FLAT, "currency": "USD", "timezone": "Mars/Base"}"#, "timezone"),
        (#"{"price": $FLAT, "currency": "USD", "already_billed": {}}"#, "already_billed.amount"),
        (
            #"{"price": $FLAT, "currency": "USD", "already_billed": {"amount": "1", "quantity": "-1"}}"#,
            "already_billed.quantity"
        ),
        (#"{"price": $METERED, "currency": "USD"}"#, "quantity"),
        (#"{"price": $DYNAMIC, "currency": "USD"}"#, "events"),
        (#"{"price": $DYNAMIC, "currency": "USD", "quantity": "1"}"#, "quantity"),
        (#"{"price": $METERED, "currency": "USD", "quantity": "1", "events": []}"#, "quantity"),
        (#"{"price": $METERED, "currency": "USD", "events": []}"#, "meter"),
        (#"{"price": $METERED, "currency": "USD", "meter": $METER, "period": $PERIOD}"#, "events"),
        (#"{"price": $METERED, "currency": "USD", "meter": $METER, "events": []}"#, "period"),
        (
            #"{"price": $METERED, "currency": "USD", "meter": {"code": "n", "aggregation": "sum"}, "#
                + #""events": [], "period": $PERIOD}"#, "price.meter"
        ),
        (#"{"price": $FLAT, "currency": "USD", "meter": $METER, "events": [], "period": $PERIOD}"#, "price.meter"),
    ])
    func `an input that is malformed`(_ input: String, _ field: String) throws {
        let text = input.replacing("$FLAT", with: #"{"model": "flat", "amount": "1"}"#)
            .replacing("$METERED", with: #"{"model": "flat", "amount": "1", "meter": "m"}"#)
            .replacing("$METER", with: #"{"code": "m", "aggregation": "sum"}"#)
            .replacing("$DYNAMIC", with: #"{"model": "dynamic", "meter": "m"}"#)
            .replacing("$PERIOD", with: #"{"start": "2026-01-01", "end": "2026-02-01"}"#)
        #expect(throws: Self.at(field)) {
            try Self.field { try SimulatedRate.run(JSONValue(parsing: text)) }
        }
    }

    @Test(arguments: [
        (#""meter": {"code": "m"}"#, "meter.aggregation"),
        (#""meter": {"aggregation": "sum"}"#, "meter.code"),
        (#""meter": {"code": "m", "aggregation": "unique"}"#, "meter.unique_by"),
        (#""meter": {"code": "m", "aggregation": "sum", "unique_by": "x"}"#, "meter.unique_by"),
        (#""meter": {"code": "m", "aggregation": "sum", "carry_over": true}"#, "meter.carry_over"),
        (#""period": {"start": "2026-01-02", "end": "2026-01-02"}"#, "period.end"),
        (#""period": {"start": "2026-01-02"}"#, "period.end"),
        (#""period": {"start": "1899-12-31", "end": "2026-01-02"}"#, "period.start"),
        (#""events": [{"meter": "m", "at": "2026-01-01"}]"#, "events[0].id"),
        (#""events": [{"id": "a", "meter": "n", "at": "2026-01-01"}]"#, "events[0].meter"),
        (#""events": [{"id": "a", "meter": "m", "at": "2026-02-30"}]"#, "events[0].at"),
        (#""events": [{"id": "a", "meter": "m", "at": "2200-01-01"}]"#, "events[0].at"),
        (#""events": [{"id": "a", "meter": "m", "at": "2026-01-01", "value": 1}]"#, "events[0].value"),
        (#""events": [{"id": "a", "meter": "m", "at": "2026-01-01", "properties": []}]"#, "events[0].properties"),
        (#""events": [{"id": "a", "meter": "m", "at": "2026-01-01", "more": 1}]"#, "events[0].more"),
        (
            #""price": {"model": "percentage", "rate": "1", "meter": "m"}, "#
                + #""events": [{"id": "a", "meter": "m", "at": "2026-01-01", "value": "-1"}]"#, "events[0].value"
        ),
        (
            #""price": {"model": "dynamic", "meter": "m"}, "events": [{"id": "a", "meter": "m", "at": "2026-01-01"}]"#,
            "events[0].properties.amount"
        ),
        (
            #""price": {"model": "dynamic", "meter": "m"}, "#
                + #""events": [{"id": "a", "meter": "m", "at": "2026-01-01", "properties": {"amount": 1}}]"#,
            "events[0].properties.amount"
        ),
        (
            #""events": [{"id": "a", "meter": "m", "at": "2026-01-01"}, "#
                + #"{"id": "a", "meter": "m", "at": "2026-01-01", "properties": {"x": 1}}]"#, "events[1].id"
        ),
    ])
    func `usage that is malformed`(_ fields: String, _ field: String) throws {
        var input: JSONObject = [
            "price": ["model": "per_unit", "unit_amount": "1", "meter": "m"], "currency": "USD",
            "meter": ["code": "m", "aggregation": "sum"], "events": [],
            "period": ["start": "2026-01-01", "end": "2026-02-01"],
        ]
        for (key, value) in try JSONValue(parsing: "{\(fields)}").object ?? JSONObject() { input[key] = value }
        #expect(throws: Self.at(field)) { try Self.field { try SimulatedRate.run(.object(input)) } }
    }
}
