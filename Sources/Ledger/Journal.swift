package import Values

/// One event in the books: amounts on accounts, in one currency, that sum to zero.
///
/// Debits are positive.
///
/// A value of this type is balanced: there is no other way to make one.
package struct Journal: Hashable, Sendable {
    /// An amount on an account.
    package struct Entry: Hashable, Sendable {
        /// The account.
        package let account: Account
        /// Debit if positive, credit if negative, in minor units.
        package let amount: Int64

        /// Puts an amount on an account.
        package init(_ account: Account, _ amount: Int64) {
            self.account = account
            self.amount = amount
        }

        /// Puts a positive amount on the debit side.
        package static func debit(_ account: Account, _ amount: Int64) -> Entry { Entry(account, amount) }

        /// Puts a positive amount on the credit side.
        package static func credit(_ account: Account, _ amount: Int64) -> Entry { Entry(account, 0 &- amount) }
    }

    /// Names it.
    package let id: JournalID
    /// Whose it is.
    package let tenant: TenantID
    /// When it happened, in business time.
    package let at: Instant
    /// What makes posting it twice harmless, like `invoice:inv_…:finalized`.
    package let key: String
    /// The currency of all its amounts.
    package let currency: Currency
    /// The amounts, at most one for an account and none of them zero, in the order of accounts.
    package let entries: [Entry]
    /// The wire id of what caused it.
    package let reference: String
    /// A few words for people.
    package let memo: String
    /// The journal that this one takes back.
    package let reverses: JournalID?

    /// Makes a journal of entries in any order; several of one account are added up, zeros left out.
    package init(
        id: JournalID,
        tenant: TenantID,
        at: Instant,
        key: String,
        currency: Currency,
        entries: [Entry],
        reference: String,
        memo: String,
        reverses: JournalID? = nil
    ) throws(LedgerError) {
        self.id = id
        self.tenant = tenant
        self.at = at
        self.key = key
        self.currency = currency
        self.reference = reference
        self.memo = memo
        self.reverses = reverses
        self.entries = try Journal.compacted(entries, key: key)
        guard Journal.fits(key, 1...200), Journal.fits(reference, 1...100), Journal.fits(memo, 0...500) else {
            throw .tooLong(key: key)
        }
    }

    /// The journal that takes this one back.
    package func reversed(
        id newID: JournalID,
        at instant: Instant,
        key newKey: String,
        memo newMemo: String
    ) throws(LedgerError) -> Journal {
        guard !entries.contains(where: { $0.amount == .min }) else { throw .overflow(key: newKey) }
        return try Journal(
            id: newID,
            tenant: tenant,
            at: instant,
            key: newKey,
            currency: currency,
            entries: entries.map { Entry($0.account, -$0.amount) },
            reference: reference,
            memo: newMemo,
            reverses: id
        )
    }

    /// The entry on an account, 0 if there is none.
    package func amount(on account: Account) -> Int64 {
        entries.first { $0.account == account }?.amount ?? 0
    }

    /// Whether posting one for the other makes no difference.
    package func hasContent(of other: Journal) -> Bool {
        tenant == other.tenant && at == other.at && key == other.key && currency == other.currency
            && entries == other.entries && reference == other.reference
    }

    private static func compacted(_ entries: [Entry], key: String) throws(LedgerError) -> [Entry] {
        var sums: [Account: Int64] = [:]
        var total: Int128 = 0
        for entry in entries {
            let (sum, didOverflow) = sums[entry.account, default: 0].addingReportingOverflow(entry.amount)
            guard !didOverflow else { throw .overflow(key: key) }
            sums[entry.account] = sum
            total += Int128(entry.amount)
        }
        guard total == 0 else { throw .unbalanced(key: key) }
        let kept = sums.filter { $0.value != 0 }.sorted { $0.key < $1.key }.map { Entry($0.key, $0.value) }
        guard kept.count >= 2 else { throw .empty(key: key) }
        return kept
    }

    private static func fits(_ text: String, _ length: ClosedRange<Int>) -> Bool {
        length.contains(text.unicodeScalars.count)
    }
}

/// A journal as it stands in the books.
package struct PostedJournal: Hashable, Sendable {
    /// What was posted.
    package let journal: Journal
    /// When it was written.
    package let recordedAt: Instant
    /// Who wrote it.
    package let author: String

    /// As it leaves over HTTP.
    package var json: JSONValue {
        let entries = journal.entries.map { entry -> JSONValue in
            [
                "account": .string(entry.account.rawValue),
                "amount": Money(minor: entry.amount, currency: journal.currency).json,
            ]
        }
        return [
            "id": .string(journal.id.text), "tenant": .string(journal.tenant.text), "at": .string(journal.at.text),
            "recorded_at": .string(recordedAt.text), "key": .string(journal.key), "entries": .array(entries),
            "reference": .string(journal.reference), "memo": .string(journal.memo),
            "reverses": .optional(journal.reverses?.text), "author": .string(author),
        ]
    }
}
