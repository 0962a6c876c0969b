import AsyncHTTPClient
import NIOCore

/// The HTTP clients of hosts at addresses: each connects to the one address that was checked for its host, asks for
/// the host's certificate, follows no redirects, uses no proxy.
///
/// A client keeps its connections for a while, so that what follows to the same receiver needs no new handshake.
actor WebhookClients {
    private struct Key: Hashable {
        let host: String
        let address: String
    }

    private struct Entry {
        let client: HTTPClient
        var users: Int
        var lastUse: ContinuousClock.Instant
    }

    /// Beyond so many, clients that nobody uses are closed, those not used for longest first.
    private static let limit = 256

    /// What is changed about a client's configuration before it is made.
    private let connecting: WebhookSender.Connecting
    private var entries: [Key: Entry] = [:]
    private var isClosed = false

    init(connecting: @escaping WebhookSender.Connecting) { self.connecting = connecting }

    /// Lends a client while something runs.
    func withClient<Value: Sendable>(
        host: String,
        address: IPAddress,
        _ body: @Sendable (HTTPClient) async throws -> Value
    ) async throws -> Value {
        let key = Key(host: host, address: address.description)
        let client = try await begin(key)
        do {
            let value = try await body(client)
            end(key)
            return value
        } catch {
            end(key)
            throw error
        }
    }

    /// Closes all; nobody is lent one any more.
    func close() async {
        isClosed = true
        let clients = entries.values.map(\.client)
        entries = [:]
        for client in clients { try? await client.shutdown() }
    }

    private func begin(_ key: Key) async throws -> HTTPClient {
        guard !isClosed else { throw CancellationError() }
        if var entry = entries[key] {
            entry.users += 1
            entries[key] = entry
            return entry.client
        }
        var configuration = Self.configuration(key)
        connecting(&configuration)
        let client = HTTPClient(configuration: configuration)
        entries[key] = Entry(client: client, users: 1, lastUse: .now)
        await shrink()
        return client
    }

    private func end(_ key: Key) {
        entries[key]?.users -= 1
        entries[key]?.lastUse = .now
    }

    private func shrink() async {
        guard entries.count > Self.limit,
            let oldest = entries.filter({ $0.value.users == 0 }).min(by: { $0.value.lastUse < $1.value.lastUse }),
            let entry = entries.removeValue(forKey: oldest.key)
        else { return }
        try? await entry.client.shutdown()
    }

    private static func configuration(_ key: Key) -> HTTPClient.Configuration {
        var pool = HTTPClient.Configuration.ConnectionPool(idleTimeout: .seconds(30))
        // The delivery's own schedule tries again; an error shall say what happened.
        pool.retryConnectionEstablishment = false
        var configuration = HTTPClient.Configuration(
            redirectConfiguration: .disallow,
            timeout: .init(connect: .seconds(10)),
            connectionPool: pool
        )
        configuration.dnsOverride = [key.host: key.address]
        return configuration
    }
}
