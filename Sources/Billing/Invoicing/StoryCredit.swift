import Values

/// The grants of a story and the credit balance, from which invoices are paid.
struct StoryCredit {
    private let grants: [InvoiceStory.Grant]
    /// The places of the grants in the order in which they are used.
    private let order: [Int]
    private var rest: [Int64]
    /// In minor units.
    private(set) var balance: Int64

    init(grants: [InvoiceStory.Grant], balance: Int64) {
        self.grants = grants
        self.balance = balance
        rest = grants.map(\.amount)
        order = grants.indices.sorted { StoryCredit.isBefore(grants, $0, $1) }
    }

    /// Lowest priority, earliest expiry (none is last), earliest grant, order given.
    private static func isBefore(_ grants: [InvoiceStory.Grant], _ left: Int, _ right: Int) -> Bool {
        let (one, other) = (grants[left], grants[right])
        if one.priority != other.priority { return one.priority < other.priority }
        if one.expiresAt != other.expiresAt {
            guard let expiry = one.expiresAt else { return false }
            return other.expiresAt.map { expiry < $0 } ?? true
        }
        return (one.grantedAt, left) < (other.grantedAt, right)
    }

    /// Takes as much of a total as there is: of the grants that can be used, then of the balance.
    mutating func take(
        _ total: Int64,
        at now: Instant
    ) -> (grants: [InvoiceDraft.Share], fromBalance: Int64, total: Int64) {
        var missing = total
        var used: [InvoiceDraft.Share] = []
        for place in order where missing > 0 && rest[place] > 0 {
            let grant = grants[place]
            guard grant.grantedAt <= now, grant.expiresAt.map({ now < $0 }) ?? true else { continue }
            let taken = min(missing, rest[place])
            rest[place] -= taken
            missing -= taken
            used.append(InvoiceDraft.Share(code: grant.id, amount: taken))
        }
        let fromBalance = max(0, min(missing, balance))
        balance -= fromBalance
        return (used, fromBalance, total - missing + fromBalance)
    }

    /// Adds what an invoice is below zero.
    mutating func add(_ minor: Int64) throws(Problem) {
        let (sum, overflow) = balance.addingReportingOverflow(minor)
        guard !overflow else { throw InvoiceRun.tooLarge }
        balance = sum
    }

    /// What is left of each grant, in the order given; what has expired shows nothing.
    func left(at instant: Instant) -> [InvoiceDraft.Share] {
        zip(grants, rest).map { grant, rest in
            let hasExpired = grant.expiresAt.map { $0 <= instant } ?? false
            return InvoiceDraft.Share(code: grant.id, amount: hasExpired ? 0 : rest)
        }
    }
}
