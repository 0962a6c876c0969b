import Inference
import Plans
import Tenants
import Testing
import Values

@Suite struct AdmissionTests {
    private static let now = Instant(seconds: 1_772_323_200)
    private static let demand = Admission.Demand(promptTokens: 10, maxTokens: 20, amount: 3)

    private static func facts(_ change: (inout Admission.Facts) -> Void) -> Admission.Facts {
        var facts = Admission.Facts(
            tenantStatus: .active,
            inference: .standard,
            budget: Budget(windowStart: now, spent: 4, reserved: 2)
        )
        change(&facts)
        return facts
    }

    private static func inference(
        _ change: (inout PlanFeatures.Inference) -> Void
    ) -> PlanFeatures.Inference {
        var inference = PlanFeatures.Inference.standard
        change(&inference)
        return inference
    }

    private static let subscription = SubscriptionID(uuid: UUIDBytes(high: 1, low: 1))

    private static func load(requests: Int = 0, tokens: Int = 0) -> RecentLoad {
        RecentLoad(
            requests: requests,
            tokens: tokens,
            oldest: now.adding(seconds: -45),
            newest: now.adding(seconds: -5)
        )
    }

    @Test func `each fact decides by itself`() throws {
        #expect(try Admission.decide(Self.facts { _ in }, Self.demand, at: Self.now) == false)
        let refused: [(AdmissionRefusal, (inout Admission.Facts) -> Void)] = [
            (.tenantInactive(status: "suspended"), { $0.tenantStatus = .suspended }),
            (.notEntitled, { $0.inference = nil }),
            (
                .subscriptionSuspended(Self.subscription),
                {
                    $0.inference = nil
                    $0.withheld = .suspended(Self.subscription)
                }
            ),
            (
                .subscriptionPaused(Self.subscription),
                {
                    $0.inference = nil
                    $0.withheld = .paused(Self.subscription)
                }
            ),
            (.requestRate(limit: 600, retryAfterSeconds: 15), { $0.recent = Self.load(requests: 600) }),
            (
                .tokenRate(limit: 200_000, needed: 30, retryAfterSeconds: 15),
                { $0.recent = Self.load(tokens: 199_971) }
            ),
            (
                .concurrency(running: 8, waiting: 64),
                { $0.active = .init(running: 8, waiting: 64, promptTokens: 0, maxTokens: 0) }
            ),
            (
                .spendLimit(limit: Exact(899, 100), left: Exact(299, 100), needed: 3),
                { $0.spendLimit = Exact(899, 100) }
            ),
            (
                .prepaid(left: Exact(299, 100), needed: 3),
                {
                    $0.inference = Self.inference { $0.prepaid = true }
                    $0.credit = Exact(499, 100)
                }
            ),
        ]
        for (refusal, change) in refused {
            #expect(throws: refusal) { try Admission.decide(Self.facts(change), Self.demand, at: Self.now) }
        }
    }

    @Test func `at a bound it is just allowed`() throws {
        let allowed: [(inout Admission.Facts) -> Void] = [
            { $0.recent = Self.load(requests: 599, tokens: 199_970) },
            { $0.spendLimit = 9 },
            {
                $0.inference = Self.inference { $0.prepaid = true }
                $0.credit = 5
            },
        ]
        for change in allowed {
            #expect(try Admission.decide(Self.facts(change), Self.demand, at: Self.now) == false)
        }
    }

    @Test(arguments: [(7, 0, false), (8, 0, true), (7, 1, true), (8, 63, true)])
    func `who comes when all places are taken, or when others wait, waits`(
        running: Int,
        waiting: Int,
        isWaiting: Bool
    ) throws {
        let facts = Self.facts {
            $0.active = .init(running: running, waiting: waiting, promptTokens: 0, maxTokens: 0)
        }
        #expect(try Admission.decide(facts, Self.demand, at: Self.now) == isWaiting)
    }

    @Test func `the most that a request can cost takes the dearest prices`() throws {
        let plan = try Plan(
            json: [
                "code": "p", "currency": "USD", "interval": ["unit": "month"],
                "prices": [
                    ["code": "i", "model": "per_unit", "meter": "tokens.input", "unit_amount": "0.001"],
                    ["code": "c", "model": "per_unit", "meter": "tokens.cached", "unit_amount": "0.004"],
                    [
                        "code": "o", "model": "graduated", "meter": "tokens.output",
                        "tiers": [["up_to": "5", "unit_amount": "0.5"], ["up_to": nil, "unit_amount": "0.1"]],
                    ],
                    ["code": "r", "model": "package", "meter": "requests", "package_size": "3", "amount": "1"],
                ],
            ])
        let amount = try Admission.amount(plans: [plan], promptTokens: 10, maxTokens: 20)
        // 10 × 0.004 + 20 × 0.5 + 1/3, rounded up.
        #expect(amount == Decimal12("10.373333333334"))
        #expect(try Admission.amount(plans: [], promptTokens: 10, maxTokens: 20) == 0)
    }

    @Test func `a month is that of the tenant's clocks`() throws {
        let zone = try #require(Zone("America/New_York"))
        let month = Budget.month(of: Self.now, in: zone)
        #expect(month.start == Instant("2026-02-01T05:00:00Z"))
        #expect(month.end == Instant("2026-03-01T05:00:00Z"))
        #expect(Budget.month(of: Self.now, in: .utc).start == Self.now)
    }

    @Test func `what is left of a minute is told as clients read it`() {
        let load = Self.load(requests: 3, tokens: 700)
        let figures = load.figures(requestsPerMinute: 10, tokensPerMinute: 500, at: Self.now.adding(microseconds: 500))
        #expect(figures.requests == .init(limit: 10, remaining: 7, resetMilliseconds: 55_000))
        #expect(figures.tokens.remaining == 0)
        #expect(
            figures.headers.map(\.name).sorted() == [
                "x-ratelimit-limit-requests", "x-ratelimit-limit-tokens", "x-ratelimit-remaining-requests",
                "x-ratelimit-remaining-tokens", "x-ratelimit-reset-requests", "x-ratelimit-reset-tokens",
            ]
        )
        #expect(RecentLoad.none.figures(requestsPerMinute: 1, tokensPerMinute: 1, at: Self.now).tokens.remaining == 1)
    }

    @Test func `what a retry cannot help says so`() {
        #expect(AdmissionRefusal.spendLimit(limit: 1, left: 0, needed: 1).problem.code == "insufficient_quota")
        #expect(!AdmissionRefusal.prepaid(left: 0, needed: 1).isRetryable)
        #expect(AdmissionRefusal.requestRate(limit: 1, retryAfterSeconds: 9).problem.retryAfterSeconds == 9)
        #expect(!AdmissionRefusal.tokenRate(limit: 5, needed: 6, retryAfterSeconds: 9).isRetryable)
        #expect(AdmissionRefusal.notEntitled.problem.kind == .forbidden)
        #expect(AdmissionRefusal.subscriptionSuspended(Self.subscription).problem.kind == .paymentRequired)
    }
}
