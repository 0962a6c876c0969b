import Values

/// What a tenant's invoices may take: its grants in their order, then its credit balance.
///
/// Pure.
struct CreditPool: Sendable {
    /// What was taken from one grant.
    struct Use: Hashable, Sendable {
        let grant: GrantID
        let kind: CreditGrant.Kind
        let minor: Int64
    }

    /// What pays a total, as far as there is credit.
    struct Application: Hashable, Sendable {
        var uses: [Use] = []
        var fromBalance: Int64 = 0

        /// All of it, in minor units.
        var total: Int64 { uses.reduce(fromBalance) { $0 + $1.minor } }
    }

    private let kinds: [GrantID: CreditGrant.Kind]
    private var credit: StoryCredit

    /// - Parameters:
    ///   - grants: of the invoices' currency, in any order.
    ///   - balance: in minor units.
    init(grants: [CreditGrant], balance: Int64) {
        kinds = Dictionary(grants.map { ($0.id, $0.kind) }) { first, _ in first }
        // Of grants that are equal otherwise the one made first is used first.
        let usable = grants.filter { $0.voidedAt == nil }.sorted { $0.id < $1.id }
        credit = StoryCredit(
            grants: usable.map { grant in
                InvoiceStory.Grant(
                    id: grant.id.text,
                    amount: grant.left.minor,
                    grantedAt: grant.grantedAt,
                    expiresAt: grant.expiresAt,
                    priority: grant.priority
                )
            },
            balance: balance
        )
    }

    /// Takes as much of a total as there is for an invoice of an instant, in the order of the invoice function.
    mutating func take(_ total: Int64, at instant: Instant) -> Application {
        let taken = credit.take(max(0, total), at: instant)
        let uses = taken.grants.compactMap { share -> Use? in
            guard let id = GrantID(share.code), let kind = kinds[id] else { return nil }
            return Use(grant: id, kind: kind, minor: share.amount)
        }
        return Application(uses: uses, fromBalance: taken.fromBalance)
    }

    /// What is left of the balance, in minor units.
    var balance: Int64 { credit.balance }

    /// Adds what an invoice leaves below zero.
    mutating func add(_ minor: Int64) throws(Problem) { try credit.add(minor) }
}
