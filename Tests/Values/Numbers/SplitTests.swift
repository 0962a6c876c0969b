import Testing
import Values

@Suite struct SplitTests {
    private static let table: [(total: Int64, weights: [Int], parts: [Int64])] = [
        (100, [1, 1, 1], [34, 33, 33]), (-100, [1, 1, 1], [-34, -33, -33]), (1, [1, 1], [1, 0]),
        (5, [0, 0, 0], [5, 0, 0]),
        (0, [1, 2], [0, 0]), (700, [20, 15], [400, 300]), (7, [3, 0, 3], [4, 0, 3]), (10, [1, 2, 3, 4], [1, 2, 3, 4]),
        (2, [1, 4, 1], [1, 1, 0]), (3, [1, 1, 1, 1], [1, 1, 1, 0]), (9, [7], [9]),
    ]

    @Test(arguments: SplitTests.table)
    func `parts go by largest remainder, ties to the earlier`(total: Int64, weights: [Int], parts: [Int64]) {
        #expect(split(total, by: weights.map { Exact($0) }) == parts)
    }

    @Test(arguments: 1...8)
    func `parts sum to the whole and are within one unit of their share`(seed: UInt64) {
        var sampler = Sampler(seed: seed)
        for _ in 0..<150 {
            let total = Int64.random(in: -1_000_000...1_000_000, using: &sampler)
            let weights = (0..<Int.random(in: 1...12, using: &sampler)).map { _ in
                Exact(Int.random(in: 0...5_000, using: &sampler), Int.random(in: 1...999, using: &sampler))
            }
            let parts = split(total, by: weights)
            #expect(parts.reduce(0, +) == total)
            #expect(split(-total, by: weights) == parts.map { -$0 })
            let sum = weights.reduce(.zero, +)
            guard !sum.isZero else { continue }
            for (part, weight) in zip(parts, weights) {
                #expect((Exact(part) - Exact(total) * weight / sum).magnitude < 1)
                if weight.isZero { #expect(part == 0) }
            }
        }
    }

    @Test(arguments: 1...4)
    func `parts sum to the whole for amounts of any size, also beyond what weights are counted in`(seed: UInt64) {
        var sampler = Sampler(seed: seed)
        for _ in 0..<100 {
            let total = Int64.random(in: .min ... .max, using: &sampler)
            let weights = (0..<Int.random(in: 1...40, using: &sampler)).map { _ in
                Exact(Int.random(in: 0 ... .max, using: &sampler), Int.random(in: 1 ... .max, using: &sampler))
            }
            let parts = split(total, by: weights)
            #expect(parts.count == weights.count)
            #expect(parts.reduce(Exact.zero) { $0 + Exact($1) } == Exact(total))
            #expect(parts.allSatisfy { total < 0 ? $0 <= 0 : $0 >= 0 })
        }
    }

    @Test func `the largest totals are split too`() {
        let parts = split(.min, by: [1, 1, 1])
        #expect(parts == [-3_074_457_345_618_258_603, -3_074_457_345_618_258_603, -3_074_457_345_618_258_602])
        #expect(split(.max, by: [Exact(1, 3)]) == [.max])
        #expect(split(5, by: []).isEmpty)
    }

    @Test func `the sampler is SplitMix64`() {
        // The first outputs for seed 1234567 of the reference implementation (prng.di.unimi.it/splitmix64.c).
        var sampler = Sampler(seed: 1_234_567)
        #expect(sampler.next() == 6_457_827_717_110_365_317)
        #expect(sampler.next() == 3_203_168_211_198_807_973)
        #expect(sampler.next() == 9_817_491_932_198_370_423)
    }
}
