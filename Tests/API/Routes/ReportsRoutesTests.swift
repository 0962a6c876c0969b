import HTTPTypes
import Revenue
import TestSupport
import Testing
import Values

@testable import API

/// Finance's reports over HTTP.
@Suite struct ReportsRoutesTests {
    @Test func `every report answers, and the links in its rows open`() async throws {
        try await World.run { world, client in
            _ = try await world.invoice(of: world.acme)
            let finance = world.secret(.finance)
            for name in ReportName.allCases {
                let path = "/v1/reports/\(name.rawValue)?from=2026-02&to=2026-03"
                let report = try await client.send(.get, path, as: finance)
                #expect(report.status == 200, "\(name): \(report.text)")
                #expect(report.json["report"] == .string(name.rawValue))
                #expect(report.json["definition"]?.object?.isEmpty == false)
                for row in report.json["rows"]?.array ?? [] {
                    let link = try #require(row["explain"]?.string)
                    let behind = try await client.send(.get, link, as: finance)
                    #expect(behind.status == 200, "\(link): \(behind.text)")
                    #expect(behind.json["rows"]?.array != nil, "\(link)")
                }
            }
        }
    }

    @Test func `a figure that is not there is refused with what is, and reports are finance's alone`() async throws {
        try await World.run { world, client in
            let finance = world.secret(.finance)
            for cell in ["2026-02:colour", "x", "2031-01:total"] {
                let answer = try await client.send(
                    .get,
                    "/v1/reports/billings?from=2026-02&to=2026-03&explain=\(cell)",
                    as: finance
                )
                #expect(answer.status == 400 && answer.fields == ["explain"], "\(cell): \(answer.text)")
            }
            let other = try await client.send(.get, "/v1/reports/cash", as: world.acme.secret)
            #expect(other.status == 403, "\(other.text)")
        }
    }
}
