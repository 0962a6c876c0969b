import Foundation

/// The scale on which models are fitted and bands are symmetric.
enum Scale: Hashable, Sendable {
    case identity
    /// For positive values whose swing grows with their level.
    case logarithm

    func forward(_ value: Double) -> Double { self == .identity ? value : log(value) }

    func backward(_ value: Double) -> Double { self == .identity ? value : exp(value) }

    func forward(_ values: [Double]) -> [Double] { self == .identity ? values : values.map { log($0) } }

    func backward(_ values: [Double]) -> [Double] { self == .identity ? values : values.map { exp($0) } }
}
