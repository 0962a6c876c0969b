import Plans
import Postgres
import Revenue
import Subscriptions
import Tenants
import Values

/// The book that is reported: customers that come, grow, shrink, stand still, come back and go, each as any customer is
/// made, and copies of them under other ids.
final class ReportsBenchBook: Sendable {
    /// The months reported.
    static let months = 36
    static let first = Month(index: 2023 * 12)
    static let asOf = instant(month: months, day: 1)

    private static let models = 24

    /// The same, for callers of a book.
    var asOf: Instant { Self.asOf }

    private let database: Database
    private let bench: BenchDatabase
    /// How many months of the models bring something.
    private let months: Int

    /// Makes the customers that others are copies of.
    init(_ database: Database, _ bench: BenchDatabase) async throws {
        self.database = database
        self.bench = bench
        try await database.transaction(as: .admin) { transaction in
            for (code, amount, unit) in [("basic", "100", "month"), ("pro", "250", "month"), ("year", "1000", "year")] {
                let plan: JSONValue = [
                    "code": .string(code), "currency": "USD", "interval": ["unit": .string(unit)],
                    "prices": [["code": "base", "model": "flat", "amount": .string(amount)]],
                ]
                let stamp = Self.stamp(Self.instant(month: -1, day: 1))
                try await PlanOperations.publish(PlanDraft(json: plan), by: stamp, in: transaction)
            }
        }
        for number in 0..<Self.models { try await Self.make(number, in: database) }
        let request = ReportRequest(
            .mrr,
            from: Self.first,
            to: Self.first.adding(Self.months - 1),
            asOf: Self.asOf,
            group: .tenant
        )
        let rows =
            try await database.transaction(as: .finance, isolation: .snapshot) { transaction in
                try await RevenueReports.page(request, in: transaction)
            }.json["rows"]?.array ?? []
        let paid = rows.filter { $0["closing"] != "0.00" }
        months = paid.count
        try await Administration.run(Self.tables, url: bench.administrationURL)
        try await database.transaction(as: .system) { transaction in
            _ = try await transaction.copyIn(
                "COPY app.bench_models (tenant_id, month, amount_minor) FROM STDIN",
                rows: paid.map { row -> [(any SQLEncodable)?] in
                    let amount = Exact(decimal: row["closing"]?.string ?? "") ?? .zero
                    let tenant = row["tenant"]?.string.flatMap { TenantID($0) }
                    return [tenant?.uuidText, "\(row["month"]?.string ?? "")-01", (amount * 100).scaled(digits: 0)]
                }
            )
        }
    }

    /// How often each model was copied to make so many rows.
    func copies(of rows: Int) -> Int { rows / months - 1 }

    /// Copies the models until there are so many rows, at least.
    func fill(_ rows: Int) async throws -> Int {
        let copies = max(1, (rows + months - 1) / months - 1)
        try await Administration.run("SELECT app.bench_copy_models(\(copies))", url: bench.administrationURL)
        try await bench.analyze()
        return (copies + 1) * months
    }

    private static func make(_ number: Int, in database: Database) async throws {
        let start = instant(month: -1, day: 1 + number)
        let tenant = try await database.transaction(as: .admin) { transaction in
            try await TenantOperations.create(
                TenantDraft(name: "Model \(number)", currency: .usd),
                by: stamp(start),
                in: transaction
            )
        }.id
        func act(_ month: Int, _ body: (Stamp, borrowing Transaction) async throws -> Void) async throws {
            let stamp = stamp(month < 0 ? start : instant(month: month, day: 3 + number))
            try await database.transaction(as: .tenant(tenant)) { transaction in try await body(stamp, transaction) }
        }
        var id: SubscriptionID?
        try await act(-1) { stamp, transaction in
            id = try await SubscriptionOperations.create(
                SubscriptionDraft(plan: number.isMultiple(of: 6) ? "year" : "basic", startsAt: Moment(start, in: .utc)),
                for: tenant,
                by: stamp,
                in: transaction
            ).id
        }
        guard let id else { return }
        func change(_ month: Int, to plan: String) async throws {
            try await act(month) { stamp, transaction in
                _ = try await SubscriptionOperations.change(
                    id,
                    of: tenant,
                    SubscriptionChangeDraft(plan: plan, timing: .immediately),
                    by: stamp,
                    in: transaction
                )
            }
        }
        if number % 3 != 0 { try await change(3 + number % 9, to: "pro") }
        if number % 4 == 1 { try await change(14 + number % 5, to: "basic") }
        if number % 7 == 3 {
            try await act(20) { stamp, transaction in
                _ = try await SubscriptionOperations.pause(id, of: tenant, by: stamp, in: transaction)
            }
            try await act(24) { stamp, transaction in
                _ = try await SubscriptionOperations.resume(id, of: tenant, by: stamp, in: transaction)
            }
        }
        if number % 5 == 0 {
            try await act(26 + number % 8) { stamp, transaction in
                _ = try await SubscriptionOperations.cancel(
                    id,
                    of: tenant,
                    when: .immediately,
                    refund: .none,
                    by: stamp,
                    in: transaction
                )
            }
        }
    }

    /// The tables of the limit, and what copies the models' rows, whatever columns their tables have.
    private static let tables = """
        CREATE TABLE app.bench_models (tenant_id uuid NOT NULL, month date NOT NULL, amount_minor bigint NOT NULL);
        CREATE TABLE app.bench_subscription_months (
            tenant_id uuid NOT NULL, subscription_id uuid NOT NULL, month date NOT NULL, currency char(3) NOT NULL,
            amount_minor bigint NOT NULL);
        GRANT INSERT ON app.bench_models TO abono_system;
        GRANT SELECT ON app.bench_subscription_months TO abono_finance;

        CREATE FUNCTION app.bench_copy_rows(name text, changed jsonb) RETURNS void LANGUAGE plpgsql AS $copy$
        DECLARE
            names text;
            expressions text;
        BEGIN
            SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum),
                   string_agg(coalesce(changed ->> attname, 'm.' || quote_ident(attname)), ', ' ORDER BY attnum)
            INTO names, expressions FROM pg_attribute
            WHERE attrelid = ('app.' || name)::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '';
            EXECUTE format(
                'INSERT INTO app.%I (%s) SELECT %s FROM app.bench_copies c JOIN app.%I m ON m.tenant_id = c.model '
                'ORDER BY c.tenant', name, names, expressions, name);
        END $copy$;

        CREATE FUNCTION app.bench_copy_models(copies int) RETURNS void LANGUAGE plpgsql AS $copy$
        DECLARE
            own jsonb := '{"tenant_id": "c.tenant", "subscription_id": "c.subscription"}';
        BEGIN
            CREATE TABLE app.bench_copies AS
                SELECT s.tenant_id AS model, gen_random_uuid() AS tenant, gen_random_uuid() AS subscription
                FROM app.subscriptions s, generate_series(1, copies);
            ANALYZE app.bench_copies;
            PERFORM app.bench_copy_rows('tenants', own || '{"name": "$$Customer $$ || c.tenant"}');
            PERFORM app.bench_copy_rows('subscriptions', own || '{"id": "c.subscription"}');
            PERFORM app.bench_copy_rows('subscription_changes', own || '{"id": "gen_random_uuid()"}');
            INSERT INTO app.bench_subscription_months
            SELECT c.tenant_id, c.id, b.month, 'USD', b.amount_minor
            FROM (
                SELECT model, tenant, subscription FROM app.bench_copies
                UNION ALL
                SELECT tenant_id, tenant_id, id FROM app.subscriptions
                WHERE tenant_id IN (SELECT m.tenant_id FROM app.bench_models m)
            ) AS c (model, tenant_id, id)
            JOIN app.bench_models b ON b.tenant_id = c.model;
        END $copy$;
        """

    static func stamp(_ instant: Instant) -> Stamp { Stamp(now: instant, author: .command) }

    private static func instant(month: Int, day: Int) -> Instant {
        first.adding(month).start(in: .utc).adding(seconds: Int64(day - 1) * 86_400)
    }
}
