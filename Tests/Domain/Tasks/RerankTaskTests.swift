import Inference
import Testing
import Values

@Suite struct RerankTaskTests {
    private static let documents = [
        "Reset your password on the account page under security settings.",
        "Invoices are sent by email on the first day of each month.",
        "The cat slept on the warm windowsill all afternoon.",
        "To cancel a subscription open billing and choose end plan.",
        "Python lists can be sorted with the sort method or the sorted function.",
        "Paris is the capital and largest city of France.",
        "A balanced breakfast includes fruit, grains and protein.",
        "The rocket launched three satellites into low orbit.",
        "Solar panels turn sunlight into electricity for homes.",
        "The marathon runner finished the race in under three hours.",
    ]
    private static let queries = [
        "how do I change my password", "when do I get my invoice", "sleeping cat", "cancelling subscriptions",
        "sort a list in python", "what is the capital of France", "healthy breakfast ideas",
        "satellite launch into orbit",
        "electricity from the sun with solar panels", "who ran the marathon",
    ]

    @Test func `the relevant document comes first in at least eight of ten`() throws {
        let right = try share(of: Array(Self.queries.enumerated())) { index, query in
            let output = try computed(
                .rerank,
                ["query": .string(query), "documents": .array(Self.documents.map { .string($0) }), "top_n": 3]
            )
            let results = try #require(output["results"]?.array)
            let scores = results.compactMap { $0["score"]?.double }
            #expect(results.count == 3 && scores == scores.sorted(by: >) && scores.allSatisfy((0...1).contains))
            return results[0]["index"]?.int == index
        }
        #expect(right >= 0.8, "\(right)")
    }

    @Test func `without a bound all documents come back, each once`() throws {
        let output = try computed(.rerank, ["query": "x", "documents": ["b", "x", ""]])
        let indices = try #require(output["results"]?.array?.compactMap { $0["index"]?.int })
        #expect(indices.first == 1 && indices.sorted() == [0, 1, 2])
        #expect(throws: Problem.self) { try computed(.rerank, ["query": "x", "documents": []]) }
        #expect(throws: Problem.self) { try computed(.rerank, ["query": "x", "documents": [1]]) }
        #expect(throws: Problem.self) { try computed(.rerank, ["query": "x", "documents": ["y"], "top_n": 0]) }
    }
}
