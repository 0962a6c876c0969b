import Billing
import Metering
import Postgres
import TestSupport
import Testing
import Values

@Suite struct AmendedUsageTests {
    private let march = BillingFixture.day(2026, 3, 5)
    private let april = BillingFixture.day(2026, 4, 5)
    private let later = testNow.adding(seconds: 86_400)
    private let last = testNow.adding(seconds: 172_800)

    private func amend(_ id: String, _ json: JSONValue, of book: BillingFixture) async throws {
        _ = try await book.database.transaction(as: .tenant(book.tenant)) { transaction in
            try await MeteringOperations.amend(
                id,
                of: book.tenant,
                with: UsageAmendment(json: json),
                by: BillingFixture.stamp(later),
                in: transaction
            )
        }
    }

    private func compute(_ meter: String, in database: Database) async throws {
        for _ in 0..<1_000 {
            let next = try await database.transaction(as: .system) { transaction in
                try await MeterBackfillOperations.step(meter, by: BillingFixture.stamp(), in: transaction)
            }
            guard next != .none else { return }
            try await Task.sleep(for: .milliseconds(30))
        }
        Issue.record("the computing of \(meter) does not end")
    }

    @Test(arguments: [("4500000", "1500000", 300), ("2500000", "-500000", -100)])
    func `what was billed and is amended is a line of exactly the difference on the next invoice`(
        _ value: String,
        _ difference: String,
        _ cents: Int
    ) async throws {
        try await withDatabase { database in
            let book = try await BillingFixture(database)
            try await book.use(3_000_000, BillingFixture.day(2026, 2, 20), id: "wrong")
            try await book.bill(until: march)
            try await amend("wrong", ["value": .string(value), "reason": "counted wrong"], of: book)
            // It waits for the next invoice, which is no difference.
            #expect(try await book.differences().isEmpty)
            let next = try #require(try await book.bill(until: april, recordedAt: last).first)
            #expect(next.short.last == "tokens \(difference) \(cents)")
            #expect(next.lines.last?.isCorrection == true)
            #expect(try await book.differences().isEmpty)
            let third = try await book.bill(until: BillingFixture.day(2026, 5, 5), recordedAt: last)
            #expect(third.first?.lines.count == 2)
        }
    }

    @Test func `usage that is moved from a billed period into an open one is credited there and billed here`()
        async throws
    {
        try await withDatabase { database in
            let book = try await BillingFixture(database)
            try await book.use(3_000_000, BillingFixture.day(2026, 2, 20), id: "early")
            try await book.bill(until: march)
            try await amend("early", ["at": "2026-03-20T12:00:00Z"], of: book)
            let next = try #require(try await book.bill(until: april, recordedAt: last).first)
            #expect(next.short.suffix(2) == ["tokens 3000000 500", "tokens -3000000 -500"])
            #expect(next.total.text == "35.00")
            #expect(try await book.differences().isEmpty)
        }
    }

    @Test func `an open period is billed as it was amended, also under models that look at single events`() async throws
    {
        let plan: JSONValue = [
            "code": "cells", "currency": "USD", "interval": ["unit": "month"],
            "prices": [
                ["code": "base", "model": "flat", "amount": "1.00"],
                [
                    "code": "tokens", "meter": "tokens", "model": "matrix", "dimensions": ["model"],
                    "cells": [
                        ["when": ["model": "small"], "unit_amount": "0.01"],
                        ["when": ["model": "large"], "unit_amount": "0.10"],
                    ],
                ],
            ],
        ]
        try await withDatabase { database in
            let book = try await BillingFixture(database, plan: plan, quantities: [:])
            try await book.use(50, BillingFixture.day(2026, 2, 9), id: "a", properties: ["model": "large"])
            try await amend("a", ["properties": ["model": "small"]], of: book)
            let first = try await book.bill(until: march, recordedAt: later)
            #expect(first.last?.short == ["base 1 100", "tokens 50 50"])
            try await amend("a", ["value": "60", "properties": ["model": "large"]], of: book)
            let next = try #require(try await book.bill(until: april, recordedAt: last).first)
            #expect(next.short == ["base 1 100", "tokens 10 550"])
            #expect(try await book.differences().isEmpty)
        }
    }

    @Test(arguments: [false, true])
    func `a meter with a filter is billed by what it lets through`(_ isComputed: Bool) async throws {
        let plan: JSONValue = [
            "code": "filtered", "currency": "USD", "interval": ["unit": "month"],
            "prices": [
                ["code": "large", "meter": "large", "model": "per_unit", "unit_amount": "0.01"],
                ["code": "all", "meter": "tokens", "model": "per_unit", "unit_amount": "0.001"],
            ],
        ]
        let meter: JSONValue = [
            "code": "large", "aggregation": "sum", "source": "tokens", "filter": ["model": ["large"]],
        ]
        try await withDatabase { database in
            _ = try await database.transaction(as: .admin) { transaction in
                try await MeterOperations.put(
                    Meter(code: "tokens", rule: AggregationRule(.sum)),
                    by: BillingFixture.stamp(),
                    in: transaction
                )
                try await MeterOperations.put(Meter(definition: meter), by: BillingFixture.stamp(), in: transaction)
            }
            let book = try await BillingFixture(database, plan: plan, quantities: [:])
            try await book.use(1_000, BillingFixture.day(2026, 2, 9), id: "a", properties: ["model": "large"])
            try await book.use(500, BillingFixture.day(2026, 2, 10), id: "b", properties: ["model": "small"])
            if isComputed { try await compute("large", in: database) }
            let first = try await book.bill(until: march)
            #expect(first.last?.short == ["large 1000 1000", "all 1500 150"])
            try await amend("b", ["properties": ["model": "large"]], of: book)
            #expect(try await book.differences().isEmpty)
            let next = try await book.bill(until: april, recordedAt: last)
            try await book.use(1, BillingFixture.day(2026, 4, 9), id: "c", properties: ["model": "small"])
            let third = try await book.bill(until: BillingFixture.day(2026, 5, 5), recordedAt: last)
            #expect((next + third).flatMap(\.short) == ["all 1 0", "large 500 500"])
            #expect(try await book.differences().isEmpty)
        }
    }
}
