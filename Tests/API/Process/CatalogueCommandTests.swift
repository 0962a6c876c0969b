import Foundation
import Postgres
import TestSupport
import Testing
import Values

/// Catalogue, subscriptions and webhooks at the command line.
@Suite struct CatalogueCommandTests {
    private static let plan = #"""
        {"code": "CODE", "currency": "USD", "interval": {"unit": "month"}, "prices": [
         {"code": "base", "model": "flat", "amount": "AMOUNT"},
         {"code": "seats", "model": "per_unit", "quantity": "seats", "unit_amount": "1.00"}]}
        """#

    /// Runs the program and reads what it prints.
    private func json(_ arguments: String..., url: String) async throws -> JSONValue {
        let result = try await CommandTests.run(arguments + ["--format", "json"], url: url)
        #expect(result.code == 0, "\(arguments): \(result.errors)")
        return try JSONValue(parsing: result.output)
    }

    /// A database with the plans `small` and `large`, and a tenant with one seat of `small`.
    private func book() async throws -> (url: String, tenant: String, subscription: String) {
        let url = try await TestCluster.shared.clone()
        for (code, amount) in [("small", "10.00"), ("large", "30.00")] {
            let file = FileManager.default.temporaryDirectory.path + "/abono-plan-\(UUID().uuidString).json"
            defer { try? FileManager.default.removeItem(atPath: file) }
            try Self.plan.replacing("CODE", with: code).replacing("AMOUNT", with: amount)
                .write(toFile: file, atomically: true, encoding: .utf8)
            _ = try await json("plans", "publish", file, url: url)
        }
        let tenant = try #require(try await json("tenants", "create", "Acme", url: url)["id"]?.string)
        let made = try await json(
            "subscriptions",
            "create",
            "--tenant",
            tenant,
            "--plan",
            "small",
            "--starts-at",
            "2026-01-05",
            "--quantity",
            "seats=1",
            url: url
        )
        return (url, tenant, try #require(made["id"]?.string))
    }

    @Test func `a preview is a list of invoices, however many there are`() async throws {
        let (url, tenant, subscription) = try await book()
        let first = try await json(
            "subscriptions",
            "create",
            "--tenant",
            tenant,
            "--plan",
            "large",
            "--quantity",
            "seats=2",
            "--preview",
            url: url
        )
        #expect(first.array?.map { $0["total"]?["amount"]?.string } == ["32.00"], "\(first)")
        let change = try await json(
            "subscriptions",
            "change",
            subscription,
            "--plan",
            "large",
            "--when",
            "immediately",
            "--at",
            "2026-01-05T00:00:00Z",
            "--preview",
            url: url
        )
        #expect(change.array?.isEmpty == false, "\(change)")
        let none = try await json(
            "subscriptions",
            "change",
            subscription,
            "--quantity",
            "seats=1",
            "--invoice",
            "next",
            "--preview",
            url: url
        )
        #expect(none.array != nil, "\(none)")
    }

    @Test func `what waits is listed with its plan and its quantities`() async throws {
        let (url, _, subscription) = try await book()
        _ = try await json(
            "subscriptions",
            "change",
            subscription,
            "--plan",
            "large",
            "--quantity",
            "seats=7",
            "--when",
            "period_end",
            url: url
        )
        let table = try await CommandTests.run(["subscriptions", "scheduled", subscription], url: url)
        let rows = table.output.split(separator: "\n")
        #expect(rows.count == 3 && rows[0].contains("takes_effect_at"), "\(table.output)")
        for word in ["plan", "large", "seats=7"] { #expect(rows.last?.contains(word) == true, "\(table.output)") }
    }

    @Test func `coupons are listed in their order, and dates of credit are the tenant's`() async throws {
        let (url, _, subscription) = try await book()
        for code in ["B", "A"] {
            _ = try await json("coupons", "create", code, "--percent", "5", url: url)
            _ = try await json("coupons", "redeem", code, "--subscription", subscription, url: url)
        }
        let redemptions = try await json("coupons", "redemptions", "--subscription", subscription, url: url)
        #expect(redemptions.array?.map { $0["code"]?.string } == ["B", "A"], "\(redemptions)")
        let other = try await json("tenants", "create", "Globex", "--timezone", "Europe/Berlin", url: url)
        let grant = try await json(
            "credits",
            "grant",
            "--tenant",
            other["id"]?.string ?? "",
            "--amount",
            "5.00",
            "--currency",
            "USD",
            "--expires-at",
            "2099-01-01",
            url: url
        )
        #expect(grant["expires_at"] == "2098-12-31T23:00:00Z", "\(grant)")
        let listed = try await CommandTests.run(["credits", "list"], url: url)
        #expect(listed.output.contains("expired") && listed.output.contains("2098-12-31"), "\(listed.output)")
    }

    @Test func `what shows one thing prints one object, however many versions it has`() async throws {
        let (url, _, _) = try await book()
        let plan = try await json("plans", "show", "small", url: url)
        #expect(plan["code"] == "small" && plan["versions"]?.array?.count == 1, "\(plan)")
        let file = FileManager.default.temporaryDirectory.path + "/abono-plan-\(UUID().uuidString).json"
        defer { try? FileManager.default.removeItem(atPath: file) }
        try Self.plan.replacing("CODE", with: "small").replacing("AMOUNT", with: "9.00").replacing("USD", with: "EUR")
            .write(toFile: file, atomically: true, encoding: .utf8)
        _ = try await json("plans", "publish", file, url: url)
        let both = try await json("plans", "show", "small", url: url)
        #expect(both["code"] == "small" && both["versions"]?.array?.count == 2, "\(both)")
        #expect(try await json("plans", "show", "small", "--history", url: url).array?.count == 2)
        #expect(try await json("plans", "show", "small", "--version", "2", url: url)["currency"] == "EUR")
    }

    @Test func `a trial can be left out`() async throws {
        let url = try await TestCluster.shared.clone()
        let file = FileManager.default.temporaryDirectory.path + "/abono-plan-\(UUID().uuidString).json"
        defer { try? FileManager.default.removeItem(atPath: file) }
        try #"{"code": "t", "currency": "USD", "interval": {"unit": "month"}, "trial_days": 9, "prices": []}"#
            .write(toFile: file, atomically: true, encoding: .utf8)
        _ = try await json("plans", "publish", file, url: url)
        let tenant = try #require(try await json("tenants", "create", "Acme", url: url)["id"]?.string)
        let arguments = ["subscriptions", "create", "--tenant", tenant, "--plan", "t", "--format", "json"]
        for (more, status) in [([], "trialing"), (["--no-trial"], "active")] {
            let made = try await CommandTests.run(arguments + more, url: url)
            #expect(try JSONValue(parsing: made.output)["status"]?.string == status, "\(made.errors)")
        }
    }

    @Test func `countries and events that there are not are refused with what there is`() async throws {
        let url = try await TestCluster.shared.clone()
        for (arguments, words) in [
            (["taxes", "put", "vat", "--rate", "0.19", "--country", "ZZ"], ["country", "ZZ", "ISO 3166-1"]),
            (["entities", "create", "Acme", "--country", "UK"], ["country", "UK", "GB"]),
            (
                ["webhooks", "create", "https://example.com/", "--events", "invoice.*,bogus.*"],
                ["bogus.*", "invoice.*"]
            ),
        ] {
            let result = try await CommandTests.run(arguments, url: url)
            #expect(result.code == 1, "\(arguments)")
            for word in words { #expect(result.errors.contains(word), "\(result.errors)") }
        }
        let events = try await CommandTests.run(["webhooks", "events"], url: url)
        #expect(events.output.contains("invoice.finalized\n"), "\(events.output)\(events.errors)")
    }
}
