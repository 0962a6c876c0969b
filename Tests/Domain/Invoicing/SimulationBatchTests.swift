import Billing
import Testing
import Values

/// The example of the contract, whole, and how batches are read and errors written.
@Suite struct SimulationBatchTests {
    private static let story = #"""
        {"until": "2026-02-05", "plans": [{"code": "pro", "currency": "USD", "interval": {"unit": "month"},
            "minimum_commitment": "60.00", "prices": [
            {"code": "base", "model": "flat", "amount": "20.00"}, {"code": "seats", "model": "per_unit",
            "unit_amount": "5.00", "quantity": "seats"},
            {"code": "tokens", "meter": "tokens", "model": "graduated", "tiers": [
                {"up_to": "1000000", "unit_amount": "0"}, {"up_to": null, "unit_amount": "0.000002",
            "flat_amount": "1.00"}]}]}],
         "meters": [{"code": "tokens", "aggregation": "sum"}], "subscription": {"plan": "pro",
            "starts_at": "2026-01-05", "quantities": {"seats": "3"}},
         "changes": [{"at": "2026-01-20", "quantities": {"seats": "5"}}],
         "events": [{"id": "e1", "meter": "tokens", "at": "2026-01-09T10:00:00Z", "value": "1500000",
            "properties": {"model": "small"}}],
         "coupons": [{"code": "LAUNCH", "percent": "20", "duration": "repeating", "periods": 1, "prices": ["base",
            "seats"]}], "taxes": [{"code": "vat", "rate": "0.20"}],
         "credits": [{"id": "c1", "amount": "39.00", "granted_at": "2026-01-05", "expires_at": null,
            "priority": 1}]}
        """#

    private static let invoices = ##"""
        {"invoices":[\##
        {"issued_at":"2026-01-05T00:00:00Z","reason":"start","lines":[\##
        {"plan":"pro","price":"base","kind":"recurring","period":{"start":"2026-01-05T00:00:00Z",\##
        "end":"2026-02-05T00:00:00Z"},"ratio":"1","quantity":"1","exact":"20","amount":"20.00",\##
        "discount":"4.00","tax":"3.20"},\##
        {"plan":"pro","price":"seats","kind":"recurring","period":{"start":"2026-01-05T00:00:00Z",\##
        "end":"2026-02-05T00:00:00Z"},"ratio":"1","quantity":"3","exact":"15","amount":"15.00",\##
        "discount":"3.00","tax":"2.40"}],\##
        "subtotal":"35.00","discount":"7.00","tax":"5.60","total":"33.60","credits_applied":"33.60",\##
        "amount_due":"0.00"},\##
        {"issued_at":"2026-01-20T00:00:00Z","reason":"change","lines":[\##
        {"plan":"pro","price":"seats","kind":"credit","period":{"start":"2026-01-20T00:00:00Z",\##
        "end":"2026-02-05T00:00:00Z"},"ratio":"16/31","quantity":"3","exact":"-7.741935483871",\##
        "amount":"-7.74","discount":"-1.55","tax":"-1.24"},\##
        {"plan":"pro","price":"seats","kind":"charge","period":{"start":"2026-01-20T00:00:00Z",\##
        "end":"2026-02-05T00:00:00Z"},"ratio":"16/31","quantity":"5","exact":"12.903225806452",\##
        "amount":"12.90","discount":"2.58","tax":"2.06"}],\##
        "subtotal":"5.16","discount":"1.03","tax":"0.82","total":"4.95","credits_applied":"4.95",\##
        "amount_due":"0.00"},\##
        {"issued_at":"2026-02-05T00:00:00Z","reason":"renewal","lines":[\##
        {"plan":"pro","price":"base","kind":"recurring","period":{"start":"2026-02-05T00:00:00Z",\##
        "end":"2026-03-05T00:00:00Z"},"ratio":"1","quantity":"1","exact":"20","amount":"20.00",\##
        "discount":"0.00","tax":"4.00"},\##
        {"plan":"pro","price":"seats","kind":"recurring","period":{"start":"2026-02-05T00:00:00Z",\##
        "end":"2026-03-05T00:00:00Z"},"ratio":"1","quantity":"5","exact":"25","amount":"25.00",\##
        "discount":"0.00","tax":"5.00"},\##
        {"plan":"pro","price":"tokens","kind":"usage","period":{"start":"2026-01-05T00:00:00Z",\##
        "end":"2026-02-05T00:00:00Z"},"ratio":"1","quantity":"1500000","exact":"2","amount":"2.00",\##
        "discount":"0.00","tax":"0.40"},\##
        {"plan":"pro","price":null,"kind":"minimum","period":{"start":"2026-01-05T00:00:00Z",\##
        "end":"2026-02-05T00:00:00Z"},"ratio":"1","quantity":"1","exact":"17.84","amount":"17.84",\##
        "discount":"0.00","tax":"3.57"}],\##
        "subtotal":"64.84","discount":"0.00","tax":"12.97","total":"77.81","credits_applied":"0.45",\##
        "amount_due":"77.36"}],\##
        "credit_balance":"0.00","credits_left":{"c1":"0.00"}}
        """##

    @Test func `the example comes out to the byte`() {
        let (output, hasFailed) = SimulationBatch.run(.invoices, Array(Self.story.utf8))
        #expect(String(decoding: output, as: UTF8.self) == Self.invoices + "\n")
        #expect(!hasFailed)
    }

    @Test func `periods come out to the byte, with the id in front`() {
        let input = """
            {"anchor": "2026-01-31", "interval": {"unit": "month", "count": 1}, "timezone": "America/New_York", "id": 7,
             "alignment": "anniversary", "from": "2026-01-31", "count": 2}
            """
        let (output, hasFailed) = SimulationBatch.run(.periods, Array(input.utf8))
        #expect(
            String(decoding: output, as: UTF8.self) == """
                {"id":7,"periods":[{"start":"2026-01-31T05:00:00Z","end":"2026-02-28T05:00:00Z","days":28},\
                {"start":"2026-02-28T05:00:00Z","end":"2026-03-31T04:00:00Z","days":31}]}

                """
        )
        #expect(!hasFailed)
    }

    @Test func `a batch skips empty lines, keeps the order and goes on after an error`() throws {
        let input = """
            {"id": "a", "anchor": "2026-01-01", "interval": {"unit": "day"}}

            {"id": "b", "anchor": "2026-01-01", "interval": {"unit": "fortnight"}}
              \u{20}
            [1]
            {"id": "c"
            {"id": null, "anchor": "2026-01-01", "interval": {"unit": "day"}}\r
            """
        let (output, hasFailed) = SimulationBatch.run(.periods, Array(input.utf8))
        let results = try String(decoding: output, as: UTF8.self).split(separator: "\n").map {
            try JSONValue(parsing: String($0))
        }
        #expect(hasFailed)
        #expect(results.count == 5)
        #expect(results[0]["id"]?.string == "a")
        #expect(results[0]["periods"]?.array?.count == 1)
        #expect(results[1]["id"]?.string == "b")
        #expect(results[1]["error"]?["field"]?.string == "interval.unit")
        #expect(results[2]["error"]?["field"]?.string == "input")
        #expect(results[3]["error"]?["field"]?.string == "input")
        #expect(results[4]["id"] == nil)
        #expect(results[4]["periods"] == results[0]["periods"])
    }

    @Test func `rates run in the same batch`() throws {
        let input = #"{"id": "r", "price": {"model": "flat", "amount": "5"}, "currency": "USD"}"#
        let (output, hasFailed) = SimulationBatch.run(.rate, Array(input.utf8))
        let result = try JSONValue(parsing: output)
        #expect(result["id"]?.string == "r")
        #expect(result["amount"]?.string == "5.00")
        #expect(!hasFailed)
    }

    @Test func `nothing in, nothing out`() {
        let (output, hasFailed) = SimulationBatch.run(.invoices, Array("\n \n".utf8))
        #expect(output.isEmpty)
        #expect(!hasFailed)
    }

    private static let periodErrors: [(input: String, field: String)] = [
        (#"{"interval": {"unit": "day"}}"#, "anchor"),
        (#"{"anchor": "2026-01-01"}"#, "interval"),
        (#"{"anchor": "2026-01-01", "interval": {"unit": "day", "count": 0}}"#, "interval.count"),
        (#"{"anchor": "2026-01-01", "interval": {"unit": "day", "step": 2}}"#, "interval.step"),
        (#"{"anchor": "2026-13-01", "interval": {"unit": "day"}}"#, "anchor"),
        (#"{"anchor": "1899-01-01", "interval": {"unit": "day"}}"#, "anchor"),
        (#"{"anchor": "2026-01-01", "interval": {"unit": "day"}, "count": 10001}"#, "count"),
        (#"{"anchor": "2026-01-01", "interval": {"unit": "day"}, "count": 0}"#, "count"),
        (#"{"anchor": "2026-01-01", "interval": {"unit": "day"}, "count": "1"}"#, "count"),
        (#"{"anchor": "2026-01-02", "interval": {"unit": "day"}, "containing": "2026-01-01"}"#, "containing"),
        (#"{"anchor": "2026-01-01", "interval": {"unit": "day"}, "containing": "2026-01-01", "count": 1}"#, "count"),
        (#"{"anchor": "2026-01-01", "interval": {"unit": "day"}, "timezone": "Mars/Base"}"#, "timezone"),
        (#"{"anchor": "2026-01-01", "interval": {"unit": "day"}, "alignment": "lunar"}"#, "alignment"),
        (#"{"anchor": "2026-01-01", "interval": {"unit": "day"}, "zone": "UTC"}"#, "zone"),
        (#"{"anchor": "2026-01-01", "interval": {"unit": "year", "count": 9000}}"#, "input"),
    ]

    @Test(arguments: SimulationBatchTests.periodErrors)
    func `bad periods name the field`(input: String, field: String) throws {
        let (json, hasFailed) = SimulationBatch.run(.periods, try JSONValue(parsing: input))
        #expect(json["error"]?["field"]?.string == field, "\(json.text)")
        #expect(hasFailed)
    }
}
