import API
import Foundation
import Glibc
import Subprocess
import SystemPackage
import Values

/// localstripe, a stand-in for Stripe's HTTP interface, in a process of its own.
struct LocalStripe: Sendable {
    let port: Int

    /// Where it listens.
    var url: String { "http://127.0.0.1:\(port)" }

    /// On a port of its own, with a store in memory instead of its file, which all instances would share.
    private static let script = """
        import os, socket, sys
        from aiohttp import web
        from localstripe import resources, server
        resources.Store.dump_to_disk = lambda self: None
        listener = socket.socket()
        listener.bind(("127.0.0.1", 0))
        listener.listen(64)
        with open(sys.argv[1] + ".new", "w") as file:
            file.write(str(listener.getsockname()[1]))
        os.rename(sys.argv[1] + ".new", sys.argv[1])
        web.run_app(server.app, sock=listener, print=None, access_log=None)
        """

    /// The Python that `Docker/install.sh` put localstripe into.
    private static var python: String {
        let environment = ProcessInfo.processInfo.environment
        let cache = environment["ABONO_CACHE"] ?? NSHomeDirectory() + "/.cache/abono"
        return cache + "/venv/bin/python"
    }

    /// Starts it, lends it, and ends it.
    static func run<Value: Sendable>(
        _ body: @Sendable (LocalStripe) async throws -> Value
    ) async throws -> Value {
        guard FileManager.default.isExecutableFile(atPath: python) else {
            throw Problem(.precondition, "no Python with localstripe at \(python); run: make setup")
        }
        let file = FileManager.default.temporaryDirectory.path + "/localstripe-\(UUID().uuidString)"
        defer { try? FileManager.default.removeItem(atPath: file) }
        var options = PlatformOptions()
        options.processGroupID = 0
        options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(2))]
        let null = try FileDescriptor.open(FilePath("/dev/null"), .readWrite)
        let result = try await Subprocess.run(
            .path(FilePath(python)),
            arguments: ["-c", script, file],
            platformOptions: options,
            input: .none,
            output: .fileDescriptor(null, closeAfterSpawningProcess: true),
            error: .currentStandardError
        ) { execution in
            defer { _ = Glibc.kill(execution.processIdentifier.value, SIGTERM) }
            return try await body(LocalStripe(port: try await port(in: file)))
        }
        return result.closureResult
    }

    /// Waits for the port that it writes into a file once it listens.
    private static func port(in file: String) async throws -> Int {
        let deadline = ContinuousClock.now.advanced(by: .seconds(60))
        while ContinuousClock.now < deadline {
            let text = FileManager.default.contents(atPath: file).map { String(decoding: $0, as: UTF8.self) }
            if let port = text.flatMap({ Int($0) }) { return port }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw Problem(.precondition, "localstripe did not start; is it installed? run: make setup")
    }

    /// Has it send its events to an address, signed with a secret.
    func sendEvents(to url: String, secret: String) async throws {
        _ = try await post("/_config/webhooks/abono", ["url": .string(url), "secret": .string(secret)])
    }

    /// Makes a card's payment method, as a customer's browser would, and returns its id.
    func card(_ number: String) async throws -> String {
        let answer = try await post(
            "/v1/payment_methods",
            ["type": "card", "card": ["number": .string(number), "exp_month": "6", "exp_year": "2035", "cvc": "123"]]
        )
        return answer["id"]?.string ?? ""
    }

    /// Confirms what a charge waits for, as a customer would on the page of a bank.
    func authenticate(_ intent: String, success: Bool) async throws {
        let secret = try await get("/v1/payment_intents/\(intent)")["client_secret"]?.string ?? ""
        _ = try await post(
            "/v1/payment_intents/\(intent)/_authenticate",
            ["client_secret": .string(secret), "success": success ? "true" : "false"]
        )
    }

    /// An object as it is there.
    func get(_ path: String) async throws -> JSONValue { try await send(path, nil) }

    /// Sends a body as JSON, which it takes as well as forms.
    func post(_ path: String, _ body: JSONValue) async throws -> JSONValue { try await send(path, body) }

    private func send(_ path: String, _ json: JSONValue?) async throws -> JSONValue {
        let port = port
        return try await onOwnThread {
            let client = LoopbackClient(port: port, key: "sk_test_local")
            let answer = try client.call(json == nil ? "GET" : "POST", path, json)
            guard answer.status == 200 else {
                throw Problem(
                    .internal,
                    "localstripe answered \(answer.status): \(String(decoding: answer.body, as: UTF8.self))"
                )
            }
            return (try? answer.json()) ?? .null
        }
    }
}
