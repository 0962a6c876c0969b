package import Values

/// What customers owe, by how long it has been due.
///
/// Pure: what stands on the account receivable, by what it is for.
package struct AgingReport: Sendable {
    /// How long something has been due.
    package enum Bucket: String, CaseIterable, Sendable {
        /// It is not due, or only today.
        case current
        /// So many days.
        case days1To30 = "1-30"
        case days31To60 = "31-60"
        case days61To90 = "61-90"
        case over90 = "90+"

        /// The bucket of so many days after the due date.
        package init(days: Int) {
            self =
                switch days {
                case ...0: .current
                case 1...30: .days1To30
                case 31...60: .days31To60
                case 61...90: .days61To90
                default: .over90
                }
        }
    }

    /// Something that is owed: an invoice, or what a bank took back of a payment.
    package struct Item: Hashable, Sendable {
        /// Who owes it.
        package let tenant: TenantID
        /// What it is for: the wire id of an invoice, a dispute.
        package let reference: String
        /// When it is due.
        package let dueAt: Instant
        /// What is left of it; below nothing where more was taken off.
        package let amount: Money

        /// Takes the four.
        package init(tenant: TenantID, reference: String, dueAt: Instant, amount: Money) {
            self.tenant = tenant
            self.reference = reference
            self.dueAt = dueAt
            self.amount = amount
        }
    }

    /// What one customer owes in one currency.
    package struct Row: Hashable, Sendable {
        /// The customer; nil is all of them.
        package let tenant: TenantID?
        /// By bucket.
        package let amounts: [Bucket: Money]
        /// All of it.
        package let total: Money

        /// The amount in a bucket.
        package subscript(bucket: Bucket) -> Money { amounts[bucket] ?? .zero(total.currency) }

        /// What names the row.
        var key: String { tenant?.text ?? "all" }
    }

    /// What was known then, of what was owed then.
    package let asOf: Instant
    /// Where days begin.
    package let zone: Zone
    /// By currency, then by customer.
    package let rows: [Row]
    /// All customers, by currency.
    package let totals: [Row]
    private let items: [Item]

    /// Adds up what is owed; what is settled is left out.
    package init(
        of items: [Item],
        asOf: Instant,
        zone: Zone = .utc,
        currency: Currency? = nil
    ) throws(Problem) {
        let own = items.filter { !$0.amount.isZero && (currency == nil || $0.amount.currency == currency) }
            .sorted { ($0.tenant, $0.dueAt, $0.reference) < ($1.tenant, $1.dueAt, $1.reference) }
        self.asOf = asOf
        self.zone = zone
        self.items = own
        var rows: [Row] = []
        var totals: [Row] = []
        for currency in Set(own.map(\.amount.currency)).sorted(by: { $0.code < $1.code }) {
            let here = own.filter { $0.amount.currency == currency }
            for (tenant, theirs) in Dictionary(grouping: here, by: \.tenant).sorted(by: { $0.key < $1.key }) {
                rows.append(try Self.row(tenant, theirs, currency, asOf, zone))
            }
            totals.append(try Self.row(nil, here, currency, asOf, zone))
        }
        self.rows = rows
        self.totals = totals
    }

    /// How many days something has been due.
    package func days(_ item: Item) -> Int { Self.days(item, asOf, zone) }

    private static func days(_ item: Item, _ asOf: Instant, _ zone: Zone) -> Int {
        zone.date(of: asOf).daysSinceEpoch - zone.date(of: item.dueAt).daysSinceEpoch
    }

    private static func row(
        _ tenant: TenantID?,
        _ items: [Item],
        _ currency: Currency,
        _ asOf: Instant,
        _ zone: Zone
    ) throws(Problem) -> Row {
        var amounts: [Bucket: Money] = [:]
        var total = Money.zero(currency)
        for item in items {
            let bucket = Bucket(days: days(item, asOf, zone))
            amounts[bucket] = try (amounts[bucket] ?? .zero(currency)).adding(item.amount)
            total = try total.adding(item.amount)
        }
        return Row(tenant: tenant, amounts: amounts, total: total)
    }

    /// What is behind a cell: `all:90+`, `ten_…`, `ten_…:1-30`.
    package func items(behind text: String) throws(Problem) -> [Item] {
        let buckets = Bucket.allCases.map(\.rawValue)
        let cell = try ReportCell(parsing: text, columns: buckets + ["total"])
        let name = cell.key.joined(separator: "/")
        guard name == "all" || TenantID(name) != nil else {
            throw .invalid(
                "explain",
                "is \"\(text.prefix(60))\"; all or a tenant, and perhaps a bucket "
                    + "(\(buckets.joined(separator: ", "))), is expected"
            )
        }
        let bucket = cell.column.flatMap(Bucket.init(rawValue:))
        return items.filter { item in
            (name == "all" || item.tenant.text == name) && (bucket == nil || Bucket(days: days(item)) == bucket)
        }
    }
}

extension AgingReport {
    /// What the words mean.
    package static let definition: JSONValue = [
        "variant": "by_due_date",
        "owed": """
        what stands on the account receivable: invoices less payments, credit notes and what was given up; \
        disputed payments
        """,
        "days": "dates between the due date and the as-of, in UTC; on the due date itself it is current",
        "disputed": "what a bank took back is due from the day of the dispute on",
        "payments": "money that matches no invoice yet is not taken off here; it stands on unapplied_cash",
    ]

    /// The report as one document.
    package var json: JSONValue {
        func line(_ row: Row) -> JSONValue {
            var object: JSONObject = ["currency": .string(row.total.currency.code)]
            if let tenant = row.tenant { object["tenant"] = tenant.json }
            for bucket in Bucket.allCases { object[bucket.rawValue] = .string(row[bucket].text) }
            object["total"] = .string(row.total.text)
            object["explain"] = .string(
                "/v1/reports/aging?as_of=\(asOf)&currency=\(row.total.currency)&explain=\(row.key)"
            )
            return .object(object)
        }
        return [
            "report": "aging", "definition": Self.definition, "as_of": asOf.json, "time_zone": .string(zone.name),
            "rows": .array(rows.map(line)), "totals": .array(totals.map(line)),
        ]
    }

    /// The report with its table and picture.
    package var page: ReportPage {
        func line(_ row: Row) -> [String] {
            [row.key, row.total.currency.code] + Bucket.allCases.map { row[$0].text } + [row.total.text]
        }
        return ReportPage(
            name: "aging",
            table: ReportPage.Table(
                columns: ["tenant", "currency"] + Bucket.allCases.map(\.rawValue) + ["total"],
                rows: (rows + totals).map(line)
            ),
            json: json,
            asOf: asOf,
            definition: Self.definition,
            picture: ReportPicture(
                title: "Receivables by age",
                panels: totals.map { row in
                    ReportPicture.Panel(
                        title: "Receivables by days overdue, \(row.total.currency)",
                        unit: row.total.currency.code,
                        categories: Bucket.allCases.map(\.rawValue),
                        shape: .stackedBars([
                            ReportPicture.Series(
                                name: "owed",
                                values: Bucket.allCases.map { row[$0].exact.double }
                            )
                        ])
                    )
                }
            )
        )
    }

    /// The page of what is behind a cell.
    package func page(behind cell: String) throws(Problem) -> ReportPage {
        let items = try items(behind: cell)
        let columns = ["tenant", "id", "due_at", "days", "bucket", "amount", "currency"]
        let rows = items.map { item in
            [
                item.tenant.text, item.reference, item.dueAt.text, String(days(item)),
                Bucket(days: days(item)).rawValue, item.amount.text, item.amount.currency.code,
            ]
        }
        return .explained(
            "aging",
            cell,
            ReportPage.Table(columns: columns, rows: rows),
            json: items.map { item in
                [
                    "tenant": item.tenant.json, "id": .string(item.reference), "due_at": item.dueAt.json,
                    "days": .int(days(item)), "bucket": .string(Bucket(days: days(item)).rawValue),
                    "amount": .string(item.amount.text), "currency": .string(item.amount.currency.code),
                ]
            },
            asOf: asOf,
            definition: Self.definition
        )
    }
}
