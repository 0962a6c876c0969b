import Values

/// What a benchmark found: figures with their unit in the name, and ratios to limits measured in the same run.
struct BenchResult: Sendable {
    let bench: String
    private(set) var figures: [(name: String, value: Double)] = []
    private(set) var ratios: [(name: String, value: Double)] = []
    /// What a reader has to know, such as what was skipped.
    private(set) var notes: [String] = []

    init(bench: String) {
        self.bench = bench
    }

    mutating func figure(_ name: String, _ value: Double) { figures.append((name, Self.rounded(value))) }

    mutating func ratio(_ name: String, _ value: Double) { ratios.append((name, Self.rounded(value))) }

    mutating func note(_ text: String) { notes.append(text) }

    /// Prints it; notes go to standard error, beside the data.
    func print(to output: Output) {
        let measured = figures.map { ["figure", $0.name, Self.text($0.value)] }
        let compared = ratios.map { ["ratio", $0.name, Self.text($0.value)] }
        output.list(["kind", "name", "value"], measured + compared, json: json)
        for note in notes { CommandFailure.say(note) }
    }

    private var json: JSONValue {
        var figureObject = JSONObject()
        for figure in figures { figureObject[figure.name] = .double(figure.value) }
        var ratioObject = JSONObject()
        for ratio in ratios { ratioObject[ratio.name] = .double(ratio.value) }
        return ["bench": .string(bench), "figures": .object(figureObject), "ratios": .object(ratioObject)]
    }

    /// Four digits after the point for small values, one for large: no measurement has more.
    private static func rounded(_ value: Double) -> Double {
        let factor = abs(value) < 100 ? 10_000.0 : 10
        return (value * factor).rounded() / factor
    }

    private static func text(_ value: Double) -> String {
        value == value.rounded() && abs(value) < 1e15 ? String(Int64(value)) : "\(value)"
    }
}

/// Times of many repetitions.
struct Latencies: Sendable {
    /// In seconds, ascending.
    private let sorted: [Double]

    init(_ seconds: [Double]) {
        sorted = seconds.sorted()
    }

    /// The time within which so many percent were done, in milliseconds; 0 without measurements.
    func milliseconds(percentile: Double) -> Double {
        guard !sorted.isEmpty else { return 0 }
        let place = Int((percentile / 100 * Double(sorted.count)).rounded(.up)) - 1
        return sorted[max(0, min(sorted.count - 1, place))] * 1000
    }
}

extension Duration {
    /// As a number.
    var inSeconds: Double { Double(components.seconds) + Double(components.attoseconds) * 1e-18 }
}
