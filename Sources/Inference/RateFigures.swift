package import Values

/// What a tenant may still do in the minute, for `x-ratelimit-…`.
package struct RateFigures: Hashable, Sendable {
    /// One bound: how much in any sixty seconds.
    package struct Bound: Hashable, Sendable {
        package let limit: Int
        package let remaining: Int
        /// Until all of it is there again, if nothing more is asked for.
        package let resetMilliseconds: Int

        package init(limit: Int, remaining: Int, resetMilliseconds: Int) {
            self.limit = limit
            self.remaining = remaining
            self.resetMilliseconds = resetMilliseconds
        }
    }

    package let requests: Bound
    package let tokens: Bound

    /// The headers' names and values; durations as OpenAI writes them, like `1.5s`.
    package var headers: [(name: String, value: String)] {
        [("requests", requests), ("tokens", tokens)].flatMap { kind, bound in
            [
                ("x-ratelimit-limit-\(kind)", String(bound.limit)),
                ("x-ratelimit-remaining-\(kind)", String(bound.remaining)),
                ("x-ratelimit-reset-\(kind)", Self.text(bound.resetMilliseconds)),
            ]
        }
    }

    private static func text(_ milliseconds: Int) -> String {
        milliseconds < 1000 ? "\(milliseconds)ms" : "\(Exact(milliseconds, 1000).decimalText(maximumDigits: 3))s"
    }
}

/// What a tenant asked for in the last sixty seconds.
///
/// Tokens of a request that ended are those it used; of one under way, those it may use at most.
package struct RecentLoad: Hashable, Sendable {
    package static let microseconds: Int64 = 60_000_000

    package var requests: Int
    package var tokens: Int
    /// When the first and the last of them came; nil if there were none.
    package var oldest: Instant?
    package var newest: Instant?

    package init(requests: Int, tokens: Int, oldest: Instant?, newest: Instant?) {
        self.requests = requests
        self.tokens = tokens
        self.oldest = oldest
        self.newest = newest
    }

    /// Nothing.
    package static let none = RecentLoad(requests: 0, tokens: 0, oldest: nil, newest: nil)

    /// The load with one more request.
    package func adding(tokens more: Int, at now: Instant) -> RecentLoad {
        RecentLoad(requests: requests + 1, tokens: tokens + more, oldest: oldest ?? now, newest: now)
    }

    /// What is left under bounds.
    package func figures(requestsPerMinute: Int, tokensPerMinute: Int, at now: Instant) -> RateFigures {
        let reset = newest.map { max(0, Int(($0.adding(microseconds: Self.microseconds) - now + 999) / 1000)) } ?? 0
        return RateFigures(
            requests: RateFigures.Bound(
                limit: requestsPerMinute,
                remaining: max(0, requestsPerMinute - requests),
                resetMilliseconds: reset
            ),
            tokens: RateFigures.Bound(
                limit: tokensPerMinute,
                remaining: max(0, tokensPerMinute - tokens),
                resetMilliseconds: reset
            )
        )
    }

    /// Until the first of them has left the minute: the soonest that trying again can help.
    package func retryAfterSeconds(at now: Instant) -> Int {
        guard let oldest else { return 1 }
        return min(60, max(1, Int((oldest.adding(microseconds: Self.microseconds) - now + 999_999) / 1_000_000)))
    }
}
