import Ledger
import Values

/// The journals of a month's recognition.
///
/// Pure: what should be recognised by the month's end, less what all journals before have moved.
enum Recognition {
    /// What was moved to an account so far.
    struct Posted: Hashable, Sendable {
        let currency: Currency
        let account: Account
        /// In minor units.
        let amount: Int64
    }

    /// The key of a month's journal; keys of one currency stand in the order of their months.
    static func key(_ month: Month, _ currency: Currency) -> String { "recognition:\(currency.code):\(month.text)" }

    /// The journals of every month from the first with anything up to one, that included, each in its own month.
    static func journals(
        of lines: [RecognitionLine],
        tenant: TenantID,
        posted: [Posted],
        lastKey: (Currency) -> String?,
        through last: Month,
        zone: Zone,
        id: () -> JournalID
    ) throws -> [Journal] {
        guard let begin = lines.map(\.schedule.at).min() else { return [] }
        var posted = posted
        var journals: [Journal] = []
        var month = min(Month(of: zone.date(of: begin)), last)
        while month <= last {
            let own = try Self.journals(
                of: lines,
                tenant: tenant,
                posted: posted,
                lastKey: lastKey,
                month: month,
                before: month.adding(1).start(in: zone),
                id: id
            )
            for journal in own {
                posted += journal.entries.filter { $0.account != .deferredRevenue }.map {
                    Posted(currency: journal.currency, account: $0.account, amount: 0 - $0.amount)
                }
            }
            journals += own
            month = month.adding(1)
        }
        return journals
    }

    private static func journals(
        of lines: [RecognitionLine],
        tenant: TenantID,
        posted: [Posted],
        lastKey: (Currency) -> String?,
        month: Month,
        before limit: Instant,
        id: () -> JournalID
    ) throws -> [Journal] {
        var journals: [Journal] = []
        let currencies = Set(lines.map(\.currency)).union(posted.map(\.currency)).sorted { $0.code < $1.code }
        for currency in currencies {
            let key = key(month, currency)
            // A month that was posted stays as it is.
            if let last = lastKey(currency), last >= key { continue }
            var moved: [Account: Int64] = [:]
            for line in lines where line.currency == currency {
                moved[line.account, default: 0] += line.recognised(before: limit)
            }
            for before in posted where before.currency == currency {
                moved[before.account, default: 0] -= before.amount
            }
            let entries = moved.sorted { $0.key < $1.key }.filter { $0.value != 0 }
            guard !entries.isEmpty else { continue }
            let total = entries.reduce(0) { $0 + $1.value }
            let own = entries.map { Journal.Entry.credit($0.key, $0.value) } + [.debit(.deferredRevenue, total)]
            guard own.count(where: { $0.amount != 0 }) >= 2 else { continue }
            journals.append(
                try Journal(
                    id: id(),
                    tenant: tenant,
                    at: limit.adding(microseconds: -1),
                    key: key,
                    currency: currency,
                    entries: own,
                    reference: tenant.text,
                    memo: "revenue recognised for \(month)"
                )
            )
        }
        return journals
    }
}
