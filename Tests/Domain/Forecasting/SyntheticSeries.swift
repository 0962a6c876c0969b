import Forecasting
import Foundation
import Testing
import Values

/// Seeded series with a known make.
struct SyntheticSeries {
    private var sampler: Sampler

    init(seed: UInt64) {
        sampler = Sampler(seed: seed)
    }

    /// A standard normal number, by Box and Muller.
    mutating func normal() -> Double {
        let first = Double.random(in: Double.leastNormalMagnitude..<1, using: &sampler)
        let second = Double.random(in: 0..<1, using: &sampler)
        return (-2 * log(first)).squareRoot() * cos(2 * .pi * second)
    }

    /// A level that takes a share of each shock.
    mutating func level(months: Int, start: Double, share: Double, deviation: Double) -> [Double] {
        var level = start
        return (0..<months).map { _ in
            let shock = deviation * normal()
            defer { level += share * shock }
            return level + shock
        }
    }

    /// Growth with a season that swings with the level: always positive.
    mutating func seasonal(months: Int, growth: Double = 0.01, swing: Double = 0.3, noise: Double = 0.04) -> [Double] {
        (0..<months).map { month in
            let season = swing * sin(2 * .pi * Double(month % 12) / 12)
            return 1000 * exp(growth * Double(month) + season + noise * normal())
        }
    }
}

/// A series from January 2015 on.
func series(_ values: [Double]) throws -> MonthlySeries {
    try MonthlySeries(start: #require(Month(year: 2015, month: 1)), values: values)
}
