import Foundation
import Values

/// A monthly series and its forecast as paths: the band of each month, and how surprises carry on.
struct RevenueSeries: Sendable {
    /// The months that are forecast with: nothing before the first value.
    let history: [Double]
    /// Expected values, one a month to come.
    private(set) var mean: [Double]
    /// The half widths of 80 % upwards and downwards.
    private var up: [Double]
    private var down: [Double]
    /// What a surprise adds to later months, as a share of itself, by months later.
    private var carry: [Double]
    /// The models behind it; empty where there are too few months for any.
    private(set) var members: [String] = []
    /// How well it would have gone; nil where there are too few months.
    private(set) var accuracy: Accuracy?
    private(set) var notes: [String] = []

    /// Forecasts months from `next` on.
    ///
    /// Fewer than four months go on as their mean, with a band as wide as it.
    init(values: [Double], start: Int, next: Int, horizon: Int) throws(Problem) {
        let known = Array(values.drop { $0 == 0 }.suffix(MonthlySeries.maximumMonths))
        history = known
        let ahead = next - (start + values.count)
        guard known.count >= MonthlySeries.minimumMonths else {
            let level = known.isEmpty ? 0 : known.reduce(0, +) / Double(known.count)
            mean = Array(repeating: level, count: horizon)
            up = mean
            down = mean
            carry = Array(repeating: 0, count: horizon)
            if !known.isEmpty { notes = ["\(known.count) months are too few to forecast: their mean goes on"] }
            return
        }
        // At most sixty months are forecast; the last goes on where more are asked for.
        let asked = min(ForecastOptions.maximumHorizon, horizon + max(0, ahead))
        let forecast = try SeriesForecast.run(
            try MonthlySeries(start: Month(index: start + values.count - known.count), values: known),
            options: ForecastOptions(horizon: asked, levels: [80])
        )
        let rows = Array(forecast.rows.dropFirst(max(0, ahead)))
        mean = rows.map { max(0, $0.mean) }
        up = rows.map { max(0, $0.upper[0] - $0.mean) }
        down = rows.map { max(0, $0.mean - $0.lower[0]) }
        while mean.count < horizon, let last = mean.last, let above = up.last, let below = down.last {
            mean.append(last)
            up.append(above)
            down.append(below)
        }
        carry = Self.carry(zip(up, down).map { ($0 + $1) / 2 })
        members = forecast.members
        accuracy = forecast.backtest
        notes = forecast.notes
    }

    /// Variances of months to come are σ²(1 + Σ c²) with c what a surprise leaves behind; so the growth of a band says
    /// how much of it stays.
    private static func carry(_ widths: [Double]) -> [Double] {
        guard let first = widths.first, first > 0 else { return widths.map { _ in 0 } }
        var widest = first
        var carry = [0.0]
        for width in widths.dropFirst() {
            let grown = max(0, width * width - widest * widest)
            carry.append((grown / (first * first)).squareRoot())
            widest = max(widest, width)
        }
        return carry
    }

    /// One path: `surprises` are standard normal, one a month; `tail` is how much wider all of this path is.
    ///
    /// Nothing falls below zero.
    func path(_ surprises: [Double], tail: Double, into path: inout [Double]) {
        var square = 1.0
        for month in path.indices {
            if month > 0 { square += carry[month] * carry[month] }
            var sum = surprises[month]
            for back in 0..<month { sum += carry[month - back] * surprises[back] }
            let away = sum / square.squareRoot() * tail / NormalDistribution.halfWidth80
            path[month] = max(0, mean[month] + away * (away > 0 ? up[month] : down[month]))
        }
    }
}
