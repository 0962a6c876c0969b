import Values

/// Decides which invoices a bank transfer names.
///
/// Pure. Each legal entity numbers its own invoices, so two may have the same number.
enum BankTransferMatch: Equatable {
    /// An invoice whose number stands in a reference.
    struct Candidate: Hashable, Sendable {
        let number: String
        let tenant: TenantID
        /// What its customer is called.
        let customer: String
        let invoice: InvoiceID
        let currency: Currency
        /// What it would take, in minor units; 0 if it takes no money.
        let due: Int64
    }

    /// These, the first one first; none, if no invoice is named.
    case invoices([Candidate])
    /// A number is that of several invoices, and nothing says which is meant.
    case ambiguous(number: String)

    /// A customer whose name is shorter is not looked for: it would stand in any text.
    private static let shortestName = 3

    /// What of some candidates is meant.
    ///
    /// Of several with one number it is the one that takes exactly the amount and whose customer's name stands in the
    /// reference, if there is one such.
    ///
    /// `candidates`: in the order in which they take.
    ///
    /// `amount`: nil if it is not known.
    init(of candidates: [Candidate], amount: Money?, reference: String) {
        let counts = Dictionary(grouping: candidates, by: \.number).mapValues(\.count)
        let text = Self.letters(reference)
        var chosen: [Candidate] = []
        for candidate in candidates where counts[candidate.number] == 1 { chosen.append(candidate) }
        for number in counts.filter({ $0.value > 1 }).keys.sorted() {
            let fitting = candidates.filter { candidate in
                let name = Self.letters(candidate.customer)
                return candidate.number == number && name.count >= Self.shortestName && text.contains(name)
                    && amount == Money(minor: candidate.due, currency: candidate.currency)
            }
            guard fitting.count == 1, let only = fitting.first else {
                self = .ambiguous(number: number)
                return
            }
            chosen.append(only)
        }
        let places = Dictionary(candidates.enumerated().map { ($1, $0) }) { first, _ in first }
        self = .invoices(chosen.sorted { (places[$0] ?? 0) < (places[$1] ?? 0) })
    }

    /// A text without what people and banks write differently.
    private static func letters(_ text: String) -> String {
        String(text.uppercased().filter { $0.isLetter || $0.isNumber })
    }
}
