import Forecasting
import Values

/// How fast many series are forecast with `auto`, each with its choice of a method, its back-test and its bands, beside
/// fitting the same models to them once: no forecast by these models can take less.
struct ForecastBench: Sendable {
    /// How many series.
    let series: Int
    /// Months of history in each.
    let months: Int
    /// Series at once.
    let threads: Int
    /// Files of monthly series on which the accuracy is measured as well: the last twelve months are held out.
    let files: [String]

    func run() async throws -> BenchResult {
        let book = try (0..<series).map { try Self.series(UInt64($0), months: months) }
        let options = try ForecastOptions(horizon: 12)
        var result = BenchResult(bench: "forecast")
        result.figure("series", Double(series))
        result.figure("months", Double(months))
        result.figure("threads", Double(threads))
        // The first forecast pays for what the process does once.
        _ = try SeriesForecast.run(book[0], options: options)
        let once = try await seconds(of: book) { try SeriesForecast.means($0, horizon: 12).count }
        let whole = try await seconds(of: book) { try SeriesForecast.run($0, options: options).rows.count }
        result.figure("seconds", whole)
        result.figure("series_per_second", Double(series) / whole)
        result.figure("models_once_seconds", once)
        result.ratio("auto_vs_models_once", whole / once)
        try measureAccuracy(&result)
        return result
    }

    /// How long all series take, so many at once.
    private func seconds(
        of book: [MonthlySeries],
        _ work: @escaping @Sendable (MonthlySeries) throws -> Int
    ) async throws -> Double {
        let clock = ContinuousClock()
        let began = clock.now
        let threads = threads
        let rows = try await withThrowingTaskGroup(of: Int.self) { group in
            for thread in 0..<threads {
                group.addTask {
                    var rows = 0
                    for place in stride(from: thread, to: book.count, by: threads) {
                        try Task.checkCancellation()
                        rows += try work(book[place])
                    }
                    return rows
                }
            }
            return try await group.reduce(0, +)
        }
        let took = (clock.now - began).inSeconds
        guard rows == 12 * book.count else { throw Problem(.internal, "\(rows) months were forecast") }
        return took
    }

    /// Growth, a season, and a level that takes a part of each shock, in different strengths.
    private static func series(_ seed: UInt64, months: Int) throws -> MonthlySeries {
        var sampler = Sampler(seed: seed)
        let base = Double.random(in: 100...10_000, using: &sampler)
        let growth = Double.random(in: -0.002...0.02, using: &sampler)
        let noise = Double.random(in: 0.005...0.08, using: &sampler)
        let kept = Double.random(in: 0...1, using: &sampler)
        let swing = seed.isMultiple(of: 3) ? 0 : Double.random(in: 0.05...0.3, using: &sampler)
        let season = (0..<12).map { _ in Double.random(in: -swing...swing, using: &sampler) }
        var level = 0.0
        let values = (0..<months).map { month in
            // A sum of uniform numbers is near enough to a normal one here.
            let shock = noise * (0..<6).reduce(0.0) { sum, _ in sum + Double.random(in: -0.7...0.7, using: &sampler) }
            defer { level += growth + kept * shock }
            return max(0.01, base * (1 + level + season[month % 12] + shock))
        }
        return try MonthlySeries(start: Month(index: 2020 * 12), values: values)
    }

    private func measureAccuracy(_ result: inout BenchResult) throws {
        guard !files.isEmpty else { return }
        let options = try ForecastOptions(horizon: 12, levels: [80, 95])
        var held: [HoldOut] = []
        for file in files {
            let name = file.split(separator: "/").last.map { $0.split(separator: ".").first ?? $0 } ?? "-"
            let one = try HoldOut(of: MonthlySeries(csv: InputFile.read(file)), options: options)
            guard let mase = one.mase else {
                result.note("\(file) is left out: its values do not change over a year")
                continue
            }
            result.figure("mase_\(name)", mase)
            result.figure("coverage_80_\(name)", one.coverage[0])
            held.append(one)
        }
        guard !held.isEmpty else { return }
        let count = Double(held.count)
        let mase = held.reduce(0) { $0 + ($1.mase ?? 0) } / count
        let naive = held.reduce(0) { $0 + ($1.naiveMase ?? 0) } / count
        result.figure("mase", mase)
        result.figure("seasonal_naive_mase", naive)
        result.figure("coverage_80", held.reduce(0) { $0 + $1.coverage[0] } / count)
        result.figure("coverage_95", held.reduce(0) { $0 + $1.coverage[1] } / count)
        if naive > 0 { result.ratio("mase_vs_seasonal_naive", mase / naive) }
    }
}
