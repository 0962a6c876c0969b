import Hummingbird
import Inference
import NIOCore
import Values

/// Writes what runs do as server-sent events while they do it.
///
/// A client that leaves stops the generations; what was generated is settled by the service in any case.
struct CompletionStream: Sendable {
    /// How often a comment keeps the connection open while the job waits.
    private static let pingInterval = Duration.seconds(5)

    let runs: [InferenceRun]
    let writing: any StreamWriting
    /// The request, whose connection tells that the client has left.
    let request: Request

    func reply(headers: [String: String]) -> Reply {
        var headers = headers
        headers["Cache-Control"] = "no-store"
        headers["X-Accel-Buffering"] = "no"
        return .stream(type: "text/event-stream; charset=utf-8", headers: headers) { writer in
            try await request.body.consumeWithInboundCloseHandler { _ in
                try await write(to: &writer)
            } onInboundClosed: {
                for run in runs { run.cancel() }
            }
            try await writer.finish(nil)
        }
    }

    private enum Item: Sendable {
        case event(Int, InferenceEvent)
        case failed(any Error)
        case tick
    }

    @concurrent private func write(to writer: inout any ResponseBodyWriter) async throws {
        let (items, feed) = AsyncStream<Item>.makeStream()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                await withTaskGroup(of: Void.self) { readers in
                    for (index, run) in runs.enumerated() {
                        readers.addTask {
                            do {
                                for try await event in run.events { feed.yield(.event(index, event)) }
                            } catch { feed.yield(.failed(error)) }
                        }
                    }
                }
                feed.finish()
            }
            group.addTask {
                while !Task.isCancelled {
                    try? await Task.sleep(for: Self.pingInterval)
                    feed.yield(.tick)
                }
            }
            var writing = writing
            var hasBegun = false
            var hasFailed = false
            for await item in items where !hasFailed {
                switch item {
                case .tick:
                    if !hasBegun { try await writer.write(ByteBuffer(string: ": ping\n\n")) }
                case .failed(let error):
                    hasFailed = true
                    try await writer.write(ByteBuffer(string: writing.failure(Problem.of(error))))
                case .event(_, .finished(.cancelled, _)):
                    hasFailed = true
                    try await writer.write(ByteBuffer(string: writing.failure(CompletionRoutes.cancelled)))
                case .event(let index, let event):
                    hasBegun = true
                    let text = writing.text(of: event, choice: index)
                    if !text.isEmpty { try await writer.write(ByteBuffer(string: text)) }
                }
            }
            // What is left of the others is of no use to anybody.
            if hasFailed { for run in runs { run.cancel() } }
            group.cancelAll()
        }
    }
}

/// How a kind of answer is written as server-sent events.
protocol StreamWriting: Sendable {
    /// What an event of a choice's run is written as; may be nothing.
    mutating func text(of event: InferenceEvent, choice: Int) -> String

    /// What is written when it goes wrong.
    mutating func failure(_ problem: Problem) -> String
}

/// Chunks of completions.
struct CompletionWriting: StreamWriting {
    let head: CompletionHead
    let shape: CompletionShape
    let includesUsage: Bool
    let choices: Int
    private var begun: Set<Int> = []
    private var usage: [GenerationUsage] = []

    init(head: CompletionHead, shape: CompletionShape, includesUsage: Bool, choices: Int) {
        self.head = head
        self.shape = shape
        self.includesUsage = includesUsage
        self.choices = choices
    }

    mutating func text(of event: InferenceEvent, choice: Int) -> String {
        var text = ""
        if begun.insert(choice).inserted,
            let first = shape.firstChunk(head, choice, includesUsage: includesUsage)
        {
            text += Self.data(first)
        }
        switch event {
        case .started, .vectors, .scores: break
        case .piece(let piece, _, let logprobs):
            text += Self.data(
                shape.chunk(head, choice, text: piece, logprobs: logprobs, includesUsage: includesUsage)
            )
        case .finished(let reason, let used):
            text += Self.data(shape.lastChunk(head, choice, reason, includesUsage: includesUsage))
            usage.append(used)
            guard usage.count == choices else { break }
            if includesUsage { text += Self.data(shape.usageChunk(head, usage)) }
            text += "data: [DONE]\n\n"
        }
        return text
    }

    mutating func failure(_ problem: Problem) -> String {
        Self.data(ErrorReply.openAI(ErrorReply.status(problem.kind), problem))
    }

    private static func data(_ json: JSONValue) -> String { "data: \(json.text)\n\n" }
}
