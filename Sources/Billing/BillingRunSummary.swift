package import Values

/// What a billing run did.
package struct BillingRunSummary: Hashable, Sendable {
    /// A subscription or an invoice that could not be dealt with; the others were.
    package struct Failure: Hashable, Sendable {
        /// Whose.
        package let tenant: TenantID
        /// The wire id of the subscription or the invoice.
        package let object: String
        /// Why, in words that may leave the process.
        package let message: String
    }

    /// How many subscriptions were looked at.
    package internal(set) var subscriptions = 0
    /// How many invoices were made.
    package internal(set) var invoices = 0
    /// How many drafts were put into the books.
    package internal(set) var finalized = 0
    /// What the invoices that were made come to, by currency.
    package internal(set) var totals: [Currency: Money] = [:]
    /// What could not be dealt with, at most as many as `failureLimit`.
    package internal(set) var failures: [Failure] = []

    /// How many failures are kept.
    static let failureLimit = 100

    /// A run that did nothing.
    package init() {}

    mutating func add(_ invoice: Invoice) throws(Problem) {
        invoices += 1
        let sum = totals[invoice.currency] ?? .zero(invoice.currency)
        totals[invoice.currency] = try sum.adding(invoice.total)
    }

    mutating func fail(_ tenant: TenantID, _ object: String, _ error: any Error) {
        guard failures.count < BillingRunSummary.failureLimit else { return }
        failures.append(Failure(tenant: tenant, object: object, message: Problem.of(error).message))
    }

    /// As it is printed.
    package var json: JSONValue {
        let sums = totals.values.sorted { $0.currency.code < $1.currency.code }.map(\.json)
        let failures = failures.map { failure -> JSONValue in
            [
                "tenant": .string(failure.tenant.text), "object": .string(failure.object),
                "message": .string(failure.message),
            ]
        }
        return [
            "subscriptions": .int(subscriptions), "invoices": .int(invoices), "finalized": .int(finalized),
            "totals": .array(sums), "failures": .array(failures),
        ]
    }
}
