import Metering
import TestSupport
import Testing
import Values

@Suite struct UsageEventTests {
    @Test func `the short form is read as the simulator writes it`() throws {
        let event = try UsageEvent(
            json: JSONValue(
                parsing: """
                    {"id": "e1", "meter": "tokens.input", "at": "2026-03-01T10:00:00+01:00", "value": "12.5",
                     "properties": {"model": "small"}, "subject": "ann"}
                    """
            )
        )
        #expect(event.id == "e1")
        #expect(event.at == testNow.adding(seconds: 9 * 3600))
        #expect(event.value == Decimal12("12.5"))
        #expect(event.properties["model"] == "small")
        #expect(event.subject == "ann")
        #expect(try UsageEvent(json: event.json) == event)
    }

    @Test func `a bare date is midnight in the tenant's zone, and the value is 1 unless said`() throws {
        let zone = try #require(Zone("America/New_York"))
        let event = try UsageEvent(json: ["id": "e1", "meter": "requests", "at": "2026-03-01"], in: zone)
        #expect(event.at == testNow.adding(seconds: 5 * 3600))
        #expect(event.value == 1)
        #expect(event.properties == [:])
    }

    @Test func `a CloudEvent says the same in its words`() throws {
        let event = try UsageEvent(
            json: JSONValue(
                parsing: """
                    {"specversion": "1.0", "id": "e1", "source": "/app", "type": "tokens.input", "subject": "ann",
                     "time": "2026-03-01T09:00:00Z", "datacontenttype": "application/json; charset=utf-8",
                     "traceparent": "00-ab", "data": {"value": "12.5", "properties": {"model": "small"}}}
                    """
            )
        )
        let short = try UsageEvent(
            json: [
                "id": "e1", "meter": "tokens.input", "at": "2026-03-01T09:00:00Z", "value": "12.50",
                "properties": ["model": "small"], "subject": "ann",
            ])
        #expect(event == short)
    }

    @Test(arguments: [
        (#"{"meter": "m", "at": "2026-03-01"}"#, "id"), (#"{"id": "", "meter": "m", "at": "2026-03-01"}"#, "id"),
        (#"{"id": "a\u0007", "meter": "m", "at": "2026-03-01"}"#, "id"),
        (#"{"id": "a", "at": "2026-03-01"}"#, "meter"), (#"{"id": "a", "meter": "m"}"#, "at"),
        (#"{"id": "a", "meter": "m", "at": "yesterday"}"#, "at"),
        (#"{"id": "a", "meter": "m", "at": "1999-12-31T23:59:59Z"}"#, "at"),
        (#"{"id": "a", "meter": "m", "at": "2101-01-01T00:00:00Z"}"#, "at"),
        (#"{"id": "a", "meter": "m", "at": "2026-03-01", "value": 1}"#, "value"),
        (#"{"id": "a", "meter": "m", "at": "2026-03-01", "value": "1e3"}"#, "value"),
        (#"{"id": "a", "meter": "m", "at": "2026-03-01", "value": "0.0000000000001"}"#, "value"),
        (#"{"id": "a", "meter": "m", "at": "2026-03-01", "value": "123456789012345678901234567"}"#, "value"),
        (#"{"id": "a", "meter": "m", "at": "2026-03-01", "properties": []}"#, "properties"),
        (#"{"id": "a", "meter": "m", "at": "2026-03-01", "properties": {"x": [1e500]}}"#, "properties.x[0]"),
        (#"{"id": "a", "meter": "m", "at": "2026-03-01", "subscription": "plan"}"#, "subscription"),
        (#"{"id": "a", "meter": "m", "at": "2026-03-01", "colour": 1}"#, "colour"),
        (#"{"specversion": "0.3", "id": "a", "source": "s", "type": "m", "time": "2026-03-01"}"#, "specversion"),
        (#"{"specversion": "1.0", "id": "a", "type": "m", "time": "2026-03-01"}"#, "source"),
        (#"{"specversion": "1.0", "id": "a", "source": "s", "time": "2026-03-01"}"#, "type"),
        (#"{"specversion": "1.0", "id": "a", "source": "s", "type": "m"}"#, "time"),
        (#"{"specversion": "1.0", "id": "a", "source": "s", "type": "m", "time": "1990-01-01"}"#, "time"),
        (
            #"{"specversion": "1.0", "id": "a", "source": "s", "type": "m", "time": "2026-03-01", "data": {"v": 1}}"#,
            "data.v"
        ),
        (
            #"{"specversion": "1.0", "id": "a", "source": "s", "type": "m", "time": "2026-03-01", "data_base64": "A"}"#,
            "data_base64"
        ),
        (
            #"{"specversion": "1.0", "id": "a", "source": "s", "type": "m", "time": "2026-03-01", "Other": 1}"#,
            "Other"
        ),
    ])
    func `a bad event names its field`(_ text: String, _ field: String) throws {
        let json = try JSONValue(parsing: text)
        let error = #expect(throws: Problem.self) { try UsageEvent(json: json) }
        #expect(error?.errors.map(\.field) == [field])
        guard case .malformed(_, let problem) = UsageInput(json: json) else {
            Issue.record("it was read")
            return
        }
        #expect(problem.errors.map(\.field) == [field])
    }

    @Test func `what is too long is refused`() throws {
        #expect(throws: Problem.self) { try UsageFixture.event(String(repeating: "x", count: 129)) }
        #expect(throws: Problem.self) {
            try UsageFixture.event("a", properties: ["text": .string(String(repeating: "x", count: 8_192))])
        }
        _ = try UsageFixture.event(String(repeating: "x", count: 128))
    }

    @Test func `an element that is no event refuses itself, not its neighbours`() throws {
        let inputs = try UsageInput.inputs([
            ["id": "a", "meter": "requests", "at": "2026-03-01"], 7, ["id": "b", "meter": "requests"],
        ])
        #expect(inputs.map { $0.event != nil } == [true, false, false])
        let merged = UsageInput.merge(inputs, [IngestOutcome(id: "a", .accepted)])
        #expect(merged.map(\.kind) == [.accepted, .rejected, .rejected])
        #expect(merged.map(\.id) == ["a", nil, "b"])
        #expect(throws: Problem.self) { try UsageInput.inputs([]) }
        #expect(throws: Problem.self) { try UsageInput.inputs("event") }
        guard case .malformed = UsageInput(line: Array("{".utf8)) else {
            Issue.record("half a line was read")
            return
        }
    }
}
