package import Postgres
package import Values

/// Up to which times of the books a question is asked; nil is all of them.
package struct LedgerAsOf: Hashable, Sendable {
    /// Business time: journals that happened later do not count.
    package var at: Instant?
    /// Recorded time: journals written later were not known.
    package var recordedAt: Instant?

    /// Asks for everything unless bounded.
    package init(at: Instant? = nil, recordedAt: Instant? = nil) {
        self.at = at
        self.recordedAt = recordedAt
    }
}

/// Reads the books.
package enum LedgerQueries {
    /// What stands on each account of a tenant, in the order of accounts, then of currencies.
    package static func balances(
        of tenant: TenantID,
        asOf: LedgerAsOf = LedgerAsOf(),
        in transaction: borrowing Transaction
    ) async throws -> [AccountBalance] {
        try sorted(
            await transaction.query(
                """
                SELECT e.account, j.currency, coalesce(sum(e.amount) FILTER (WHERE e.amount > 0), 0)::bigint,
                       coalesce(-sum(e.amount) FILTER (WHERE e.amount < 0), 0)::bigint
                FROM app.journals j CROSS JOIN LATERAL unnest(j.accounts, j.amounts) AS e (account, amount)
                WHERE j.tenant_id = \(tenant) AND \(fragment: bound(asOf))
                GROUP BY e.account, j.currency
                """,
                balance
            )
        )
    }

    /// What stands on each account of all tenants: for `.finance`.
    ///
    /// `withTests`: also of tenants in test mode, whose money is none.
    package static func trialBalance(
        asOf: LedgerAsOf = LedgerAsOf(),
        withTests: Bool = true,
        in transaction: borrowing Transaction
    ) async throws -> [AccountBalance] {
        try sorted(
            await transaction.query(
                """
                SELECT e.account, j.currency, coalesce(sum(e.amount) FILTER (WHERE e.amount > 0), 0)::bigint,
                       coalesce(-sum(e.amount) FILTER (WHERE e.amount < 0), 0)::bigint
                FROM app.journals j CROSS JOIN LATERAL unnest(j.accounts, j.amounts) AS e (account, amount)
                WHERE \(fragment: bound(asOf)) AND (\(withTests) OR j.tenant_id NOT IN (
                    SELECT t.tenant_id FROM app.tenants t WHERE t.clock_id IS NOT NULL))
                GROUP BY e.account, j.currency
                """,
                balance
            )
        )
    }

    /// A tenant's journals, newest first.
    ///
    /// `account`: only journals that touch it.
    ///
    /// `reference`: only journals that this wire id caused.
    package static func journals(
        of tenant: TenantID,
        account: Account? = nil,
        reference: String? = nil,
        limit: Int,
        before: JournalID? = nil,
        in transaction: borrowing Transaction
    ) async throws -> [PostedJournal] {
        try await transaction.query(
            """
            SELECT \(fragment: columns) FROM app.journals
            WHERE tenant_id = \(tenant) AND (\(before)::uuid IS NULL OR id < \(before))
              AND (\(account?.rawValue)::text IS NULL OR \(account?.rawValue) = ANY (accounts))
              AND (\(reference)::text IS NULL OR reference = \(reference))
            ORDER BY id DESC LIMIT \(limit)
            """,
            posted
        )
    }

    /// One journal of a tenant.
    package static func find(
        _ id: JournalID,
        tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> PostedJournal? {
        try await transaction.first(
            "SELECT \(fragment: columns) FROM app.journals WHERE tenant_id = \(tenant) AND id = \(id)",
            posted
        )
    }

    /// The journals posted under keys.
    package static func find(
        keys: [String],
        tenant: TenantID,
        in transaction: borrowing Transaction
    ) async throws -> [PostedJournal] {
        try await transaction.query(
            """
            SELECT \(fragment: columns) FROM app.journals
            WHERE tenant_id = \(tenant) AND posting_key = ANY (\(keys)::text[]) ORDER BY posting_key
            """,
            posted
        )
    }

    /// The columns that `posted` reads.
    package static let columns: SQL =
        "tenant_id, id, at, recorded_at, posting_key, currency, accounts, amounts, reference, memo, reverses, author"

    /// Writes journals, and returns the keys of those that were not there; of two with one key only the first is written.
    static func insert(_ journals: [Journal], by stamp: Stamp) -> SQL {
        // Arrays of arrays would be one: accounts and amounts travel as the texts of arrays.
        let accounts = journals.map { $0.entries.map(\.account.rawValue).sqlText }
        let amounts = journals.map { $0.entries.map(\.amount).sqlText }
        return """
            INSERT INTO app.journals (tenant_id, id, at, recorded_at, posting_key, currency, accounts, amounts,
                                      reference, memo, reverses, author)
            SELECT tenant_id, id, at, \(stamp.recordedAt)::timestamptz, posting_key, currency, accounts::text[],
                   amounts::bigint[], reference, memo, reverses, \(stamp.author)::text
            FROM unnest(\(journals.map(\.tenant))::uuid[], \(journals.map(\.id))::uuid[],
                        \(journals.map(\.at))::timestamptz[], \(journals.map(\.key))::text[],
                        \(journals.map(\.currency))::text[], \(accounts)::text[], \(amounts)::text[],
                        \(journals.map(\.reference))::text[], \(journals.map(\.memo))::text[],
                        \(journals.map(\.reverses))::uuid[])
                AS journal (tenant_id, id, at, posting_key, currency, accounts, amounts, reference, memo, reverses)
            ON CONFLICT (tenant_id, posting_key) DO NOTHING
            RETURNING tenant_id, posting_key
            """
    }

    /// A page of raw rows of all tenants in the order of (tenant, id): for `.finance`.
    static func page(
        after: (tenant: TenantID, id: JournalID)?,
        asOf: LedgerAsOf,
        limit: Int
    ) -> SQL {
        """
        SELECT tenant_id, id, currency, accounts, amounts, posting_key, reverses FROM app.journals j
        WHERE (\(after?.tenant)::uuid IS NULL OR (tenant_id, id) > (\(after?.tenant)::uuid, \(after?.id)::uuid))
          AND \(fragment: bound(asOf))
        ORDER BY tenant_id, id LIMIT \(limit)
        """
    }

    /// Reads a journal from its `columns`.
    package static func posted(_ row: inout RowReader) throws -> PostedJournal {
        let tenant: TenantID = try row.next()
        let id: JournalID = try row.next()
        let at: Instant = try row.next()
        let recordedAt: Instant = try row.next()
        let key: String = try row.next()
        let currency: Currency = try row.next()
        let accounts: [String] = try row.next()
        let amounts: [Int64] = try row.next()
        let entries = try zip(accounts, amounts).map { name, amount in
            guard let account = Account(rawValue: name) else { throw LedgerError.unknownAccount(name) }
            return Journal.Entry(account, amount)
        }
        let journal = try Journal(
            id: id,
            tenant: tenant,
            at: at,
            key: key,
            currency: currency,
            entries: entries,
            reference: row.next(),
            memo: row.next(),
            reverses: row.next()
        )
        return PostedJournal(journal: journal, recordedAt: recordedAt, author: try row.next())
    }

    private static func bound(_ asOf: LedgerAsOf) -> SQL {
        """
        (\(asOf.at)::timestamptz IS NULL OR j.at <= \(asOf.at))
        AND (\(asOf.recordedAt)::timestamptz IS NULL OR j.recorded_at <= \(asOf.recordedAt))
        """
    }

    private static func balance(_ row: inout RowReader) throws -> AccountBalance {
        let name: String = try row.next()
        guard let account = Account(rawValue: name) else { throw LedgerError.unknownAccount(name) }
        let currency: Currency = try row.next()
        return try AccountBalance(
            account: account,
            debits: Money(minor: row.next(), currency: currency),
            credits: Money(minor: row.next(), currency: currency)
        )
    }

    private static func sorted(_ balances: [AccountBalance]) -> [AccountBalance] {
        balances.sorted { left, right in
            left.account == right.account
                ? left.balance.currency.code < right.balance.currency.code : left.account < right.account
        }
    }
}
