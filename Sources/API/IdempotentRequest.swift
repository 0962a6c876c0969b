import Crypto
import Postgres
import Values

/// A request that carries an `Idempotency-Key`: the first run's answer is kept for good.
struct IdempotentRequest: Sendable {
    private let tenant: String
    private let key: String
    private let route: String
    private let hash: [UInt8]

    init(tenant: TenantID?, key: String, route: String, body: [UInt8]) {
        self.tenant = tenant?.uuidText ?? "00000000-0000-0000-0000-000000000000"
        self.key = key
        self.route = route
        hash = Array(SHA256.hash(data: Array(route.utf8) + [0] + body))
    }

    /// The stored answer of an earlier run; nil if this is the first.
    func begin(in transaction: borrowing Transaction) async throws -> Reply? {
        // A statement of its own: an advisory lock inside another query may be taken elsewhere.
        let isFirst: Bool? = try await transaction.first(
            "SELECT pg_try_advisory_xact_lock(hashtextextended(\(tenant + "/" + key), 0))"
        ) { row in try row.next() }
        guard isFirst == true else {
            throw Problem(
                .conflict,
                code: "in_progress",
                "a request with this Idempotency-Key is still being answered; try again"
            )
        }
        let stored = try await transaction.first(
            """
            SELECT hash, status, answer FROM app.idempotency_keys WHERE tenant_id = \(tenant) AND key = \(key)
            """
        ) { row in
            (hash: try row.bytes(), status: try row.next() as Int, answer: try row.next() as JSONValue?)
        }
        guard let stored else { return nil }
        guard stored.hash == hash else {
            throw Problem(
                .conflict,
                code: "idempotency_key_reused",
                "this Idempotency-Key was used with another request; take a new key for a new request"
            )
        }
        guard let answer = stored.answer else {
            throw Problem(
                .conflict,
                code: "answer_expired",
                "this was done before; its stored answer is past its retention"
            )
        }
        return .json(stored.status, answer, headers: ["Idempotent-Replayed": "true"])
    }

    /// Keeps the answer in the transaction that did the work.
    func finish(
        status: Int,
        _ answer: JSONValue,
        stamp: Stamp,
        in transaction: borrowing Transaction
    ) async throws {
        try await transaction.execute(
            """
            INSERT INTO app.idempotency_keys (tenant_id, key, route, hash, status, answer, recorded_at)
            VALUES (\(tenant), \(key), \(route), \(hash), \(status), \(answer), \(stamp.recordedAt))
            """
        )
    }
}
