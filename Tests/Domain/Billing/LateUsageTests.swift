import Billing
import Metering
import Plans
import Postgres
import Subscriptions
import TestSupport
import Testing
import Values

@Suite struct LateUsageTests {
    private let march = BillingFixture.day(2026, 3, 5)
    private let april = BillingFixture.day(2026, 4, 5)
    private let later = testNow.adding(seconds: 86_400)
    private let last = testNow.adding(seconds: 172_800)

    @Test func `a late event is a line of exactly the difference on the next invoice`() async throws {
        try await withDatabase { database in
            let book = try await BillingFixture(database)
            try await book.use(3_000_000, BillingFixture.day(2026, 2, 20))
            try await book.bill(until: march)
            try await book.use(500_000, BillingFixture.day(2026, 2, 10), recordedAt: later)
            // It waits for the next invoice, which is no difference.
            #expect(try await book.differences().isEmpty)
            #expect(try await book.bill(until: march, recordedAt: last).isEmpty)
            let next = try #require(try await book.bill(until: april, recordedAt: last).first)
            #expect(next.short == ["base 1 2000", "seats 3 1500", "tokens 500000 100"])
            let line = try #require(next.lines.last)
            #expect(line.isCorrection && line.start == BillingFixture.day(2026, 2, 5) && line.end == march)
            #expect(line.exact == 1 && next.total.text == "36.00")
            #expect(try await book.differences().isEmpty)
            let third = try await book.bill(until: BillingFixture.day(2026, 5, 5), recordedAt: last)
            #expect(third.first?.lines.count == 2)
        }
    }

    @Test func `usage that is taken back after it was billed is credited`() async throws {
        try await withDatabase { database in
            let book = try await BillingFixture(database)
            try await book.use(3_000_000, BillingFixture.day(2026, 2, 20), id: "wrong")
            try await book.bill(until: march)
            try await database.transaction(as: .tenant(book.tenant)) { transaction in
                _ = try await MeteringOperations.void(
                    "wrong",
                    of: book.tenant,
                    by: BillingFixture.stamp(later),
                    in: transaction
                )
            }
            let next = try #require(try await book.bill(until: april, recordedAt: last).first)
            #expect(next.short.last == "tokens -3000000 -500" && next.total.text == "30.00")
            #expect(try await book.differences().isEmpty)
        }
    }

    @Test func `under models that look at single events, too, and unchanged parts stay as they were`() async throws {
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
            try await book.use(100, BillingFixture.day(2026, 1, 9), properties: ["model": "small"])
            try await book.use(50, BillingFixture.day(2026, 2, 9), properties: ["model": "large"])
            let first = try await book.bill(until: march)
            #expect(first.map(\.total.text) == ["1.00", "2.00", "6.00"])
            let soon = testNow.adding(seconds: 3_600)
            try await book.use(7, BillingFixture.day(2026, 2, 10), properties: ["model": "large"], recordedAt: soon)
            let next = try #require(try await book.bill(until: april, recordedAt: later).first)
            #expect(next.short == ["base 1 100", "tokens 7 70"])
            let third = try await book.bill(until: BillingFixture.day(2026, 5, 5), recordedAt: last)
            #expect(third.first?.short == ["base 1 100"])
            #expect(try await book.differences().isEmpty)
        }
    }

    @Test func `a commitment takes late usage off what it topped up`() async throws {
        let plan: JSONValue = [
            "code": "committed", "currency": "USD", "interval": ["unit": "month"], "minimum_commitment": "10.00",
            "prices": [["code": "tokens", "meter": "tokens", "model": "per_unit", "unit_amount": "0.01"]],
        ]
        try await withDatabase { database in
            let book = try await BillingFixture(database, plan: plan, quantities: [:])
            try await book.use(300, BillingFixture.day(2026, 1, 9))
            let first = try await book.bill(until: BillingFixture.day(2026, 2, 5))
            #expect(first.first?.short == ["tokens 300 300", "minimum 1 700"])
            try await book.use(200, BillingFixture.day(2026, 1, 10), recordedAt: later)
            let next = try #require(try await book.bill(until: march, recordedAt: last).first)
            #expect(next.short == ["minimum 1 1000", "tokens 200 200", "minimum 1 -200"])
            #expect(next.total.text == "10.00")
        }
    }

    @Test func `late usage of a period that came to nothing waits for the next invoice, too`() async throws {
        let plan: JSONValue = [
            "code": "metered", "currency": "USD", "interval": ["unit": "month"],
            "prices": [["code": "tokens", "meter": "tokens", "model": "per_unit", "unit_amount": "0.01"]],
        ]
        try await withDatabase { database in
            let book = try await BillingFixture(database, plan: plan, quantities: [:])
            #expect(try await book.bill(until: BillingFixture.day(2026, 2, 5)).isEmpty)
            try await book.use(300, BillingFixture.day(2026, 2, 9))
            #expect(try await book.bill(until: march).map(\.short) == [["tokens 300 300"]])
            try await book.use(200, BillingFixture.day(2026, 1, 10), recordedAt: later)
            #expect(try await book.bill(until: march, recordedAt: last).isEmpty)
            try await book.use(100, BillingFixture.day(2026, 3, 10), recordedAt: later)
            let next = try await book.bill(until: april, recordedAt: last)
            #expect(next.map(\.issuedAt) == [april])
            #expect(next.first?.short == ["tokens 100 100", "tokens 200 200"])
            #expect(next.first?.lines.last?.start == BillingFixture.start)
            #expect(try await book.differences().isEmpty)
            #expect(try await book.bill(until: BillingFixture.day(2026, 5, 5), recordedAt: last).isEmpty)
        }
    }

    @Test func `what is upcoming is told, and nothing is written`() async throws {
        try await withDatabase { database in
            let book = try await BillingFixture(database)
            try await book.use(1_500_000, BillingFixture.day(2026, 1, 9))
            try await book.bill(until: BillingFixture.start)
            let before = try await book.invoices()
            let upcoming = try await database.transaction(
                as: .tenant(book.tenant),
                isolation: .snapshot
            ) { transaction in
                try await InvoiceOperations.upcoming(
                    book.subscription,
                    of: book.tenant,
                    at: BillingFixture.day(2026, 1, 20),
                    in: transaction
                )
            }
            #expect(upcoming["issued_at"] == "2026-02-05T00:00:00Z")
            #expect(upcoming["total"] == ["amount": "37.00", "currency": "USD"])
            #expect(upcoming["lines"]?.array?.count == 3)
            #expect(try await book.invoices() == before)
        }
    }
}
