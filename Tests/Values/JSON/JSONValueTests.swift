import Testing
import Values

@Suite struct JSONValueTests {
    @Test(arguments: [
        "null", "true", "false", "0", "-0", "1.50", "1e3", "-12.5E-7", #""""#, #""ü€😀""#, "[]", "{}", "[1,[2,[3]]]",
        #"{"b":1,"a":[true,null]}"#, "123456789012345678901234567890", #""\"\\\b\f\n\r\t\u0001""#,
    ])
    func `compact text round-trips unchanged`(text: String) throws {
        #expect(try JSONValue(parsing: text).text == text)
    }

    @Test(arguments: [
        (#""\u0041\u00fc\u20ac\ud83d\ude00\/""#, "Aü€😀/"), (#""\uD83D\uDE00x""#, "😀x"), (#""\u001f""#, "\u{1f}"),
        (#""a\tb""#, "a\tb"), ("\"\u{7f}\u{2028}\"", "\u{7f}\u{2028}"),
    ])
    func `escapes are read`(text: String, expected: String) throws {
        let value = try JSONValue(parsing: text)
        #expect(value.string == expected)
        #expect(try JSONValue(parsing: value.text) == value)
    }

    @Test(arguments: [
        ("", 0), (" ", 1), ("nul", 0), ("truE", 0), ("[1,]", 3), ("[1 2]", 3), ("{", 1), (#"{"a"}"#, 4),
        (#"{"a":}"#, 5),
        (#"{"a":1,}"#, 7), (#"{"a":1,"a":2}"#, 7), ("{a:1}", 1), ("01", 0), ("-", 1), ("+1", 0), ("1.", 2), (".5", 0),
        ("1e", 2), ("1e+", 3), ("1e10000", 2), ("0x1", 1), ("NaN", 0), ("Infinity", 0), (#""abc"#, 4), ("\"a\nb\"", 2),
        (#""\x""#, 2), (#""\u12g4""#, 5), (#""\ud800""#, 2), (#""\ud800x""#, 2), (#""\ud800\u0041""#, 2),
        (#""\udc00""#, 2),
        (#""\u0000""#, 2), ("1 1", 2), ("[1]]", 3), ("'a'", 0), ("/**/1", 0), ("\u{feff}1", 0), ("[", 1),
        (#"{"a":1"#, 6),
        ("\u{a0}1", 0),
    ])
    func `malformed text is refused at the right byte`(text: String, index: Int) throws {
        let problem = #expect(throws: Problem.self) { try JSONValue(parsing: text) }
        #expect(problem?.kind == .invalid)
        #expect(problem?.errors.first?.field == "input")
        #expect(problem?.message.hasSuffix("at byte \(index)") == true, "\(problem?.message ?? "")")
    }

    @Test(arguments: [
        [0x22, 0xFF, 0x22], [0x22, 0xC0, 0x80, 0x22], [0x22, 0xED, 0xA0, 0x80, 0x22], [0x22, 0xE2, 0x82, 0x22], [0xFF],
        [0x22, 0x5C, 0x6E, 0x80, 0x22], [0x7B, 0x22, 0xFF, 0x22, 0x3A, 0x31, 0x7D], [0x31, 0x00],
    ])
    func `bytes that are not UTF-8 are refused`(bytes: [UInt8]) {
        #expect(throws: Problem.self) { try JSONValue(parsing: bytes) }
    }

    @Test func `nesting is bounded`() throws {
        func nested(_ depth: Int) -> String {
            String(repeating: "[", count: depth) + String(repeating: "]", count: depth)
        }
        #expect(throws: Never.self) { try JSONValue(parsing: nested(64)) }
        #expect(throws: Problem.self) { try JSONValue(parsing: nested(65)) }
        #expect(throws: Problem.self) { try JSONValue(parsing: String(repeating: "[", count: 1_000_000)) }
        let objects = String(repeating: #"{"a":"#, count: 65) + "1" + String(repeating: "}", count: 65)
        #expect(throws: Problem.self) { try JSONValue(parsing: objects) }
    }

    @Test func `space is allowed around every token and nowhere counts`() throws {
        let value = try JSONValue(parsing: " \t\r\n{ \"a\" : [ 1 , { } , [ ] ] } \n")
        #expect(value == ["a": [1, [:], []]])
        #expect(value.prettyText == "{\n  \"a\": [\n    1,\n    {},\n    []\n  ]\n}")
        #expect(try JSONValue(parsing: value.prettyText) == value)
    }

    @Test func `objects keep their order and compare without it`() throws {
        let value = try JSONValue(parsing: #"{"z":1,"a":2,"m":3}"#)
        #expect(value.object?.keys == ["z", "a", "m"])
        #expect(value == ["a": 2, "m": 3, "z": 1])
        #expect(value.hashValue == (["a": 2.0, "m": 3e0, "z": 1] as JSONValue).hashValue)
        #expect(value != ["a": 2, "m": 3])
    }

    @Test func `large objects are found, changed and shrunk like small ones`() {
        var object = JSONObject()
        for number in 0..<40 { object["k\(number)"] = .int(number) }
        for number in 0..<40 { #expect(object["k\(number)"]?.int == number) }
        #expect(object["absent"] == nil)
        object["k7"] = "seven"
        object["k39"] = nil
        object["k0"] = nil
        object["absent"] = nil
        #expect(object.count == 38)
        #expect(object.keys.first == "k1")
        #expect(object["k7"]?.string == "seven")
        for number in 8..<39 { object["k\(number)"] = nil }
        #expect(object.keys == ["k1", "k2", "k3", "k4", "k5", "k6", "k7"])
        #expect(object["k6"]?.int == 6)
        for number in 50..<70 { object["k\(number)"] = .int(number) }
        #expect(object["k69"]?.int == 69 && object["k2"]?.int == 2 && object["k20"] == nil)
    }

    @Test func `parts are read by name and by index`() throws {
        let value: JSONValue = ["a": ["x", 2, 2.5, true, nil], "b": [:]]
        #expect(value["a"]?[0]?.string == "x")
        #expect(value["a"]?[1]?.int == 2)
        #expect(value["a"]?[2]?.double == 2.5)
        #expect(value["a"]?[2]?.int == nil)
        #expect(value["a"]?[3]?.bool == true)
        #expect(value["a"]?[4]?.isNull == true)
        #expect(value["a"]?[5] == nil && value["a"]?[-1] == nil && value["c"] == nil && value[0] == nil)
        #expect(JSONValue.double(.infinity).isNull && JSONValue.optional(nil).isNull)
        #expect(JSONValue.optional("x") == "x")
        #expect(try JSONValue(parsing: JSONValue.double(.leastNonzeroMagnitude).text).double == .leastNonzeroMagnitude)
    }
}

@Suite struct JSONNumberTests {
    @Test(arguments: [
        ("1", "1.0"), ("1", "1e0"), ("10", "1e1"), ("0", "-0"), ("0", "0.000e5"), ("1.50", "15e-1"), ("-100", "-1E+2"),
        ("0.001", "1e-3"), ("123456789012345678901234567890", "1.2345678901234567890123456789e29"),
    ])
    func `equal values are equal and hash alike`(first: String, second: String) throws {
        let a = try #require(JSONNumber(first))
        let b = try #require(JSONNumber(second))
        #expect(a == b)
        #expect(a.hashValue == b.hashValue)
    }

    @Test(arguments: [
        ("1", "-1"), ("1", "10"), ("1", "1.0000000000000000001"), ("0.1", "0.01"), ("12", "21"), ("1e5", "1e6"),
    ])
    func `other values are not`(first: String, second: String) throws {
        #expect(try #require(JSONNumber(first)) != #require(JSONNumber(second)))
    }

    @Test(arguments: [
        ("5", 5), ("5.0", 5), ("50e-1", 5), ("5e2", 500), ("-0.0", 0), ("9223372036854775807", Int.max),
        ("-9223372036854775808", Int.min), ("9.223372036854775807e18", Int.max),
    ])
    func `whole numbers are integers however they are written`(text: String, value: Int) {
        #expect(JSONNumber(text)?.int == value)
    }

    @Test(arguments: ["0.5", "9223372036854775808", "1e19", "1e9999", "-1e-9999", "1.5e0"])
    func `others are not`(text: String) throws { #expect(try #require(JSONNumber(text)).int == nil) }

    @Test(arguments: ["", "1 ", " 1", "01", "a", "1e", "--1", "1.e1"])
    func `what is no number is refused`(text: String) { #expect(JSONNumber(text) == nil) }
}

@Suite struct JSONFuzzTests {
    @Test(arguments: 1...4)
    func `random bytes never crash`(seed: UInt64) {
        var sampler = Sampler(seed: seed)
        let alphabet = Array(#"{}[]":,\ued80019.-+tfnrlas "#.utf8) + [0x00, 0x80, 0xC3, 0xFF, 0x0A]
        for round in 0..<3_000 {
            let bytes = (0..<Int.random(in: 0...40, using: &sampler)).map { _ in
                round % 2 == 0
                    ? UInt8.random(in: 0...255, using: &sampler) : alphabet.randomElement(using: &sampler) ?? 0
            }
            if let value = try? JSONValue(parsing: bytes) { #expect((try? JSONValue(parsing: value.text)) == value) }
        }
    }

    @Test(arguments: 1...4)
    func `random values round-trip and broken texts never crash`(seed: UInt64) throws {
        var sampler = Sampler(seed: seed)
        for _ in 0..<300 {
            let value = sampler.json(depth: 4)
            let text = value.text
            let parsed = try JSONValue(parsing: text)
            #expect(parsed == value)
            #expect(parsed.hashValue == value.hashValue)
            #expect(parsed.text == text)
            #expect(try JSONValue(parsing: value.prettyText).text == text)
            var broken = Array(text.utf8)
            let index = Int.random(in: 0..<broken.count, using: &sampler)
            broken[index] = UInt8.random(in: 0...255, using: &sampler)
            _ = try? JSONValue(parsing: broken)
            _ = try? JSONValue(parsing: broken.prefix(index))
        }
    }
}

extension Sampler {
    fileprivate mutating func json(depth: Int) -> JSONValue {
        switch Int.random(in: 0..<(depth == 0 ? 5 : 7), using: &self) {
        case 0: .null
        case 1: .bool(Bool.random(using: &self))
        case 2: .int(Int64(bitPattern: next()) >> Int64.random(in: 0...63, using: &self))
        case 3: .double(Double(bitPattern: next()))
        case 4: .string(text())
        case 5: .array((0..<Int.random(in: 0...5, using: &self)).map { _ in json(depth: depth - 1) })
        default: .object(object(depth: depth))
        }
    }

    private mutating func object(depth: Int) -> JSONObject {
        var object = JSONObject()
        for _ in 0..<Int.random(in: 0...16, using: &self) {
            let key = text()
            object[key] = json(depth: depth - 1)
        }
        return object
    }

    private mutating func text() -> String {
        var text = String.UnicodeScalarView()
        for _ in 0..<Int.random(in: 0...12, using: &self) {
            let limit: UInt32 = [0x20, 0x80, 0x800, 0x10000, 0x110000].randomElement(using: &self) ?? 0x80
            text.append(Unicode.Scalar(UInt32.random(in: 1..<limit, using: &self)) ?? "x")
        }
        return String(text)
    }
}
