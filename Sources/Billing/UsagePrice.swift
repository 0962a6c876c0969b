import Plans
package import Values

/// What usage comes to in some windows of time, or why that cannot be said.
package enum UsagePrice: Hashable, Sendable {
    /// Units of the currency, not rounded.
    case amount(Exact, Currency)
    /// The reason.
    case undefined(String)

    /// The exact amount, as it leaves over HTTP; null where there is none.
    package var json: JSONValue {
        guard case .amount(let exact, let currency) = self else { return .null }
        return ["amount": .string(exact.decimalText()), "currency": .string(currency.code)]
    }

    /// Why there is none.
    package var reason: String? {
        guard case .undefined(let reason) = self else { return nil }
        return reason
    }

    /// A group's share, by what of the whole quantity it used.
    package func share(_ quantity: Exact, of whole: Exact) -> UsagePrice {
        guard case .amount(let exact, let currency) = self else { return self }
        guard !whole.isZero else { return .undefined("nothing was used that it could be shared out by") }
        return .amount(exact * quantity / whole, currency)
    }
}

/// What prices of subscriptions make of usage, window by window.
///
/// Pure. A window has what usage up to its end comes to, less what usage up to its start did: so the windows of a
/// billing period add up to its line, whatever tiers there are. What a price charges anyhow is in the first of them.
struct UsagePricing {
    private let windows: [Period]
    private var sums: [UsagePrice?]
    /// Whether all that was priced goes by how much there was, so that groups can share it.
    private(set) var isShareable = true

    /// Begins with nothing.
    init(_ windows: [Period]) {
        self.windows = windows
        sums = Array(repeating: nil, count: windows.count)
    }

    /// What each window comes to.
    var prices: [UsagePrice] {
        sums.map { $0 ?? .undefined("no subscription has a price of the meter then") }
    }

    /// The pieces of a part up to the last window's end, in order: windows, and what was before the first.
    static func pieces(of part: Period, _ windows: [Period]) -> [Period] {
        guard let end = windows.last?.end, end > part.start else { return [] }
        let bounds = windows.flatMap { [$0.start, $0.end] }.filter { $0 > part.start && $0 < part.end }
        let cuts = Set(bounds + [part.start, min(part.end, end)]).sorted()
        return zip(cuts, cuts.dropFirst()).compactMap { Period(start: $0, end: $1) }
    }

    /// Adds what a price makes of a part.
    ///
    /// `usages`: of each piece, what was used from the part's start up to the piece's end.
    mutating func add(_ request: UsageRequest, _ currency: Currency, _ pieces: [Period], _ usages: [RatingUsage]) {
        if request.price.model.needsEvents { isShareable = false }
        var before = Exact.zero
        for (piece, usage) in zip(pieces, usages) {
            do throws(Problem) {
                let now = try Rating.rate(request.price, usage, ratio: request.ratio).exact
                add(.amount(now - before, currency), to: piece)
                before = now
            } catch {
                add(.undefined(error.message), to: piece)
            }
        }
    }

    /// Says that a part cannot be priced.
    mutating func add(_ reason: String, to part: Period) {
        for piece in Self.pieces(of: part, windows) { add(.undefined(reason), to: piece) }
    }

    private mutating func add(_ price: UsagePrice, to piece: Period) {
        guard let place = place(of: piece.start) else { return }
        switch (sums[place], price) {
        case (nil, _), (.amount, .undefined): sums[place] = price
        case (.undefined, _): break
        case (.amount(let sum, let currency), .amount(let more, let other)):
            sums[place] =
                currency == other
                ? .amount(sum + more, currency) : .undefined("the subscriptions are in several currencies")
        }
    }

    /// The window that holds an instant.
    private func place(of instant: Instant) -> Int? {
        var low = 0
        var high = windows.count
        while low < high {
            let middle = (low + high) / 2
            if windows[middle].end <= instant { low = middle + 1 } else { high = middle }
        }
        return low < windows.count && windows[low].start <= instant ? low : nil
    }
}
