import Foundation
import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Synchronization
import Testing
import Values

/// A server that answers as a test has written down, and keeps what it was asked: for what localstripe lacks.
final class ScriptedStripe: Sendable {
    /// One answer.
    struct Answer: Sendable {
        var status = 200
        var body: JSONValue = [:]
        var headers: [String: String] = [:]
        /// Instead of the body as JSON.
        var text: String?
        /// How long it takes; the client's patience is shorter.
        var delay: Duration?
    }

    /// One request that came.
    struct Asked: Sendable {
        let method: String
        let path: String
        let authorization: String?
        let key: String?
        let type: String?
        let form: [String: String]
    }

    private let answers: Mutex<[Answer]>
    private let requests = Mutex<[Asked]>([])

    private init(_ answers: [Answer]) { self.answers = Mutex(answers) }

    /// What it was asked, in order.
    var asked: [Asked] { requests.withLock { $0 } }

    /// Lends a server that gives the answers in order, and the last one again and again.
    static func run<Value: Sendable>(
        _ answers: [Answer],
        _ body: @Sendable (ScriptedStripe, _ url: String) async throws -> Value
    ) async throws -> Value {
        let script = ScriptedStripe(answers)
        let (ports, opened) = AsyncStream<Int>.makeStream()
        let router = Router(context: BasicRequestContext.self)
        router.post("**") { request, _ in try await script.answer(request) }
        router.get("**") { request, _ in try await script.answer(request) }
        var logger = Logger(label: "test")
        logger.logLevel = .critical
        let app = Application(
            router: router,
            configuration: ApplicationConfiguration(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { channel in opened.yield(channel.localAddress?.port ?? 0) },
            logger: logger
        )
        return try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await app.run() }
            defer { group.cancelAll() }
            for await port in ports { return try await body(script, "http://127.0.0.1:\(port)") }
            throw CancellationError()
        }
    }

    private func answer(_ request: Request) async throws -> Response {
        let body = try await request.body.collect(upTo: 1 << 20)
        let asked = Asked(
            method: request.method.rawValue,
            path: request.uri.path,
            authorization: request.headers[.authorization],
            key: HTTPField.Name("Idempotency-Key").flatMap { request.headers[$0] },
            type: request.headers[.contentType],
            form: Self.form(request.method == .get ? request.uri.query ?? "" : String(buffer: body))
        )
        requests.withLock { $0.append(asked) }
        let answer = answers.withLock { $0.count > 1 ? $0.removeFirst() : $0.first } ?? Answer()
        if let delay = answer.delay { try await Task.sleep(for: delay) }
        var fields: HTTPFields = [.contentType: "application/json"]
        for (name, value) in answer.headers {
            if let name = HTTPField.Name(name) { fields[name] = value }
        }
        return Response(
            status: .init(code: answer.status),
            headers: fields,
            body: ResponseBody(byteBuffer: ByteBuffer(string: answer.text ?? answer.body.text))
        )
    }

    private static func form(_ text: String) -> [String: String] {
        var form: [String: String] = [:]
        for pair in text.split(separator: "&") {
            let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
                .map { $0.removingPercentEncoding ?? "" }
            if parts.count == 2 { form[parts[0]] = parts[1] }
        }
        return form
    }
}
