import Foundation

/// The scale on which models are fitted and bands are symmetric.
enum Scale: Hashable, Sendable {
    case identity
    /// For positive values whose swing grows with their level.
    case logarithm

    /// A value on the scale; what has no logarithm is infinitely far below.
    func forward(_ value: Double) -> Double {
        guard self == .logarithm else { return value }
        return value > 0 ? log(value) : -.infinity
    }

    func backward(_ value: Double) -> Double { self == .identity ? value : exp(value) }

    func forward(_ values: [Double]) -> [Double] { self == .identity ? values : values.map { forward($0) } }

    /// Whether all values have a place on the scale.
    func holds(_ values: [Double]) -> Bool { self == .identity || values.allSatisfy { $0 > 0 } }

    func backward(_ values: [Double]) -> [Double] { self == .identity ? values : values.map { exp($0) } }
}
