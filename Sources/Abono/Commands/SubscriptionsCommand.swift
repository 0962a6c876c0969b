import ArgumentParser
import Billing
import Plans
import Subscriptions
import Tenants
import Values

/// The command `abono subscriptions`.
struct SubscriptionsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "subscriptions",
        abstract: "What tenants are subscribed to.",
        discussion: "  abono subscriptions create --tenant ten_01h455vb4pex5vsknk084sn02q --plan pro",
        subcommands: [
            Create.self, Change.self, Cancel.self, Pause.self, Resume.self, Reactivate.self, Scheduled.self,
            Withdraw.self, MigrateVersions.self, List.self, Show.self, Timeline.self,
        ]
    )

    struct Create: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Subscribes a tenant to the latest version of a plan.",
            discussion: """
                  abono subscriptions create --tenant ten_01h455vb4pex5vsknk084sn02q --plan pro \
                --starts-at 2026-03-01 --quantity seats=3
                """
        )

        @OptionGroup var options: GlobalOptions
        @Option(help: "The tenant.", transform: Parse.id) var tenant: TenantID
        @Option(help: "The plan's code.") var plan: String
        @Option(
            help: "When it starts: a date at the tenant's midnight, or an instant; now unless given.",
            transform: Parse.time
        )
        var startsAt: GivenTime?
        @Option(help: "How many of what, like seats=3; may be repeated.", transform: Parse.quantity)
        var quantity: [(name: String, value: Decimal12)] = []
        @Option(
            help: "The currency, if the tenant has none yet; the plan's first unless given.",
            transform: Parse.currency
        )
        var currency: Currency?
        @OptionGroup var catalogue: CatalogueOptions
        @Option(help: "What falls due before was billed elsewhere.", transform: Parse.time) var billedUntil: GivenTime?
        @Flag(help: "Begins without the plan's trial.") var noTrial = false
        @Option(help: "Which events are its usage: any (also those that name none) or named.", transform: Parse.word)
        var usage: SubscriptionUsage = .any
        @Option(help: "An id of your own, which makes asking twice harmless.", transform: Parse.id)
        var id: SubscriptionID?
        @Flag(help: "Prints the invoice it would make now, and makes nothing.") var preview = false

        func run() async throws {
            let overrides = try catalogue.overrides() ?? PriceOverrides.none
            try await Session.run(options) { session in
                let owner = try await session.tenant(tenant)
                let zone = owner.timeZone
                let draft = SubscriptionDraft(
                    plan: plan,
                    currency: currency,
                    startsAt: startsAt?.moment(in: zone),
                    quantities: Quantities(quantity),
                    addOns: catalogue.addOns,
                    overrides: overrides,
                    hasTrial: !noTrial,
                    billedUntil: billedUntil?.moment(in: zone).instant,
                    usage: usage,
                    id: id
                )
                let stamp = owner.stamped(session.stamp)
                guard preview else {
                    let made = try await session.act(for: tenant) { _, transaction in
                        try await SubscriptionOperations.create(draft, for: tenant, by: stamp, in: transaction)
                    }
                    return SubscriptionsCommand.print(made, options)
                }
                let invoices = try await session.preview(for: tenant, by: stamp) { transaction in
                    try await SubscriptionOperations.create(draft, for: tenant, by: stamp, in: transaction)
                }
                SubscriptionsCommand.print(preview: invoices, options)
            }
        }
    }

    struct Change: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Changes plan, quantities, add-ons, or prices of its own.",
            discussion: """
                Without --when a change that costs less waits for the end of the period; all others are immediate.

                  abono subscriptions change sub_01h455vb4pex5vsknk084sn02q --plan team --quantity seats=5 --preview
                """
        )

        @OptionGroup var options: GlobalOptions
        @Argument(help: "The subscription's id.", transform: Parse.id) var id: SubscriptionID
        @Option(help: "The new plan's code; prices of its own are dropped unless --override gives new ones.")
        var plan: String?
        @OptionGroup var catalogue: CatalogueOptions
        @Option(help: "How many of what, like seats=3; may be repeated.", transform: Parse.quantity)
        var quantity: [(name: String, value: Decimal12)] = []
        @Option(help: "When it takes effect: immediately or period_end.", transform: Parse.word)
        var when: SubscriptionChange.Timing?
        @Option(help: "When its lines are invoiced: now or next.", transform: Parse.word)
        var invoice: SubscriptionChange.InvoiceTiming = .now
        @Option(
            help: "The business time of the change: a date at the tenant's midnight, or an instant; now unless given.",
            transform: Parse.time
        )
        var at: GivenTime?
        @Flag(help: "Prints the invoice it would make, and changes nothing.") var preview = false

        func validate() throws {
            if plan == nil, quantity.isEmpty, catalogue.isEmpty {
                throw ValidationError("nothing to change: --plan, --quantity, --addon or --override")
            }
        }

        func run() async throws {
            let draft = SubscriptionChangeDraft(
                plan: plan,
                quantities: Quantities(quantity),
                addOns: catalogue.addOns,
                overrides: try catalogue.overrides(),
                timing: when,
                invoice: invoice
            )
            try await Session.run(options) { session in
                let tenant = try await session.read { transaction in
                    try await OwnerQueries.tenant(of: id, in: transaction)
                }
                let owner = try await session.tenant(tenant)
                var stamp = owner.stamped(session.stamp)
                stamp.at = at?.moment(in: owner.timeZone).instant ?? stamp.at
                guard preview else {
                    let changed = try await session.act(for: tenant) { _, transaction in
                        try await SubscriptionOperations.change(id, of: tenant, draft, by: stamp, in: transaction)
                    }
                    return SubscriptionsCommand.print(changed, options)
                }
                let invoices = try await session.preview(for: tenant, by: stamp) { transaction in
                    try await SubscriptionOperations.change(id, of: tenant, draft, by: stamp, in: transaction)
                }
                SubscriptionsCommand.print(preview: invoices, options)
            }
        }
    }

    struct Cancel: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Cancels, at the end of the period unless told otherwise.",
            discussion: "  abono subscriptions cancel sub_01h455vb4pex5vsknk084sn02q --when immediately --yes"
        )

        @OptionGroup var options: GlobalOptions
        @OptionGroup var confirmation: Confirmation
        @Argument(help: "The subscription's id.", transform: Parse.id) var id: SubscriptionID
        @Option(help: "When it takes effect: immediately or period_end.", transform: Parse.word)
        var when: SubscriptionChange.Timing = .periodEnd
        @Option(help: "What is done with what was paid and is not used: credit, none or payout.", transform: Parse.word)
        var refund: SubscriptionChange.Refund = .credit
        @OptionGroup var asked: AskedOptions

        func run() async throws {
            if !asked.preview { try confirmation.require("Cancel the subscription \(id) (\(when.rawValue))?") }
            try await asked.run(options, of: id) { tenant, stamp, transaction in
                try await SubscriptionOperations.cancel(
                    id,
                    of: tenant,
                    when: when,
                    refund: refund,
                    by: stamp,
                    in: transaction
                )
            }
        }
    }

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists subscriptions.",
            discussion: "  abono subscriptions list --status trialing"
        )

        @OptionGroup var options: GlobalOptions
        @OptionGroup var page: PageOptions
        @Option(help: "Only this tenant's.", transform: Parse.id) var tenant: TenantID?
        @Option(help: "Only those in this status, like active or trialing.", transform: Parse.word)
        var status: SubscriptionStatus?
        @Option(help: "The last id of the page before.", transform: Parse.id) var after: SubscriptionID?

        func run() async throws {
            let subscriptions = try await Session.run(options) { session in
                if let tenant { _ = try await session.tenant(tenant) }
                return try await session.read { transaction in
                    try await SubscriptionQueries.list(
                        of: tenant,
                        status: status,
                        limit: page.limit,
                        after: after,
                        in: transaction
                    )
                }
            }
            Output(format: options.format).list(
                [
                    "id", "tenant", "plan", "status", "quantities", "add_ons", "period_start", "period_end",
                    "next_billing_at",
                ],
                subscriptions.map {
                    [
                        $0.id.text, $0.tenant.text, $0.planCode, $0.status.rawValue, $0.quantities.ofPlan.text,
                        $0.quantities.addOns.text, $0.currentPeriod.start.text, $0.currentPeriod.end.text,
                        $0.nextBillingAt?.text ?? "",
                    ]
                },
                json: .array(subscriptions.map(\.json))
            )
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows a subscription with its changes.",
            discussion: "  abono subscriptions show sub_01h455vb4pex5vsknk084sn02q"
        )

        @OptionGroup var options: GlobalOptions
        @Argument(help: "The subscription's id.", transform: Parse.id) var id: SubscriptionID

        func run() async throws {
            let story = try await Session.run(options) { session in
                try await session.read { transaction in
                    let tenant = try await OwnerQueries.tenant(of: id, in: transaction)
                    return try await SubscriptionQueries.story(of: id, tenant: tenant, in: transaction)
                }
            }
            guard let story, var object = story.subscription.json.object else { throw SubscriptionError.notFound(id) }
            object["changes"] = .array(story.changes.map(\.json))
            Output(format: options.format).object(.object(object))
        }
    }

    static func print(_ subscription: Subscription, _ options: GlobalOptions) {
        Output(format: options.format).object(subscription.json)
    }

    /// What a preview shows, a list however many there are; an invoice of it has no number and is not kept.
    ///
    /// For a person one alone comes with its lines.
    static func print(preview invoices: [Invoice], _ options: GlobalOptions) {
        guard options.format == .table, let only = invoices.first, invoices.count == 1 else {
            return InvoicesCommand.print(invoices, options)
        }
        InvoicesCommand.print(only, options)
    }
}

extension Quantities {
    /// Takes pairs from the command line; the last of a name counts.
    fileprivate init(_ pairs: [(name: String, value: Decimal12)]) {
        self = Dictionary(pairs.map { ($0.name, $0.value) }) { $1 }
    }

    /// For a cell of a table.
    var text: String {
        sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value)" }.joined(separator: " ")
    }
}
