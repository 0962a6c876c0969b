import Inference
import Testing
import Values

@Suite struct EngineFramesTests {
    private static let sampling = SamplingParameters(
        temperature: 0.7,
        topK: 40,
        topP: 0.95,
        minP: 0.05,
        presencePenalty: -0.5,
        frequencyPenalty: 1.25,
        seed: 4_294_967_295,
        logitBias: [7: -100, 11: 2.5],
        grammar: "root ::= \"ja\" | \"nein\"\n",
        logprobs: 5
    )

    private static let prompts: [GenerationPrompt] = [
        .messages([
            ChatMessage(role: .system, content: ""),
            ChatMessage(role: .user, content: "line\nbreak \u{1} \"quotes\" 漢字 😀 <|im_end|>"),
        ]),
        .text("\u{2028}\\n"),
        .tokens([0, 1, 49151]),
        .embeddings([.text("ä\n"), .tokens([101, 102]), .text("")]),
        .scores(of: [" yes", " nein\u{1}"], after: .messages([ChatMessage(role: .user, content: "Well?")])),
        .scores(of: ["x"], after: .tokens([7])),
    ]

    @Test func `every command survives the wire`() throws {
        var commands: [EngineCommand] = [.ping(1), .cancel(id: 2)]
        for (id, prompt) in Self.prompts.enumerated() {
            commands.append(.tokenize(id: id, prompt: prompt))
            commands.append(
                .generate(
                    EngineGeneration(
                        id: id,
                        tenant: "ten_x",
                        weight: 0.5,
                        prompt: prompt,
                        sampling: id == 0 ? Self.sampling : .greedy,
                        maxTokens: id == 1 ? nil : 9,
                        stop: ["\n", "💥"]
                    )
                )
            )
        }
        for command in commands {
            #expect(command.line.filter { $0 == "\n" }.count == 1)
            #expect(try EngineCommand(JSONValue(parsing: command.line)) == command)
        }
    }

    @Test func `every report survives the wire`() throws {
        var statistics = EngineStatistics()
        statistics.isBusy = true
        statistics.steps = 12
        statistics.completionTokens = 99
        let usage = GenerationUsage(promptTokens: 5, cachedTokens: 1, completionTokens: 3, cpuMilliseconds: 70)
        let reports: [EngineReport] = [
            .hello(.example()),
            .hello(.example(template: nil)),
            .pong(3, statistics),
            .tokenized(id: 1, tokens: 17),
            .started(id: 1, promptTokens: 17, cachedTokens: 0),
            .piece(id: 1, text: "é\n\u{1}", tokens: 2),
            .piece(id: 1, text: "", tokens: 1, logprobs: [Self.logprob]),
            .vectors(id: 2, [[0, -1.5, .leastNonzeroMagnitude], [1 / 3, 3e38, -0.0]]),
            .scores(id: 3, [ContinuationScore(logLikelihood: -1.0 / 3, tokens: 2)]),
            .done(id: 1, reason: .length, usage: usage),
            .failed(id: nil, trouble: EngineTrouble(.model, "no such file")),
            .failed(id: 4, trouble: EngineTrouble(.context, "too long", promptTokens: 9, maxTokens: 8, context: 16)),
        ]
        for report in reports {
            #expect(report.line.filter { $0 == "\n" }.count == 1)
            #expect(try EngineReport(JSONValue(parsing: report.line)) == report)
        }
    }

    private static let logprob = TokenLogprob(
        picked: .init(token: 3, bytes: [0xE6, 0xBC], logprob: -0.25),
        top: [.init(token: 9, bytes: [], logprob: -1e-9), .init(token: 3, bytes: [0xE6, 0xBC], logprob: -0.25)]
    )

    @Test func `what is impossible has a logarithm that JSON can say`() throws {
        let never = TokenLogprob(picked: .init(token: 1, bytes: [65], logprob: -.infinity), top: [])
        let report = EngineReport.piece(id: 1, text: "A", tokens: 1, logprobs: [never])
        guard case .piece(_, _, _, let logprobs) = try EngineReport(JSONValue(parsing: report.line)) else {
            Issue.record("no piece")
            return
        }
        #expect(logprobs.map(\.picked.logprob) == [-9999])
    }

    @Test func `vectors that are cut off are refused`() {
        for frame in [
            #"{"frame":"vectors","id":1,"size":2,"data":"AAAAAA=="}"#,
            #"{"frame":"vectors","id":1,"size":0,"data":""}"#,
            #"{"frame":"vectors","id":1,"size":1,"data":"!"}"#,
        ] {
            #expect(throws: Problem.self) { try EngineReport(JSONValue(parsing: frame)) }
        }
    }

    @Test func `a character that no frame can hold does not break the frame`() throws {
        let report = EngineReport.piece(id: 1, text: "a\u{0}\u{301}b", tokens: 2)
        #expect(
            try EngineReport(JSONValue(parsing: report.line)) == .piece(id: 1, text: "a\u{FFFD}\u{301}b", tokens: 2)
        )
        let command = EngineCommand.tokenize(id: 1, prompt: .text("\u{0}"))
        #expect(try EngineCommand(JSONValue(parsing: command.line)) == .tokenize(id: 1, prompt: .text("\u{FFFD}")))
    }

    @Test(arguments: [
        "{}", "{\"frame\":\"dance\"}", "{\"frame\":\"ping\",\"n\":1,\"extra\":2}", "{\"frame\":\"cancel\"}", "[1]",
    ])
    func `what is no frame is refused`(text: String) {
        #expect(throws: Problem.self) { try EngineCommand(JSONValue(parsing: text)) }
        #expect(throws: Problem.self) { try EngineReport(JSONValue(parsing: text)) }
    }
}

extension EngineDescription {
    /// An engine that can chat, unless said otherwise.
    static func example(
        sequences: Int = 2,
        reserve: Int = 0,
        template: String? = "chatml",
        vectorSize: Int? = nil
    ) -> EngineDescription {
        EngineDescription(
            model: "small",
            architecture: "llama",
            weights: "Q4_1",
            parameters: 134_515_008,
            bytes: 96_576_768,
            vocabulary: 49_152,
            context: 2048,
            trainedContext: 8192,
            sequences: sequences,
            reserve: reserve,
            template: template,
            templateRefusal: template == nil ? "the model file has no chat template" : nil,
            vectorSize: vectorSize,
            loadMilliseconds: 140,
            build: "1"
        )
    }
}
