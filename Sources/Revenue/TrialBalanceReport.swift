package import Ledger
package import Values

/// What stands on each account of the books.
package struct TrialBalanceReport: Sendable {
    /// What happened, and was recorded, later does not count.
    package let asOf: Instant
    /// In the order of accounts, then of currencies.
    package let balances: [AccountBalance]

    /// Takes balances; of a currency if one is named.
    package init(of balances: [AccountBalance], asOf: Instant, currency: Currency? = nil) {
        self.asOf = asOf
        self.balances = balances.filter { currency == nil || $0.balance.currency == currency }
    }

    /// What the words mean.
    package static let definition: JSONValue = [
        "variant": "all_tenants_not_in_test_mode",
        "balance": "debits − credits; over all accounts of a currency it is nothing",
        "as_of": "journals that happened, or were recorded, later do not count",
    ]

    /// The report as one document.
    package var json: JSONValue {
        let rows = balances.map { line -> JSONValue in
            var object = line.json.object ?? JSONObject()
            object["explain"] = .string(
                "/v1/reports/trial-balance?as_of=\(asOf)&currency=\(line.balance.currency)"
                    + "&explain=\(line.account.rawValue)"
            )
            return .object(object)
        }
        return [
            "report": "trial-balance", "definition": Self.definition, "as_of": asOf.json, "rows": .array(rows),
        ]
    }

    /// The report with its table and picture.
    package var page: ReportPage {
        ReportPage(
            name: "trial-balance",
            table: ReportPage.Table(
                columns: ["account", "currency", "debits", "credits", "balance"],
                rows: balances.map { line in
                    [
                        line.account.rawValue, line.balance.currency.code, line.debits.text, line.credits.text,
                        line.balance.text,
                    ]
                }
            ),
            json: json,
            asOf: asOf,
            definition: Self.definition,
            picture: ReportPicture(
                title: "Trial balance",
                panels: Set(balances.map(\.balance.currency)).sorted { $0.code < $1.code }.map { currency in
                    let own = balances.filter { $0.balance.currency == currency }
                    return ReportPicture.Panel(
                        title: "Balances, debits less credits, \(currency)",
                        unit: currency.code,
                        categories: own.map(\.account.rawValue),
                        shape: .stackedBars([
                            ReportPicture.Series(name: "balance", values: own.map { $0.balance.exact.double })
                        ])
                    )
                }
            )
        )
    }

    /// The account that a cell names.
    package static func account(of cell: String) throws(Problem) -> Account {
        guard let account = Account(rawValue: cell) else {
            let names = Account.allCases.map(\.rawValue).joined(separator: ", ")
            throw .invalid("explain", "is \"\(cell.prefix(60))\"; an account (\(names)) is expected")
        }
        return account
    }
}
