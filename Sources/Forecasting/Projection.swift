/// What a model expects of the coming months, on the scale it was fitted on.
struct Projection: Hashable, Sendable {
    /// The expected values, one a month ahead.
    var mean: [Double]
    /// The model's own standard errors, one a month ahead.
    var spread: [Double]

    var isFinite: Bool {
        mean.allSatisfy(\.isFinite) && spread.allSatisfy(\.isFinite)
    }
}

/// The months of a season; series are monthly.
let seasonLength = 12
