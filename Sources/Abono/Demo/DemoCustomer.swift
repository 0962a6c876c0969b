import API
import Foundation
import Synchronization
import Values

/// The demo's customer: uses the server over HTTP as anybody would.
struct DemoCustomer: Sendable {
    /// One question and what came back.
    struct Answered: Sendable {
        let message: DemoMessages.Message
        let text: String
        let promptTokens: Int
        let completionTokens: Int
        let milliseconds: Int
    }

    let port: Int
    let tenant: TenantID
    let key: String
    let subscription: SubscriptionID

    private static let name = "Kettle & Bean"
    /// So many questions are under way at once.
    private static let clients = 4

    /// Becomes a customer: staff makes the account and its key, the customer subscribes.
    static func subscribe(port: Int, staffKey: String) async throws -> DemoCustomer {
        try await onOwnThread {
            let staff = LoopbackClient(port: port, key: staffKey)
            let tenant = try made(
                staff.call(
                    "POST",
                    "/v1/tenants",
                    ["name": .string(name), "timezone": "Europe/Berlin", "currency": "USD"]
                )
            )
            let tenantID = try identifier(TenantID.self, tenant["id"])
            let key = try made(staff.call("POST", "/v1/tenants/\(tenantID)/keys", ["name": "demo"]))
            guard let secret = key["secret"]?.string else { throw Problem(.internal, "the new key has no secret") }
            let customer = LoopbackClient(port: port, key: secret)
            let subscription = try made(
                customer.call("POST", "/v1/subscriptions", ["plan": "team", "quantities": ["seats": "3"]])
            )
            return DemoCustomer(
                port: port,
                tenant: tenantID,
                key: secret,
                subscription: try identifier(SubscriptionID.self, subscription["id"])
            )
        }
    }

    /// Sends all messages to the model, some at once.
    func ask(_ messages: [DemoMessages.Message]) async throws -> [Answered] {
        let queue = Mutex(Array(messages.enumerated().reversed()))
        let (port, key) = (port, key)
        let done = try await withThrowingTaskGroup(of: [(Int, Answered)].self) { group in
            for _ in 0..<Self.clients {
                group.addTask { @Sendable in
                    try await onOwnThread {
                        let client = LoopbackClient(port: port, key: key)
                        var answers: [(Int, Answered)] = []
                        while let (index, message) = queue.withLock({ $0.popLast() }) {
                            answers.append((index, try Self.ask(message, client)))
                        }
                        return answers
                    }
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }
        return done.sorted { $0.0 < $1.0 }.map(\.1)
    }

    /// What the server says was used in the time of the demo, by meter.
    func usage(from: Instant, to: Instant) async throws -> [(meter: String, quantity: String)] {
        let (port, key) = (port, key)
        return try await onOwnThread {
            let client = LoopbackClient(port: port, key: key)
            return try ["tokens.input", "tokens.cached", "tokens.output", "requests", "cpu_milliseconds"].map { meter in
                let path = "/v1/usage?meter=\(meter)&from=\(from.text)&to=\(to.text)"
                let rows = try Self.made(client.call("GET", path))["data"]?.array ?? []
                var sum = Exact.zero
                for row in rows { sum += row["quantity"]?.string.flatMap { Exact(decimal: $0) } ?? .zero }
                return (meter, sum.decimalText())
            }
        }
    }

    private static func ask(_ message: DemoMessages.Message, _ client: LoopbackClient) throws -> Answered {
        let started = ContinuousClock.now
        let answer = try made(
            client.call(
                "POST",
                "/v1/chat/completions",
                [
                    "model": "auto", "temperature": 0, "max_tokens": 20,
                    "messages": [
                        ["role": "system", "content": .string(DemoMessages.instruction)],
                        ["role": "user", "content": .string(message.text)],
                    ],
                ]
            )
        )
        let elapsed = (ContinuousClock.now - started).components
        return Answered(
            message: message,
            text: answer["choices"]?[0]?["message"]?["content"]?.string ?? "",
            promptTokens: answer["usage"]?["prompt_tokens"]?.int ?? 0,
            completionTokens: answer["usage"]?["completion_tokens"]?.int ?? 0,
            milliseconds: Int(elapsed.seconds) * 1000 + Int(elapsed.attoseconds / 1_000_000_000_000_000)
        )
    }

    /// The body of an answer that says that it worked.
    private static func made(_ answer: LoopbackClient.Answer) throws -> JSONValue {
        let json = try answer.json()
        guard (200...299).contains(answer.status) else {
            let why = json["detail"]?.string ?? json["error"]?["message"]?.string ?? json.text
            throw Problem(.internal, "the server answered \(answer.status): \(why)")
        }
        return json
    }

    private static func identifier<Kind>(_ type: ID<Kind>.Type, _ value: JSONValue?) throws -> ID<Kind> {
        guard let id = value?.string.flatMap({ ID<Kind>($0) }) else { throw Problem(.internal, "an id is missing") }
        return id
    }
}
