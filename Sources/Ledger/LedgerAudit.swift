package import Values

/// Recomputes the books from their rows, trusting neither the table's checks nor SQL's sums.
package struct LedgerAudit: Sendable {
    /// A row of the books before anything about it is believed.
    package struct Row: Sendable {
        package let tenant: TenantID
        package let id: JournalID
        package let currency: String
        package let accounts: [String]
        package let amounts: [Int64]
        package let key: String
        package let reverses: JournalID?

        /// Takes the columns as they stand.
        package init(
            tenant: TenantID,
            id: JournalID,
            currency: String,
            accounts: [String],
            amounts: [Int64],
            key: String,
            reverses: JournalID?
        ) {
            self.tenant = tenant
            self.id = id
            self.currency = currency
            self.accounts = accounts
            self.amounts = amounts
            self.key = key
            self.reverses = reverses
        }
    }

    /// Something in the books that must not be.
    package struct Finding: Hashable, Sendable {
        /// The tenant, if it is about one.
        package let tenant: TenantID?
        /// The wire id or the account it is about.
        package let object: String
        /// What is wrong.
        package let message: String

        /// Says what is wrong with an object.
        package init(tenant: TenantID?, object: String, message: String) {
            self.tenant = tenant
            self.object = object
            self.message = message
        }

        /// As it leaves over HTTP.
        package var json: JSONValue {
            ["tenant": .optional(tenant?.text), "object": .string(object), "message": .string(message)]
        }
    }

    private struct Column: Hashable {
        let account: String
        let currency: String
    }

    /// How many journals were looked at.
    package private(set) var journals = 0
    /// What was found wrong, at most as many as `limit`.
    package private(set) var findings: [Finding] = []
    private var debits: [Column: Int128] = [:]
    private var credits: [Column: Int128] = [:]
    private let limit: Int

    /// Begins with nothing seen.
    package init(limit: Int = 1000) {
        self.limit = limit
    }

    /// Looks at one more row.
    package mutating func add(_ row: Row) {
        journals += 1
        if Currency(code: row.currency) == nil { find(row, "\(row.currency) is no currency") }
        guard row.accounts.count == row.amounts.count, row.accounts.count >= 2 else {
            find(row, "\(row.accounts.count) accounts for \(row.amounts.count) amounts")
            return
        }
        var sum: Int128 = 0
        for (account, amount) in zip(row.accounts, row.amounts) {
            if Account(rawValue: account) == nil { find(row, "\(account) is no account") }
            sum += Int128(amount)
            let column = Column(account: account, currency: row.currency)
            if amount > 0 {
                debits[column, default: 0] += Int128(amount)
            } else {
                credits[column, default: 0] -= Int128(amount)
            }
        }
        if Set(row.accounts).count != row.accounts.count { find(row, "an account stands twice") }
        if sum != 0 { find(row, "the amounts sum to \(sum), not to 0") }
        if row.reverses == row.id { find(row, "it takes itself back") }
    }

    /// Compares the sums with a trial balance, and debits with credits.
    package mutating func compare(with balances: [AccountBalance]) {
        var seen: Set<Column> = []
        for balance in balances {
            let column = Column(account: balance.account.rawValue, currency: balance.balance.currency.code)
            seen.insert(column)
            let isSame =
                Int128(balance.debits.minor) == debits[column, default: 0]
                && Int128(balance.credits.minor) == credits[column, default: 0]
            if !isSame { find(column, "the trial balance differs from the sum of its journals") }
        }
        for column in Set(debits.keys).union(credits.keys).subtracting(seen) {
            find(column, "the trial balance leaves it out")
        }
        var totals: [String: Int128] = [:]
        for (column, amount) in debits { totals[column.currency, default: 0] += amount }
        for (column, amount) in credits { totals[column.currency, default: 0] -= amount }
        for (currency, total) in totals.sorted(by: { $0.key < $1.key }) where total != 0 {
            find(Column(account: "all accounts", currency: currency), "debits less credits are \(total), not 0")
        }
    }

    private mutating func find(_ row: Row, _ message: String) {
        append(Finding(tenant: row.tenant, object: row.id.text, message: message))
    }

    private mutating func find(_ column: Column, _ message: String) {
        append(Finding(tenant: nil, object: "\(column.account) \(column.currency)", message: message))
    }

    private mutating func append(_ finding: Finding) {
        guard findings.count < limit else { return }
        findings.append(finding)
    }
}
