import Inference
import Testing

@Suite struct EngineSupervisionTests {
    @Test func `an engine that answers is pinged once an interval`() {
        var heartbeat = Heartbeat()
        var pings: [Int] = []
        for _ in 0..<40 {
            switch heartbeat.advance(by: .milliseconds(250)) {
            case .ping(let number):
                pings.append(number)
                heartbeat.received(pong: number, EngineStatistics())
            case .nothing: break
            case .hung(let reason): Issue.record("hung: \(reason)")
            }
        }
        #expect(pings == Array(1...10))
    }

    @Test func `three seconds without an answer are a hang`() {
        var heartbeat = Heartbeat()
        #expect(heartbeat.advance(by: .seconds(1)) == .ping(1))
        #expect(heartbeat.advance(by: .seconds(1)) == .nothing)
        #expect(heartbeat.advance(by: .milliseconds(1900)) == .nothing)
        #expect(heartbeat.advance(by: .milliseconds(999)) == .nothing)
        guard case .hung = heartbeat.advance(by: .milliseconds(1)) else {
            Issue.record("not noticed")
            return
        }
    }

    @Test func `a pause of this process is not held against the engine`() {
        var heartbeat = Heartbeat()
        #expect(heartbeat.advance(by: .seconds(1)) == .ping(1))
        #expect(heartbeat.advance(by: .seconds(600)) == .nothing)
        heartbeat.received(pong: 1, EngineStatistics())
        #expect(heartbeat.advance(by: .seconds(600)) == .ping(2))
    }

    @Test func `work without steps is a hang, a long wait without work is none`() {
        var heartbeat = Heartbeat(stepPatience: .seconds(10))
        var busy = EngineStatistics()
        busy.isBusy = true
        var seconds = 0
        while seconds < 100 {
            seconds += 1
            let verdict = heartbeat.advance(by: .seconds(1))
            if case .hung = verdict { break }
            if case .ping(let number) = verdict { heartbeat.received(pong: number, busy) }
        }
        #expect((10...12).contains(seconds))

        heartbeat = Heartbeat(stepPatience: .seconds(10))
        for _ in 0..<100 {
            let verdict = heartbeat.advance(by: .seconds(1))
            if case .hung(let reason) = verdict { Issue.record("hung: \(reason)") }
            if case .ping(let number) = verdict { heartbeat.received(pong: number, EngineStatistics()) }
        }
    }

    @Test func `the first restart is at once, the next ones wait longer and longer`() {
        var backoff = RestartBackoff()
        let pauses = (0..<9).map { _ in backoff.pause(afterLifetime: .seconds(1)) }
        let milliseconds = pauses.map { Int($0 / .milliseconds(1)) }
        #expect(milliseconds == [0, 200, 400, 800, 1600, 3200, 6400, 10000, 10000])
        #expect(backoff.pause(afterLifetime: .seconds(60)) == .zero)
    }
}
