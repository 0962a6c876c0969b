/// Which models are in memory, and which have to go for another.
///
/// Pure.
struct ModelResidency: Sendable {
    private struct Resident: Sendable {
        let bytes: Int
        var lastUse: Int
    }

    /// Bytes that all of them together may take.
    let budget: Int
    private var residents: [String: Resident] = [:]
    private var uses = 0

    init(budget: Int) {
        self.budget = budget
    }

    /// Bytes taken.
    var bytes: Int { residents.values.reduce(0) { $0 + $1.bytes } }

    func holds(_ name: String) -> Bool { residents[name] != nil }

    /// Makes room for a model and puts it in.
    ///
    /// `isIdle`: whether a model has nothing to do; only such ones go, the one used longest ago first.
    ///
    /// - Returns: The models that go; nil if even without all that are idle there is too little room. Then all count
    ///   as being there still.
    mutating func use(_ name: String, bytes: Int, isIdle: (String) -> Bool) -> [String]? {
        uses += 1
        if residents[name] != nil {
            residents[name]?.lastUse = uses
            return []
        }
        var free = budget - self.bytes
        var leaving: [String] = []
        for (other, resident) in residents.sorted(by: { $0.value.lastUse < $1.value.lastUse }) {
            if free >= bytes { break }
            guard isIdle(other) else { continue }
            leaving.append(other)
            free += resident.bytes
        }
        // One that is larger than the budget gets all of it: alone it may still do.
        guard free >= bytes || leaving.count == residents.count else { return nil }
        for other in leaving { residents[other] = nil }
        residents[name] = Resident(bytes: bytes, lastUse: uses)
        return leaving
    }

    /// Takes out a model that no longer is in memory.
    mutating func remove(_ name: String) {
        residents[name] = nil
    }
}
