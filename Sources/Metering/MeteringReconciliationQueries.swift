package import Postgres
package import Values

/// One place where the usage tables do not agree.
package struct MeteringDifference: Hashable, Sendable {
    /// The closed set of ways in which they can disagree.
    package enum Kind: String, CaseIterable, Sendable {
        /// A rollup is not what its events add up to.
        case rollup
        /// A key has no event.
        case keyWithoutEvent = "key_without_event"
        /// An event has no key, so it could be stored again.
        case eventWithoutKey = "event_without_key"
        /// An event is stored more than once.
        case eventTwice = "event_twice"
        /// The rollups of an archived month are not what its file holds.
        case archive
    }

    /// In which way.
    package let kind: Kind
    /// Whose.
    package let tenant: TenantID
    /// The event, or what names the rollup; and for rollups what both sides say.
    package let details: JSONValue

    /// As it is printed.
    package var json: JSONValue {
        var object: JSONObject = ["kind": .string(kind.rawValue), "tenant": .string(tenant.text)]
        for (key, value) in details.object ?? JSONObject() { object[key] = value }
        return .object(object)
    }
}

/// Compares the usage tables with each other.
package enum MeteringReconciliation {
    /// The most differences of each kind that are reported at once.
    package static let limit = 1_000

    /// Every difference between keys, events and rollups; none is what is expected.
    ///
    /// Reads everything there is: for `.finance`, in a snapshot, so that what is being written does not count as a
    /// difference.
    ///
    /// `tenant`: only this tenant's; nil is all.
    package static func differences(
        of tenant: TenantID? = nil,
        in transaction: borrowing Transaction
    ) async throws -> [MeteringDifference] {
        var found = try await transaction.query(rollups(tenant), rollup)
        // What a file holds is known of all tenants together.
        if tenant == nil { found += try await MeteringArchiveReconciliation.differences(in: transaction) }
        let byEvent: [(MeteringDifference.Kind, SQL)] = [
            (.keyWithoutEvent, keysWithoutEvent(tenant)), (.eventWithoutKey, eventsWithoutKey(tenant)),
            (.eventTwice, eventsTwice(tenant)),
        ]
        for (kind, statement) in byEvent {
            found += try await transaction.query(statement) { row in
                let tenant: TenantID = try row.next()
                let event: String = try row.next()
                let instant: Instant = try row.next()
                return MeteringDifference(
                    kind: kind,
                    tenant: tenant,
                    details: ["event": .string(event), "at": .string(instant.text)]
                )
            }
        }
        return found
    }

    /// Rollups that hold no events any more are left out on their side: the table has them at zero.
    private static func rollups(_ tenant: TenantID?) -> SQL {
        """
        WITH views AS MATERIALIZED (
            SELECT code, source, filter, computed = generation AS is_computed FROM app.meters WHERE source <> code
        ), events AS (
            SELECT e.tenant_id, e.event_id, e.revision, e.meter, e.at, e.subscription_id, e.value
            FROM app.usage_events e
            UNION ALL
            SELECT e.tenant_id, e.event_id, e.revision, v.code, e.at, e.subscription_id, e.value
            FROM app.usage_events e
            JOIN views v ON v.source = e.meter AND v.is_computed AND app.usage_passes(e.properties, v.filter)
        ), added AS MATERIALIZED (
            SELECT e.tenant_id, e.meter, date_bin('15 minutes', e.at, '2000-01-01 00:00:00+00') AS bucket,
                   coalesce(e.subscription_id, \(UsageIngestQueries.noSubscription)::uuid) AS subscription_id,
                   count(*) AS count, sum(e.value) AS sum, min(e.value) AS min, max(e.value) AS max
            FROM events e
            WHERE (\(tenant)::uuid IS NULL OR e.tenant_id = \(tenant)) AND \(fragment: UsageQueries.counts)
            GROUP BY 1, 2, 3, 4
        ), kept AS MATERIALIZED (
            SELECT tenant_id, meter, bucket, subscription_id, count, sum, min, max FROM app.usage_rollups
            WHERE (\(tenant)::uuid IS NULL OR tenant_id = \(tenant)) AND count > 0
              AND meter NOT IN (SELECT code FROM views WHERE NOT is_computed)
              AND NOT \(fragment: MeteringArchiveReconciliation.isArchived("bucket"))
        )
        SELECT tenant_id, meter, bucket, subscription_id, added.count, added.sum::text, added.min, added.max,
               kept.count, kept.sum::text, kept.min, kept.max
        FROM added FULL JOIN kept USING (tenant_id, meter, bucket, subscription_id)
        WHERE (added.count, added.sum, added.min, added.max)
            IS DISTINCT FROM (kept.count, kept.sum, kept.min, kept.max)
        ORDER BY 1, 2, 3, 4 LIMIT \(limit)
        """
    }

    /// The narrow rows: of events as they were sent, and of what they were amended to.
    private static let keys: SQL =
        """
        SELECT tenant_id, event_id, 0, at FROM app.usage_keys
        UNION ALL
        SELECT tenant_id, event_id, revision, event_at FROM app.usage_amendments
        """

    private static func keysWithoutEvent(_ tenant: TenantID?) -> SQL {
        """
        SELECT k.tenant_id, k.event_id, k.at FROM (\(fragment: keys)) k (tenant_id, event_id, revision, at)
        WHERE (\(tenant)::uuid IS NULL OR k.tenant_id = \(tenant)) AND NOT EXISTS (
            SELECT FROM app.usage_events e
            WHERE e.tenant_id = k.tenant_id AND e.event_id = k.event_id AND e.at = k.at AND e.revision = k.revision)
          AND NOT \(fragment: MeteringArchiveReconciliation.isArchived("k.at"))
        ORDER BY 1, 2 LIMIT \(limit)
        """
    }

    private static func eventsWithoutKey(_ tenant: TenantID?) -> SQL {
        """
        SELECT e.tenant_id, e.event_id, e.at FROM app.usage_events e
        WHERE (\(tenant)::uuid IS NULL OR e.tenant_id = \(tenant)) AND NOT EXISTS (
            SELECT FROM (\(fragment: keys)) k (tenant_id, event_id, revision, at)
            WHERE k.tenant_id = e.tenant_id AND k.event_id = e.event_id AND k.at = e.at AND k.revision = e.revision)
        ORDER BY 1, 2 LIMIT \(limit)
        """
    }

    private static func eventsTwice(_ tenant: TenantID?) -> SQL {
        """
        SELECT e.tenant_id, e.event_id, min(e.at) FROM app.usage_events e
        WHERE (\(tenant)::uuid IS NULL OR e.tenant_id = \(tenant))
        GROUP BY 1, 2, e.revision HAVING count(*) > 1 ORDER BY 1, 2 LIMIT \(limit)
        """
    }

    private static func rollup(_ row: inout RowReader) throws -> MeteringDifference {
        let tenant: TenantID = try row.next()
        let meter: String = try row.next()
        let bucket: Instant = try row.next()
        let subscription: SubscriptionID = try row.next()
        let isNone = subscription.uuidText == UsageIngestQueries.noSubscription
        return MeteringDifference(
            kind: .rollup,
            tenant: tenant,
            details: [
                "meter": .string(meter), "bucket": .string(bucket.text),
                "subscription": isNone ? .null : .string(subscription.text), "events": try side(&row),
                "rollup": try side(&row),
            ]
        )
    }

    /// What one side says; null if it has nothing.
    private static func side(_ row: inout RowReader) throws -> JSONValue {
        let count: Int? = try row.next()
        let sum: String? = try row.next()
        let least: Decimal12? = try row.next()
        let greatest: Decimal12? = try row.next()
        guard let count else { return .null }
        return [
            "count": .int(count), "sum": .optional(sum.flatMap { Exact(decimal: $0)?.decimalText() }),
            "min": .optional(least?.text), "max": .optional(greatest?.text),
        ]
    }
}
