package import AsyncHTTPClient
import NIOCore
import NIOHTTP1
package import Values

/// Sends events over HTTP, to addresses that may be connected to.
package struct WebhookSender: Sendable {
    /// Finds a host's addresses.
    package typealias Resolve = @Sendable (_ host: String) async throws -> [IPAddress]
    /// Changes how a receiver is connected to, like whose certificates are believed.
    package typealias Connecting = @Sendable (_ configuration: inout HTTPClient.Configuration) -> Void

    /// What is kept of an answer, in bytes.
    static let keptBytes = 1024
    /// So much more of an answer is read and forgotten, so that its connection can be used again.
    private static let readBytes = 65_536
    /// The most characters of an error.
    private static let longestError = 300

    private let reach: WebhookReach
    private let timeout: Duration
    private let resolve: Resolve
    private let clients: WebhookClients

    /// Makes a sender, which is to be closed.
    package init(
        reach: WebhookReach,
        timeout: Duration,
        resolve: @escaping Resolve = HostResolver.addresses,
        connecting: @escaping Connecting = { _ in }
    ) {
        self.reach = reach
        self.timeout = timeout
        self.resolve = resolve
        clients = WebhookClients(connecting: connecting)
    }

    /// Closes its connections.
    package func close() async { await clients.close() }

    /// Sends an event; what goes wrong is an outcome.
    ///
    /// `timestamp`: the time of this attempt, which is signed with the rest.
    ///
    /// `attempt`: from 1; a host with several addresses is tried at one after the other.
    ///
    /// - Throws: `CancellationError`: then it is not known whether it arrived.
    package func send(
        _ event: WebhookEvent,
        to url: WebhookURL,
        secrets: [WebhookSecret],
        timestamp: Instant,
        attempt: Int
    ) async throws -> WebhookOutcome {
        let begun = ContinuousClock.now
        let request = request(event, to: url, secrets: secrets, timestamp: timestamp)
        var outcome: WebhookOutcome
        do {
            outcome = try await withTimeout { try await exchange(request, with: url, attempt: attempt) }
        } catch let refusal as Refusal {
            outcome = WebhookOutcome(durationMilliseconds: 0, error: refusal.message)
        } catch is TimedOut {
            outcome = WebhookOutcome(durationMilliseconds: 0, error: "no answer within \(timeout.components.seconds) s")
        } catch {
            if Task.isCancelled { throw CancellationError() }
            outcome = WebhookOutcome(durationMilliseconds: 0, error: Self.words(error))
        }
        let spent = (ContinuousClock.now - begun).components
        outcome.durationMilliseconds = Int(spent.seconds * 1000 + spent.attoseconds / 1_000_000_000_000_000)
        return outcome
    }

    private struct Refusal: Error {
        let message: String
    }

    private struct TimedOut: Error {}

    private func withTimeout(
        _ body: @escaping @Sendable () async throws -> WebhookOutcome
    ) async throws -> WebhookOutcome {
        try await withThrowingTaskGroup(of: WebhookOutcome.self) { group in
            group.addTask { try await body() }
            group.addTask {
                try await Task.sleep(for: timeout)
                throw TimedOut()
            }
            defer { group.cancelAll() }
            guard let outcome = try await group.next() else { throw TimedOut() }
            return outcome
        }
    }

    private func request(
        _ event: WebhookEvent,
        to url: WebhookURL,
        secrets: [WebhookSecret],
        timestamp: Instant
    ) -> HTTPClientRequest {
        let body = Array(event.json.text.utf8)
        var request = HTTPClientRequest(url: url.requested)
        request.method = .POST
        request.headers.add(name: "content-type", value: "application/json")
        request.headers.add(name: "user-agent", value: "Abono-Webhooks/1")
        request.headers.add(name: "webhook-id", value: event.id.text)
        request.headers.add(name: "webhook-timestamp", value: String(timestamp.seconds))
        request.headers.add(
            name: "webhook-signature",
            value: WebhookSignature.header(body, id: event.id.text, timestamp: timestamp.seconds, secrets: secrets)
        )
        request.body = .bytes(ByteBuffer(bytes: body))
        return request
    }

    private func exchange(
        _ request: HTTPClientRequest,
        with url: WebhookURL,
        attempt: Int
    ) async throws -> WebhookOutcome {
        let address = try await address(of: url, attempt: attempt)
        do {
            return try await clients.withClient(host: url.host, address: address) { client in
                let response = try await client.execute(request, deadline: .now() + .seconds(60))
                var outcome = WebhookOutcome(durationMilliseconds: 0, address: address.description)
                outcome.status = Int(response.status.code)
                outcome.retryAfterSeconds = response.headers.first(name: "retry-after").flatMap { Int64($0) }
                outcome.body = try await Self.beginning(of: response.body)
                return outcome
            }
        } catch let error as CancellationError {
            throw error
        } catch {
            if Task.isCancelled { throw CancellationError() }
            return WebhookOutcome(durationMilliseconds: 0, address: address.description, error: Self.words(error))
        }
    }

    /// The address to connect to: one that was found and checked now, so that a name that points elsewhere a moment
    /// later changes nothing.
    private func address(of url: WebhookURL, attempt: Int) async throws -> IPAddress {
        if let address = IPAddress(url.host) { return try checked([address], url.host, attempt: attempt) }
        let found: [IPAddress]
        do { found = try await resolve(url.host) } catch let failure as HostResolver.Failure {
            throw Refusal(message: "the host \(url.host) was not found: \(failure.message)")
        }
        return try checked(found, url.host, attempt: attempt)
    }

    private func checked(_ addresses: [IPAddress], _ host: String, attempt: Int) throws -> IPAddress {
        let allowed = addresses.filter { reach == .anywhere || $0.refusal == nil }
        guard !allowed.isEmpty else {
            guard let first = addresses.first, let why = first.refusal else {
                throw Refusal(message: "the host \(host) has no address")
            }
            throw Refusal(
                message: "refused: \(host) is at \(first), which is \(why); only public addresses are allowed"
            )
        }
        return allowed[(max(attempt, 1) - 1) % allowed.count]
    }

    /// The beginning of an answer, as text.
    private static func beginning(of body: HTTPClientResponse.Body) async throws -> String {
        var kept: [UInt8] = []
        var read = 0
        for try await chunk in body {
            read += chunk.readableBytes
            kept += chunk.readableBytesView.prefix(keptBytes - kept.count)
            if read > readBytes { break }
        }
        // A character cut in two, and what PostgreSQL's text cannot hold.
        return String(decoding: kept, as: UTF8.self).replacing("\0", with: "\u{FFFD}")
    }

    private static func words(_ error: any Error) -> String {
        let text = (error as? HTTPClientError)?.shortDescription ?? "\(error)"
        // What TLS says of a certificate that nobody vouches for, and of one for another name.
        let isRefused = text.contains("CERTIFICATE_VERIFY_FAILED") || text.contains("failedToValidateHostname")
        return (isRefused ? "the receiver's certificate was refused: " : "the connection failed: ")
            + text.prefix(longestError).replacing("\0", with: "")
    }
}
