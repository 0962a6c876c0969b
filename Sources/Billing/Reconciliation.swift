import Ledger
package import Values

/// One place where what was used, invoiced, booked and paid does not agree.
package struct ReconciliationDifference: Hashable, Sendable {
    /// The closed set of links of the chain that can be broken.
    package enum Kind: String, CaseIterable, Sendable {
        /// Events, their keys and their rollups disagree.
        case usage
        /// The usage lines of a stretch do not come to what its events add up to.
        case lineQuantity = "line_quantity"
        /// An invoice's amounts are not what its lines and credits come to.
        case invoiceAmounts = "invoice_amounts"
        /// What is booked for an invoice, a payment or a grant is not what it says.
        case journal
        /// A payment and the invoice it is for disagree.
        case payment
        /// What is receivable in the books is not what open invoices come to.
        case receivable
        /// A credit note, its lines and its invoice disagree.
        case creditNote = "credit_note"
        /// What customers have left of credit is not what the books owe them.
        case credit
        /// The numbers of an entity's invoices or credit notes have a gap.
        case numbers
        /// Receipts, partners' shares in them, payouts and what is booked of both disagree.
        case partner
        /// The books themselves are not sound.
        case ledger
    }

    /// Which link.
    package let kind: Kind
    /// Whose; nil if it is about no one tenant.
    package let tenant: TenantID?
    /// The ids, and what both sides say.
    package let details: JSONValue

    /// Names a difference.
    package init(kind: Kind, tenant: TenantID?, details: JSONValue) {
        self.kind = kind
        self.tenant = tenant
        self.details = details
    }

    /// As it is printed.
    package var json: JSONValue {
        var object: JSONObject = ["kind": .string(kind.rawValue), "tenant": .optional(tenant?.text)]
        for (key, value) in details.object ?? JSONObject() where key != "kind" && key != "tenant" {
            object[key] = value
        }
        if let inner = details["kind"] { object["what"] = inner }
        return .object(object)
    }
}

/// Compares what follows from one link of the chain with what the next one says.
///
/// Pure; the reading is beside it.
package enum Reconciliation {
    /// The usage lines of one stretch, with what its events add up to.
    struct BilledStretch: Sendable {
        /// What some events add up to.
        struct Sums: Sendable {
            let count: Int
            let sum: Exact
            let min: Exact?
            let max: Exact?
            let latest: Exact?
            let distinct: Int
        }

        let tenant: TenantID
        let subscription: SubscriptionID
        let price: String
        let meter: String
        let rule: AggregationRule
        let start: Instant
        let end: Instant
        let ratio: Exact
        let quantity: Exact
        /// What of it voided invoices billed.
        let voided: Exact
        let invoices: [InvoiceID]
        /// Whether no later invoice can bill what came late.
        let isOver: Bool
        /// The events that count now, and those that counted when the lines were written.
        let now: Sums
        let known: Sums
    }

    /// Names a posting: keys are a tenant's own, as ids may be that callers bring.
    private struct PostingKey: Hashable {
        let tenant: TenantID
        let key: String
    }

    /// What must be in the books under a key.
    struct Expectation: Sendable {
        let tenant: TenantID
        let key: String
        let object: String
        let currency: Currency
        let entries: [Journal.Entry]
    }

    /// What is in the books under a key.
    struct Posted: Sendable {
        let tenant: TenantID
        let key: String
        let currency: String
        let accounts: [String]
        let amounts: [Int64]
    }

    /// The quantity of a stretch against its events.
    ///
    /// What came late waits for the next invoice: it is a difference only if there will be none.
    static func difference(_ stretch: BilledStretch) -> ReconciliationDifference? {
        if agrees(stretch, stretch.now) || (!stretch.isOver && agrees(stretch, stretch.known)) { return nil }
        return ReconciliationDifference(
            kind: .lineQuantity,
            tenant: stretch.tenant,
            details: [
                "subscription": .string(stretch.subscription.text), "price": .string(stretch.price),
                "meter": .string(stretch.meter),
                "period": ["start": .string(stretch.start.text), "end": .string(stretch.end.text)],
                "invoices": .array(stretch.invoices.map(\.json)),
                "billed": .string(stretch.quantity.decimalText()),
                "used": .string(quantity(stretch, stretch.now).decimalText()),
            ]
        )
    }

    /// Journals against what they must hold; one that must not be there is a difference, too.
    static func differences(_ expected: [Expectation], _ posted: [Posted]) -> [ReconciliationDifference] {
        let books = Dictionary(posted.map { (PostingKey(tenant: $0.tenant, key: $0.key), $0) }) { first, _ in first }
        let keys = Set(expected.map { PostingKey(tenant: $0.tenant, key: $0.key) })
        let unexpected = posted.filter {
            !keys.contains(PostingKey(tenant: $0.tenant, key: $0.key))
        }.map { posted in
            ReconciliationDifference(
                kind: .journal,
                tenant: posted.tenant,
                details: ["key": .string(posted.key), "expected": .null, "posted": "a journal that nothing explains"]
            )
        }
        return unexpected
            + expected.compactMap { expectation in
                var sums: [String: Int64] = [:]
                for entry in expectation.entries { sums[entry.account.rawValue, default: 0] &+= entry.amount }
                sums = sums.filter { $0.value != 0 }
                let found = books[PostingKey(tenant: expectation.tenant, key: expectation.key)]
                var held: [String: Int64] = [:]
                for (account, amount) in zip(found?.accounts ?? [], found?.amounts ?? []) {
                    held[account, default: 0] &+= amount
                }
                let isRightCurrency = found.map { $0.currency == expectation.currency.code } ?? true
                guard sums != held || !isRightCurrency else { return nil }
                return ReconciliationDifference(
                    kind: .journal,
                    tenant: expectation.tenant,
                    details: [
                        "object": .string(expectation.object), "key": .string(expectation.key),
                        "expected": json(sums, expectation.currency), "posted": json(held, expectation.currency),
                    ]
                )
            }
    }

    private static func agrees(_ stretch: BilledStretch, _ sums: BilledStretch.Sums) -> Bool {
        let quantity = quantity(stretch, sums).rounded(toDigits: Decimal12.digits)
        if quantity == stretch.quantity { return true }
        // What nobody owes is not given back.
        if stretch.voided > quantity, stretch.quantity == stretch.voided { return true }
        // Of groups that are priced apart each counts at least 0: together they may come to more than the sum.
        let hasNegative = sums.min?.isNegative ?? false
        return stretch.rule.aggregation == .sum && hasNegative && stretch.quantity > quantity
    }

    private static func quantity(_ stretch: BilledStretch, _ sums: BilledStretch.Sums) -> Exact {
        let measured: Exact =
            switch stretch.rule.aggregation {
            case .count: Exact(sums.count)
            case .sum: sums.sum
            case .max: sums.max ?? .zero
            case .min: sums.min ?? .zero
            case .average: sums.count == 0 ? .zero : sums.sum / Exact(sums.count)
            case .latest: sums.latest ?? .zero
            case .unique: Exact(sums.distinct)
            // Never stored as how a line was measured.
            case .weightedSum: .zero
            }
        return max(.zero, stretch.rule.aggregation.isLevel ? measured * stretch.ratio : measured)
    }

    private static func json(_ sums: [String: Int64], _ currency: Currency) -> JSONValue {
        var object = JSONObject()
        for (account, amount) in sums.sorted(by: { $0.key < $1.key }) {
            object[account] = Money(minor: amount, currency: currency).json
        }
        return .object(object)
    }
}
