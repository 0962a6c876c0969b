import Postgres
import TestSupport
import Testing
import Values

@Suite struct SQLBinaryArrayTests {
    @Test func `arrays in binary form are what they are in text form`() async throws {
        try await withDatabase { database in
            let ids = [UUIDBytes(high: 1, low: 2), nil, UUIDBytes(high: .max, low: 0)]
            let texts = ["", nil, "NULL", "{\"a\"}", "ﷺ🏳️‍🌈"]
            let bytes: [[UInt8]] = [[], [0, 1, 255]]
            let instants = ["1999-12-31T23:59:59.999999Z", "2026-03-01T00:00:00Z"].compactMap { Instant($0) }
            let json: [JSONValue] = [[:], ["a": [1, 2.5, nil], "b": "\"\\"]]
            let same: [Bool?]? = try await database.transaction(as: .system) { transaction in
                try await transaction.first(
                    """
                    SELECT \(binary: .uuids(ids))::uuid[] IS NOT DISTINCT FROM \(ids.map { $0?.text })::uuid[],
                           \(binary: .texts(texts))::text[] IS NOT DISTINCT FROM \(texts)::text[],
                           \(binary: .bytes(bytes))::bytea[] = ARRAY['', '\\x0001ff'::bytea],
                           \(binary: .instants(instants))::timestamptz[] = \(instants)::timestamptz[],
                           \(binary: .integers([.min, -1, 0, .max]))::bigint[] = \([Int.min, -1, 0, .max])::bigint[],
                           \(binary: .json(json))::jsonb[] = \(json)::jsonb[],
                           \(binary: .texts([String?]()))::text[] = '{}'
                    """
                ) { row in try (0..<7).map { _ in try row.next() } }
            }
            #expect(same == Array(repeating: true, count: 7))
        }
    }

    @Test(arguments: [
        "0", "1", "-1", "10000", "9999", "0.000000000001", "-0.0001", "100000000", "123456789.000000010002",
        "99999999999999999999999999.999999999999", "-99999999999999999999999999.999999999999", "4000.5",
    ])
    func `a decimal in binary form is the same number`(_ text: String) async throws {
        try await withDatabase { database in
            let value = try #require(Decimal12(text))
            let back: [String]? = try await database.transaction(as: .system) { transaction in
                try await transaction.first(
                    """
                    SELECT a[1]::text, (a[1] = \(text)::numeric)::text, b[1]::text
                    FROM (SELECT \(binary: .decimals([value]))::numeric[] AS a,
                                 \(binary: .decimals(unscaled: [value.unscaled]))::numeric[] AS b) made
                    """
                ) { row in try (0..<3).map { _ in try row.next() } }
            }
            let read = try #require(back)
            #expect(Decimal12(read[0]) == value)
            #expect(read[1] == "true")
            #expect(read[2] == read[0])
        }
    }
}
