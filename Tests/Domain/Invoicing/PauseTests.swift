import Billing
import Plans
import Subscriptions
import Testing
import Values

/// What pauses, and what is withdrawn, do to invoices.
@Suite struct InvoicePauseTests {
    private typealias Asked = (at: String, timing: SubscriptionChange.Timing, request: InvoiceStory.Change.Request)

    private static func instant(_ text: String) throws -> Instant {
        try #require(Instant(text.count == 10 ? "\(text)T00:00:00Z" : text))
    }

    /// The invoices from 1 April 2026 on, as `04-16 change: kind price start/end amount | …`.
    private static func told(
        _ plans: String...,
        seats: Int = 2,
        asked: [Asked] = [],
        until: String
    ) throws -> [String] {
        let read = try plans.map { try Plan(json: try JSONValue(parsing: $0)) }
        let story = InvoiceStory(
            plans: Dictionary(uniqueKeysWithValues: read.map { ($0.code, $0) }),
            currency: read[0].currency,
            zone: .utc,
            start: Moment(try instant("2026-04-01"), in: .utc),
            plan: read[0].code,
            quantities: ["seats": Exact(seats)],
            changes: try asked.enumerated().map { place, asked in
                InvoiceStory.Change(
                    at: Moment(try instant(asked.at), in: .utc),
                    timing: asked.timing,
                    asked.request,
                    path: "\(place)"
                )
            },
            until: try instant(until)
        )
        return try InvoiceFunction.run(story) { _ in .quantity(1) }.invoices.map { invoice in
            let lines = invoice.lines.map { line in
                "\(line.kind) \(line.price ?? "-") \(day(line.period.start))/\(day(line.period.end)) \(line.amount)"
            }
            return "\(day(invoice.issuedAt)) \(invoice.reason): " + lines.joined(separator: " | ")
        }
    }

    private static func day(_ instant: Instant) -> String { String(instant.text.dropFirst(5).prefix(5)) }

    private static let late = StoryText.fee("3.00", code: "late", #""timing": "arrears""#)
    private static let plan = StoryText.plan("a", StoryText.seats("15.00"), late, StoryText.usage("0.50"))

    @Test func `a pause closes the part, and going on begins a period that is billed whole`() throws {
        let told = try Self.told(
            Self.plan,
            asked: [("2026-04-16", .immediately, .pause), ("2026-06-10", .immediately, .resume)],
            until: "2026-07-10"
        )
        #expect(
            told == [
                "04-01 start: recurring seats 04-01/05-01 3000",
                "04-16 change: credit seats 04-16/05-01 -1500 | recurring late 04-01/04-16 150 | "
                    + "usage use 04-01/04-16 50",
                "06-10 change: recurring seats 06-10/07-10 3000",
                "07-10 renewal: recurring seats 07-10/08-10 3000 | recurring late 06-10/07-10 300 | "
                    + "usage use 06-10/07-10 50",
            ]
        )
    }

    @Test func `at the period's end nothing is credited`() throws {
        let told = try Self.told(
            Self.plan,
            asked: [("2026-04-16", .periodEnd, .pause), ("2026-05-03", .immediately, .resume)],
            until: "2026-05-03"
        )
        #expect(
            told.suffix(2) == [
                "05-01 change: recurring late 04-01/05-01 300 | usage use 04-01/05-01 50",
                "05-03 change: recurring seats 05-03/06-03 3000",
            ]
        )
    }

    @Test func `a commitment is closed in its part`() throws {
        let told = try Self.told(
            StoryText.plan("a", StoryText.usage("0.50"), more: #""minimum_commitment": "60.00""#),
            asked: [("2026-04-16", .immediately, .pause)],
            until: "2026-06-01"
        )
        #expect(told == ["04-16 change: usage use 04-01/04-16 50 | minimum - 04-01/04-16 2950"])
    }

    @Test func `of a plan without proration nothing is credited`() throws {
        let told = try Self.told(
            StoryText.plan("a", StoryText.seats("15.00"), more: #""proration": "none""#),
            asked: [("2026-04-16", .immediately, .pause), ("2026-04-20", .immediately, .resume)],
            until: "2026-04-20"
        )
        #expect(told.last == "04-20 change: recurring seats 04-20/05-20 3000")
        #expect(told.count == 2)
    }

    @Test func `with calendar alignment a stub begins when it goes on`() throws {
        let told = try Self.told(
            StoryText.plan("a", StoryText.seats("15.00"), more: #""alignment": "calendar""#),
            asked: [("2026-04-16", .immediately, .pause), ("2026-05-22", .immediately, .resume)],
            until: "2026-05-22"
        )
        #expect(told.last == "05-22 change: recurring seats 05-22/06-01 968")
    }

    @Test func `a trial stops in a pause and goes on afterwards`() throws {
        let told = try Self.told(
            StoryText.plan("a", StoryText.seats("15.00"), more: #""trial_days": 10"#),
            asked: [("2026-04-03", .immediately, .pause), ("2026-04-23", .immediately, .resume)],
            until: "2026-05-01"
        )
        #expect(told == ["05-01 trialEnd: recurring seats 05-01/06-01 3000"])
    }

    @Test func `what changes in a pause is billed when it goes on`() throws {
        let told = try Self.told(
            Self.plan,
            StoryText.plan("b", StoryText.seats("20.00")),
            asked: [
                ("2026-04-10", .periodEnd, .quantities(["seats": 5], invoice: .now)),
                ("2026-04-16", .immediately, .pause),
                ("2026-04-20", .periodEnd, .plan("b", quantities: [:], invoice: .now)),
                ("2026-04-25", .immediately, .resume),
            ],
            until: "2026-04-25"
        )
        #expect(told.last == "04-25 change: recurring seats 04-25/05-25 10000")
    }

    @Test func `what was withdrawn never happens, and what it had replaced does not come back`() throws {
        let told = try Self.told(
            Self.plan,
            StoryText.plan("b", StoryText.seats("20.00")),
            StoryText.plan("c", StoryText.seats("30.00")),
            asked: [
                ("2026-04-10", .periodEnd, .plan("b", quantities: [:], invoice: .now)),
                ("2026-04-11", .periodEnd, .plan("c", quantities: [:], invoice: .now)),
                ("2026-04-12", .periodEnd, .cancel(.credit)), ("2026-04-13", .immediately, .withdraw(["1", "2"])),
            ],
            until: "2026-05-01"
        )
        #expect(
            told.last == "05-01 renewal: recurring seats 05-01/06-01 3000 | recurring late 04-01/05-01 300 | "
                + "usage use 04-01/05-01 50"
        )
    }
}
