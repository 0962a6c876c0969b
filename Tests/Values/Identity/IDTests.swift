import Testing
import Values

@Suite struct IDTests {
    @Test func `the wire form is that of TypeID`() throws {
        // From the TypeID specification's examples (github.com/jetify-com/typeid, spec/valid.json).
        let known = [
            ("00000000000000000000000000", "00000000-0000-0000-0000-000000000000"),
            ("00000000000000000000000001", "00000000-0000-0000-0000-000000000001"),
            ("0000000000000000000000000a", "00000000-0000-0000-0000-00000000000a"),
            ("0000000000000000000000000g", "00000000-0000-0000-0000-000000000010"),
            ("00000000000000000000000010", "00000000-0000-0000-0000-000000000020"),
            ("7zzzzzzzzzzzzzzzzzzzzzzzzz", "ffffffff-ffff-ffff-ffff-ffffffffffff"),
            ("0123456789abcdefghjkmnpqrs", "0110c853-1d09-52d8-d73e-1194e95b5f19"),
            ("01h455vb4pex5vsknk084sn02q", "01890a5d-ac96-774b-bcce-b302099a8057"),
        ]
        for (suffix, uuid) in known {
            let id = try #require(TenantID("ten_" + suffix))
            #expect(id.uuidText == uuid)
            #expect(TenantID(uuidText: uuid) == id)
            #expect(TenantID(uuidText: uuid.uppercased()) == id)
            #expect(id.text == "ten_" + suffix)
            #expect(UUIDBytes(bytes: id.uuidBytes) == id.uuid)
        }
    }

    @Test(arguments: [
        "", "ten_", "01h455vb4pex5vsknk084sn02q", "mem_01h455vb4pex5vsknk084sn02q", "ten_8zzzzzzzzzzzzzzzzzzzzzzzzz",
        "ten_01H455VB4PEX5VSKNK084SN02Q", "ten_01h455vb4pex5vsknk084sn02", "ten_01h455vb4pex5vsknk084sn02qq",
        "ten-01h455vb4pex5vsknk084sn02q", "ten_01h455vb4pex5vsknk084sn02u", "ten_01h455vb4pex5vsknk084sn02é",
    ])
    func `other forms are refused`(text: String) { #expect(TenantID(text) == nil) }

    @Test(arguments: [
        "", "01890a5dac96774bbcceb302099a8057", "01890a5d-ac96-774b-bcce-b302099a805g",
        "01890a5d-ac96-774b-bcce_b302099a8057",
    ])
    func `malformed UUIDs are refused`(text: String) { #expect(TenantID(uuidText: text) == nil) }

    @Test(arguments: 1...4)
    func `ids round-trip and sort by time to the microsecond in every form`(seed: UInt64) throws {
        var sampler = Sampler(seed: seed)
        var times: [Int64] = []
        for _ in 0..<200 {
            let time = Int64.random(in: 0...4_000_000_000_000_000, using: &sampler)
            times.append(contentsOf: [time, time + 1, time + Int64.random(in: 2...2_000, using: &sampler)])
        }
        times = Array(Set(times)).sorted()
        let ids = times.map { TenantID(at: Instant(microseconds: $0), random: (sampler.next(), sampler.next())) }
        #expect(ids == ids.sorted())
        #expect(ids.map(\.text) == ids.map(\.text).sorted())
        #expect(ids.map(\.uuidText) == ids.map(\.uuidText).sorted())
        for id in ids {
            #expect(TenantID(id.text) == id)
            #expect(TenantID(uuidText: id.uuidText) == id)
            #expect(Array(id.uuidText)[14] == "7")
            #expect("89ab".contains(Array(id.uuidText)[19]))
        }
    }

    @Test func `new ids differ and carry their milliseconds`() throws {
        let now = try #require(Instant("2026-03-01T00:00:00.123456Z"))
        let ids = (0..<1_000).map { _ in InvoiceID.make(at: now) }
        #expect(Set(ids).count == 1_000)
        #expect(ids.allSatisfy { $0.uuid.high >> 16 == UInt64(now.microseconds / 1_000) })
        #expect(JobID.make(at: Instant(seconds: -5)).uuid.high >> 16 == 0)
    }

    @Test func `authors keep their text`() throws {
        let key = KeyID.make(at: .epoch)
        for author in [Author.key(key), .staff(key), .system("billing"), .command] {
            #expect(Author(author.text) == author)
        }
        #expect(Author.system("billing").text == "system:billing")
        for text in ["", "key:", "key:x", "staff:ten_01h455vb4pex5vsknk084sn02q", "system:", "command:x", "someone"] {
            #expect(Author(text) == nil)
        }
        let stamp = Stamp(now: .epoch, author: .command)
        #expect(stamp.at == stamp.recordedAt && stamp.requestID == nil)
    }

    @Test func `problems tell nothing about errors that are not ours`() {
        struct Secret: Error { let password = "hunter2" }
        let problem = Problem.of(Secret())
        #expect(problem.kind == .internal && !problem.message.contains("hunter2"))
        #expect(Problem.of(Problem.notFound("plan", "pro")).message == "there is no plan pro")
        #expect(Problem.invalid("a.b", "must be c").errors == [Problem.FieldError(field: "a.b", message: "must be c")])
        #expect(Problem(.limited, "slow down", retryAfterSeconds: 3).code == "limited")
    }
}
