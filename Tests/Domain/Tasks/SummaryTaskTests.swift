import Inference
import Testing
import Values

@Suite struct SummaryTaskTests {
    private static let text = """
        The city council approved a new bicycle network on Monday. The bicycle network will connect all districts \
        of the city with protected lanes. A baker on the main street sold bread as usual. Construction of the \
        protected lanes begins in spring and costs 12 million euros. The mayor wore a blue coat. Council members \
        expect that the network will halve car traffic in the city. It rained in the afternoon.
        """

    @Test func `a summary has the sentences that matter, in their order and their own words`() throws {
        let output = try computed(.summarize, ["input": .string(Self.text), "max_sentences": 3])
        let summary = try #require(output["summary"]?.string)
        #expect(summary.contains("bicycle network"))
        #expect(!summary.contains("baker") && !summary.contains("coat") && !summary.contains("rained"), "\(summary)")
        var place = Self.text.startIndex
        for sentence in summary.split(separator: ". ") {
            let found = try #require(Self.text[place...].firstRange(of: sentence.trimmingPrefix(" ")), "\(sentence)")
            place = found.upperBound
        }
        #expect(summary.count < Self.text.count * 3 / 4)
    }

    @Test func `a short text stays as it is, and the number of sentences is kept`() throws {
        #expect(try computed(.summarize, ["input": "One. Two words."])["summary"] == "One. Two words.")
        for count in 1...5 {
            let output = try computed(.summarize, ["input": .string(Self.text), "max_sentences": .int(count)])
            #expect(output["summary"]?.string?.count { $0 == "." } == count)
        }
        #expect(throws: Problem.self) { try computed(.summarize, ["input": "x", "max_sentences": 0]) }
    }
}
