import Testing
import Values

@Suite struct UsageTests {
    private static func event(
        _ id: String,
        _ second: Int64,
        _ value: Exact = 1,
        _ properties: JSONObject = [:]
    )
        -> RatingEvent
    {
        RatingEvent(id: id, at: Instant(seconds: second), value: value, properties: properties)
    }

    @Test func `a log cuts half-open parts out of events that came in any order`() throws {
        let log = UsageLog([
            Self.event("d", 20), Self.event("b", 10), Self.event("a", 10), Self.event("é", 19), Self.event("c", 9),
            Self.event("z", 19),
        ])
        let part = try #require(Period(start: Instant(seconds: 10), end: Instant(seconds: 20)))
        let usage = log.usage(AggregationRule(.count), during: part, wholeSeconds: 10, ratio: .one)
        #expect(usage.events.map(\.id) == ["a", "b", "z", "é"])
        #expect(usage.earlier.isEmpty)
    }

    @Test func `only what happened since the start is carried over`() throws {
        let log = UsageLog([Self.event("a", 1, 100), Self.event("b", 2, 10), Self.event("c", 15, 1)])
        let part = try #require(Period(start: Instant(seconds: 10), end: Instant(seconds: 20)))
        func quantity(since: Int64?) throws -> Exact {
            try log.usage(
                .weightedSum(carryOver: true),
                during: part,
                wholeSeconds: 10,
                ratio: .one,
                since: since.map { Instant(seconds: $0) }
            ).quantity()
        }
        #expect(try quantity(since: 2) == Exact(105, 10))
        #expect(try quantity(since: nil) == Exact(1105, 10))
        // A start after the part's carries nothing over.
        #expect(try quantity(since: 12) == Exact(5, 10))
    }

    @Test func `no events are 0 under every aggregation`() throws {
        let part = try #require(Period(start: Instant(seconds: 10), end: Instant(seconds: 20)))
        for aggregation in Aggregation.allCases {
            let usage = UsageLog().usage(AggregationRule(aggregation), during: part, wholeSeconds: 10, ratio: .one)
            #expect(try usage.quantity() == 0)
        }
    }

    @Test func `events gather to one for each group, at the place of the first`() {
        let events = [
            Self.event("a", 1, 5, ["x": 1, "y": 1]), Self.event("b", 2, 6, ["x": 2]), Self.event("c", 3, 7, ["x": 1.0]),
            Self.event("d", 4, 8), Self.event("e", 5, 9, ["x": nil]),
        ]
        let gathered = RatingEvent.gathered(events, by: ["x"])
        #expect(gathered.map(\.id) == ["a", "b", "d"])
        #expect(gathered.map(\.value) == [12, 6, 17])
        #expect(RatingEvent.gathered(events).map(\.value) == [35])
    }

    @Test func `a reader takes each id once and tells ids by their bytes`() throws {
        var reader = UsageReader(in: .utc, years: 1900...2199)
        func read(_ id: String, _ meter: String = "m", value: JSONValue = "2.50") throws -> Int? {
            try reader.next(
                ["id": .string(id), "meter": .string(meter), "at": "2026-01-01", "value": value],
                path: "events[9]"
            )?.event.position
        }
        #expect(try read("a") == 0)
        #expect(try read("a", value: "2.5") == nil)
        // Two ways to write the same letter.
        #expect(try read("\u{E9}") == 2)
        #expect(try read("e\u{301}") == 3)
        for (meter, value) in [("n", "2.5"), ("m", "2.51")] {
            do {
                _ = try read("a", meter, value: .string(value))
                Issue.record("the same id with other content was taken")
            } catch let problem as Problem {
                #expect(problem.errors.map(\.field) == ["events[9].id"])
            }
        }
    }
}
