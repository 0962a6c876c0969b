import HTTPTypes
import Hummingbird
import Logging
import NIOCore
import Synchronization
import Values

/// A server that is sent webhooks: it keeps what it was sent and answers as a test says.
final class Receiver: Sendable {
    /// What it was sent.
    struct Message: Sendable {
        let path: String
        let headers: HTTPFields
        let body: [UInt8]

        var json: JSONValue { (try? JSONValue(parsing: body)) ?? .null }
        var type: String { json["type"]?.string ?? "" }
        var object: String { json["data"]?["object"]?.string ?? "" }
        var id: String { header("webhook-id") }

        func header(_ name: String) -> String {
            headers.first { $0.name.canonicalName == name.lowercased() }?.value ?? ""
        }
    }

    /// What it answers.
    struct Answer: Sendable {
        var status = 200
        var body = "ok"
        var headers: [String: String] = [:]
    }

    typealias Behaviour = @Sendable (_ message: Message, _ number: Int) async throws -> Answer

    private let received = Mutex<[Message]>([])
    private let behaviour: Behaviour

    private init(_ behaviour: @escaping Behaviour) { self.behaviour = behaviour }

    /// All it was sent, in order.
    var messages: [Message] { received.withLock { $0 } }

    /// Waits until it was sent so much; returns all it was sent.
    func wait(for count: Int, seconds: Int = 60) async throws -> [Message] {
        for _ in 0..<(seconds * 50) where messages.count < count { try await Task.sleep(for: .milliseconds(20)) }
        return messages
    }

    /// Runs one that listens on a port of this machine.
    ///
    /// `behaviour`: is given each message and its number, from 1.
    static func run(
        _ behaviour: @escaping Behaviour = { _, _ in Answer() },
        _ body: @escaping @Sendable (Receiver, _ port: Int) async throws -> Void
    ) async throws {
        let receiver = Receiver(behaviour)
        let (ports, port) = AsyncStream<Int>.makeStream()
        let router = Router()
        // The root is not among what the two stars stand for.
        router.post("/") { request, _ in try await receiver.answer(request) }
        router.post("**") { request, _ in try await receiver.answer(request) }
        var logger = Logger(label: "receiver")
        logger.logLevel = .critical
        let application = Application(
            router: router,
            configuration: .init(address: .hostname("127.0.0.1", port: 0)),
            onServerRunning: { channel in
                port.yield(channel.localAddress?.port ?? 0)
                port.finish()
            },
            logger: logger
        )
        try await withThrowingTaskGroup(of: Void.self) { group in
            group.addTask { try await application.run() }
            group.addTask {
                for await port in ports {
                    try await body(receiver, port)
                    return
                }
            }
            // The server runs until the test's part has ended.
            try await group.next()
            group.cancelAll()
        }
    }

    private func answer(_ request: Request) async throws -> Response {
        let buffer = try await request.body.collect(upTo: 1 << 20)
        let message = Message(
            path: request.uri.description,
            headers: request.headers,
            body: Array(buffer.readableBytesView)
        )
        let number = received.withLock { messages in
            messages.append(message)
            return messages.count
        }
        let answer = try await behaviour(message, number)
        var headers = HTTPFields()
        for (name, value) in answer.headers {
            if let name = HTTPField.Name(name) { headers[name] = value }
        }
        return Response(
            status: .init(code: answer.status),
            headers: headers,
            body: ResponseBody(byteBuffer: ByteBuffer(string: answer.body))
        )
    }
}
