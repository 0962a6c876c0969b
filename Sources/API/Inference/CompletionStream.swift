import Hummingbird
import Inference
import NIOCore
import Values

/// Writes a run as server-sent events while it runs.
///
/// A client that leaves stops the generation; what was generated is settled by the service in any case.
struct CompletionStream: Sendable {
    /// How often a comment keeps the connection open while the job waits.
    private static let pingInterval = Duration.seconds(5)

    let run: InferenceRun
    let shape: CompletionShape
    let includesUsage: Bool
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
                run.cancel()
            }
            try await writer.finish(nil)
        }
    }

    private enum Item: Sendable {
        case event(InferenceEvent)
        case failed(any Error)
        case tick
    }

    @concurrent private func write(to writer: inout any ResponseBodyWriter) async throws {
        let (items, feed) = AsyncStream<Item>.makeStream()
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask {
                do {
                    for try await event in run.events { feed.yield(.event(event)) }
                } catch { feed.yield(.failed(error)) }
                feed.finish()
            }
            group.addTask {
                while !Task.isCancelled {
                    try? await Task.sleep(for: Self.pingInterval)
                    feed.yield(.tick)
                }
            }
            var hasBegun = false
            for await item in items {
                try await write(item, &hasBegun, to: &writer)
            }
            group.cancelAll()
        }
    }

    @concurrent private func write(
        _ item: Item,
        _ hasBegun: inout Bool,
        to writer: inout any ResponseBodyWriter
    ) async throws {
        switch item {
        case .tick:
            if !hasBegun { try await writer.write(ByteBuffer(string: ": ping\n\n")) }
        case .failed(let error):
            let problem = Problem.of(error)
            try await data(ErrorReply.openAI(ErrorReply.status(problem.kind), problem), to: &writer)
        case .event(let event):
            if !hasBegun {
                hasBegun = true
                if let first = shape.firstChunk(run, includesUsage: includesUsage) {
                    try await data(first, to: &writer)
                }
            }
            try await write(event, to: &writer)
        }
    }

    @concurrent private func write(_ event: InferenceEvent, to writer: inout any ResponseBodyWriter) async throws {
        switch event {
        case .started: break
        case .piece(let text, _):
            try await data(shape.chunk(run, text: text, includesUsage: includesUsage), to: &writer)
        case .finished(.cancelled, _):
            try await data(ErrorReply.openAI(409, CompletionRoutes.cancelled), to: &writer)
        case .finished(let reason, let usage):
            try await data(shape.lastChunk(run, reason, includesUsage: includesUsage), to: &writer)
            if includesUsage { try await data(shape.usageChunk(run, usage), to: &writer) }
            try await writer.write(ByteBuffer(string: "data: [DONE]\n\n"))
        }
    }

    @concurrent private func data(_ json: JSONValue, to writer: inout any ResponseBodyWriter) async throws {
        try await writer.write(ByteBuffer(string: "data: \(json.text)\n\n"))
    }
}
