import Forecasting
import Testing
import Values

@Suite struct MonthlySeriesTests {
    @Test func `a spreadsheet column is read as it is exported`() throws {
        let plain = try MonthlySeries(csv: "month,value\n2024-01,1\n2024-02,2.5\n2024-03,-3\n2024-04,1e3\n")
        #expect(plain.start.text == "2024-01")
        #expect(plain.values == [1, 2.5, -3, 1000])
        let windows = "\u{FEFF}Month,Value\r\n\"2024-01\",\"1\"\r\n2024-02, 2.5\r\n2024-03,-3\r\n2024-04,1e3\r\n\r\n"
        #expect(try MonthlySeries(csv: windows) == plain)
        #expect(try MonthlySeries(csv: Array(windows.utf8)) == plain)
    }

    @Test func `a year ends where the next begins`() throws {
        let series = try MonthlySeries(csv: "month,value\n2023-11,1\n2023-12,2\n2024-01,3\n2024-02,4\n")
        #expect(series.month(4).text == "2024-03")
        #expect(series.month(14).text == "2025-01")
    }

    @Test(arguments: [
        ("", "line 1"), ("value,month\n2024-01,1\n", "line 1"), ("month,value\n", "line 1"),
        ("month,value\n2024-01,1\n2024-02,2\n2024-03,3\n", "line 4"),
        ("month,value\n2024-01,1\n2024-03,2\n2024-04,3\n2024-05,4\n", "line 3"),
        ("month,value\n2024-01,1\n2024-02,2\n2024-02,3\n2024-03,4\n", "line 4"),
        ("month,value\n2024-01,1\n2024-02,2\n2024-03,3\n2024-02,4\n", "line 5"),
        ("month,value\n2024-01,1\n2024-02,two\n2024-03,3\n2024-04,4\n", "line 3"),
        ("month,value\n2024-01,1\n2024-02,\n2024-03,3\n2024-04,4\n", "line 3"),
        ("month,value\n2024-01,nan\n2024-02,2\n2024-03,3\n2024-04,4\n", "line 2"),
        ("month,value\n2024-01,0x10\n2024-02,2\n2024-03,3\n2024-04,4\n", "line 2"),
        ("month,value\n2024-01,1e99\n2024-02,2\n2024-03,3\n2024-04,4\n", "line 2"),
        ("month,value\n2024-01,\"1,234\"\n2024-02,2\n2024-03,3\n2024-04,4\n", "line 2"),
        ("month,value\n2024-13,1\n2024-02,2\n2024-03,3\n2024-04,4\n", "line 2"),
        ("month,value\n2024-1,1\n2024-02,2\n2024-03,3\n2024-04,4\n", "line 2"),
        ("month,value\n2024-01,1\n\n2024-02,2\n2024-03,3\n2024-04,4\n", "line 3"),
    ])
    func `an error names the line`(text: String, line: String) {
        let problem = #expect(throws: Problem.self) { try MonthlySeries(csv: text) }
        #expect(problem?.kind == .invalid)
        #expect(problem?.errors.first?.field == line)
        #expect(problem?.message.hasPrefix("\(line): ") == true)
    }

    @Test func `bytes that are not UTF-8 are named by their line`() {
        let bytes = Array("month,value\n2024-01,1\n2024-02,".utf8) + [0xFF, 0x0A] + Array("2024-03,3\n".utf8)
        let problem = #expect(throws: Problem.self) { try MonthlySeries(csv: bytes) }
        #expect(problem?.errors.first?.field == "line 3")
    }

    @Test(arguments: [
        (0, "80,95", "auto", "horizon"), (61, "80,95", "auto", "horizon"),
        (12, "80,", "auto", "levels"), (12, "100", "auto", "levels"), (12, "80,80", "auto", "levels"),
        (12, "eighty", "auto", "levels"), (12, "80", "prophet", "method"),
    ])
    func `an option that cannot be is refused by its name`(
        horizon: Int,
        levels: String,
        method: String,
        field: String
    ) {
        let problem = #expect(throws: Problem.self) {
            try ForecastOptions(horizon: horizon, levels: levels, method: method, seed: 1)
        }
        #expect(problem?.errors.first?.field == field)
    }

    @Test func `an unknown method is answered with those there are`() {
        let problem = #expect(throws: Problem.self) { try ForecastMethod(parsing: "prophet") }
        for method in ForecastMethod.allCases { #expect(problem?.message.contains(method.rawValue) == true) }
    }
}
