import Forecasting
import Values

/// Made-up books whose truth is known, forecast and scored: what bands hold, and what is recovered.
struct BenchForecastBooks {
    let books: Int
    let paths: Int

    func run() throws(Problem) -> BenchResult {
        var coverage = RevenueCoverage()
        let start = ContinuousClock.now
        for seed in 0..<books { try coverage.add(seed: UInt64(seed), paths: paths) }
        let seconds = (ContinuousClock.now - start).inSeconds
        var result = BenchResult(bench: "forecast")
        result.figure("books", Double(books))
        result.figure("seconds", seconds)
        result.figure("milliseconds_a_book_with_back_test", seconds / Double(books) * 1000)
        result.figure("coverage_80_of_months", coverage.coverage80)
        result.figure("coverage_95_of_months", coverage.coverage95)
        result.figure("coverage_80_of_years", coverage.coverage80OfYears)
        result.figure("bias_percent", 100 * coverage.bias)
        func error(_ name: String, _ error: (mean: Double, rootMeanSquare: Double)) {
            result.figure("\(name)_error_mean", error.mean)
            result.figure("\(name)_error_rms", error.rootMeanSquare)
        }
        error("survival_12_months", coverage.survivalError)
        error("yearly_renewal", coverage.renewalError)
        error("price_growth_a_month", coverage.expansionError)
        error("log_new_business", coverage.newBusinessError)
        result.note("books are made from seeds 0…\(books - 1): 36 months known, 12 forecast with \(paths) paths each")
        return result
    }
}
