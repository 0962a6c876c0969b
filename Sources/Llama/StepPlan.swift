/// What a step costs, learned from the steps before.
///
/// Pure. Reading a prompt costs by the token. A call that writes costs something for itself and something for each
/// sequence in it: the line through what was measured, the last calls weighing most.
struct StepRates: Sendable {
    private static let decay = 0.98
    /// How a call's own cost compares to that of a sequence before both have been told apart.
    private static let typicalRatio = 2.5

    private var readNanoseconds = 0.0
    private var readTokens = 0.0
    private var calls = 0.0
    private var sequences = 0.0
    private var squares = 0.0
    private var nanoseconds = 0.0
    private var products = 0.0

    /// Takes what reading a part of a prompt cost.
    mutating func read(tokens: Int, nanoseconds: UInt64) {
        readNanoseconds = readNanoseconds * Self.decay + Double(nanoseconds)
        readTokens = readTokens * Self.decay + Double(tokens)
    }

    /// Takes what a call that wrote cost.
    mutating func wrote(sequences count: Int, nanoseconds time: UInt64) {
        let count = Double(count)
        let time = Double(time)
        calls = calls * Self.decay + 1
        sequences = sequences * Self.decay + count
        squares = squares * Self.decay + count * count
        nanoseconds = nanoseconds * Self.decay + time
        products = products * Self.decay + count * time
    }

    /// Nanoseconds that a step will take; zero as long as nothing of it has been measured.
    func predicted(writing count: Int, reading tokens: Int) -> Double {
        let reading = readTokens > 0 ? readNanoseconds / readTokens * Double(tokens) : 0
        return reading + (count > 0 ? writing(Double(count)) : 0)
    }

    private func writing(_ count: Double) -> Double {
        guard calls > 0 else { return 0 }
        let mean = sequences / calls
        let variance = squares / calls - mean * mean
        let level = nanoseconds / calls
        guard variance > 0.05 else { return level * (Self.typicalRatio + count) / (Self.typicalRatio + mean) }
        let slope = max((products / calls - mean * level) / variance, 0)
        return max(level + slope * (count - mean), level / 10)
    }
}

/// Which sequences get a place in the next step.
///
/// Pure. One tenant alone has all of it. Of several, the one that has had least comes first, with everything it has;
/// the others' work joins it, least served first, as long as the step stays under 1.6 times what it would take without
/// them. So who asks for little waits little, however much others ask for, and no place stays empty that costs nobody
/// anything.
struct StepPlan: Hashable, Sendable {
    /// How much longer others may make a step.
    static let stretch = 1.6

    /// Something that a sequence could do.
    struct Candidate: Sendable {
        let sequence: Int
        let tenant: String
        /// Service that the tenant has had, divided by its weight.
        let counter: Double
        /// Tokens of a prompt to read; nil writes one token.
        let reading: Int?
        /// Grows with arrival.
        let order: Int
        /// The step in which it last wrote.
        let lastStep: Int
    }

    private(set) var writing: [Int] = []
    /// One sequence's prompt is read in a step.
    private(set) var reading: Int?
    /// The tenant that came first.
    private(set) var favoured: String?

    /// `last`: the tenant that came first in the step before; among equals it comes after the others.
    init(_ candidates: [Candidate], rates: StepRates, last: String?) {
        let first = candidates.min { left, right in
            if left.counter != right.counter { return left.counter < right.counter }
            if left.tenant != right.tenant, left.tenant == last || right.tenant == last { return right.tenant == last }
            return left.order < right.order
        }
        guard let favoured = first?.tenant else { return }
        self.favoured = favoured
        var tokens = 0
        let own = candidates.filter { $0.tenant == favoured }
        writing = own.filter { $0.reading == nil }.map(\.sequence)
        if let prompt = own.filter({ $0.reading != nil }).min(by: { $0.order < $1.order }) {
            reading = prompt.sequence
            tokens = prompt.reading ?? 0
        }
        let limit = Self.stretch * rates.predicted(writing: writing.count, reading: tokens)
        let others = candidates.filter { $0.tenant != favoured }.sorted { left, right in
            (left.counter, left.lastStep, left.order) < (right.counter, right.lastStep, right.order)
        }
        for other in others {
            if let more = other.reading {
                guard reading == nil, rates.predicted(writing: writing.count, reading: more) <= limit else { continue }
                reading = other.sequence
                tokens = more
            } else if rates.predicted(writing: writing.count + 1, reading: tokens) <= limit {
                writing.append(other.sequence)
            }
        }
        writing.sort()
    }
}
