package import Jobs
import Metering
package import Postgres
package import Tenants
package import Values

/// Making alerts, removing them, and telling what they wait for.
package enum AlertOperations {
    /// The most alerts of a tenant.
    package static let limit = 100
    /// How many are read at a time.
    private static let pageSize = 100

    /// What an alert looks at now; nil if there is nothing of it.
    package typealias Figure =
        @Sendable (Alert, Tenant, Instant, borrowing Transaction) async throws -> AlertFigure?

    /// Makes an alert.
    ///
    /// - Throws: `MeteringError.meterNotFound`; a conflict beyond `limit` alerts.
    package static func create(
        _ draft: AlertDraft,
        for tenant: TenantID,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Alert {
        if let meter = draft.meter { _ = try await MeterQueries.require(meter, in: transaction) }
        let others = try await AlertQueries.list(of: tenant, limit: limit, in: transaction)
        guard others.count < limit else {
            throw Problem(.conflict, code: "too_many_alerts", "there are \(limit) alerts already; remove one first")
        }
        let alert = Alert(
            id: .make(at: stamp.recordedAt),
            tenant: tenant,
            kind: draft.kind,
            meter: draft.meter,
            feature: draft.feature,
            thresholds: draft.thresholds,
            name: draft.name,
            createdAt: stamp.at,
            removedAt: nil
        )
        try await transaction.execute(AlertQueries.insert(alert, by: stamp))
        try await record("alert.created", alert, alert.json, by: stamp, in: transaction)
        return alert
    }

    /// Removes an alert; doing so again is no work.
    ///
    /// - Throws: not found, if the tenant has no alert with the id.
    @discardableResult
    package static func remove(
        _ id: AlertID,
        of tenant: TenantID,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws -> Alert {
        let removed = try await transaction.execute(
            """
            UPDATE app.alerts SET removed_at = \(stamp.at)
            WHERE tenant_id = \(tenant) AND id = \(id) AND removed_at IS NULL
            """
        )
        guard let alert = try await AlertQueries.find(id, of: tenant, in: transaction) else {
            throw Problem.notFound("alert", id.text)
        }
        if removed == 1 { try await record("alert.removed", alert, alert.json, by: stamp, in: transaction) }
        return alert
    }

    /// Tells each threshold that figures have reached, once a period; looks only where something has changed.
    ///
    /// What goes wrong with one alert holds up no other; it is looked at again the next time.
    ///
    /// Returns how many thresholds were told.
    @discardableResult
    package static func sweep(
        _ kinds: [Alert.Kind],
        database: Database,
        time: any TimeSource,
        figure: Figure
    ) async throws -> Int {
        var told = 0
        var last: (tenant: TenantID, alert: AlertID)?
        var failure: (any Error)?
        while true {
            let (now, after) = (time.now(), last)
            let page = try await database.transaction(as: .system) { transaction in
                try await AlertQueries.due(kinds, at: now, after: after, limit: pageSize, in: transaction)
            }
            for (alert, mark) in page {
                do {
                    told += try await database.transaction(as: .system) { transaction in
                        try await look(at: alert, mark: mark, recordedAt: now, figure, in: transaction)
                    }
                } catch { failure = error }
            }
            guard page.count == pageSize, let end = page.last?.alert else { break }
            last = (end.tenant, end.id)
        }
        if let failure { throw failure }
        return told
    }

    /// The mark is written with what was told: usage that came after it was read is looked at the next time.
    private static func look(
        at alert: Alert,
        mark: String,
        recordedAt: Instant,
        _ figure: Figure,
        in transaction: borrowing Transaction
    ) async throws -> Int {
        guard let tenant = try await TenantQueries.find(alert.tenant, in: transaction) else { return 0 }
        let stamp = tenant.stamped(Stamp(now: recordedAt, author: .system("alerts")))
        var told = 0
        if let figure = try await figure(alert, tenant, stamp.at, transaction) {
            let reached = alert.reached(figure)
            let new: Set<String> =
                reached.isEmpty
                ? []
                : Set(
                    try await transaction.query(AlertQueries.fire(alert, reached, figure, by: stamp)) { row in
                        try row.next()
                    }
                )
            let acts = reached.filter { new.contains($0.text) }.map { threshold in
                Activity.Act(
                    "alert.fired",
                    object: alert.id.text,
                    tenant: alert.tenant,
                    at: stamp.at,
                    details: details(alert, threshold, figure)
                )
            }
            try await Activity.record(acts, by: stamp, in: transaction)
            told = acts.count
        }
        try await transaction.execute(AlertQueries.mark(alert, mark, recordedAt: recordedAt))
        return told
    }

    private static func details(_ alert: Alert, _ threshold: AlertThreshold, _ figure: AlertFigure) -> JSONValue {
        var object = alert.json.object ?? JSONObject()
        object["threshold"] = .string(threshold.text)
        object["value"] = .string(figure.value.decimalText())
        object["whole"] = .optional(figure.whole?.decimalText())
        object["period_start"] = figure.periodStart.json
        return .object(object)
    }

    private static func record(
        _ verb: String,
        _ alert: Alert,
        _ details: JSONValue,
        by stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws {
        try await Activity.record(
            verb,
            object: alert.id.text,
            tenant: alert.tenant,
            details: details,
            by: stamp,
            in: transaction
        )
    }
}
