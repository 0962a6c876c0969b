package import Values

/// How far a delivery is.
package enum WebhookDeliveryStatus: String, CaseIterable, Sendable {
    /// Behind an earlier one about the same object.
    case waiting
    /// To be sent at its time.
    case pending
    case sending
    case delivered
    /// Given up; it can be asked for again.
    case failed
}

/// The telling of one event to one endpoint.
package struct WebhookDelivery: Hashable, Sendable {
    /// Names it.
    package let id: WebhookDeliveryID
    /// Whose endpoint it is; nil is the installation's.
    package let owner: TenantID?
    /// Whom it tells.
    package let endpoint: WebhookEndpointID
    /// What it tells.
    package let event: WebhookEventID
    /// The event's verb.
    package let type: String
    /// What the event happened to.
    package let object: String
    /// How far it is.
    package let status: WebhookDeliveryStatus
    /// How often it was sent.
    package let attempts: Int
    /// When it is sent next, while it is pending.
    package let nextAt: Instant
    /// The last answer's status.
    package let responseStatus: Int?
    /// How long the last attempt took, in milliseconds.
    package let durationMilliseconds: Int?
    /// What went wrong last.
    package let error: String?
    /// When it was written.
    package let recordedAt: Instant
    /// When it was delivered or given up.
    package let finishedAt: Instant?

    /// As it leaves over HTTP.
    package var json: JSONValue {
        [
            "id": id.json, "endpoint": endpoint.json, "event": event.json, "type": .string(type),
            "object": .string(object), "status": .string(status.rawValue), "attempts": .int(attempts),
            "next_attempt_at": status == .pending ? nextAt.json : .null,
            "response_status": responseStatus.map { .int($0) } ?? .null,
            "duration_ms": durationMilliseconds.map { .int($0) } ?? .null, "error": .optional(error),
            "created_at": recordedAt.json, "finished_at": .optional(finishedAt?.text),
        ]
    }
}

/// One line of a delivery's log.
package struct WebhookAttempt: Hashable, Sendable {
    /// The number, from 1.
    package let number: Int
    /// When it began.
    package let at: Instant
    /// How long it took, in milliseconds.
    package let durationMilliseconds: Int
    /// The address that was connected to; nil if it did not come so far.
    package let address: String?
    /// The answer's status; nil if there was none.
    package let responseStatus: Int?
    /// The first kilobyte of the answer.
    package let responseBody: String?
    /// What went wrong; nil if nothing did.
    package let error: String?

    /// As it leaves over HTTP.
    package var json: JSONValue {
        [
            "attempt": .int(number), "at": at.json, "duration_ms": .int(durationMilliseconds),
            "address": .optional(address), "response_status": responseStatus.map { .int($0) } ?? .null,
            "response_body": .optional(responseBody), "error": .optional(error),
        ]
    }
}

/// What came of one attempt to send.
package struct WebhookOutcome: Hashable, Sendable {
    /// How long it took, in milliseconds.
    package var durationMilliseconds: Int
    /// The address that was connected to.
    package var address: String?
    /// The answer's status.
    package var status: Int?
    /// The first kilobyte of the answer.
    package var body: String?
    /// What the receiver asked for by Retry-After, in seconds.
    package var retryAfterSeconds: Int64?
    /// What went wrong where there is no answer.
    package var error: String?

    /// Makes an outcome.
    package init(
        durationMilliseconds: Int,
        address: String? = nil,
        status: Int? = nil,
        body: String? = nil,
        retryAfterSeconds: Int64? = nil,
        error: String? = nil
    ) {
        self.durationMilliseconds = durationMilliseconds
        self.address = address
        self.status = status
        self.body = body
        self.retryAfterSeconds = retryAfterSeconds
        self.error = error
    }

    /// Whether it arrived: an answer of 200 to 299.
    package var isSuccess: Bool { status.map { (200...299).contains($0) } ?? false }
    /// Whether the receiver wants nothing more, ever.
    package var isGone: Bool { status == 410 }

    /// What went wrong, in words; nil if nothing did.
    package var complaint: String? {
        if let error { return error }
        guard let status, !isSuccess else { return nil }
        if (300...399).contains(status) { return "answered \(status); redirects are not followed" }
        return "answered \(status)"
    }
}

/// What follows from an outcome.
package enum WebhookVerdict: Hashable, Sendable {
    case delivered
    case retry(at: Instant)
    case failed
}

/// What a delivery becomes after an attempt, and whether its endpoint stays enabled.
package enum WebhookRules {
    /// After so many seconds of nothing but failures an endpoint is disabled, once a delivery has been given up.
    package static let patience: Int64 = 5 * 86_400

    /// What becomes of a delivery.
    ///
    /// `isEnabled`: whether its endpoint still is; a disabled one is tried no more.
    package static func verdict(
        _ outcome: WebhookOutcome,
        tries: Int,
        firstTriedAt: Instant,
        now: Instant,
        jitter: Double,
        isEnabled: Bool
    ) -> WebhookVerdict {
        if outcome.isSuccess { return .delivered }
        guard !outcome.isGone, isEnabled,
            let next = WebhookSchedule.next(
                afterTries: tries,
                firstTriedAt: firstTriedAt,
                now: now,
                jitter: jitter,
                asked: outcome.retryAfterSeconds
            )
        else { return .failed }
        return .retry(at: next)
    }

    /// Why the endpoint is disabled by an outcome; nil if it stays.
    package static func disabling(
        _ outcome: WebhookOutcome,
        verdict: WebhookVerdict,
        failingSince: Instant?,
        now: Instant
    ) -> WebhookDisabledReason? {
        if outcome.isGone { return .gone }
        guard verdict == .failed, let failingSince, now - failingSince >= patience * 1_000_000 else { return nil }
        return .failing
    }
}
