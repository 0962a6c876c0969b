package import Values

/// Buys a package by itself when the credit that was bought goes down.
package struct TopUpRule: Hashable, Sendable {
    /// Whose rule it is.
    package let tenant: TenantID
    /// When less than this is left of what was bought, there is a purchase.
    package let threshold: Money
    /// What is bought.
    package let package: String
    /// What all automatic purchases of a calendar month may cost, in the tenant's zone.
    package let monthlyLimit: Money

    /// After a failed purchase there is none for so long: a card that is refused is not tried every minute.
    static let pauseSeconds: Int64 = 86_400

    /// Whether there is to be a purchase.
    ///
    /// `available`: what is left of what was bought, and can be used now.
    ///
    /// `spent`: what automatic purchases of this month cost.
    func asks(available: Int64, spent: Int64, price: Money) -> Bool {
        available < threshold.minor && price.currency == threshold.currency
            && spent + price.minor <= monthlyLimit.minor
    }

    /// The first instant of the calendar month that holds an instant.
    static func month(of instant: Instant, in zone: Zone) -> Instant {
        let date = zone.date(of: instant)
        guard let first = CalendarDate(year: date.year, month: date.month, day: 1) else { return instant }
        return zone.instant(first)
    }

    /// As it leaves over HTTP.
    package var json: JSONValue {
        [
            "threshold": threshold.json, "package": .string(package), "monthly_limit": monthlyLimit.json,
        ]
    }
}

/// What is asked for when a rule is set.
package struct TopUpRuleDraft: Hashable, Sendable {
    /// When less than this is left of what was bought, there is a purchase.
    package let threshold: Money
    /// What is bought.
    package let package: String
    /// What all automatic purchases of a month may cost.
    package let monthlyLimit: Money

    /// Makes a draft; the amounts are checked.
    package init(threshold: Money, package: String, monthlyLimit: Money) throws(Problem) {
        guard threshold.minor > 0 else {
            throw .invalid("threshold.amount", "must be above 0, not \"\(threshold.text)\"")
        }
        guard monthlyLimit.currency == threshold.currency else {
            throw .invalid(
                "monthly_limit.currency",
                "is \(monthlyLimit.currency); it must be that of the threshold, \(threshold.currency)"
            )
        }
        guard monthlyLimit.minor > 0 else {
            throw .invalid("monthly_limit.amount", "must be above 0, not \"\(monthlyLimit.text)\"")
        }
        self.threshold = threshold
        self.package = package
        self.monthlyLimit = monthlyLimit
    }

    /// Reads the fields of a request to their end.
    package init(json fields: inout JSONFields) throws(Problem) {
        let threshold = try fields.money("threshold")
        let package = try fields.string("package")
        let limit = try fields.money("monthly_limit")
        try fields.finish()
        try self.init(threshold: threshold, package: package, monthlyLimit: limit)
    }
}
