import Testing
import Values

@Suite struct JSONFieldsTests {
    private func fields(_ text: String, path: String = "") throws -> JSONFields {
        try JSONFields(JSONValue(parsing: text), path: path)
    }

    /// The only field error of what a closure throws.
    private func error(_ body: () throws -> Void) -> Problem.FieldError? {
        let problem = #expect(throws: Problem.self) { try body() }
        #expect(problem?.kind == .invalid)
        return problem?.errors.count == 1 ? problem?.errors.first : nil
    }

    @Test func `members are read by type and the rest is refused`() throws {
        var fields = try fields(
            #"{"s":"x","i":3,"b":true,"d":0.5,"n":"-12.50","z":null,"o":{"k":1},"l":["a",{}],"c":"day","more":1}"#
        )
        #expect(try fields.string("s") == "x")
        #expect(try fields.int("i") == 3)
        #expect(try fields.bool("b"))
        #expect(try fields.double("d") == 0.5)
        #expect(try fields.decimal("n") == Exact(-25, 2))
        #expect(try fields.optionalString("z") == nil)
        #expect(try fields.optionalInt("absent") == nil)
        #expect(!fields.has("z") && fields.has("s") && !fields.has("absent"))
        var inner = try fields.object("o")
        #expect(inner.path("k") == "o.k")
        #expect(try inner.int("k") == 1)
        try inner.finish()
        #expect(try fields.array("l").map(\.path) == ["l[0]", "l[1]"])
        #expect(try fields.choice("c", as: Proration.self) == .day)
        #expect(error { try fields.finish() }?.field == "more")
        #expect(fields.value("more")?.int == 1)
        try fields.finish()
    }

    @Test func `null counts as absent unless it is asked for`() throws {
        var fields = try fields(#"{"up_to":null}"#, path: "tiers[1]")
        #expect(fields.value("up_to") == nil)
        #expect(fields.valueOrNull("up_to") == .null)
        #expect(fields.valueOrNull("other") == nil)
        #expect(error { _ = try fields.requiredValue("up_to") }?.field == "tiers[1].up_to")
        try fields.finish()
    }

    @Test(arguments: ["[]", "1", "\"x\"", "null"])
    func `what is no object is refused at its path, the whole input as input`(text: String) {
        #expect(error { _ = try fields(text) }?.field == "input")
        #expect(error { _ = try fields(text, path: "plans[0]") }?.field == "plans[0]")
    }

    @Test func `messages name the value and what would be right`() throws {
        var fields = try fields(
            #"{"s":1,"i":"3","b":0,"n":12.5,"n2":"1e3","c":"fortnight","l":{},"o":[],"t":"2026-02-30","neg":"-1"}"#,
            path: "p[2]"
        )
        let messages = [
            error { _ = try fields.string("s") }, error { _ = try fields.int("i") }, error { _ = try fields.bool("b") },
            error { _ = try fields.decimal("n") }, error { _ = try fields.decimal("n2") },
            error { _ = try fields.choice("c", as: Interval.Unit.self) }, error { _ = try fields.array("l") },
            error { _ = try fields.object("o") }, error { _ = try fields.instant("t") },
            error { _ = try fields.nonNegative("neg") }, error { _ = try fields.string("none") },
        ].map { "\($0?.field ?? "") \($0?.message ?? "")" }
        #expect(
            messages == [
                #"p[2].s must be a string, not 1"#, #"p[2].i must be an integer, not "3""#,
                "p[2].b must be true or false, not 0",
                #"p[2].n must be a decimal string like "12.50", not 12.5"#,
                #"p[2].n2 must be a decimal string like "12.50", not "1e3""#,
                #"p[2].c must be one of "day", "week", "month", "year", not "fortnight""#,
                "p[2].l must be an array, not an object", "p[2].o must be an object, not an array",
                #"p[2].t must be an instant like "2026-03-01T00:00:00Z" or a date like "2026-03-01", not "2026-02-30""#,
                #"p[2].neg must not be negative, not "-1""#, "p[2].none is required: a string",
            ]
        )
    }

    @Test func `long values are shortened in messages`() throws {
        let long = String(repeating: "é", count: 5_000)
        var fields = try JSONFields(["a": .string(long)])
        #expect(try #require(error { _ = try fields.int("a") }).message.count < 120)
    }

    @Test func `a bare date is local midnight and an instant keeps its offset's meaning`() throws {
        let zone = try #require(Zone("America/New_York"))
        var fields = try fields(#"{"a":"2026-03-01","b":"2026-03-01T10:00:00+02:00","c":"2018-11-04"}"#)
        #expect(try fields.instant("a", in: zone).text == "2026-03-01T05:00:00Z")
        #expect(try fields.instant("a").text == "2026-03-01T00:00:00Z")
        #expect(try fields.instant("b", in: zone).text == "2026-03-01T08:00:00Z")
        let moment = try fields.moment("b", in: zone)
        #expect(!moment.isDate && moment.wall.description == "2026-03-01T03:00:00")
        let skipped = try fields.moment("c", in: #require(Zone("America/Sao_Paulo")))
        #expect(skipped.isDate && skipped.wall.description == "2018-11-04T00:00:00")
        #expect(skipped.instant.text == "2018-11-04T03:00:00Z")
    }

    @Test func `years outside a range are refused as they are written`() throws {
        var fields = try fields(
            #"{"a":"1899-12-31","b":"2200-01-01T00:00:00Z","c":"1900-01-01","d":"2199-12-31T23:59:59-05:00"}"#
        )
        for key in ["a", "b"] {
            #expect(error { _ = try fields.instant(key, years: 1900...2199) }?.field == key)
            #expect(throws: Never.self) { try fields.instant(key) }
        }
        for key in ["c", "d"] { #expect(throws: Never.self) { try fields.instant(key, years: 1900...2199) } }
    }

    @Test func `ids, zones, currencies, dates and money are read`() throws {
        var fields = try fields(
            """
            {"id":"ten_01h455vb4pex5vsknk084sn02q","zone":"Europe/Berlin","currency":"EUR","date":"2026-03-01",
             "money":{"amount":"1.50","currency":"USD"},"bad":"x"}
            """
        )
        let id: TenantID = try fields.id("id")
        #expect(id.text == "ten_01h455vb4pex5vsknk084sn02q")
        #expect(error { let _: PlanID = try fields.id("id") }?.message.contains("pln_") == true)
        #expect(try fields.optionalZone("zone")?.name == "Europe/Berlin")
        #expect(try fields.currency("currency") == .eur)
        #expect(try fields.date("date").text == "2026-03-01")
        #expect(try fields.money("money").minor == 150)
        #expect(error { _ = try fields.optionalZone("bad") }?.field == "bad")
        #expect(error { _ = try fields.currency("bad") }?.field == "bad")
        #expect(error { _ = try fields.date("bad") }?.field == "bad")
        #expect(error { _ = try fields.money("none") }?.field == "none")
        try fields.finish()
    }
}
