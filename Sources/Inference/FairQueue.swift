// Virtual token counters (Sheng et al., "Fairness in Serving Large Language Models", OSDI 2024), weighted. Pure values.
//
// Every client has a counter of the service it got, divided by its weight. Who waits with the smallest counter is next.
// A client that comes back after a pause starts no lower than those who waited: idleness is not saved up. For two
// clients that wait all the time, with equal weights, the service they got in any interval differs by at most
// 2 × max(prompt cost of the longest prompt, token cost × tokens that can be under way at once).

/// What a unit of service costs.
///
/// The paper's prices: a generated token costs two prompt tokens.
package enum FairCost {
    package static let promptToken = 1
    package static let generatedToken = 2
}

/// The counters of some clients.
package struct FairCounters<Client: Hashable & Sendable>: Sendable {
    private var counters: [Client: Double] = [:]

    package init() {}

    /// Service that `client` has had, divided by its weight.
    package subscript(_ client: Client) -> Double { counters[client, default: 0] }

    /// Adds `cost` of service.
    package mutating func charge(_ client: Client, cost: Int, weight: Double) {
        counters[client, default: 0] += Double(cost) / weight
    }

    /// Raises the counter of a client that comes back to `floor`, so that its pause gives it no lead.
    package mutating func lift(_ client: Client, to floor: Double) {
        counters[client] = max(self[client], floor)
    }

    /// Forgets clients that are not in `kept` and not above `floor`: coming back, they would be lifted to it anyway.
    package mutating func forget(upTo floor: Double, keeping kept: Set<Client>) {
        counters = counters.filter { kept.contains($0.key) || $0.value > floor }
    }

    /// Number of counters held.
    package var count: Int { counters.count }
}

/// Work that waits, in the order fairness gives it.
///
/// Interactive work goes before batch work.
package struct FairQueue<Client: Hashable & Sendable, Item: Sendable>: Sendable {
    /// One piece of work.
    package struct Entry: Sendable {
        package let client: Client
        package let lane: GenerationLane
        package let weight: Double
        /// What `pop` charges; `settle` corrects it.
        package let promptCost: Int
        package let item: Item
        fileprivate let order: Int
    }

    private struct Lane: Sendable {
        var waiting: [Client: [Entry]] = [:]
        var count = 0
        /// Its counter is the floor when nobody waits.
        var lastServed: Client?
    }

    private var counters = FairCounters<Client>()
    private var lanes: [GenerationLane: Lane] = [:]
    private var arrivals = 0

    package init() {}

    /// Pieces of work waiting in all.
    package var count: Int { lanes.values.reduce(0) { $0 + $1.count } }

    /// Whether nothing waits.
    package var isEmpty: Bool { count == 0 }

    /// Pieces of work of `client` that wait.
    package func count(of client: Client) -> Int {
        lanes.values.reduce(0) { $0 + ($1.waiting[client]?.count ?? 0) }
    }

    /// Service that `client` has had, divided by its weight.
    package func counter(of client: Client) -> Double { counters[client] }

    /// Number of clients whose counters are held.
    package var counterCount: Int { counters.count }

    /// Puts work at the end of its client's line.
    package mutating func push(
        _ item: Item,
        client: Client,
        lane: GenerationLane = .interactive,
        weight: Double = 1,
        promptTokens: Int
    ) {
        var queue = lanes[lane] ?? Lane()
        if queue.waiting[client] == nil {
            counters.lift(client, to: floor(of: queue))
        }
        let cost = promptTokens * FairCost.promptToken
        arrivals += 1
        let entry = Entry(
            client: client,
            lane: lane,
            weight: weight,
            promptCost: cost,
            item: item,
            order: arrivals
        )
        queue.waiting[client, default: []].append(entry)
        queue.count += 1
        lanes[lane] = queue
    }

    /// Takes the work that is next, of those clients that may have it, and charges its client for the prompt.
    package mutating func pop(for mayHave: (Client) -> Bool = { _ in true }) -> Entry? {
        for lane in GenerationLane.allCases {
            guard var queue = lanes[lane], let next = next(in: queue, for: mayHave) else { continue }
            lanes[lane] = nil
            queue.waiting[next.client]?.removeFirst()
            if queue.waiting[next.client]?.isEmpty == true {
                queue.waiting[next.client] = nil
            }
            queue.count -= 1
            queue.lastServed = next.client
            counters.charge(next.client, cost: next.promptCost, weight: next.weight)
            lanes[lane] = queue
            return next
        }
        return nil
    }

    /// Charges a client for service it got: tokens generated, or what a prompt cost beyond what `pop` charged.
    package mutating func charge(_ client: Client, cost: Int, weight: Double) {
        counters.charge(client, cost: cost, weight: weight)
    }

    /// Takes out work that no longer is to be done.
    package mutating func remove(client: Client, where isUnwanted: (Item) -> Bool) -> [Entry] {
        var removed: [Entry] = []
        for lane in GenerationLane.allCases {
            guard var queue = lanes[lane], let line = queue.waiting[client] else { continue }
            let kept = line.filter { !isUnwanted($0.item) }
            removed += line.filter { isUnwanted($0.item) }
            queue.waiting[client] = kept.isEmpty ? nil : kept
            queue.count -= line.count - kept.count
            lanes[lane] = queue
        }
        return removed
    }

    /// Takes out everything.
    package mutating func removeAll() -> [Entry] {
        let all = lanes.values.flatMap { $0.waiting.values.flatMap { $0 } }
        lanes = [:]
        return all
    }

    /// Forgets the counters that no longer say anything; `busy` clients have work under way.
    package mutating func prune(busy: Set<Client>) {
        var kept = busy
        for lane in lanes.values {
            kept.formUnion(lane.waiting.keys)
            if let last = lane.lastServed {
                kept.insert(last)
            }
        }
        // Each lane lifts to its own floor: only what lies under all of them is forgotten.
        counters.forget(upTo: lowestFloor, keeping: kept)
    }

    /// Where a client that joins the lane starts at least; one that nobody used yet is no way round the others.
    private func floor(of lane: Lane) -> Double { ownFloor(of: lane) ?? lowestFloor }

    private var lowestFloor: Double { lanes.values.compactMap(ownFloor).min() ?? 0 }

    private func ownFloor(of lane: Lane) -> Double? {
        lane.waiting.keys.map { counters[$0] }.min() ?? lane.lastServed.map { counters[$0] }
    }

    /// The oldest work of the client with the smallest counter.
    ///
    /// Between equal counters the client served last comes after the others, then the older work is first.
    private func next(in lane: Lane, for mayHave: (Client) -> Bool) -> Entry? {
        var best: Entry?
        for case let entry? in lane.waiting.values.map(\.first) where mayHave(entry.client) {
            guard let current = best else {
                best = entry
                continue
            }
            if isBefore(entry, current, in: lane) {
                best = entry
            }
        }
        return best
    }

    private func isBefore(_ left: Entry, _ right: Entry, in lane: Lane) -> Bool {
        let leftCounter = counters[left.client]
        let rightCounter = counters[right.client]
        if leftCounter != rightCounter { return leftCounter < rightCounter }
        if left.client == lane.lastServed { return false }
        if right.client == lane.lastServed { return true }
        return left.order < right.order
    }
}
