import Billing
package import Jobs
package import Postgres
import Tenants
import Values

/// What happens by itself to alerts on what a month costs and on credit that is left.
package enum SpendAlertJobs {
    /// The kind of the job that looks after them.
    package static let sweep = "alerts.spend"

    /// Registers the job and has it done every minute.
    package static func install(on worker: JobWorker, database: Database, time: any TimeSource) throws {
        worker.registerLong(sweep) { _ in try await run(database: database, time: time) }
        worker.schedule(sweep, try Schedule("* * * * *")) { slot in
            JobRequest(kind: sweep, payload: [:], runAt: slot, uniqueKey: sweep, maxAttempts: 3)
        }
    }

    /// Looks at all alerts on spend and credit whose tenants have used something, or whose credit has changed.
    ///
    /// What a month costs is what the spend limit counts; credit is what a prepaid request may take.
    ///
    /// Returns how many thresholds were told.
    @discardableResult
    package static func run(database: Database, time: any TimeSource) async throws -> Int {
        try await AlertOperations.sweep([.spend, .credit], database: database, time: time) {
            alert,
            tenant,
            instant,
            transaction in
            let terms = try await InferenceTermsQueries.terms(of: tenant.id, at: instant, in: transaction)
            guard alert.kind == .credit else {
                let month = Budget.month(of: instant, in: tenant.timeZone)
                let cost = try await InferenceTermsQueries.cost(terms, of: tenant.id, during: month, in: transaction)
                return AlertFigure(
                    value: max(.zero, cost),
                    whole: tenant.spendLimit?.exact,
                    periodStart: month.start
                )
            }
            let given = try await AlertQueries.lastCredit(of: tenant.id, at: instant, in: transaction)
            guard let given else { return nil }
            guard !terms.plans.isEmpty else {
                guard let currency = tenant.currency else { return nil }
                let left = try await CreditQueries.available(
                    of: tenant.id,
                    currency: currency,
                    at: instant,
                    in: transaction
                )
                return AlertFigure(value: left.exact, periodStart: given)
            }
            let left = try await InferenceTermsQueries.credit(terms, of: tenant.id, at: instant, in: transaction)
            return AlertFigure(value: left, periodStart: given)
        }
    }
}
