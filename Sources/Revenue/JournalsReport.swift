package import Ledger
package import Values

/// All journals of a span, a line an entry, as accounting software imports them.
///
/// Pure.
package struct JournalsReport: Sendable {
    /// The most journals of one report; more are to be asked for month by month.
    package static let maximum = 200_000

    /// Which months, and as of when.
    package let months: ReportMonths
    /// In the order of time, then of ids.
    package let journals: [PostedJournal]

    /// Takes journals in the order of time; of a currency if one is named.
    package init(of journals: [PostedJournal], months: ReportMonths, currency: Currency? = nil) {
        self.months = months
        self.journals = journals.filter { currency == nil || $0.journal.currency == currency }
            .sorted { left, right in
                let (left, right) = (left.journal, right.journal)
                return (left.at, left.tenant, left.id) < (right.at, right.tenant, right.id)
            }
    }

    /// What the words mean.
    package static let definition: JSONValue = [
        "variant": "one_line_an_entry",
        "at": "when it happened; it decides on the month",
        "debit": "of each journal debits and credits come to the same",
        "reference": "the wire id of what caused it",
        "key": "unique for a tenant: what was imported before can be told by it",
        "reverses": "the journal that this one takes back",
    ]

    /// What stands over the columns.
    package static let columns = [
        "at", "journal", "tenant", "account", "kind", "debit", "credit", "currency", "reference", "key", "memo",
        "reverses", "recorded_at", "author",
    ]

    private static func lines(_ posted: PostedJournal) -> [[String]] {
        let journal = posted.journal
        return journal.entries.map { entry in
            let amount = Money(minor: entry.amount, currency: journal.currency).text
            return [
                journal.at.text, journal.id.text, journal.tenant.text, entry.account.rawValue,
                entry.account.kind.rawValue, entry.amount > 0 ? amount : "",
                entry.amount < 0 ? String(amount.dropFirst()) : "", journal.currency.code, journal.reference,
                journal.key, journal.memo, journal.reverses?.text ?? "", posted.recordedAt.text, posted.author,
            ]
        }
    }

    /// The report as one document: whole journals with their entries.
    package var json: JSONValue {
        months.document(
            "journals",
            Self.definition,
            journals.map { posted in
                var object = posted.json.object ?? JSONObject()
                let month = Month(of: months.zone.date(of: posted.journal.at))
                object["explain"] = months.link(
                    "journals",
                    ReportCell([month.text, posted.journal.id.text]),
                    currency: posted.journal.currency
                )
                return .object(object)
            }
        )
    }

    /// The report with its table and picture.
    package var page: ReportPage {
        ReportPage(
            name: "journals",
            table: ReportPage.Table(columns: Self.columns, rows: journals.flatMap(Self.lines)),
            json: json,
            asOf: months.asOf,
            definition: Self.definition,
            picture: picture
        )
    }

    /// What is behind a cell: `2025-06:cash` is the journals of a month on an account, `2025-06/jou_…` one of them.
    package func page(behind text: String) throws(Problem) -> ReportPage {
        let cell = try ReportCell(parsing: text, columns: Account.allCases.map(\.rawValue))
        _ = try months.month(of: cell)
        let account = cell.column.flatMap(Account.init(rawValue:))
        let found = journals.filter { posted in
            let month = Month(of: months.zone.date(of: posted.journal.at))
            return cell.matches([month.text, posted.journal.id.text])
                && (account == nil || posted.journal.entries.contains { $0.account == account })
        }
        return .explained(
            "journals",
            text,
            ReportPage.Table(
                columns: Self.columns,
                rows: found.flatMap(Self.lines).filter { account == nil || $0[3] == account?.rawValue }
            ),
            json: found.map(\.json),
            asOf: months.asOf,
            definition: Self.definition
        )
    }

    /// Debits by account.
    private var picture: ReportPicture {
        let panels = Set(journals.map(\.journal.currency)).sorted { $0.code < $1.code }.map { currency in
            let entries = journals.filter { $0.journal.currency == currency }.flatMap(\.journal.entries)
            let accounts = Set(entries.map(\.account)).sorted()
            func sum(_ account: Account, _ isDebit: Bool) -> Double {
                let minor = entries.filter { $0.account == account && ($0.amount > 0) == isDebit }
                    .reduce(Exact.zero) { $0 + Exact($1.amount) }
                return (minor / Exact(Int64(currency.minorUnits))).double
            }
            return ReportPicture.Panel(
                title: "Journals by account, \(currency)",
                unit: currency.code,
                categories: accounts.map(\.rawValue),
                shape: .stackedBars([
                    ReportPicture.Series(name: "debits", values: accounts.map { sum($0, true) }),
                    ReportPicture.Series(name: "credits", values: accounts.map { sum($0, false) }),
                ])
            )
        }
        return ReportPicture(title: "Journals", panels: panels)
    }
}
