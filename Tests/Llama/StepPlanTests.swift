import Testing

@testable import Llama

/// A machine of made-up speed that plans its steps as the engine does.
private struct Simulation {
    struct Work {
        let tenant: String
        var prompt: Int
        var tokens: Int
        let order: Int
        var lastStep = 0
    }

    /// Nanoseconds of a call that writes, of a sequence in it, and of a prompt's token.
    static let call = 10.5e6
    static let sequence = 4e6
    static let token = 3.5e6

    var works: [Int: Work] = [:]
    var counters: [String: Double] = [:]
    var rates = StepRates()
    var favoured: String?
    var time = 0.0
    var steps = 0
    /// Work of the flooding tenant that is done.
    var done = 0

    mutating func add(_ tenant: String, prompt: Int, tokens: Int) -> Int {
        let order = (works.keys.max() ?? 0) + 1
        if !works.values.contains(where: { $0.tenant == tenant }) {
            let floor = Set(works.values.map(\.tenant)).map { counters[$0, default: 0] }.min() ?? 0
            counters[tenant] = max(counters[tenant, default: 0], floor)
        }
        works[order] = Work(tenant: tenant, prompt: prompt, tokens: tokens, order: order)
        return order
    }

    static func duration(writing: Int, reading: Int) -> Double {
        (writing > 0 ? call + sequence * Double(writing) : 0) + token * Double(reading)
    }

    mutating func step() -> StepPlan {
        let candidates = works.map { id, work in
            StepPlan.Candidate(
                sequence: id,
                tenant: work.tenant,
                counter: counters[work.tenant, default: 0],
                reading: work.prompt > 0 ? min(work.prompt, 128) : nil,
                order: work.order,
                lastStep: work.lastStep
            )
        }
        let plan = StepPlan(candidates.sorted { $0.order < $1.order }, rates: rates, last: favoured)
        favoured = plan.favoured
        steps += 1
        let chunk = plan.reading.flatMap { works[$0].map { min($0.prompt, 128) } } ?? 0
        time += Self.duration(writing: plan.writing.count, reading: chunk)
        if !plan.writing.isEmpty {
            let cost = Self.duration(writing: plan.writing.count, reading: 0)
            rates.wrote(sequences: plan.writing.count, nanoseconds: UInt64(cost))
        }
        if chunk > 0 { rates.read(tokens: chunk, nanoseconds: UInt64(Self.duration(writing: 0, reading: chunk))) }
        for id in plan.writing {
            works[id]?.tokens -= 1
            works[id]?.lastStep = steps
            counters[works[id]?.tenant ?? "", default: 0] += 2
        }
        if let id = plan.reading {
            works[id]?.prompt -= chunk
            counters[works[id]?.tenant ?? "", default: 0] += Double(chunk)
        }
        let ended = works.filter { $0.value.prompt <= 0 && $0.value.tokens <= 0 }
        done += ended.values.count { $0.tenant == "flood" }
        for id in ended.keys { works[id] = nil }
        return plan
    }
}

@Suite struct StepPlanTests {
    private static func candidate(
        _ sequence: Int,
        _ tenant: String,
        _ counter: Double = 0,
        reading: Int? = nil,
        lastStep: Int = 0
    ) -> StepPlan.Candidate {
        StepPlan.Candidate(
            sequence: sequence,
            tenant: tenant,
            counter: counter,
            reading: reading,
            order: sequence,
            lastStep: lastStep
        )
    }

    /// Rates of 10 ms a call, 5 ms a sequence, 2 ms a prompt's token.
    private static let rates: StepRates = {
        var rates = StepRates()
        for count in 1...8 { rates.wrote(sequences: count, nanoseconds: UInt64(10_000_000 + 5_000_000 * count)) }
        rates.read(tokens: 128, nanoseconds: 256_000_000)
        return rates
    }()

    @Test func `what a step costs is learned`() {
        #expect(abs(Self.rates.predicted(writing: 3, reading: 0) - 25e6) < 1e5)
        #expect(abs(Self.rates.predicted(writing: 12, reading: 0) - 70e6) < 1e6)
        #expect(abs(Self.rates.predicted(writing: 1, reading: 64) - 143e6) < 1e6)
        #expect(Self.rates.predicted(writing: 0, reading: 0) == 0)
        // From one size alone: dearer with each sequence, but not in proportion.
        var young = StepRates()
        #expect(young.predicted(writing: 4, reading: 128) == 0)
        young.wrote(sequences: 4, nanoseconds: 26_000_000)
        #expect(abs(young.predicted(writing: 4, reading: 0) - 26e6) < 1)
        let more = young.predicted(writing: 8, reading: 0)
        #expect(more > 26e6 && more < 52e6)
    }

    @Test func `one tenant alone has the whole step`() {
        let candidates = (1...8).map { Self.candidate($0, "a", reading: $0 > 5 ? 128 : nil) }
        let plan = StepPlan(candidates, rates: Self.rates, last: "a")
        #expect(plan.writing == [1, 2, 3, 4, 5])
        #expect(plan.reading == 6)
        #expect(StepPlan([], rates: Self.rates, last: "a").favoured == nil)
    }

    @Test func `others join as long as the step stays under 1.6 times what it would be without them`() {
        let flood = (1...6).map { Self.candidate($0, "flood", 100, lastStep: 10 - $0) }
        let plan = StepPlan(flood + [Self.candidate(9, "lone", 50)], rates: Self.rates, last: "lone")
        // 15 ms alone, so up to 24 ms: one more; that which has waited longest.
        #expect(plan.writing == [6, 9])
        #expect(plan.favoured == "lone")
        // Beside a prompt's chunk of 256 ms writing costs little: all come along, but no second prompt.
        let reading = StepPlan(
            flood + [Self.candidate(7, "flood", 100, reading: 128), Self.candidate(9, "lone", 50, reading: 128)],
            rates: Self.rates,
            last: nil
        )
        #expect(reading.writing == [1, 2, 3, 4, 5, 6])
        #expect(reading.reading == 9)
        // A chunk joins nobody's writing.
        let prompt = Self.candidate(7, "flood", 100, reading: 128)
        #expect(StepPlan([prompt, Self.candidate(9, "lone", 50)], rates: Self.rates, last: nil).reading == nil)
    }

    @Test func `among equals the one that came first last time comes after`() {
        let pair = [Self.candidate(1, "a"), Self.candidate(2, "b", reading: 128)]
        #expect(StepPlan(pair, rates: Self.rates, last: "a").favoured == "b")
        #expect(StepPlan(pair, rates: Self.rates, last: "b").favoured == "a")
        #expect(StepPlan(pair, rates: Self.rates, last: nil).favoured == "a")
    }

    @Test(arguments: [1, 100, 500]) func `a lone request beside a flood takes at most twice its time`(prompt: Int) {
        var alone = Simulation()
        let single = alone.add("lone", prompt: prompt, tokens: 60)
        while alone.works[single] != nil { _ = alone.step() }

        var crowded = Simulation()
        for _ in 0..<8 { _ = crowded.add("flood", prompt: 200, tokens: 100) }
        for _ in 0..<120 {
            _ = crowded.step()
            while crowded.works.count < 8 { _ = crowded.add("flood", prompt: 200, tokens: 100) }
        }
        let begin = (crowded.time, crowded.done)
        let lone = crowded.add("lone", prompt: prompt, tokens: 60)
        var first: Int?
        var steps = 0
        while crowded.works[lone] != nil {
            steps += 1
            if crowded.step().reading == lone { first = first ?? steps }
            while crowded.works.values.count(where: { $0.tenant == "flood" }) < 8 {
                _ = crowded.add("flood", prompt: 200, tokens: 100)
            }
        }
        #expect((first ?? 99) <= 2)
        #expect(crowded.time - begin.0 <= 2 * alone.time)
        #expect(crowded.time - begin.0 >= alone.time)
    }

    @Test func `two floods get the same`() {
        var simulation = Simulation()
        var served = ["a": 0, "b": 0]
        for round in 0..<3000 {
            for tenant in ["a", "b"] where simulation.works.values.count(where: { $0.tenant == tenant }) < 4 {
                _ = simulation.add(tenant, prompt: tenant == "a" ? 300 : 20, tokens: 40)
            }
            let before = simulation.counters
            _ = simulation.step()
            guard round > 100 else { continue }
            for tenant in ["a", "b"] {
                served[tenant, default: 0] += Int(simulation.counters[tenant, default: 0] - before[tenant, default: 0])
            }
        }
        let total = Double((served["a"] ?? 0) + (served["b"] ?? 0))
        #expect(abs(Double(served["a"] ?? 0) / total - 0.5) < 0.02)
    }

    @Test func `no generation waits for ever`() {
        var simulation = Simulation()
        var oldest = 0
        for _ in 0..<2000 {
            while simulation.works.values.count(where: { $0.tenant == "flood" }) < 8 {
                _ = simulation.add("flood", prompt: 10, tokens: 60)
            }
            if !simulation.works.values.contains(where: { $0.tenant == "lone" }) {
                _ = simulation.add("lone", prompt: 10, tokens: 60)
            }
            _ = simulation.step()
            oldest = max(oldest, simulation.works.keys.max().map { $0 - (simulation.works.keys.min() ?? 0) } ?? 0)
        }
        #expect(simulation.done > 30)
        #expect(oldest < 60)
    }
}
