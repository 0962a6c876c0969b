package import Values

/// What is asked for when an invoice is credited.
package struct CreditNoteDraft: Hashable, Sendable {
    /// How much of the invoice.
    package enum Extent: Hashable, Sendable {
        /// All that was not credited yet.
        case whole
        /// So much before tax, spread over the lines in proportion to what is left of them.
        case amount(Money)
        /// So much of each line, before tax.
        case lines([Part])
    }

    /// So much of a line, before tax.
    package struct Part: Hashable, Sendable {
        /// The line of the invoice.
        package let line: InvoiceLineID
        /// How much of it, before tax.
        package let amount: Money

        /// Takes the two.
        package init(line: InvoiceLineID, amount: Money) {
            self.line = line
            self.amount = amount
        }
    }

    /// How much of the invoice.
    package let extent: Extent
    /// Why; it stands on the credit note.
    package let reason: String
    /// Where goes what was paid already.
    package let destination: CreditNote.Destination

    /// Makes a draft; the reason and the amounts are checked.
    package init(
        _ extent: Extent = .whole,
        reason: String,
        to destination: CreditNote.Destination = .balance
    ) throws(Problem) {
        let length = reason.unicodeScalars.count
        guard (1...500).contains(length), !reason.utf8.contains(0) else {
            throw .invalid("reason", "has \(length) characters; 1 to 500 are allowed, and none is U+0000")
        }
        switch extent {
        case .whole: break
        case .amount(let amount): try CreditNoteDraft.check(amount, "amount.amount")
        case .lines(let parts):
            guard !parts.isEmpty else { throw .invalid("lines", "must not be empty; leave it out to credit all") }
            for (index, part) in parts.enumerated() {
                try CreditNoteDraft.check(part.amount, "lines[\(index)].amount.amount")
                if parts[..<index].contains(where: { $0.line == part.line }) {
                    throw .invalid("lines[\(index)].line", "is \(part.line), which is named before")
                }
            }
        }
        self.extent = extent
        self.reason = reason
        self.destination = destination
    }

    /// Reads the fields of a request to their end: `amount` or `lines` or neither, `reason`, `to`.
    package init(json fields: inout JSONFields) throws(Problem) {
        let reason = try fields.string("reason")
        let destination = try fields.optionalChoice("to", as: CreditNote.Destination.self) ?? .balance
        let amount = fields.has("amount") ? try fields.money("amount") : nil
        var parts: [Part]?
        if let lines = try fields.optionalArray("lines") {
            guard lines.count <= 1_000 else {
                throw .invalid("lines", "has \(lines.count) elements; at most 1000 are allowed")
            }
            parts = []
            for (value, path) in lines {
                var line = try JSONFields(value, path: path)
                let part = Part(
                    line: try line.id("line", of: Entities.InvoiceLine.self),
                    amount: try line.money("amount")
                )
                try line.finish()
                parts?.append(part)
            }
        }
        try fields.finish()
        switch (amount, parts) {
        case (nil, nil): try self.init(.whole, reason: reason, to: destination)
        case (let amount?, nil): try self.init(.amount(amount), reason: reason, to: destination)
        case (nil, let parts?): try self.init(.lines(parts), reason: reason, to: destination)
        case (_?, _?): throw .invalid("lines", "cannot stand beside amount; say one of the two")
        }
    }

    private static func check(_ amount: Money, _ field: String) throws(Problem) {
        guard amount.minor > 0 else { throw .invalid(field, "must be above 0, not \"\(amount.text)\"") }
    }
}
