import Foundation
import Glibc
import Subprocess
import SystemPackage
import Values

/// A receiver behind TLS: a small server in Python, with a certificate for one name by an authority of its own.
struct TLSReceiver: Sendable {
    let port: Int
    /// The authority's certificate, a PEM file.
    let authority: String
    private let folder: String

    /// Answers every POST, and writes what it was sent into a file, a line each.
    private static let script = """
        import http.server, os, ssl, sys
        folder = sys.argv[1]
        class Receiver(http.server.BaseHTTPRequestHandler):
            def do_POST(self):
                body = self.rfile.read(int(self.headers["content-length"]))
                with open(folder + "/received", "ab") as file:
                    file.write(self.headers["host"].encode() + b" " + body + b"\\n")
                self.send_response(204)
                self.end_headers()
            def log_message(self, *rest):
                pass
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(folder + "/server.pem", folder + "/server.key")
        server = http.server.HTTPServer(("127.0.0.1", 0), Receiver)
        server.socket = context.wrap_socket(server.socket, server_side=True)
        server.handle_error = lambda *rest: None
        with open(folder + "/port.new", "w") as file:
            file.write(str(server.server_address[1]))
        os.rename(folder + "/port.new", folder + "/port")
        server.serve_forever()
        """

    /// Makes an authority and a certificate for a host, starts the server, lends it, and ends it.
    static func run(
        host: String,
        _ body: @escaping @Sendable (TLSReceiver) async throws -> Void
    ) async throws {
        let folder = FileManager.default.temporaryDirectory.path + "/abono-tls-\(UUID().uuidString)"
        try FileManager.default.createDirectory(atPath: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(atPath: folder) }
        try await certify(host, in: folder)
        var options = PlatformOptions()
        options.processGroupID = 0
        options.teardownSequence = [.gracefulShutDown(allowedDurationToNextStep: .seconds(2))]
        let null = try FileDescriptor.open(FilePath("/dev/null"), .readWrite)
        _ = try await Subprocess.run(
            .name("python3"),
            arguments: ["-c", script, folder],
            platformOptions: options,
            input: .none,
            output: .fileDescriptor(null, closeAfterSpawningProcess: true),
            error: .currentStandardError
        ) { execution in
            defer { _ = Glibc.kill(execution.processIdentifier.value, SIGTERM) }
            try await body(
                TLSReceiver(port: try await port(in: folder), authority: folder + "/authority.pem", folder: folder)
            )
        }
    }

    /// What it was sent: the header Host and the body of each.
    var received: [String] {
        let data = FileManager.default.contents(atPath: folder + "/received") ?? Data()
        return String(decoding: data, as: UTF8.self).split(separator: "\n").map { String($0) }
    }

    private static func certify(_ host: String, in folder: String) async throws {
        let key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
        try await openssl(
            ["req", "-x509", "-days", "2", "-subj", "/CN=Authority of a test"] + key
                + ["-keyout", "\(folder)/authority.key", "-out", "\(folder)/authority.pem"]
        )
        try await openssl(
            ["req", "-subj", "/CN=\(host)"] + key
                + ["-keyout", "\(folder)/server.key", "-out", "\(folder)/server.csr"]
        )
        try "subjectAltName=DNS:\(host)\n".write(toFile: "\(folder)/names", atomically: true, encoding: .utf8)
        try await openssl([
            "x509", "-req", "-days", "2", "-in", "\(folder)/server.csr", "-CA", "\(folder)/authority.pem", "-CAkey",
            "\(folder)/authority.key", "-CAcreateserial", "-extfile", "\(folder)/names", "-out", "\(folder)/server.pem",
        ])
    }

    private static func openssl(_ arguments: [String]) async throws {
        do {
            let result = try await Subprocess.run(
                .name("openssl"),
                arguments: Arguments(arguments),
                output: .discarded,
                error: .string(limit: 1 << 16)
            )
            guard result.terminationStatus == .exited(0) else {
                throw Problem(.precondition, "openssl failed: \(result.standardError)")
            }
        } catch let error as SubprocessError where error.code == .executableNotFound {
            throw Problem(.precondition, "this test needs the program openssl (Debian: openssl)")
        }
    }

    /// Waits for the port that the server writes into a file once it listens.
    private static func port(in folder: String) async throws -> Int {
        let deadline = ContinuousClock.now.advanced(by: .seconds(60))
        while ContinuousClock.now < deadline {
            let data = FileManager.default.contents(atPath: folder + "/port")
            if let port = data.flatMap({ Int(String(decoding: $0, as: UTF8.self)) }) { return port }
            try await Task.sleep(for: .milliseconds(20))
        }
        throw Problem(.precondition, "the receiver behind TLS did not start; is python3 installed?")
    }
}
