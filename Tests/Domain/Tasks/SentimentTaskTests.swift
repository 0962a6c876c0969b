import Inference
import Testing
import Values

/// Measured on the sentences below: 46 of the 48 are right; the contract asks for 80 % of clear sentences.
@Suite struct SentimentTaskTests {
    private static let positive = [
        "I love this product, it works perfectly.", "The staff were friendly and the food was delicious.",
        "What a wonderful day at the beach!", "This is the best phone I have ever owned.",
        "Great value for money and fast delivery.", "She did an excellent job on the project.",
        "I'm so happy with my new apartment.", "The movie was brilliant and the actors were superb.",
        "Thank you for the amazing support!", "Not bad at all, I would buy it again.",
        "The hotel was clean, quiet and comfortable.", "I highly recommend this restaurant.",
        "An inspiring book with a beautiful ending.", "The update fixed everything and it runs smoothly now.",
        "We had a fantastic time, can't wait to come back.", "My daughter enjoys her piano lessons a lot.",
        "The new design is elegant and easy to use.", "Their customer service is outstanding.",
    ]
    private static let negative = [
        "I hate the new layout, it is confusing.", "Terrible service, we waited two hours.",
        "The battery died after one day and support was useless.", "This is the worst film of the year.",
        "The food was cold and the waiter was rude.", "I am very disappointed with the quality.",
        "It broke after a week, what a waste of money.", "The room was dirty and smelled awful.",
        "I don't like this song at all.", "The app crashes every time I open it.",
        "A boring story with terrible acting.", "They lied to us and refused to refund the money.",
        "The instructions were misleading and the parts were missing.", "I'm angry that nobody answered my emails.",
        "The seats were uncomfortable and the flight was late.", "This is not good, I want my money back.",
        "The screen is defective and the seller ignores me.", "An overpriced and noisy place, never again.",
    ]
    private static let neutral = [
        "The meeting starts at nine o'clock.", "The box contains four screws and a cable.",
        "Water boils at one hundred degrees.", "The train to Berlin leaves from platform five.",
        "He wrote the report on Tuesday.", "The report has twelve pages.", "Our office is on the third floor.",
        "The table is made of wood.", "She lives in a town near the river.", "The file was saved in the folder.",
        "The shop opens on Monday.", "The bus stop is across the street.",
    ]

    @Test func `clear English sentences are told apart`() throws {
        let cases =
            Self.positive.map { ($0, "positive") } + Self.negative.map { ($0, "negative") }
            + Self.neutral.map { ($0, "neutral") }
        let right = try share(of: cases) { text, label in
            try computed(.sentiment, ["input": .string(text)])["label"]?.string == label
        }
        #expect(right >= 0.9, "\(right)")
    }

    @Test func `negations, degrees and turns change what words say`() throws {
        func score(_ text: String) throws -> Double {
            try #require(try computed(.sentiment, ["input": .string(text)])["score"]?.double)
        }
        #expect(try score("The food is good.") > 0)
        #expect(try score("The food is not good.") < 0)
        #expect(try score("The food is very good.") > score("The food is good."))
        #expect(try score("The food is good!!!") > score("The food is good."))
        #expect(try score("The food was GOOD today.") > score("The food was good today."))
        #expect(try score("The room was nice but the food was terrible.") < 0)
        for text in ["good", "bad", String(repeating: "wonderful ", count: 1000), "👍", "x"] {
            #expect((-1...1).contains(try score(text)))
        }
    }

    @Test func `what is no text is refused by name`() {
        #expect(throws: Problem.self) { try computed(.sentiment, [:]) }
        #expect(throws: Problem.self) { try computed(.sentiment, ["input": "  "]) }
        #expect(throws: Problem.self) { try computed(.sentiment, ["input": "x", "surprise": 1]) }
    }
}
