import Testing
import Values

@Suite struct MonthTests {
    @Test(arguments: [
        ("2024-01", 0, "2024-01"), ("2024-01", 12, "2025-01"), ("2024-01", -1, "2023-12"), ("0001-01", 1, "0001-02"),
    ])
    func `months are counted over years`(text: String, steps: Int, other: String) throws {
        let month = try #require(Month(text))
        #expect(month.adding(steps).text == other)
    }

    @Test(arguments: ["2024-1", "2024-13", "2024-00", "0000-01", "2024-01-01", "2024/01", "", "2024-1a"])
    func `what is no month is not read`(text: String) {
        #expect(Month(text) == nil)
    }

    @Test func `a month begins in its zone`() throws {
        let month = try #require(Month("2025-07"))
        #expect(month.start(in: .utc).text == "2025-07-01T00:00:00Z")
        #expect(month.start(in: try #require(Zone("Europe/Berlin"))).text == "2025-06-30T22:00:00Z")
        #expect(Month(of: try #require(CalendarDate("2025-07-31"))) == month)
        #expect(Month(of: try #require(CalendarDate("1969-12-31"))).start(in: .utc).text == "1969-12-01T00:00:00Z")
    }
}
