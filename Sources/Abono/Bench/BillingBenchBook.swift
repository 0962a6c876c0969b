import Billing
import Metering
import Plans
import Postgres
import Subscriptions
import Synchronization
import Tenants
import Values

/// The book that is billed: a few customers made as any customer is, and copies of all their rows under other ids.
final class BillingBenchBook: Sendable {
    /// Everything falls due before.
    static let until = instant("2026-02-06T00:00:00Z")

    /// A customer that others are copies of.
    private struct Model: Sendable {
        let seats: Int
        let tokens: Int
        let zone: String
        let starts: String

        /// What its second invoice comes to, in minor units: a fee of 20.00, 5.00 a seat, and 0.000002 for each token
        /// above a million with 1.00 for any of them.
        var expectedMinor: Int { 2_000 + 500 * seats + (tokens > 1_000_000 ? (tokens - 1_000_000) / 5_000 + 100 : 0) }
    }

    private static let models = [
        Model(seats: 1, tokens: 250_000, zone: "UTC", starts: "2026-01-03"),
        Model(seats: 2, tokens: 1_500_000, zone: "Europe/Berlin", starts: "2026-01-04"),
        Model(seats: 3, tokens: 1_000_000, zone: "America/New_York", starts: "2026-01-05"),
        Model(seats: 5, tokens: 4_000_000, zone: "Asia/Tokyo", starts: "2026-01-02"),
        Model(seats: 8, tokens: 12_345_000, zone: "UTC", starts: "2026-01-05"),
    ]

    private static let plan: JSONValue = [
        "code": "bench", "currency": "USD", "interval": ["unit": "month"],
        "prices": [
            ["code": "base", "model": "flat", "amount": "20.00"],
            ["code": "seats", "model": "per_unit", "unit_amount": "5.00", "quantity": "seats"],
            [
                "code": "tokens", "meter": "bench.tokens", "model": "graduated",
                "tiers": [
                    ["up_to": "1000000", "unit_amount": "0"],
                    ["up_to": nil, "unit_amount": "0.000002", "flat_amount": "1.00"],
                ],
            ],
        ],
    ]

    private let database: Database
    private let bench: BenchDatabase
    private let made = Mutex<(customers: Int, minor: Int)>((0, 0))
    private let modelIDs: [TenantID]

    /// What all second invoices come to, in minor units.
    var expectedMinor: Int { made.withLock { $0.minor } }

    /// Makes the customers that others are copies of.
    init(_ database: Database, _ bench: BenchDatabase) async throws {
        self.database = database
        self.bench = bench
        let stamp = Self.stamp(Self.instant("2026-01-01T00:00:00Z"))
        try await database.transaction(as: .admin) { transaction in
            let meter = Meter(code: "bench.tokens", rule: AggregationRule(.sum))
            try await MeterOperations.put(meter, by: stamp, in: transaction)
            try await PlanOperations.publish(PlanDraft(json: Self.plan), by: stamp, in: transaction)
        }
        var ids: [TenantID] = []
        for (number, model) in Self.models.enumerated() {
            ids.append(try await Self.make(model, number, in: database))
        }
        modelIDs = ids
        made.withLock { $0 = (ids.count, Self.models.reduce(0) { $0 + $1.expectedMinor }) }
        try await Administration.run(Self.copying, url: bench.administrationURL)
    }

    /// Adds so many customers.
    func add(_ count: Int) async throws {
        var rest = count
        while rest > 0 {
            let size = min(rest, 10_000)
            try await copy(size)
            rest -= size
        }
        try await bench.analyze()
    }

    /// A few customers, the first and the last among them.
    func sample(in transaction: borrowing Transaction) async throws -> [TenantID] {
        try await transaction.query(
            """
            (SELECT tenant_id FROM app.tenants ORDER BY tenant_id LIMIT 2)
            UNION ALL (SELECT tenant_id FROM app.tenants ORDER BY tenant_id DESC LIMIT 2)
            """
        ) { row in try row.next() }
    }

    private static func make(_ model: Model, _ number: Int, in database: Database) async throws -> TenantID {
        let zone = try Zone.named(model.zone)
        let start = Moment(try CalendarDate.named(model.starts), in: zone)
        let stamp = stamp(start.instant)
        let tenant = try await database.transaction(as: .admin) { transaction in
            try await TenantOperations.create(
                TenantDraft(name: "Model \(number)", timeZone: zone, currency: .usd),
                by: stamp,
                in: transaction
            )
        }
        try await database.transaction(as: .tenant(tenant.id)) { transaction in
            let subscription = try await SubscriptionOperations.create(
                SubscriptionDraft(plan: "bench", startsAt: start, quantities: ["seats": Decimal12(model.seats)]),
                for: tenant.id,
                by: stamp,
                in: transaction
            )
            let invoices = try await InvoiceOperations.bill(
                subscription.id,
                of: tenant.id,
                until: start.instant,
                by: stamp,
                in: transaction
            )
            for invoice in invoices {
                try await InvoiceOperations.finalize(invoice.id, of: tenant.id, by: stamp, in: transaction)
            }
        }
        let events = try (0..<3).map { part in
            let rest = model.tokens - model.tokens / 3 * 2
            let event = try UsageEvent(
                id: "usage-\(part)",
                meter: "bench.tokens",
                at: start.instant.adding(seconds: Int64(7 + part * 700_000)),
                value: Decimal12(part == 0 ? rest : model.tokens / 3),
                properties: ["model": "bench"]
            )
            return (tenant: tenant.id, event: event)
        }
        _ = try await database.transaction(as: .ingest) { transaction in
            try await MeteringOperations.ingest(events, recordedAt: stamp.recordedAt, in: transaction)
        }
        return tenant.id
    }

    private func copy(_ count: Int) async throws {
        let before = made.withLock { $0.customers }
        let now = Self.until.adding(seconds: -86_400)
        let rows = (before..<before + count).map { number -> [(any SQLEncodable)?] in
            let at = now.adding(microseconds: Int64(number))
            let invoice = InvoiceID.make(at: at)
            return [
                number + 1, modelIDs[number % modelIDs.count], TenantID.make(at: at), SubscriptionID.make(at: at),
                invoice, invoice.text,
            ]
        }
        _ = try await database.transaction(as: .system) { transaction in
            try await transaction.copyIn(
                "COPY app.bench_customers (number, model, tenant, subscription, invoice, invoice_text) FROM STDIN",
                rows: rows
            )
        }
        try await Administration.run("SELECT app.bench_copy_all()", url: bench.administrationURL)
        let minor = (before..<before + count).reduce(0) { sum, number in
            sum + Self.models[number % modelIDs.count].expectedMinor
        }
        made.withLock { $0 = (before + count, $0.minor + minor) }
    }

    /// Copies all rows of the models, whatever columns their tables have.
    private static let copying = """
        CREATE TABLE app.bench_customers (
            number int NOT NULL, model uuid NOT NULL, tenant uuid NOT NULL, subscription uuid NOT NULL,
            invoice uuid NOT NULL, invoice_text text NOT NULL);
        GRANT INSERT ON app.bench_customers TO abono_system;

        -- The rows as the models had them before any of them was billed again.
        CREATE FUNCTION app.bench_keep(name text) RETURNS void LANGUAGE plpgsql AS $copy$
        BEGIN
            EXECUTE format('CREATE TABLE app.%I AS TABLE app.%I', 'bench_model_' || name, name);
        END $copy$;

        CREATE FUNCTION app.bench_copy(name text, changed jsonb) RETURNS void LANGUAGE plpgsql AS $copy$
        DECLARE
            names text;
            expressions text;
        BEGIN
            SELECT string_agg(quote_ident(attname), ', ' ORDER BY attnum),
                   string_agg(coalesce(changed ->> attname, 'm.' || quote_ident(attname)), ', ' ORDER BY attnum)
            INTO names, expressions FROM pg_attribute
            WHERE attrelid = ('app.' || name)::regclass AND attnum > 0 AND NOT attisdropped AND attgenerated = '';
            EXECUTE format(
                'INSERT INTO app.%I (%s) SELECT %s FROM app.bench_customers c JOIN app.%I m ON m.tenant_id = c.model '
                'ORDER BY c.number', name, names, expressions, 'bench_model_' || name);
        END $copy$;

        SELECT app.bench_keep(name) FROM unnest(ARRAY['tenants', 'subscriptions', 'subscription_changes',
            'subscription_phases', 'subscription_meters', 'invoices', 'invoice_lines', 'journals', 'usage_keys',
            'usage_events', 'usage_rollups']) AS name;

        CREATE FUNCTION app.bench_copy_all() RETURNS void LANGUAGE plpgsql AS $copy$
        DECLARE
            own jsonb := '{"tenant_id": "c.tenant", "subscription_id": "c.subscription"}';
            invoice text := '(SELECT i.id FROM app.bench_model_invoices i WHERE i.tenant_id = c.model)';
            last int;
        BEGIN
            last := (SELECT sum(last_number) FROM app.invoice_counters);
            PERFORM app.bench_copy('tenants', own || '{"name": "$$Customer $$ || c.number"}');
            PERFORM app.bench_copy('subscriptions', own || '{"id": "c.subscription"}');
            PERFORM app.bench_copy('subscription_changes', own || '{"id": "gen_random_uuid()"}');
            PERFORM app.bench_copy('subscription_phases', own);
            PERFORM app.bench_copy('subscription_meters', own);
            PERFORM app.bench_copy('invoices', own || jsonb_build_object('id', 'c.invoice', 'number', format(
                '$$INV-2026-$$ || lpad((%s + row_number() OVER (ORDER BY c.number))::text, 6, $$0$$)', last)));
            PERFORM app.bench_copy('invoice_lines', own || '{"id": "gen_random_uuid()", "invoice_id": "c.invoice"}');
            PERFORM app.bench_copy('journals', own || '{"id": "gen_random_uuid()", "reference": "c.invoice_text",
                "posting_key": "$$invoice:$$ || c.invoice_text || $$:finalized$$"}');
            PERFORM app.bench_copy('usage_keys', own);
            PERFORM app.bench_copy('usage_events', own || '{"subscription_id": "m.subscription_id"}');
            PERFORM app.bench_copy('usage_rollups', own || '{"subscription_id": "m.subscription_id"}');
            UPDATE app.invoice_counters SET last_number = last_number + (SELECT count(*) FROM app.bench_customers);
            TRUNCATE app.bench_customers;
        END $copy$;
        """

    private static func stamp(_ instant: Instant) -> Stamp {
        Stamp(at: instant, recordedAt: instant, author: .command)
    }

    private static func instant(_ text: String) -> Instant { Instant(text) ?? Instant(microseconds: 0) }
}

extension Zone {
    fileprivate static func named(_ name: String) throws -> Zone {
        guard let zone = Zone(name) else { throw Problem(.internal, "\(name) is no zone") }
        return zone
    }
}

extension CalendarDate {
    fileprivate static func named(_ text: String) throws -> CalendarDate {
        guard let date = CalendarDate(text) else { throw Problem(.internal, "\(text) is no date") }
        return date
    }
}
