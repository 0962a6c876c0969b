import Inference
import Testing
import Values

/// A server with a fixed number of places that generates one token in each place at every step.
private struct SimulatedServer {
    struct Request {
        var promptTokens: Int
        var outputTokens: Int
    }

    struct Client {
        var weight = 1.0
        /// Steps in which the client has work waiting.
        var active: Range<Int>
    }

    let clients: [Client]
    let places: Int
    let longestPrompt: Int
    let longestOutput: Int
    let seed: UInt64
    var prunes = false

    /// Service each client has had, divided by its weight, after every step; and the order in which clients were served.
    func run(steps: Int) -> (service: [[Double]], order: [Int]) {
        var random = Sampler(seed: seed)
        var queue = FairQueue<Int, Request>()
        var running: [(client: Int, left: Int)] = []
        var service = clients.map { _ in 0.0 }
        var history: [[Double]] = []
        var order: [Int] = []
        for step in 0..<steps {
            for (index, client) in clients.enumerated() where client.active.contains(step) {
                while queue.count(of: index) < 3 {
                    let request = Request(
                        promptTokens: Int.random(in: 1...longestPrompt, using: &random),
                        outputTokens: Int.random(in: 1...longestOutput, using: &random)
                    )
                    queue.push(request, client: index, weight: client.weight, promptTokens: request.promptTokens)
                }
            }
            while running.count < places, let entry = queue.pop() {
                running.append((entry.client, entry.item.outputTokens))
                order.append(entry.client)
                service[entry.client] += Double(entry.item.promptTokens * FairCost.promptToken) / entry.weight
            }
            for index in running.indices {
                let client = running[index].client
                running[index].left -= 1
                queue.charge(client, cost: FairCost.generatedToken, weight: clients[client].weight)
                service[client] += Double(FairCost.generatedToken) / clients[client].weight
            }
            running.removeAll { $0.left == 0 }
            if prunes {
                queue.prune(busy: Set(running.map(\.client)))
            }
            history.append(service)
        }
        return (history, order)
    }

    /// The published bound on the gap that may open in any interval between two clients that always wait.
    var bound: Double {
        let underWay = places * (longestPrompt + longestOutput)
        let most = max(FairCost.promptToken * longestPrompt, FairCost.generatedToken * underWay)
        return 2 * Double(most) / (clients.map(\.weight).min() ?? 1)
    }
}

/// The most that the gap between two clients moved within the steps.
private func widestGap(_ history: ArraySlice<[Double]>, _ left: Int, _ right: Int) -> Double {
    let gaps = history.map { $0[left] - $0[right] }
    return (gaps.max() ?? 0) - (gaps.min() ?? 0)
}

@Suite struct FairQueueTests {
    @Test(arguments: [1, 2, 3, 4, 5, 6, 7, 8] as [UInt64])
    func `clients that always wait are served alike, within the published bound`(seed: UInt64) {
        let steps = 4000
        let server = SimulatedServer(
            clients: (0..<4).map { _ in .init(active: 0..<steps) },
            places: 4,
            longestPrompt: 300,
            longestOutput: 60,
            seed: seed
        )
        let history = server.run(steps: steps).service
        for left in 0..<4 {
            for right in 0..<left {
                #expect(widestGap(history[...], left, right) <= server.bound)
            }
        }
        // Work conserving: every place generates in every step.
        let tokens = history.last.map { $0.reduce(0, +) } ?? 0
        #expect(tokens >= Double(steps * 4 * FairCost.generatedToken))
    }

    @Test(arguments: [11, 12, 13, 14] as [UInt64])
    func `service follows the weights`(seed: UInt64) {
        let steps = 6000
        let weights = [1.0, 2.0, 4.0]
        let server = SimulatedServer(
            clients: weights.map { .init(weight: $0, active: 0..<steps) },
            places: 4,
            longestPrompt: 100,
            longestOutput: 40,
            seed: seed
        )
        let history = server.run(steps: steps).service
        for left in 0..<3 {
            for right in 0..<left {
                #expect(widestGap(history[...], left, right) <= server.bound)
            }
        }
        let total = history.last.map { zip($0, weights).map(*).reduce(0, +) } ?? 0
        for (service, weight) in zip(history.last ?? [], weights) {
            #expect(abs(service * weight / total - weight / 7) < 0.02)
        }
    }

    @Test(arguments: [21, 22, 23, 24] as [UInt64])
    func `a client that comes back has saved nothing up`(seed: UInt64) {
        let steps = 6000
        let server = SimulatedServer(
            clients: [.init(active: 0..<steps), .init(active: 0..<steps), .init(active: 3000..<steps)],
            places: 3,
            longestPrompt: 200,
            longestOutput: 50,
            seed: seed
        )
        let history = server.run(steps: steps).service
        #expect(widestGap(history[3000...], 2, 0) <= server.bound)
        #expect(widestGap(history[3000...], 2, 1) <= server.bound)
    }

    @Test func `a lone request goes before a flood`() {
        var queue = FairQueue<String, Int>()
        for item in 0..<100 {
            queue.push(item, client: "flood", promptTokens: 50)
        }
        _ = queue.pop()
        _ = queue.pop()
        queue.push(1000, client: "lone", promptTokens: 50)
        #expect(queue.pop()?.item == 1000)
        #expect(queue.pop()?.item == 2)
    }

    @Test func `interactive work goes before batch work`() {
        var queue = FairQueue<String, Int>()
        queue.push(1, client: "a", lane: .batch, promptTokens: 1)
        queue.push(2, client: "b", lane: .batch, promptTokens: 1)
        queue.push(3, client: "a", lane: .interactive, promptTokens: 9000)
        queue.push(4, client: "a", lane: .interactive, promptTokens: 9000)
        #expect([queue.pop(), queue.pop(), queue.pop(), queue.pop()].map { $0?.item } == [3, 4, 2, 1])
        #expect(queue.isEmpty)
    }

    @Test func `equal clients take turns, each in its own order`() {
        var queue = FairQueue<String, Int>()
        for item in 0..<3 {
            queue.push(item, client: "a", promptTokens: 10)
        }
        for item in 10..<13 {
            queue.push(item, client: "b", promptTokens: 10)
        }
        var served: [Int] = []
        while let entry = queue.pop() {
            served.append(entry.item)
        }
        #expect(served == [0, 10, 1, 11, 2, 12])
    }

    @Test func `work that is taken out is not served`() {
        var queue = FairQueue<String, Int>()
        queue.push(1, client: "a", promptTokens: 1)
        queue.push(2, client: "a", promptTokens: 1)
        #expect(queue.remove(client: "a") { $0 == 1 }.map(\.item) == [1])
        #expect(queue.count == 1)
        #expect(queue.pop()?.item == 2)
        #expect(queue.count(of: "a") == 0)
    }

    @Test(arguments: [31, 32, 33] as [UInt64])
    func `forgetting counters changes no order`(seed: UInt64) {
        let steps = 3000
        var server = SimulatedServer(
            clients: (0..<6).map { .init(active: ($0 * 300)..<(1500 + $0 * 250)) },
            places: 3,
            longestPrompt: 120,
            longestOutput: 30,
            seed: seed
        )
        let kept = server.run(steps: steps).order
        server.prunes = true
        #expect(server.run(steps: steps).order == kept)
    }

    @Test func `counters of clients long gone are forgotten`() {
        var queue = FairQueue<Int, Int>()
        for client in 0..<5000 {
            queue.push(client, client: client, promptTokens: 10)
            _ = queue.pop()
            if queue.counterCount > 1024 {
                queue.prune(busy: [])
            }
        }
        #expect(queue.counterCount <= 1025)
    }
}
