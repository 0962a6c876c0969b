import Testing

@testable import Forecasting

/// What is drawn: its distribution, and that it is the same again.
@Suite struct RevenueRandomTests {
    @Test func `quantiles of the normal distribution are those of the tables`() {
        for (share, value) in [(0.5, 0.0), (0.9, 1.281551566), (0.975, 1.959963985), (0.999, 3.090232306)] {
            #expect(abs(NormalDistribution.quantile(share) - value) < 1e-8)
            #expect(abs(NormalDistribution.quantile(1 - share) + value) < 1e-8)
        }
    }

    @Test(arguments: [(1, 0.93), (7, 0.5), (40, 0.97), (400, 0.9)])
    func `survivors have the mean and variance of so many independent ones`(count: Int, share: Double) {
        let random = CounterRandom(seed: 3, stream: 4)
        let draws: [Double] = (0..<UInt64(20_000)).map { Double(random.survivors(of: count, each: share, $0, 9)) }
        let mean = draws.reduce(0, +) / 20_000
        let squares = draws.map { ($0 - mean) * ($0 - mean) }
        let variance = squares.reduce(0, +) / 20_000
        let expected = Double(count) * share * (1 - share)
        #expect(abs(mean - Double(count) * share) < 4 * (expected / 20_000).squareRoot() + 0.01)
        #expect(abs(variance / expected - 1) < 0.06)
    }

    @Test func `with the same luck more stay where it is more probable`() {
        let random = CounterRandom(seed: 8, stream: 1)
        for draw in 0..<500 {
            for count in [1, 12, 300] {
                let few = random.survivors(of: count, each: 0.7, UInt64(draw), 0)
                let more = random.survivors(of: count, each: 0.8, UInt64(draw), 0)
                #expect(few <= more)
            }
        }
    }

    @Test func `a seed repeats, and another one does not`() {
        let one = CounterRandom(seed: 1, stream: 1)
        let other = CounterRandom(seed: 2, stream: 1)
        #expect(one.uniform(3, 4) == CounterRandom(seed: 1, stream: 1).uniform(3, 4))
        #expect(one.uniform(3, 4) != one.uniform(4, 3))
        #expect(one.uniform(3, 4) != other.uniform(3, 4))
    }
}
