package import Values

/// Why a request is refused before any work; it costs nothing.
package enum AdmissionRefusal: ProblemConvertible, Hashable, Sendable {
    /// The account is suspended or closed.
    case tenantInactive(status: String)
    /// No plan of the tenant includes inference.
    case notEntitled
    /// The subscription that includes inference is suspended: an invoice has been overdue for too long.
    case subscriptionSuspended(SubscriptionID)
    /// The subscription that includes inference stands still.
    case subscriptionPaused(SubscriptionID)
    /// As many requests came in the last minute as may.
    case requestRate(limit: Int, retryAfterSeconds: Int)
    /// With this one more tokens would be asked for in a minute than may.
    case tokenRate(limit: Int, needed: Int, retryAfterSeconds: Int)
    /// As many run and wait as may.
    case concurrency(running: Int, waiting: Int)
    /// An allowance that must not be exceeded would be.
    case quota(feature: String, left: Exact, needed: Exact)
    /// The month's spend limit would be exceeded.
    case spendLimit(limit: Exact, left: Exact, needed: Exact)
    /// The credit that must cover every request does not.
    case prepaid(left: Exact, needed: Exact)

    /// Whether the same request may succeed within minutes.
    package var isRetryable: Bool {
        switch self {
        case .requestRate, .concurrency: true
        case .tokenRate(let limit, let needed, _): needed <= limit
        case .tenantInactive, .notEntitled, .subscriptionSuspended, .subscriptionPaused, .quota, .spendLimit, .prepaid:
            false
        }
    }

    package var problem: Problem {
        switch self {
        case .tenantInactive(let status):
            Problem(.forbidden, code: "tenant_\(status)", "the account is \(status); inference is not available")
        case .notEntitled:
            Problem(.forbidden, code: "not_entitled", "no plan of the account includes inference")
        case .subscriptionSuspended(let id):
            Problem(
                .paymentRequired,
                code: "subscription_suspended",
                "the subscription \(id) is suspended: an invoice is overdue; pay it and inference goes on"
            )
        case .subscriptionPaused(let id):
            Problem(
                .forbidden,
                code: "subscription_paused",
                "the subscription \(id) is paused; resume it and inference goes on"
            )
        case .requestRate(let limit, let seconds):
            Self.rate("the plan allows \(limit) requests in a minute; try again in \(seconds) s", seconds)
        case .tokenRate(let limit, let needed, let seconds):
            Self.rate(
                "the plan allows \(limit) tokens in a minute and this request may take \(needed) (prompt and "
                    + "max_tokens); " + (needed > limit ? "ask for fewer" : "try again in \(seconds) s"),
                seconds
            )
        case .concurrency(let running, let waiting):
            Self.rate("the plan allows \(running) requests at once and \(waiting) that wait; try again in 1 s", 1)
        case .quota, .spendLimit, .prepaid:
            Problem(.limited, code: "insufficient_quota", insufficiency)
        }
    }

    private var insufficiency: String {
        switch self {
        case .quota(let feature, let left, let needed):
            "the allowance for \(feature) has \(Self.text(left)) left and this request may take \(Self.text(needed))"
        case .spendLimit(let limit, let left, let needed):
            "the month's spend limit of \(Self.text(limit)) has \(Self.text(left)) left, less what runs; this request "
                + "may cost \(Self.text(needed))"
        case .prepaid(let left, let needed):
            "the prepaid credit has \(Self.text(left)) left, less what runs; this request may cost \(Self.text(needed))"
        default: ""
        }
    }

    private static func text(_ exact: Exact) -> String { max(exact, .zero).decimalText(maximumDigits: 6) }

    private static func rate(_ message: String, _ seconds: Int) -> Problem {
        Problem(.limited, code: "rate_limit_exceeded", message, retryAfterSeconds: seconds)
    }
}
