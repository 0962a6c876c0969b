import AsyncHTTPClient
import NIOCore
import Values

/// Talks to Stripe's HTTP interface: forms there, JSON back.
///
/// Each POST carries an idempotency key, so it can be sent again when its answer was lost or spoke of a passing
/// failure; the repetitions are few, and wait longer each time or as long as Stripe says.
struct StripeClient: Sendable {
    /// Where Stripe is.
    static let standardURL = "https://api.stripe.com"

    /// How long, how often and how much.
    struct Limits: Sendable {
        /// What one request may take.
        var timeout = TimeAmount.seconds(20)
        /// How often a request is repeated at most.
        var repetitions = 2
        /// The wait before the first repetition; twice as long before the next.
        var pause = Duration.milliseconds(500)
        /// What Stripe may make us wait; if it says more, the answer goes to the caller.
        var longestPause = Duration.seconds(5)
        /// The largest answer, in bytes.
        var answer = 1 << 20
    }

    private let url: String
    private let key: String
    private let limits: Limits

    /// One for the process, which never ends: connections are kept between requests.
    ///
    /// Redirections are not followed, so that the key goes nowhere else.
    private static let http: HTTPClient = {
        var configuration = HTTPClient.Configuration(redirectConfiguration: .disallow)
        configuration.timeout = .init(connect: .seconds(5), read: .seconds(20))
        return HTTPClient(eventLoopGroupProvider: .singleton, configuration: configuration)
    }()

    /// `url`: without a slash at the end; nil is Stripe itself.
    init(key: String, url: String? = nil, limits: Limits = Limits()) {
        self.key = key
        self.url = url ?? Self.standardURL
        self.limits = limits
    }

    /// Sends a form; the same key yields the same answer.
    ///
    /// - Throws: `Failure`: nobody answered, and it is not known whether it was done.
    func post(_ path: String, _ form: FormBody, idempotencyKey: String) async throws(Failure) -> StripeAnswer {
        var request = HTTPClientRequest(url: url + path)
        request.method = Self.named("POST") ?? request.method
        request.headers = fields(idempotencyKey)
        request.body = .bytes(ByteBuffer(string: form.text))
        return try await repeated(request)
    }

    /// Reads.
    ///
    /// - Throws: `Failure`: nobody answered.
    func get(_ path: String, _ query: FormBody) async throws(Failure) -> StripeAnswer {
        var request = HTTPClientRequest(url: url + path + "?" + query.text)
        request.headers = fields(nil)
        return try await repeated(request)
    }

    /// Nobody answered in time, or not in HTTP.
    struct Failure: Error {
        /// In words that may leave the process.
        let message: String
    }

    /// The header fields, in the type that the client has for them.
    private func fields<Fields: ExpressibleByDictionaryLiteral>(_ idempotencyKey: String?) -> Fields
    where Fields.Key == String, Fields.Value == String {
        guard let idempotencyKey else {
            return ["Authorization": "Bearer \(key)", "Accept": "application/json", "User-Agent": "abono"]
        }
        return [
            "Authorization": "Bearer \(key)", "Accept": "application/json", "User-Agent": "abono",
            "Content-Type": "application/x-www-form-urlencoded", "Idempotency-Key": idempotencyKey,
        ]
    }

    private func repeated(_ request: HTTPClientRequest) async throws(Failure) -> StripeAnswer {
        var pause = limits.pause
        var repetitions = 0
        while true {
            let wait: Duration
            do {
                let answer = try await once(request)
                let asked = answer.retryAfterSeconds.map { Duration.seconds($0) } ?? .zero
                guard answer.isRetryable, repetitions < limits.repetitions, asked <= limits.longestPause else {
                    return answer
                }
                wait = max(pause, asked)
            } catch {
                guard repetitions < limits.repetitions, !Task.isCancelled else { throw error }
                wait = pause
            }
            repetitions += 1
            pause = pause * 2
            do { try await Task.sleep(for: wait) } catch { throw Failure(message: "Stripe was no longer asked") }
        }
    }

    private func once(_ request: HTTPClientRequest) async throws(Failure) -> StripeAnswer {
        do {
            let response = try await Self.http.execute(request, timeout: limits.timeout)
            let body = try await response.body.collect(upTo: limits.answer)
            var headers: [String: String] = [:]
            for (name, value) in response.headers { headers[name.lowercased()] = value }
            return StripeAnswer(
                // Written as `200 OK`.
                status: Int("\(response.status)".prefix { $0.isNumber }) ?? 0,
                json: try? JSONValue(parsing: body.readableBytesView),
                retryAfterSeconds: headers["retry-after"].flatMap { Int64($0) }.map { max(0, $0) },
                shouldRetry: headers["stripe-should-retry"].map { $0 == "true" }
            )
        } catch is NIOTooManyBytesError {
            throw Failure(message: "Stripe's answer is larger than \(limits.answer) bytes")
        } catch let error as HTTPClientError where Self.timeouts.contains(error) {
            throw Failure(message: "Stripe did not answer in time")
        } catch {
            throw Failure(message: "Stripe cannot be reached")
        }
    }

    private static let timeouts: [HTTPClientError] = [
        .deadlineExceeded, .readTimeout, .connectTimeout, .tlsHandshakeTimeout, .getConnectionFromPoolTimeout,
    ]

    /// A word of another module's set, by its text.
    private static func named<Word: RawRepresentable>(_ text: String) -> Word? where Word.RawValue == String {
        Word(rawValue: text)
    }
}
