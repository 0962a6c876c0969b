package import Values

/// What an account is, which decides the side on which it grows.
package enum AccountKind: String, Sendable, CaseIterable {
    /// What the seller has or is owed; grows with debits.
    case asset
    /// What the seller owes; grows with credits.
    case liability
    /// What the seller earned; grows with credits.
    case revenue
    /// What is taken off revenue; grows with debits.
    case contra
    /// What the seller spent; grows with debits.
    case expense
}

/// The closed set of accounts; every posting names two or more of them.
package enum Account: String, Sendable, CaseIterable, Comparable {
    /// Money that has arrived.
    case cash
    /// Invoiced and not yet paid.
    case receivable
    /// Used and not yet invoiced.
    case unbilledReceivable = "unbilled_receivable"
    /// Invoiced in advance and not yet delivered.
    case deferredRevenue = "deferred_revenue"
    /// The credit balance that invoices below zero leave to a customer.
    case customerCredit = "customer_credit"
    /// Credit that a customer has bought in advance.
    case prepaidCredit = "prepaid_credit"
    /// Money that has been received and matches no invoice yet.
    case unappliedCash = "unapplied_cash"
    /// What is to be paid back to a customer.
    case refundPayable = "refund_payable"
    /// Tax that was invoiced and belongs to an authority.
    case taxPayable = "tax_payable"
    /// The partners' shares still to be paid.
    case partnerPayable = "partner_payable"
    /// Earned by subscription fees.
    case subscriptionRevenue = "revenue:subscription"
    /// Earned by usage.
    case usageRevenue = "revenue:usage"
    /// Earned by add-ons and single sales.
    case addOnRevenue = "revenue:addon"
    /// Earned by credit that was bought and that nobody used in time.
    case breakageRevenue = "revenue:breakage"
    /// Given away as credit, when it is used.
    case promotionalCredit = "promotional_credit"
    /// Paid back after it was earned.
    case refunds
    /// Taken off an invoice after it was issued.
    case creditNotes = "credit_notes"
    /// The partners' shares of what they sell themselves: never earned.
    case agentShare = "agent_share"
    /// Receivables that will not be paid.
    case badDebt = "bad_debt"
    /// Small differences that are not pursued.
    case writeOff = "write_off"
    /// What payment providers keep.
    case paymentFees = "payment_fees"
    /// The partners' shares of what was earned.
    case partnerShare = "partner_share"
    /// Gains and losses by exchange rates.
    case exchangeDifference = "exchange_difference"

    /// What the account is.
    package var kind: AccountKind {
        switch self {
        case .cash, .receivable, .unbilledReceivable: .asset
        case .deferredRevenue, .customerCredit, .prepaidCredit, .unappliedCash, .refundPayable, .taxPayable,
            .partnerPayable:
            .liability
        case .subscriptionRevenue, .usageRevenue, .addOnRevenue, .breakageRevenue: .revenue
        case .promotionalCredit, .refunds, .creditNotes, .agentShare: .contra
        case .badDebt, .writeOff, .paymentFees, .partnerShare, .exchangeDifference: .expense
        }
    }

    /// The order in which a trial balance lists accounts: as declared.
    package static func < (left: Account, right: Account) -> Bool { left.place < right.place }

    private var place: Int { Account.places[self] ?? 0 }

    private static let places = Dictionary(
        uniqueKeysWithValues: Account.allCases.enumerated().map { ($0.element, $0.offset) }
    )
}

/// What stands on an account in one currency: debits less credits.
package struct AccountBalance: Hashable, Sendable {
    /// The account.
    package let account: Account
    /// Debits less credits.
    package let balance: Money
    /// The sum of the debits.
    package let debits: Money
    /// The sum of the credits, as a positive amount.
    package let credits: Money

    /// Makes a balance of the two sums.
    package init(account: Account, debits: Money, credits: Money) throws(Problem) {
        self.account = account
        self.debits = debits
        self.credits = credits
        balance = try debits.subtracting(credits)
    }

    /// As it leaves over HTTP.
    package var json: JSONValue {
        [
            "account": .string(account.rawValue), "kind": .string(account.kind.rawValue), "debits": debits.json,
            "credits": credits.json, "balance": balance.json,
        ]
    }
}
