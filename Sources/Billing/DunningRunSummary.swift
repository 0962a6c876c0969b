package import Values

/// What a dunning run did.
package struct DunningRunSummary: Hashable, Sendable {
    /// How many open invoices were looked at.
    package internal(set) var invoices = 0
    /// How many steps were done, by what they are.
    package internal(set) var steps: [DunningStep.Kind: Int] = [:]
    /// What could not be dealt with; the others were.
    package internal(set) var failures: [BillingRunSummary.Failure] = []

    /// A run that did nothing.
    package init() {}

    mutating func fail(_ tenant: TenantID, _ object: String, _ error: any Error) {
        guard failures.count < BillingRunSummary.failureLimit else { return }
        failures.append(
            BillingRunSummary.Failure(tenant: tenant, object: object, message: Problem.of(error).message)
        )
    }

    /// As it is printed.
    package var json: JSONValue {
        var done = JSONObject()
        for kind in DunningStep.Kind.allCases { done[kind.rawValue] = .int(steps[kind] ?? 0) }
        let failures = failures.map { failure -> JSONValue in
            [
                "tenant": .string(failure.tenant.text), "object": .string(failure.object),
                "message": .string(failure.message),
            ]
        }
        return ["invoices": .int(invoices), "steps": .object(done), "failures": .array(failures)]
    }
}
