import ArgumentParser
import Inference
import Jobs
import Values

/// The command `abono jobs`.
struct JobsCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "jobs",
        abstract: "Inference and background jobs.",
        discussion: """
            Ids of inference jobs begin with job_, those of background jobs with bgj_.

              abono jobs list --state dead
            """,
        subcommands: [List.self, Show.self, Retry.self, Cancel.self]
    )

    struct List: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Lists jobs of both kinds, newest first.",
            discussion: "  abono jobs list --of background --state dead --format json"
        )

        enum Family: String, CaseIterable {
            case all, background, inference
        }

        @OptionGroup var options: GlobalOptions
        @OptionGroup var page: PageOptions
        @Option(help: "Only background or inference jobs.", transform: Parse.word) var of: Family = .all
        @Option(help: "Only those in this state, like dead, running or failed.") var state: String?
        @Option(help: "Only this tenant's.", transform: Parse.id) var tenant: TenantID?

        func run() async throws {
            let jobs = try await Session.run(options) { session in
                if let tenant { _ = try await session.tenant(tenant) }
                return try await session.read { transaction in
                    var jobs: [JobRow] = []
                    if of != .inference {
                        jobs += try await JobRowQueries.background(
                            state: state,
                            tenant: tenant,
                            limit: page.limit,
                            in: transaction
                        )
                    }
                    if of != .background {
                        jobs += try await JobRowQueries.inference(
                            state: state,
                            tenant: tenant,
                            limit: page.limit,
                            in: transaction
                        )
                    }
                    return jobs
                }
            }
            let newest = jobs.sorted { ($0.createdAt, $0.id) > ($1.createdAt, $1.id) }.prefix(page.limit)
            Output(format: options.format).list(
                ["id", "kind", "state", "tenant", "attempts", "created_at", "finished_at", "error"],
                newest.map {
                    [
                        $0.id, $0.kind, $0.state, $0.tenant?.text ?? "", String($0.attempts), $0.createdAt.text,
                        $0.finishedAt?.text ?? "", $0.error ?? "",
                    ]
                },
                json: .array(newest.map(\.json))
            )
        }
    }

    struct Show: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Shows a job.",
            discussion: "  abono jobs show bgj_01h455vb4pex5vsknk084sn02q"
        )

        @OptionGroup var options: GlobalOptions
        @Argument(help: "The job's id.", transform: JobsCommand.id) var id: AnyJobID

        func run() async throws {
            let job = try await Session.run(options) { session in
                try await session.read { transaction in try await JobRowQueries.find(id, in: transaction) }
            }
            Output(format: options.format).object(job.json)
        }
    }

    struct Retry: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Makes a dead or cancelled job wait for its next run.",
            discussion: """
                An inference job must be one that nobody waited for; it is admitted anew, and billed if it succeeds.

                  abono jobs retry bgj_01h455vb4pex5vsknk084sn02q
                """
        )

        @OptionGroup var options: GlobalOptions
        @Argument(help: "The job's id.", transform: JobsCommand.id) var id: AnyJobID

        func run() async throws {
            let job = try await Session.run(options) { session in
                switch id {
                case .background(let background):
                    try await session.administer { transaction in
                        try await JobOperations.retry(background, by: session.stamp, in: transaction)
                    }
                case .inference(let inference):
                    let known = try await session.read { transaction in
                        try await JobRowQueries.find(id, in: transaction)
                    }
                    guard let tenant = known.tenant else { throw JobError.notFound(id.text) }
                    _ = try await session.act(for: tenant) { _, transaction in
                        try await InferenceOperations.retry(
                            inference,
                            of: tenant,
                            by: session.stamp,
                            in: transaction
                        )
                    }
                }
                return try await session.read { transaction in
                    try await JobRowQueries.find(id, in: transaction)
                }
            }
            Output(format: options.format).object(job.json)
        }
    }

    struct Cancel: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Cancels a background job that waits, or an inference job also while it runs.",
            discussion: "  abono jobs cancel bgj_01h455vb4pex5vsknk084sn02q --yes"
        )

        @OptionGroup var options: GlobalOptions
        @OptionGroup var confirmation: Confirmation
        @Argument(help: "The job's id.", transform: JobsCommand.id) var id: AnyJobID

        func run() async throws {
            let job = try await Session.run(options) { session in
                let known = try await session.read { transaction in
                    try await JobRowQueries.find(id, in: transaction)
                }
                try confirmation.require("Cancel \(id.text) (\(known.kind), \(known.state))?")
                switch id {
                case .background(let id):
                    try await session.administer { transaction in
                        try await JobOperations.cancel(id, by: session.stamp, in: transaction)
                    }
                case .inference(let id):
                    guard let tenant = known.tenant else { throw JobError.notFound(id.text) }
                    _ = try await session.act(for: tenant) { _, transaction in
                        try await InferenceOperations.cancel(id, of: tenant, by: session.stamp, in: transaction)
                    }
                }
                return try await session.read { transaction in
                    try await JobRowQueries.find(id, in: transaction)
                }
            }
            Output(format: options.format).object(job.json)
        }
    }

    static func id(_ text: String) throws -> AnyJobID {
        if let id = BackgroundJobID(text) { return .background(id) }
        if let id = JobID(text) { return .inference(id) }
        throw ValidationError("an id like bgj_01h455vb4pex5vsknk084sn02q or job_01h455vb4pex5vsknk084sn02q is expected")
    }
}

/// A job of either kind.
enum AnyJobID: Sendable {
    case background(BackgroundJobID)
    case inference(JobID)

    var text: String {
        switch self {
        case .background(let id): id.text
        case .inference(let id): id.text
        }
    }
}
