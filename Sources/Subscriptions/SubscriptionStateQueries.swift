import Plans
import Postgres
import Values

/// The statements that write what follows from the changes, and read it to compare.
enum SubscriptionStateQueries {
    static func insert(_ subscription: Subscription, recordedAt: Instant) -> SQL {
        """
        INSERT INTO app.subscriptions (
            tenant_id, id, plan_version_id, overrides, status, standing, names_usage, starts_at, starts_on, timezone,
            currency, anchor, quantities, billed_until, current_period_start, current_period_end, paused_at, cancels_at,
            scheduled_changes, next_billing_at, ended_at, metadata, created_at, recorded_at)
        VALUES (\(subscription.tenant), \(subscription.id), \(subscription.planVersion), \(subscription.overrides.json),
            \(subscription.status.rawValue), \(subscription.standing.rawValue), \(subscription.usage == .named),
            \(subscription.startsAt), \(subscription.startsOn),
            \(subscription.timeZone.name), \(subscription.currency), \(subscription.anchor),
            \(subscription.quantities.json), \(subscription.billedUntil), \(subscription.currentPeriodStart),
            \(subscription.currentPeriodEnd), \(subscription.pausedAt), \(subscription.cancelsAt),
            \(subscription.scheduledChanges)::uuid[], \(subscription.nextBillingAt), \(subscription.endedAt),
            \(subscription.metadata), \(subscription.createdAt), \(recordedAt))
        ON CONFLICT (tenant_id, id) DO NOTHING
        """
    }

    static func update(_ subscription: Subscription) -> SQL {
        """
        UPDATE app.subscriptions SET
            plan_version_id = \(subscription.planVersion), overrides = \(subscription.overrides.json),
            status = \(subscription.status.rawValue),
            standing = \(subscription.standing.rawValue), paused_at = \(subscription.pausedAt),
            anchor = \(subscription.anchor), quantities = \(subscription.quantities.json),
            current_period_start = \(subscription.currentPeriodStart),
            current_period_end = \(subscription.currentPeriodEnd), cancels_at = \(subscription.cancelsAt),
            scheduled_changes = \(subscription.scheduledChanges)::uuid[],
            last_invoice_at = greatest(last_invoice_at, \(subscription.lastInvoiceAt)),
            next_billing_at = \(subscription.nextBillingAt), ended_at = \(subscription.endedAt)
        WHERE tenant_id = \(subscription.tenant) AND id = \(subscription.id)
        """
    }

    static func insert(_ change: SubscriptionChange, of subscription: Subscription) -> SQL {
        """
        INSERT INTO app.subscription_changes (
            tenant_id, id, subscription_id, seq, at, recorded_at, kind, takes_effect, payload, author)
        VALUES (\(subscription.tenant), \(change.id), \(subscription.id), \(change.sequence), \(change.at),
            \(change.recordedAt), \(change.kind.rawValue), \(change.timing.rawValue), \(change.payload),
            \(change.author))
        """
    }

    /// Invoices of a subscription are final up to an instant; it never goes back.
    static func markInvoiced(
        _ id: SubscriptionID,
        of tenant: TenantID,
        until: Instant,
        nextBillingAt: Instant?
    ) -> SQL {
        """
        UPDATE app.subscriptions SET
            last_invoice_at = greatest(last_invoice_at, \(until)), next_billing_at = \(nextBillingAt)
        WHERE tenant_id = \(tenant) AND id = \(id)
        """
    }

    // MARK: Phases

    static func phases(of id: SubscriptionID, _ tenant: TenantID) -> SQL {
        """
        SELECT \(fragment: phaseColumns) FROM app.subscription_phases
        WHERE tenant_id = \(tenant) AND subscription_id = \(id) AND NOT isempty(during) ORDER BY starts_at
        """
    }

    /// What `phase` reads.
    static let phaseColumns: SQL = "plan_version_id, plan_key, quantities, status, starts_at, ends_at"

    static func phase(_ row: inout RowReader) throws -> SubscriptionPhase {
        let version: PlanVersionID = try row.next()
        let planKey: String? = try row.next()
        let quantities = try Quantities(json: try row.next(), path: "quantities")
        let status: String = try row.next()
        return SubscriptionPhase(
            version: version,
            planKey: planKey ?? version.text,
            quantities: quantities,
            isTrial: status == SubscriptionStatus.trialing.rawValue,
            isPaused: status == SubscriptionStatus.paused.rawValue,
            start: try row.next(),
            end: try row.next()
        )
    }

    /// Nothing is deleted: a stretch that is no more becomes empty.
    static func emptyPhases(_ phases: [SubscriptionPhase], of subscription: Subscription, at instant: Instant) -> SQL {
        """
        UPDATE app.subscription_phases SET ends_at = starts_at, recorded_at = \(instant)
        WHERE tenant_id = \(subscription.tenant) AND subscription_id = \(subscription.id)
          AND starts_at = ANY (\(phases.map(\.start))::timestamptz[])
        """
    }

    static func write(_ phases: [SubscriptionPhase], of subscription: Subscription, at instant: Instant) -> SQL {
        let statuses = phases.map(\.status.rawValue)
        let keys = phases.map { $0.planKey == $0.version.text ? nil : $0.planKey }
        return """
            INSERT INTO app.subscription_phases (
                tenant_id, subscription_id, starts_at, ends_at, plan_version_id, plan_key, quantities, status,
                recorded_at)
            SELECT \(subscription.tenant)::uuid, \(subscription.id)::uuid, starts_at, ends_at, plan_version_id,
                plan_key, quantities, status, \(instant)::timestamptz
            FROM unnest(\(phases.map(\.start))::timestamptz[], \(phases.map(\.end))::timestamptz[],
                \(phases.map(\.version))::uuid[], \(keys)::text[], \(phases.map(\.quantities.json))::jsonb[],
                \(statuses)::text[]) AS given (starts_at, ends_at, plan_version_id, plan_key, quantities, status)
            ON CONFLICT (tenant_id, subscription_id, starts_at) DO UPDATE SET
                ends_at = excluded.ends_at, plan_version_id = excluded.plan_version_id, plan_key = excluded.plan_key,
                quantities = excluded.quantities, status = excluded.status, recorded_at = excluded.recorded_at
            """
    }

    // MARK: Meters

    static func meters(of id: SubscriptionID, _ tenant: TenantID) -> SQL {
        """
        SELECT meter, starts_at, ends_at FROM app.subscription_meters
        WHERE tenant_id = \(tenant) AND subscription_id = \(id) AND NOT isempty(during) ORDER BY starts_at, meter
        """
    }

    static func meter(_ row: inout RowReader) throws -> MeterStretch {
        MeterStretch(meter: try row.next(), start: try row.next(), end: try row.next())
    }

    /// Nothing is deleted: a stretch that is no more becomes empty.
    static func emptyMeters(_ stretches: [MeterStretch], of subscription: Subscription, at instant: Instant) -> SQL {
        """
        UPDATE app.subscription_meters m SET ends_at = m.starts_at, recorded_at = \(instant)
        FROM \(fragment: given(stretches))
        WHERE m.tenant_id = \(subscription.tenant) AND m.subscription_id = \(subscription.id)
          AND m.meter = given.meter AND m.starts_at = given.starts_at
        """
    }

    static func write(_ stretches: [MeterStretch], of subscription: Subscription, at instant: Instant) -> SQL {
        """
        INSERT INTO app.subscription_meters (tenant_id, subscription_id, meter, starts_at, ends_at, recorded_at)
        SELECT \(subscription.tenant)::uuid, \(subscription.id)::uuid, meter, starts_at, ends_at,
            \(instant)::timestamptz
        FROM \(fragment: given(stretches)) ORDER BY meter, starts_at
        ON CONFLICT (tenant_id, subscription_id, meter, starts_at) DO UPDATE SET
            ends_at = excluded.ends_at, recorded_at = excluded.recorded_at
        """
    }

    /// Another subscription of the tenant that prices one of the meters at the same time.
    static func otherPricing(_ stretches: [MeterStretch], than subscription: Subscription) -> SQL {
        """
        SELECT m.meter, m.subscription_id FROM app.subscription_meters m JOIN \(fragment: given(stretches))
            ON m.meter = given.meter AND m.during && tstzrange(given.starts_at, given.ends_at)
        WHERE m.tenant_id = \(subscription.tenant) AND m.subscription_id <> \(subscription.id)
        ORDER BY m.meter, m.starts_at LIMIT 1
        """
    }

    private static func given(_ stretches: [MeterStretch]) -> SQL {
        """
        unnest(\(stretches.map(\.meter))::text[], \(stretches.map(\.start))::timestamptz[],
            \(stretches.map(\.end))::timestamptz[]) AS given (meter, starts_at, ends_at)
        """
    }
}
