import Billing
import Metering
import Plans
import Postgres
import Subscriptions
import TestSupport
import Testing
import Values

@Suite struct UsageMeasureTests {
    private static let table: [(rule: AggregationRule, quantity: String)] = [
        (AggregationRule(.count), "3"), (AggregationRule(.sum), "15"), (AggregationRule(.max), "4.838709677419"),
        (AggregationRule(.min), "0.483870967742"), (AggregationRule(.average), "2.41935483871"),
        (AggregationRule(.latest), "0.483870967742"), (.unique(by: "user"), "2"),
        (.weightedSum(carryOver: false), "4.693548387097"),
    ]

    /// Fifteen of the 31 days from 5 January: levels count for 15/31.
    @Test(arguments: UsageMeasureTests.table)
    func `a part is billed by what its events come to, and can be added up again`(
        _ rule: AggregationRule,
        _ quantity: String
    ) async throws {
        let plan: JSONValue = [
            "code": "measured", "currency": "USD", "interval": ["unit": "month"],
            "prices": [["code": "units", "meter": "units", "model": "per_unit", "unit_amount": "1.00"]],
        ]
        try await withDatabase { database in
            try await database.transaction(as: .admin) { transaction in
                _ = try await MeterOperations.put(
                    Meter(code: "units", rule: rule),
                    by: BillingFixture.stamp(),
                    in: transaction
                )
            }
            let book = try await BillingFixture(database, plan: plan, quantities: [:])
            try await book.use(4, BillingFixture.day(2026, 1, 9), meter: "units", properties: ["user": "a"])
            try await book.use(10, BillingFixture.day(2026, 1, 10), meter: "units", properties: ["user": "b"])
            try await book.use(1, BillingFixture.day(2026, 1, 11), meter: "units", properties: ["user": "a"])
            try await database.transaction(as: .tenant(book.tenant)) { transaction in
                _ = try await SubscriptionOperations.cancel(
                    book.subscription,
                    of: book.tenant,
                    when: .immediately,
                    refund: .none,
                    by: BillingFixture.stamp(BillingFixture.day(2026, 1, 20)),
                    in: transaction
                )
            }
            let invoice = try #require(try await book.bill(until: BillingFixture.day(2026, 2, 5)).first)
            #expect(invoice.reason == .cancel && invoice.lines.map(\.quantity.text) == [quantity])
            #expect(invoice.lines.first?.ratio == Exact(15, 31))
            #expect(try await book.differences().isEmpty)
            guard rule.aggregation != .weightedSum else { return }
            try await book.damage("UPDATE app.invoice_lines SET quantity = quantity + 0.000000000001")
            #expect(try await book.differences().map(\.kind) == [.lineQuantity])
        }
    }

    @Test func `what cannot be billed does not hold up the others`() async throws {
        let plan: JSONValue = [
            "code": "cells", "currency": "USD", "interval": ["unit": "month"],
            "prices": [
                [
                    "code": "tokens", "meter": "tokens", "model": "matrix", "dimensions": ["model"],
                    "cells": [["when": ["model": "small"], "unit_amount": "0.01"]],
                ]
            ],
        ]
        try await withDatabase { database in
            let broken = try await BillingFixture(database, plan: plan, quantities: [:])
            try await broken.use(5, BillingFixture.day(2026, 1, 9), properties: ["model": "unknown"])
            let book = try await BillingFixture(database, name: "Globex")
            let summary = try await book.run(until: BillingFixture.day(2026, 2, 5))
            #expect(summary.subscriptions == 2 && summary.invoices == 2 && summary.finalized == 2)
            #expect(summary.failures.map(\.object) == [broken.subscription.text])
            #expect(summary.json["failures"]?[0]?["tenant"] == .string(broken.tenant.text))
            #expect(try await broken.invoices().isEmpty)
        }
    }
}
