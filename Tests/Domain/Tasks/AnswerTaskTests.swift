import Inference
import Testing
import Values

@Suite struct AnswerTaskTests {
    private static let tower = """
        The Eiffel Tower stands on the Champ de Mars in Paris, France. It was built by the company of Gustave Eiffel \
        between 1887 and 1889 for the World's Fair. The tower is 330 metres tall and weighs 10,100 tonnes. \
        Almost 7 million people visit it each year.
        """
    private static let shop = """
        Our shop is open from 9:00 to 18:00 on weekdays. Orders above $50 ship for free. Returns are accepted within \
        30 days of delivery. The support team is led by Maria Jensen and works in Copenhagen. Refunds are paid to \
        the original payment method because card rules demand it.
        """
    private static let penguin = """
        Emperor penguins live in Antarctica. They eat fish, krill and squid. The female lays a single egg in May, \
        and the male keeps it warm for about 65 days. Dr. Anna Berg has studied them since 1998.
        """

    static let cases: [(context: String, question: String, answer: String)] = [
        (tower, "Where does the Eiffel Tower stand?", "Paris"), (tower, "How tall is the tower?", "330 metres"),
        (tower, "Who built the Eiffel Tower?", "Gustave Eiffel"), (tower, "When was the tower built?", "1889"),
        (tower, "How much does the tower weigh?", "10,100 tonnes"),
        (tower, "How many people visit it each year?", "7 million"),
        (shop, "Who leads the support team?", "Maria Jensen"),
        (shop, "Where does the support team work?", "Copenhagen"),
        (shop, "Within how many days are returns accepted?", "30 days"),
        (shop, "Why are refunds paid to the original payment method?", "card rules"),
        (shop, "Which orders ship for free?", "$50"), (penguin, "Where do emperor penguins live?", "Antarctica"),
        (penguin, "What do emperor penguins eat?", "fish"),
        (penguin, "How long does the male keep the egg warm?", "65 days"),
        (penguin, "When does the female lay an egg?", "May"),
        (penguin, "Who has studied the penguins since 1998?", "Anna Berg"),
        ("The capital of Peru is Lima.", "What is the capital of Peru?", "Lima"),
        ("Alice sold her car to Bob on Friday.", "When did Alice sell her car?", "Friday"),
        ("The password is swordfish and the user is admin.", "What is the password?", "swordfish"),
    ]

    @Test(arguments: cases)
    func `easy questions are answered from the context`(context: String, question: String, answer: String) throws {
        let output = try computed(.answer, ["question": .string(question), "context": .string(context)])
        let found = try #require(output["answer"]?.string, "nothing was found")
        #expect(found.contains(answer) && found.count <= answer.count + 40, "\(question) \(found)")
        let start = try #require(output["start"]?.int)
        let end = try #require(output["end"]?.int)
        let scalars = Array(context.unicodeScalars)
        #expect(String(String.UnicodeScalarView(scalars[start..<end])) == found)
        #expect((0.1...1).contains(try #require(output["confidence"]?.double)))
    }

    @Test(arguments: [
        (tower, "Who won the football championship in Brazil?"), (shop, "What is the chemical formula of water?"),
        (penguin, "How many moons does Jupiter have?"), (shop, "When was the emperor crowned?"),
    ])
    func `what the context does not say is not made up`(context: String, question: String) throws {
        let output = try computed(.answer, ["question": .string(question), "context": .string(context)])
        #expect(output["answer"] == .null, "\(output.text)")
        #expect(output["start"] == .null && output["end"] == .null && output["confidence"] == 0)
    }
}
