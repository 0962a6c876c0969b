import ArgumentParser
import Plans
import Postgres
import Subscriptions
import Tenants
import Values

/// When something is asked of a subscription, and whether it is only tried.
struct AskedOptions: ParsableArguments {
    @Option(
        help: "The business time: a date at the tenant's midnight, or an instant; now unless given.",
        transform: Parse.time
    )
    var at: GivenTime?
    @Flag(help: "Prints the invoice it would make, and changes nothing.") var preview = false

    /// Does what is asked and prints the subscription; as a preview it prints what would be invoiced and undoes it.
    func run(
        _ options: GlobalOptions,
        of id: SubscriptionID,
        _ body: (TenantID, Stamp, borrowing Transaction) async throws -> Subscription
    ) async throws {
        try await Session.run(options) { session in
            let tenant = try await session.read { transaction in
                try await OwnerQueries.tenant(of: id, in: transaction)
            }
            let owner = try await session.tenant(tenant)
            var stamp = owner.stamped(session.stamp)
            stamp.at = at?.moment(in: owner.timeZone).instant ?? stamp.at
            guard preview else {
                let changed = try await session.act(for: tenant) { _, transaction in
                    try await body(tenant, stamp, transaction)
                }
                return SubscriptionsCommand.print(changed, options)
            }
            let invoices = try await session.preview(for: tenant, by: stamp) { transaction in
                try await body(tenant, stamp, transaction)
            }
            SubscriptionsCommand.print(preview: invoices, options)
        }
    }
}

extension SubscriptionsCommand {
    struct Pause: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lets a subscription stand still: nothing is billed until it is resumed.",
            discussion: "  abono subscriptions pause sub_01h455vb4pex5vsknk084sn02q --when period_end"
        )

        @OptionGroup var options: GlobalOptions
        @OptionGroup var asked: AskedOptions
        @Argument(help: "The subscription's id.", transform: Parse.id) var id: SubscriptionID
        @Option(help: "When it takes effect: immediately or period_end.", transform: Parse.word)
        var when: SubscriptionChange.Timing = .immediately

        func run() async throws {
            try await asked.run(options, of: id) { tenant, stamp, transaction in
                try await SubscriptionOperations.pause(id, of: tenant, when: when, by: stamp, in: transaction)
            }
        }
    }

    struct Resume: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lets a paused subscription go on, in a period that begins now.",
            discussion: "  abono subscriptions resume sub_01h455vb4pex5vsknk084sn02q --preview"
        )

        @OptionGroup var options: GlobalOptions
        @OptionGroup var asked: AskedOptions
        @Argument(help: "The subscription's id.", transform: Parse.id) var id: SubscriptionID

        func run() async throws {
            try await asked.run(options, of: id) { tenant, stamp, transaction in
                try await SubscriptionOperations.resume(id, of: tenant, by: stamp, in: transaction)
            }
        }
    }

    struct Reactivate: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Withdraws a cancellation that waits for the end of the period.",
            discussion: "  abono subscriptions reactivate sub_01h455vb4pex5vsknk084sn02q"
        )

        @OptionGroup var options: GlobalOptions
        @OptionGroup var asked: AskedOptions
        @Argument(help: "The subscription's id.", transform: Parse.id) var id: SubscriptionID

        func run() async throws {
            try await asked.run(options, of: id) { tenant, stamp, transaction in
                try await SubscriptionOperations.reactivate(id, of: tenant, by: stamp, in: transaction)
            }
        }
    }

    struct Scheduled: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists the changes that wait for the end of the period.",
            discussion: "  abono subscriptions scheduled sub_01h455vb4pex5vsknk084sn02q"
        )

        @OptionGroup var options: GlobalOptions
        @Argument(help: "The subscription's id.", transform: Parse.id) var id: SubscriptionID

        func run() async throws {
            let changes = try await Session.run(options) { session in
                let (story, _, now) = try await session.story(of: id)
                return try story.scheduledChanges(at: now)
            }
            Output(format: options.format).list(
                ["id", "kind", "takes_effect_at", "plan", "version", "quantities", "add_ons", "asked_at", "author"],
                changes.map { scheduled in
                    let change = scheduled.change
                    return [
                        change.id.text, change.kind.rawValue, scheduled.takesEffectAt?.text ?? "",
                        scheduled.version?.code ?? "", scheduled.version.map { String($0.version) } ?? "",
                        change.quantities.ofPlan.text, change.quantities.addOns.text, change.at.text, change.author,
                    ]
                },
                json: .array(changes.map(\.json))
            )
        }
    }

    struct Withdraw: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Withdraws the changes that wait for the end of the period: all of them, or one.",
            discussion: """
                  abono subscriptions withdraw sub_01h455vb4pex5vsknk084sn02q \
                --change chg_01h455vb4pex5vsknk084sn02q
                """
        )

        @OptionGroup var options: GlobalOptions
        @OptionGroup var asked: AskedOptions
        @Argument(help: "The subscription's id.", transform: Parse.id) var id: SubscriptionID
        @Option(help: "Only this change.", transform: Parse.id) var change: ChangeID?

        func run() async throws {
            try await asked.run(options, of: id) { tenant, stamp, transaction in
                try await SubscriptionOperations.withdrawScheduled(
                    id,
                    of: tenant,
                    change: change,
                    by: stamp,
                    in: transaction
                )
            }
        }
    }

    struct Timeline: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Explains what happened and will happen to a subscription, as far as it is known.",
            discussion: "  abono subscriptions timeline sub_01h455vb4pex5vsknk084sn02q --format json"
        )

        @OptionGroup var options: GlobalOptions
        @Argument(help: "The subscription's id.", transform: Parse.id) var id: SubscriptionID

        func run() async throws {
            let timeline = try await Session.run(options) { session in
                let (story, standings, now) = try await session.story(of: id)
                return try story.timelineJSON(until: now, standings: standings)
            }
            let steps = timeline["steps"]?.array ?? []
            Output(format: options.format).list(
                ["at", "what", "plan", "change", "reason"],
                steps.map { step in
                    ["at", "what", "plan", "change", "reason"].map { step[$0]?.string ?? "" }
                },
                json: timeline
            )
        }
    }
}

extension Session {
    /// A subscription with its changes, each time that its standing became another, and its tenant's now.
    fileprivate func story(of id: SubscriptionID) async throws -> (SubscriptionStory, [StandingChange], Instant) {
        let (story, standings) = try await read { transaction in
            let tenant = try await OwnerQueries.tenant(of: id, in: transaction)
            let story = try await SubscriptionQueries.story(of: id, tenant: tenant, in: transaction)
            guard let story else { throw SubscriptionError.notFound(id) }
            return (story, try await SubscriptionQueries.standings(of: id, tenant: tenant, in: transaction))
        }
        return (story, standings, try await tenant(story.subscription.tenant).stamped(stamp).at)
    }
}
