/// The members of a JSON object, in the order they were written.
///
/// Two objects are equal if they have the same members, in whatever order.
package struct JSONObject: Sendable {
    fileprivate struct Member: Sendable {
        let key: String
        var value: JSONValue
    }

    /// Up to so many members a scan is faster than hashing.
    private static let scanLimit = 12

    private var members: [Member] = []
    /// Positions by key; kept only above the scan limit.
    private var positions: [String: Int] = [:]

    /// An object without members.
    package init() {}

    /// The keys in order.
    package var keys: [String] { members.map(\.key) }

    /// The number of members.
    package var count: Int { members.count }

    /// Whether there are no members.
    package var isEmpty: Bool { members.isEmpty }

    /// The member of that name; setting nil removes it, a new one goes to the end.
    package subscript(key: String) -> JSONValue? {
        get { position(of: key).map { members[$0].value } }
        set {
            guard let newValue else {
                remove(key)
                return
            }
            if let position = position(of: key) {
                members[position].value = newValue
            } else {
                append(key, newValue)
            }
        }
    }

    /// The place of a member, or nil.
    func position(of key: String) -> Int? {
        members.count <= JSONObject.scanLimit ? members.firstIndex { $0.key == key } : positions[key]
    }

    /// The key and value at a place.
    func member(at position: Int) -> (key: String, value: JSONValue) {
        (members[position].key, members[position].value)
    }

    /// Adds a member whose key is known to be new.
    mutating func append(_ key: String, _ value: JSONValue) {
        members.append(Member(key: key, value: value))
        if members.count == JSONObject.scanLimit + 1 {
            indexAll()
        } else if members.count > JSONObject.scanLimit {
            positions[key] = members.count - 1
        }
    }

    private mutating func remove(_ key: String) {
        guard let position = position(of: key) else { return }
        members.remove(at: position)
        if members.count > JSONObject.scanLimit {
            indexAll()
        } else {
            positions = [:]
        }
    }

    private mutating func indexAll() {
        positions = [:]
        for (position, member) in members.enumerated() { positions[member.key] = position }
    }
}

extension JSONObject: Sequence {
    /// Walks over the members in order.
    package struct Iterator: IteratorProtocol {
        fileprivate var base: IndexingIterator<[Member]>

        package mutating func next() -> (key: String, value: JSONValue)? {
            base.next().map { ($0.key, $0.value) }
        }
    }

    package func makeIterator() -> Iterator { Iterator(base: members.makeIterator()) }

    package var underestimatedCount: Int { members.count }
}

extension JSONObject: Hashable {
    package static func == (lhs: JSONObject, rhs: JSONObject) -> Bool {
        lhs.count == rhs.count && lhs.members.allSatisfy { rhs[$0.key] == $0.value }
    }

    package func hash(into hasher: inout Hasher) {
        hasher.combine(count)
        // The order of members must not matter, so their hashes are added up.
        var sum = 0
        for member in members {
            var own = Hasher()
            own.combine(member.key)
            own.combine(member.value)
            sum &+= own.finalize()
        }
        hasher.combine(sum)
    }
}

extension JSONObject: ExpressibleByDictionaryLiteral {
    package init(dictionaryLiteral elements: (String, JSONValue)...) {
        for (key, value) in elements { self[key] = value }
    }
}
