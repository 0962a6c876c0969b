import Ledger
package import Values

extension RecognitionReport {
    /// The definition behind the numbers, printed with them.
    package static let definition: JSONValue = [
        "standard": """
        ASC 606, over time: straight by day over the stretch of each invoice line, net of discounts, before \
        tax
        """,
        "rounding": "recognised to date = round(amount × days gone ÷ days); a month is the difference of two such sums",
        "in_arrears": "usage, prices in arrears and commitments are recognised at the instant they fell due",
        "booked": "lines of invoices in the books by the as-of; one that was taken back counts until then",
        "breakage": "credit that was bought and that nobody used in time, as the books have it",
        "contra": """
        credit notes, refunds and given credit are taken off when they are booked, from accounts of their own
        """,
        "agent_share": "what partners keep who sell themselves, and we only as their agent",
        "net": "total − credit_notes − refunds − promotional_credit − agent_share",
        "releases": "what is deferred at the as-of, by the months in which it will be recognised if nothing changes",
    ]

    /// The columns of recognised revenue that can be explained.
    private static let recognisedNames = accounts.map(\.rawValue) + ["total"] + contraAccounts.map(\.rawValue) + ["net"]
    /// Those of the waterfall.
    private static let deferredNames = ["opening", "billed", "recognized", "closing", "release"]

    private func recognisedTexts(_ row: Row) -> [String] {
        Self.accounts.map { row.recognised[$0]?.text ?? "" } + [row.total.text]
            + Self.contraAccounts.map { row.contra[$0]?.text ?? "" } + [row.net.text]
    }

    /// Recognised revenue as one document.
    package var recognisedJSON: JSONValue {
        months.document(
            "recognized",
            Self.definition,
            rows.map { row in
                var object: JSONObject = ["month": .string(row.month.text), "currency": .string(row.currency.code)]
                for (name, text) in zip(Self.recognisedNames, recognisedTexts(row)) { object[name] = .string(text) }
                if months.isPartial(row.month) { object["partial"] = true }
                object["explain"] = months.link("recognized", ReportCell([row.month.text]), currency: row.currency)
                return .object(object)
            }
        )
    }

    /// The deferred revenue waterfall as one document.
    package var deferredJSON: JSONValue {
        let document = months.document(
            "deferred",
            Self.definition,
            rows.map { row in
                var object: JSONObject = [
                    "month": .string(row.month.text), "currency": .string(row.currency.code),
                    "opening": .string(row.opening.text), "billed": .string(row.billed.text),
                    "recognized": .string(row.released.text), "closing": .string(row.closing.text),
                ]
                if months.isPartial(row.month) { object["partial"] = true }
                object["explain"] = months.link("deferred", ReportCell([row.month.text]), currency: row.currency)
                return .object(object)
            }
        )
        var object = document.object ?? JSONObject()
        object["releases"] = .array(
            releases.map { release in
                [
                    "month": .string(release.month.text), "currency": .string(release.amount.currency.code),
                    "amount": .string(release.amount.text),
                    "explain": months.link(
                        "deferred",
                        ReportCell([release.month.text], column: "release"),
                        currency: release.amount.currency
                    ),
                ]
            }
        )
        return .object(object)
    }

    /// What stands over the columns of `recognisedCells`.
    package static let recognisedColumns = ["month", "currency"] + recognisedNames

    /// Recognised revenue as lines of a table.
    package var recognisedCells: [[String]] {
        rows.map { row in [row.month.text, row.currency.code] + recognisedTexts(row) }
    }

    /// What stands over the columns of `deferredCells`.
    package static let deferredColumns = ["month", "currency", "opening", "billed", "recognized", "closing"]

    /// The waterfall as lines of a table.
    package var deferredCells: [[String]] {
        rows.map { row in
            [
                row.month.text, row.currency.code, row.opening.text, row.billed.text, row.released.text,
                row.closing.text,
            ]
        }
    }

    /// Recognised revenue with its table and picture.
    package var recognisedPage: ReportPage {
        ReportPage(
            name: "recognized",
            table: ReportPage.Table(columns: Self.recognisedColumns, rows: recognisedCells),
            trend: Sparkline.trend(
                rows.map { (group: $0.currency.code, month: $0.month, value: $0.net.exact.double) }
            ),
            json: recognisedJSON,
            asOf: months.asOf,
            definition: Self.definition,
            picture: picture("Recognised revenue") { rows in
                .stackedBars(
                    Self.accounts.map { account in
                        ReportPicture.Series(
                            name: account.rawValue,
                            values: rows.map { $0.recognised[account]?.exact.double }
                        )
                    }
                        + Self.contraAccounts.map { account in
                            ReportPicture.Series(
                                name: account.rawValue,
                                values: rows.map { row in row.contra[account].map { -$0.exact.double } }
                            )
                        }
                )
            }
        )
    }

    /// The waterfall with its tables and picture.
    package var deferredPage: ReportPage {
        ReportPage(
            name: "deferred",
            table: ReportPage.Table(columns: Self.deferredColumns, rows: deferredCells),
            more: releases.isEmpty
                ? []
                : [
                    ReportPage.Table(
                        title: "to be recognized",
                        columns: ["month", "currency", "amount"],
                        rows: releases.map { [$0.month.text, $0.amount.currency.code, $0.amount.text] }
                    )
                ],
            trend: Sparkline.trend(
                rows.map { (group: $0.currency.code, month: $0.month, value: $0.closing.exact.double) }
            ),
            json: deferredJSON,
            asOf: months.asOf,
            definition: Self.definition,
            picture: waterfall
        )
    }

    private func picture(_ title: String, _ shape: ([Row]) -> ReportPicture.Shape) -> ReportPicture {
        let currencies = Set(rows.map(\.currency)).sorted { $0.code < $1.code }
        return ReportPicture(
            title: title,
            panels: currencies.map { currency in
                let own = rows.filter { $0.currency == currency }
                return ReportPicture.Panel(
                    title: "\(title), \(currency)",
                    unit: currency.code,
                    categories: own.map(\.month.text),
                    shape: shape(own)
                )
            }
        )
    }

    /// The first opening, what was billed and recognised in each month, and the last closing.
    private var waterfall: ReportPicture {
        let currencies = Set(rows.map(\.currency)).sorted { $0.code < $1.code }
        return ReportPicture(
            title: "Deferred revenue",
            panels: currencies.map { currency in
                let own = rows.filter { $0.currency == currency }
                let steps = own.flatMap { [$0.billed.exact.double, -$0.released.exact.double] }
                let names = own.flatMap { ["\($0.month) billed", "\($0.month) recognised"] }
                return ReportPicture.Panel(
                    title: "Deferred revenue, \(currency)",
                    unit: currency.code,
                    categories: ["opening"] + names + ["closing"],
                    shape: .waterfall(
                        [own.first?.opening.exact.double ?? 0] + steps + [own.last?.closing.exact.double ?? 0],
                        totals: [0, steps.count + 1]
                    )
                )
            }
        )
    }
}

extension RecognitionReport {
    /// What is behind a cell of recognised revenue: `2025-06`, `2025-06:revenue:usage`, `2025-06:credit_notes`.
    package func recognisedSources(behind text: String) throws(Problem) -> [ReportSource] {
        let cell = try ReportCell(parsing: text, columns: Self.recognisedNames)
        let month = try months.month(of: cell)
        let from = months.limit(month.adding(-1))
        let to = months.limit(month)
        func isAsked(_ account: Account) -> Bool {
            switch cell.column {
            case nil, "net": true
            case "total": Self.accounts.contains(account)
            case let name: account.rawValue == name
            }
        }
        let earned = sources(lines.filter { isAsked($0.account) }, month) { line in
            (column: line.account.rawValue, minor: line.recognised(before: to) - line.recognised(before: from))
        }
        let moved = booked.filter { $0.at >= from && $0.at < to && isAsked($0.account) }.map { entry in
            ReportSource(
                key: [month.text],
                column: entry.account.rawValue,
                tenant: entry.tenant,
                amount: entry.amount,
                ids: entry.ids
            )
        }
        return earned + moved
    }

    /// What is behind a cell of the waterfall: `2025-06:closing`, `2025-07:release`.
    package func deferredSources(behind text: String) throws(Problem) -> [ReportSource] {
        let cell = try ReportCell(parsing: text, columns: Self.deferredNames)
        let month = cell.column == "release" ? try cell.month() : try months.month(of: cell)
        let from = months.limit(month.adding(-1))
        let to = months.limit(month)
        let deferred = lines.filter(\.isDeferred)
        let now = months.asOf.adding(microseconds: 1)
        let amounts: [(name: String, amount: (RecognitionLine) -> Int64)] = [
            ("opening", { $0.deferred(at: from) }),
            ("billed", { $0.billed(before: to) - $0.billed(before: from) }),
            ("recognized", { $0.recognised(before: to) - $0.recognised(before: from) }),
            ("closing", { $0.deferred(at: to) }),
            (
                "release",
                { line in
                    let first = max(now, month.start(in: months.zone))
                    let last = max(first, month.adding(1).start(in: months.zone))
                    guard line.deferred(at: now) != 0 else { return 0 }
                    return line.recognised(before: last) - line.recognised(before: first)
                }
            ),
        ]
        return amounts.filter { cell.column == nil ? $0.name != "release" : cell.column == $0.name }.flatMap { part in
            sources(deferred, month) { (column: part.name, minor: part.amount($0)) }
        }
    }

    private func sources(
        _ lines: [RecognitionLine],
        _ month: Month,
        _ amount: (RecognitionLine) -> (column: String, minor: Int64)
    ) -> [ReportSource] {
        lines.compactMap { line in
            let (column, minor) = amount(line)
            guard minor != 0 else { return nil }
            return ReportSource(
                key: [month.text],
                column: column,
                tenant: line.tenant,
                amount: Money(minor: minor, currency: line.currency),
                ids: [line.invoice.text, line.line.text]
            )
        }
    }
}
