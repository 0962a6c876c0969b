/// So many subscriptions that are alike: at their next end of a term they go on or not, each by itself.
struct RevenueLot: Sendable {
    /// How many.
    var count: Int
    /// What one brings a month after the next end of a term.
    var monthly: Double
    /// The next end of a term, in months from the start of the first month forecast.
    var boundary: Double
    /// Which of its terms ends there, from 1.
    var number: Int
    /// Which segment says whether it goes on there.
    var segment: Int
    /// The segment and the length of the terms after it; another where a change of plan waits.
    var nextSegment: Int
    var nextTerm: Int
}

/// The subscriptions that may go on beyond their term.
enum RevenueLots {
    /// The largest are followed one by one.
    static let followed = 1_000

    /// The lots of a book: its largest subscriptions each alone, the others of the same segment, term and month of
    /// their next end together, as so many equal ones as have the same sum and the same variance.
    static func all(of book: RevenueBook, _ drivers: RevenueDrivers) -> [RevenueLot] {
        var single: [RevenueLot] = []
        single.reserveCapacity(book.contracts.count)
        for contract in book.contracts {
            if let lot = lot(of: contract, book, drivers) { single.append(lot) }
        }
        guard single.count > followed else { return single }
        let order = single.indices.sorted { left, right in
            single[left].monthly == single[right].monthly ? left < right : single[left].monthly > single[right].monthly
        }
        var lots = order.prefix(followed).sorted().map { single[$0] }
        var groups: [Key: [RevenueLot]] = [:]
        for place in order.dropFirst(followed) { groups[Key(single[place]), default: []].append(single[place]) }
        for (_, members) in groups.sorted(by: { $0.key < $1.key }) {
            var lot = members[0]
            var (sum, square, boundary) = (0.0, 0.0, 0.0)
            for member in members {
                sum += member.monthly
                square += member.monthly * member.monthly
                boundary += member.boundary
            }
            lot.count = max(1, Int((sum * sum / square).rounded()))
            lot.monthly = sum / Double(lot.count)
            lot.boundary = boundary / Double(members.count)
            lots.append(lot)
        }
        return lots
    }

    private struct Key: Hashable, Comparable {
        let values: [Int]

        init(_ lot: RevenueLot) {
            values = [Int(lot.boundary.rounded(.down)), lot.number, lot.segment, lot.nextSegment, lot.nextTerm]
        }

        static func < (left: Key, right: Key) -> Bool { left.values.lexicographicallyPrecedes(right.values) }
    }

    private static func lot(
        of contract: RevenueBook.Contract,
        _ book: RevenueBook,
        _ drivers: RevenueDrivers
    ) -> RevenueLot? {
        guard !contract.ends, let boundary = contract.boundary, boundary >= book.asOf - 1e-6 else { return nil }
        let spells = RevenueSpell.all(of: contract, asOf: max(book.asOf, boundary - 1e-6))
        guard let current = spells.last, !current.isLost else { return nil }
        // What is known to hold after the end of the term; a change of plan that waits is in it.
        let after = contract.stretches.last { $0.start <= boundary + 1e-6 && $0.end > boundary + 1e-6 }
        guard let after, after.monthly > 0 else { return nil }
        let before = contract.stretches.last { $0.start < boundary - 1e-6 && $0.monthly > 0 } ?? after
        return RevenueLot(
            count: 1,
            monthly: after.monthly,
            boundary: boundary - Double(book.firstMonth),
            number: max(1, Int(((boundary - current.start) / Double(current.term)).rounded())),
            segment: drivers.segment(of: before.term),
            nextSegment: drivers.segment(of: after.term),
            nextTerm: after.term
        )
    }
}
