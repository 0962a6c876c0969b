package import Jobs
import Metering
package import Postgres
import Tenants
import Values

/// What happens to alerts on usage by itself.
///
/// Those on spend and credit need the figures of inference's budgets and are looked after there.
package enum AlertJobs {
    /// The kind of the job that looks after alerts on meters and features.
    package static let sweep = "alerts.sweep"

    /// Registers the job and has it done every minute.
    package static func install(on worker: JobWorker, database: Database, time: any TimeSource) throws {
        worker.registerLong(sweep) { _ in try await run(database: database, time: time) }
        worker.schedule(sweep, try Schedule("* * * * *")) { slot in
            JobRequest(kind: sweep, payload: [:], runAt: slot, uniqueKey: sweep, maxAttempts: 3)
        }
    }

    /// Looks at all alerts on meters and features whose tenants have used something.
    ///
    /// Returns how many thresholds were told.
    @discardableResult
    package static func run(database: Database, time: any TimeSource) async throws -> Int {
        try await AlertOperations.sweep([.usage, .entitlement], database: database, time: time) {
            alert,
            tenant,
            instant,
            transaction in
            if let feature = alert.feature {
                let balance = try await QuotaQueries.balance(
                    of: tenant.id,
                    feature: feature,
                    at: instant,
                    in: transaction
                )
                return balance.map {
                    AlertFigure(value: $0.used, whole: $0.allowance, periodStart: $0.window.start)
                }
            }
            guard let code = alert.meter, let month = month(of: instant, in: tenant.timeZone) else { return nil }
            let used = try await UsageQueries.quantity(
                of: tenant.id,
                meter: try await MeterQueries.require(code, in: transaction),
                during: month,
                in: transaction
            )
            return AlertFigure(value: used, periodStart: month.start)
        }
    }

    /// The calendar month that holds an instant.
    private static func month(of instant: Instant, in zone: Zone) -> Period? {
        let first = zone.date(of: instant).firstOfMonth
        return Period(start: zone.instant(first), end: zone.instant(first.adding(months: 1)))
    }
}
