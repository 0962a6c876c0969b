import Foundation
import Testing
import Values

@testable import Webhooks

/// The list of what can be told is what the sources record.
@Suite struct WebhookEventTypesTests {
    /// All sources of ours.
    private static func sources() throws -> [String] {
        var root = URL(fileURLWithPath: #filePath)
        for _ in 0..<4 { root.deleteLastPathComponent() }
        root.appendPathComponent("Sources")
        guard let files = FileManager.default.enumerator(atPath: root.path) else {
            throw Problem(.precondition, "these tests read the sources, which are not at \(root.path)")
        }
        return try files.compactMap { $0 as? String }.filter { $0.hasSuffix(".swift") }
            .map { try String(contentsOfFile: root.path + "/" + $0, encoding: .utf8) }
    }

    /// Pairs of words like a type that a text holds as literals.
    private static func pairs(in text: String) -> Set<String> {
        Set(text.matches(of: /"([a-z_]+\.[a-z_]+)"/).map { String($0.1) })
    }

    private static func noun(_ type: String) -> String { String(type.prefix { $0 != "." }) }

    @Test func `every act that is recorded is in the list, and all of the list is recorded`() throws {
        let sources = try Self.sources()
        let known = Set(WebhookEventTypes.all)
        let nouns = Set(known.map(Self.noun))
        let recording = sources.filter { text in ["Activity.", "record(", " act("].contains { text.contains($0) } }
        #expect(recording.count > 50)
        var recorded: Set<String> = []
        for text in recording {
            recorded.formUnion(Self.pairs(in: text).filter { nouns.contains(Self.noun($0)) })
            for match in text.matches(of: /\b(?:record|act|Act)\(\s*"([a-z_]+\.[a-z_]+)"/) {
                recorded.insert(String(match.1))
            }
        }
        #expect(recorded.isSubset(of: known), "not in the list: \(recorded.subtracting(known).sorted())")
        // Some are put together of a noun and a state.
        let composed = recording.flatMap { $0.matches(of: /"([a-z_]+)\.\\\(/).map { String($0.1) } }
        let said = sources.reduce(into: Set<String>()) { $0.formUnion(Self.pairs(in: $1)) }
        let unsaid = known.subtracting(said).filter { !composed.contains(Self.noun($0)) }
        #expect(unsaid.isEmpty, "never recorded: \(unsaid.sorted())")
    }

    @Test(arguments: ["*", "invoice.*", "invoice.paid", "payment_attempt.declined", "job.succeeded"])
    func `filters that something passes are taken`(text: String) throws {
        #expect(try WebhookFilter(known: text, at: "events[0]").text == text)
    }

    @Test(arguments: [
        ("bogus.*", "add_on.*"), ("invoice.payed", "invoice.paid"), ("invoices.*", "invoice.*"),
        ("subscription.paid", "subscription.renewed"), ("credit.notes.*", "credit.granted"),
        ("cred.x", "credit_note.*"),
    ])
    func `one that nothing passes is refused with what is near`(text: String, near: String) {
        let problem = #expect(throws: Problem.self) { try WebhookFilter(known: text, at: "events[2]") }
        #expect(problem?.errors.first?.field == "events[2]")
        #expect(problem?.message.contains(text) == true && problem?.message.contains(near) == true)
    }
}
