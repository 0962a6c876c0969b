package import Values

/// A report as it leaves: a table, the same as JSON, what the words mean, and a picture of it.
package struct ReportPage: Sendable {
    /// Rows under columns, as texts.
    package struct Table: Hashable, Sendable {
        /// What it is of; empty for the report itself.
        package let title: String
        /// What stands over the columns.
        package let columns: [String]
        /// As many texts a row as there are columns.
        package let rows: [[String]]

        /// Takes the three.
        package init(title: String = "", columns: [String], rows: [[String]]) {
            self.title = title
            self.columns = columns
            self.rows = rows
        }
    }

    /// The report's name, as commands and routes have it.
    package let name: String
    /// The report itself.
    package let table: Table
    /// What belongs to it.
    package let more: [Table]
    /// For people only: small pictures in characters, one a row; nil if there are none.
    package let trend: [String]?
    /// The whole of it.
    package let json: JSONValue
    /// What was known then is in it, and nothing else.
    package let asOf: Instant
    /// What the words mean, by word.
    package let definition: JSONValue
    /// What it looks like; nil for a list of what is behind a figure.
    package let picture: ReportPicture?

    /// Takes all of it.
    package init(
        name: String,
        table: Table,
        more: [Table] = [],
        trend: [String]? = nil,
        json: JSONValue,
        asOf: Instant,
        definition: JSONValue,
        picture: ReportPicture? = nil
    ) {
        self.name = name
        self.table = table
        self.more = more
        self.trend = trend
        self.json = json
        self.asOf = asOf
        self.definition = definition
        self.picture = picture
    }

    /// What the words mean, a line each, after the as-of.
    package var note: String {
        let lines = (definition.object ?? JSONObject()).map { "\($0.key): \($0.value.string ?? $0.value.text)" }
        return (["as of \(asOf)"] + lines).joined(separator: "\n")
    }
}

/// What is behind a figure: ids, and what each adds to it.
package struct ReportSource: Hashable, Sendable {
    /// What names the row it adds to, like a month and a gateway.
    package let key: [String]
    /// The column it adds to.
    package let column: String
    /// Whose it is.
    package let tenant: TenantID
    /// How much it adds.
    package let amount: Money
    /// The wire ids behind it, the most telling one first.
    package let ids: [String]

    /// Takes the parts.
    package init(key: [String], column: String, tenant: TenantID, amount: Money, ids: [String]) {
        self.key = key
        self.column = column
        self.tenant = tenant
        self.amount = amount
        self.ids = ids
    }

    /// As it leaves over HTTP.
    package var json: JSONValue {
        [
            "cell": .string(ReportCell(key, column: column).description), "tenant": tenant.json,
            "amount": .string(amount.text), "currency": .string(amount.currency.code),
            "ids": .array(ids.map(JSONValue.string)),
        ]
    }

    /// What stands over the columns of `cells`.
    package static let columns = ["cell", "tenant", "amount", "currency", "ids"]

    /// As a line of a table.
    package var cells: [String] {
        [
            ReportCell(key, column: column).description, tenant.text, amount.text, amount.currency.code,
            ids.joined(separator: " "),
        ]
    }
}

extension ReportPage {
    /// The page of what is behind a cell.
    static func explained(
        _ name: String,
        _ cell: String,
        _ sources: [ReportSource],
        asOf: Instant,
        definition: JSONValue
    ) -> ReportPage {
        explained(
            name,
            cell,
            Table(columns: ReportSource.columns, rows: sources.map(\.cells)),
            json: sources.map(\.json),
            asOf: asOf,
            definition: definition
        )
    }

    /// The page of what is behind a cell, in columns of its own.
    static func explained(
        _ name: String,
        _ cell: String,
        _ table: Table,
        json rows: [JSONValue],
        asOf: Instant,
        definition: JSONValue
    ) -> ReportPage {
        ReportPage(
            name: name,
            table: table,
            json: [
                "report": .string(name), "explain": .string(cell), "definition": definition, "as_of": asOf.json,
                "rows": .array(rows),
            ],
            asOf: asOf,
            definition: definition
        )
    }
}
