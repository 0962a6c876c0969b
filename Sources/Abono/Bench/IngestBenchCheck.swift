import Billing
import Metering
import Postgres
import Values

/// Whether everything that was sent is counted, once.
struct IngestBenchCheck: Sendable {
    let database: Database

    /// Compares what is metered with what was sent, and all tables with each other.
    ///
    /// - Throws: a difference.
    func check(_ stream: IngestBenchStream, into result: inout BenchResult) async throws {
        result.figure("events_sent", Double(stream.sent))
        result.figure("events_sent_twice", Double(stream.duplicates))
        result.figure("events_late", Double(stream.late))
        let instants = UsageLimits.instants
        guard let all = Period(start: instants.lowerBound, end: instants.upperBound) else { return }
        var total = 0
        for (customer, sum) in zip(stream.customers, stream.sums) {
            let metered = try await database.transaction(as: .tenant(customer.tenant)) { transaction in
                try await UsageQueries.totals(
                    of: customer.tenant,
                    meter: "tokens.output",
                    during: all,
                    in: transaction
                )
            }
            guard metered.sum == Exact(sum) else {
                throw Problem(
                    .internal,
                    "\(customer.tenant) sent \(sum) in all, and \(metered.sum.decimalText()) is metered"
                )
            }
            total += sum
        }
        result.figure("sum_sent", Double(total))
        result.ratio("sum_metered_vs_sent", 1)
        let differences = try await database.transaction(as: .finance, isolation: .snapshot) { transaction in
            try await Reconciliation.differences(tenant: nil, in: transaction)
        }
        result.figure("differences", Double(differences.count))
        if let first = differences.first {
            throw Problem(.internal, "\(differences.count) differences, the first: \(first.json.text)")
        }
    }
}
