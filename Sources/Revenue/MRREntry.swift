package import Values

/// A column of the report of recurring revenue.
package enum MRRCell: String, CaseIterable, Sendable {
    /// What customers brought a month as the month began.
    case opening
    /// Of customers that never closed a month with any before.
    case new
    /// More than as the month began.
    case expansion
    /// Less than as the month began, but not nothing.
    case contraction
    /// Nothing any more.
    case churn
    /// Again, after at least one month that closed with nothing.
    case reactivation
    /// What customers bring a month as the month ends.
    case closing

    /// The movements: what stands between opening and closing.
    package static let movements: [MRRCell] = [.new, .expansion, .contraction, .churn, .reactivation]

    /// Which movement a customer's month is; nil if nothing moved.
    ///
    /// `hasPaid`: whether an earlier month closed with anything.
    package static func movement(opening: Int64, closing: Int64, hasPaid: Bool) -> MRRCell? {
        if opening == closing { return nil }
        if opening == 0 { return hasPaid ? .reactivation : .new }
        if closing == 0 { return .churn }
        return closing > opening ? .expansion : .contraction
    }
}

/// What one customer adds to a cell of the report, and what is behind it.
package struct MRREntry: Hashable, Sendable {
    /// The row.
    package let month: Month
    /// The column.
    package let cell: MRRCell
    /// The customer.
    package let tenant: TenantID
    /// How much; a contraction and churn are negative.
    package let amount: Money
    /// The subscriptions that moved, or for opening and closing those that bring something.
    package let subscriptions: [SubscriptionID]
    /// The changes of subscriptions behind it.
    package let changes: [ChangeID]

    /// As it leaves over HTTP.
    package var json: JSONValue {
        [
            "month": .string(month.text), "movement": .string(cell.rawValue), "tenant": tenant.json,
            "amount": .string(amount.text), "currency": .string(amount.currency.code),
            "subscriptions": .array(subscriptions.map(\.json)), "changes": .array(changes.map(\.json)),
        ]
    }

    /// What stands over the columns of `cells`.
    package static let columns = ["month", "movement", "tenant", "amount", "currency", "subscriptions", "changes"]

    /// As a line of a table.
    package var cells: [String] {
        [
            month.text, cell.rawValue, tenant.text, amount.text, amount.currency.code,
            subscriptions.map(\.text).joined(separator: " "), changes.map(\.text).joined(separator: " "),
        ]
    }
}
