package import Values

/// One line of a bank statement: money that came in.
package struct BankTransfer: Hashable, Sendable {
    /// The columns of a statement: these four, and an id if the bank gives one.
    package static let columns = ["date", "amount", "currency", "reference", "id"]

    /// The day on which it came.
    package let date: CalendarDate
    /// How much.
    package let amount: Money
    /// What the customer wrote.
    package let reference: String
    /// What the bank calls it; nil goes by day, amount and reference.
    package let id: String?
    /// Which of several in one statement that are alike, from 1.
    package let occurrence: Int

    /// Makes a transfer; what is wrong with it is named.
    package init(
        date: CalendarDate,
        amount: Money,
        reference: String,
        id: String? = nil,
        occurrence: Int = 1
    ) throws(Problem) {
        guard amount.minor > 0 else { throw .invalid("amount", "is \(amount); it must be above 0") }
        if let id, !(1...200).contains(id.unicodeScalars.count) || id.utf8.contains(0) {
            throw .invalid("id", "has \(id.unicodeScalars.count) characters; 1 to 200 are allowed")
        }
        self.date = date
        self.amount = amount
        self.reference = try PaymentDraft.checked(reference)
        self.id = id
        self.occurrence = occurrence
    }

    /// Reads the cells of a line by the names of their columns.
    package init(cells: [String: String]) throws(Problem) {
        func cell(_ name: String) throws(Problem) -> String {
            guard let text = cells[name], !text.isEmpty else { throw .invalid(name, "is empty") }
            return text
        }
        let day = try cell("date")
        guard let date = CalendarDate(day) else {
            throw .invalid("date", "is \(JSONValue.string(day).seen); a date like 2026-03-01 is expected")
        }
        let code = try cell("currency")
        guard let currency = Currency(code: code) else {
            throw .invalid("currency", "is \(JSONValue.string(code).seen); an ISO 4217 code like EUR is expected")
        }
        let number = try cell("amount")
        guard let exact = Exact(decimal: number), exact.rounded(toDigits: currency.digits) == exact else {
            throw .invalid("amount", "is \(JSONValue.string(number).seen); a decimal of \(currency) is expected")
        }
        try self.init(
            date: date,
            amount: Money(exact, currency: currency),
            reference: String(cell("reference").unicodeScalars.prefix(200).map(Character.init)),
            id: cells["id"].flatMap { $0.isEmpty ? nil : $0 }
        )
    }

    /// When it counts as received: when its day began in UTC.
    package var receivedAt: Instant { Zone.utc.instant(date) }

    /// What makes taking it twice harmless.
    var dedupeKey: String {
        if let id { return "bank:\(id)" }
        return PaymentDraft.transferKey(
            day: receivedAt,
            amount: amount,
            reference: reference,
            occurrence: occurrence
        )
    }

    /// The same as the n-th of several alike.
    private func numbered(_ occurrence: Int) -> BankTransfer {
        BankTransfer(unchecked: self, occurrence: occurrence)
    }

    private init(unchecked other: BankTransfer, occurrence: Int) {
        date = other.date
        amount = other.amount
        reference = other.reference
        id = other.id
        self.occurrence = occurrence
    }

    /// The transfers of a statement, with those alike told apart by their order: the same statement again has the
    /// same numbers.
    package static func numbered(_ transfers: [BankTransfer]) -> [BankTransfer] {
        var counts: [String: Int] = [:]
        return transfers.map { transfer in
            guard transfer.id == nil else { return transfer }
            counts[transfer.dedupeKey, default: 0] += 1
            return transfer.numbered(counts[transfer.dedupeKey] ?? 1)
        }
    }

    /// The texts in a reference that may be an invoice's number.
    ///
    /// People write more around it, in small letters, and banks put blanks into it: up to three words that follow each
    /// other are tried as one, joined by hyphens.
    package static func numbers(in reference: String) -> [String] {
        let words = reference.uppercased().split { character in
            !(character.isASCII && (character.isLetter || character.isNumber || character == "-"))
        }
        .map { word in String(word.drop { $0 == "-" }.reversed().drop { $0 == "-" }.reversed()) }
        .filter { !$0.isEmpty }
        .prefix(40)
        var numbers: [String] = []
        for start in words.indices {
            var joined = ""
            for end in start..<min(words.endIndex, start + 3) {
                joined += (joined.isEmpty ? "" : "-") + words[end]
                let isNumber = joined.utf8.count <= 50 && joined.contains(where: \.isNumber)
                if isNumber, !numbers.contains(joined) { numbers.append(joined) }
            }
        }
        return numbers
    }
}
