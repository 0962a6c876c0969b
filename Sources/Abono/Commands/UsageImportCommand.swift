import ArgumentParser
import Metering
import Postgres
import Subscriptions
import Tenants
import Values

extension UsageCommand {
    struct Import: AsyncParsableCommand {
        static let configuration = CommandConfiguration(
            abstract: "Stores a file of events; safe to repeat, so an interrupted import is simply run again.",
            discussion: """
                FILE is NDJSON, an event {"id", "meter", "at", "value", "properties"} a line, or CSV with the columns \
                id, meter, at and perhaps value, subject, subscription, properties (JSON), properties.NAME; - is \
                standard input. An event that is stored already counts once. An import that was interrupted goes on \
                where it stopped, and the counts are those of the whole file; one that had ended begins anew and finds \
                duplicates. Exits 1 if any was refused.

                  abono usage import events.csv --tenant ten_01h455vb4pex5vsknk084sn02q
                """
        )

        @OptionGroup var options: GlobalOptions
        @Argument(help: "The file; - is standard input.") var file: String
        @Option(help: "The tenant whose usage it is.", transform: Parse.id) var tenant: TenantID
        @Option(help: "How the file is written, ndjson or csv; by its name unless given.", transform: Parse.word)
        var input: UsageFile.Form?

        private static let batch = 2_000
        private static let shownProblems = 20

        func run() async throws {
            let state = try await Session.run(options) { session in
                let zone = try await session.tenant(tenant).timeZone
                var source = try UsageFile(file, form: input, zone: zone)
                return try await store(&source, session)
            }
            Output(format: options.format).object(.object(state.json))
            if state.counts[.conflict] ?? 0 > 0 || state.counts[.rejected] ?? 0 > 0 { throw ExitCode(1) }
        }

        private func store(_ source: inout UsageFile, _ session: Session) async throws -> UsageImport {
            var state = try await begin(&source, session)
            var problems = 0
            var bar = ProgressBar()
            defer { bar.clear() }
            while true {
                let records = try source.next(Self.batch)
                state.byteOffset = source.position
                state.line = source.linesRead
                let (outcomes, next) = try await store(records, state, source.hash, session)
                state = next
                guard !records.isEmpty else { break }
                for (record, outcome) in zip(records, outcomes) {
                    guard let error = outcome.errors.first else { continue }
                    problems += 1
                    if problems <= Self.shownProblems {
                        bar.clear()
                        CommandFailure.say("\(file):\(record.line): \(error.field): \(error.message)")
                    }
                }
                bar.show(source.bytesRead, of: source.byteCount, "\(state.total) events")
            }
            bar.clear()
            if problems > Self.shownProblems {
                CommandFailure.say("… and \(problems - Self.shownProblems) more that were refused")
            }
            return state
        }

        /// Goes to where an earlier import of the same file stopped.
        private func begin(_ source: inout UsageFile, _ session: Session) async throws -> UsageImport {
            guard let hash = source.hash else { return UsageImport() }
            let found = try await session.act(for: tenant) { _, transaction in
                try await UsageImportOperations.unfinished(hash, of: tenant, in: transaction)
            }
            guard let found else { return UsageImport() }
            try source.resume(at: found.byteOffset, line: found.line)
            CommandFailure.say("\(file): goes on after line \(found.line), where an import was interrupted")
            return found
        }

        /// Stores events and how far that is, in one transaction; none is the end of the file.
        private func store(
            _ records: [UsageFile.Record],
            _ state: UsageImport,
            _ hash: [UInt8]?,
            _ session: Session
        ) async throws -> ([IngestOutcome], UsageImport) {
            try await session.database.transaction(as: .tenant(tenant)) { transaction in
                let outcomes = try await SubscriptionUsageOperations.ingest(
                    records.map(\.input),
                    for: tenant,
                    recordedAt: session.now,
                    in: transaction
                )
                var next = state
                for outcome in outcomes { next.add(outcome.kind) }
                if let hash {
                    try await UsageImportOperations.keep(
                        next,
                        hash,
                        of: tenant,
                        finished: records.isEmpty,
                        at: session.now,
                        in: transaction
                    )
                }
                return (outcomes, next)
            }
        }
    }
}
