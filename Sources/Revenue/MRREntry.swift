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
    /// From another plan or partner of the same customer, or to one: nothing over all of them.
    case transfer
    /// What the opening is worth more or less at the month's rate of exchange.
    case exchange
    /// What customers bring a month as the month ends.
    case closing

    /// Its place among all columns.
    var place: Int {
        switch self {
        case .opening: 0
        case .new: 1
        case .expansion: 2
        case .contraction: 3
        case .churn: 4
        case .reactivation: 5
        case .transfer: 6
        case .exchange: 7
        case .closing: 8
        }
    }

    /// The movements: what stands between opening and closing.
    package static let movements: [MRRCell] = [
        .new, .expansion, .contraction, .churn, .reactivation, .transfer, .exchange,
    ]

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
    /// The plan, partner or tenant that it belongs to; nil if the report is not told apart.
    package let group: String?

    /// The same with another amount.
    func with(_ amount: Money) -> MRREntry {
        MRREntry(
            month: month,
            cell: cell,
            tenant: tenant,
            amount: amount,
            subscriptions: subscriptions,
            changes: changes,
            group: group
        )
    }

    /// As it leaves over HTTP.
    package var json: JSONValue {
        var object: JSONObject = [
            "month": .string(month.text), "movement": .string(cell.rawValue), "tenant": tenant.json,
            "amount": .string(amount.text), "currency": .string(amount.currency.code),
            "subscriptions": .array(subscriptions.map(\.json)), "changes": .array(changes.map(\.json)),
        ]
        if let group { object["group"] = .string(group) }
        return .object(object)
    }

    /// What stands over the columns of `cells`; the group is the last one, where there are groups.
    package static let columns = ["month", "movement", "tenant", "amount", "currency", "subscriptions", "changes"]

    /// As a line of a table.
    package var cells: [String] {
        [
            month.text, cell.rawValue, tenant.text, amount.text, amount.currency.code,
            subscriptions.map(\.text).joined(separator: " "), changes.map(\.text).joined(separator: " "),
        ] + (group.map { [$0] } ?? [])
    }
}
