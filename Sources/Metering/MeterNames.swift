import Values

/// Which of the meters that a batch names there are, and what to say about the others.
struct MeterNames {
    /// How many unknown meters of a batch get a hint; finding the nearest takes time.
    private static let hintLimit = 20

    /// As bytes: Swift's strings are equal for other bytes too, the table's are not.
    private let known: Set<[UInt8]>
    private let hints: [String: Problem]
    /// Of meters that count another's events, that other.
    private let views: [String: String]

    /// - Parameters:
    ///   - known: those of the batch's meters that there are.
    ///   - unknown: the others.
    ///   - all: the codes among which to look for what may have been meant.
    ///   - views: of meters that count another's events, that other; they are not known: no event names them.
    init(known: [String], unknown: [String] = [], all: [String] = [], views: [String: String] = [:]) {
        self.views = views
        self.known = Set(known.map { Array($0.utf8) })
        var hints: [String: Problem] = [:]
        for code in unknown.prefix(MeterNames.hintLimit) {
            let near = MeterNames.nearest(to: code, among: all).joined(separator: ", ")
            let hint = near.isEmpty ? "there are none" : "near it are \(near)"
            hints[code] = .invalid("meter", "\(JSONValue.string(code).seen) is no meter; \(hint)")
        }
        self.hints = hints
    }

    func contains(_ code: String) -> Bool { known.contains(Array(code.utf8)) }

    /// Whether there is no such meter at all, so that its events may be kept until there is.
    func isUnknown(_ code: String) -> Bool { !contains(code) && views[code] == nil }

    /// The problem of a meter that is not there, or that no event names.
    func problem(of code: String) -> Problem {
        if let source = views[code] {
            return .invalid("meter", "\(JSONValue.string(code).seen) counts the events of \(source); send them as that")
        }
        return hints[code] ?? .invalid("meter", "\(JSONValue.string(code).seen) is no meter")
    }

    /// Up to three codes with the fewest edits between.
    static func nearest(to code: String, among all: [String]) -> [String] {
        let target = Array(code.utf8)
        return all.map { (code: $0, distance: distance(Array($0.utf8), target)) }
            .sorted { ($0.distance, $0.code) < ($1.distance, $1.code) }
            .prefix(3).map(\.code)
    }

    /// Levenshtein's distance; codes have at most 64 bytes.
    private static func distance(_ left: [UInt8], _ right: [UInt8]) -> Int {
        var row = Array(0...right.count)
        for (index, byte) in left.enumerated() {
            var diagonal = row[0]
            row[0] = index + 1
            for column in right.indices {
                let above = row[column + 1]
                let change = byte == right[column] ? diagonal : diagonal + 1
                row[column + 1] = min(change, above + 1, row[column] + 1)
                diagonal = above
            }
        }
        return row[right.count]
    }
}
